# Takes the C++ out of a guide:
#
#   awk -v folder=FOLDER -v name=NAME [-v output=TEXT] -f programs.awk GUIDE.md
#
# Each ```cpp block with `int main` is a program: FOLDER/NAME.cc, or NAME-2.cc and so on; what it is to
# print is the next ```text block, or else OUTPUT: the same with .txt. The other ```cpp blocks are
# statements, each in a function of its own: FOLDER/NAME-fragments.cc. Prints the names of the programs
# and of the fragments, a line each.

BEGIN {
  # What statements may use without saying what it is.
  parameters = "[[maybe_unused]] const sa::ServiceAccountsClient& client,\n" \
    "[[maybe_unused]] const sa::CreateServiceAccountRequest& request,\n" \
    "[[maybe_unused]] const std::vector<sa::CreateServiceAccountRequest>& requests,\n" \
    "[[maybe_unused]] sa::ClientOptions& options, [[maybe_unused]] sa::CallOptions& call"
}

function fail(problem) {
  print FILENAME ": " problem >"/dev/stderr"
  failed = 1
  exit 1
}

# Gives the program that waits for its output this one.
function expect(text) {
  if (program == "") return
  if (text == "") fail(program ": no ```text block says what it prints")
  printf "%s", text >(folder "/" program ".txt")
  program = ""
}

function take_program(block) {
  expect(output)
  ++programs
  program = programs == 1 ? name : name "-" programs
  printf "// From %s, line %d.\n%s", FILENAME, begin, block >(folder "/" program ".cc")
  print program
}

function take_fragment(block, file) {
  file = folder "/" name "-fragments.cc"
  if (++fragments == 1) {
    print name "-fragments"
    print "// From " FILENAME ": what is no whole program is compiled at least." >file
    print "#include <service_accounts/service_accounts.h>\n" >file
    print "#include <iostream>\n#include <string>\n#include <vector>\n" >file
    print "namespace sa = service_accounts;" >file
  }
  printf "\n// Line %d.\n", begin >file
  printf "[[maybe_unused]] static void Fragment%d(%s) {\n%s}\n", fragments, parameters, block >file
}

$0 == "```" && language != "" {
  if (language == "cpp") {
    if (index(block, "int main(")) take_program(block)
    else take_fragment(block)
  }
  if (language == "text") expect(block)
  language = ""
  next
}
language != "" { block = block $0 "\n"; next }
/^```/ {
  language = substr($0, 4)
  if (language == "") fail("line " NR ": a block that does not say what it is")
  block = ""
  begin = NR + 1
}

END {
  if (failed) exit 1
  if (language != "") fail("the last block does not end")
  if (programs == 0) fail("holds no program")
  expect(output)
}
