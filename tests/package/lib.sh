# shellcheck shell=bash
# What the scripts beside this file share; sourced by them. They are run by ctest, which says where
# the build under test is and where they may write: a folder of that build with a space in its name.
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

# shellcheck disable=SC2034
{
  ways=$PWD/tests/package
  build=${SERVICE_ACCOUNTS_TEST_BUILD:?is set by ctest}
  folder=${SERVICE_ACCOUNTS_TEST_FOLDER:?is set by ctest}
  # What setup.sh makes: a copy of all that the library is built of, and the prefixes of installations.
  sources=$folder/service-accounts
  static=$folder/static
  shared=$folder/shared
  older=$folder/older/service-accounts
  version=$(sed -nE 's/.*VERSION_(MAJOR|MINOR|PATCH) ([0-9]+)$/\2/p' include/service_accounts/version.h | paste -sd .)
  abi=$(sed -nE 's/^inline namespace v([0-9]+).*/\1/p' include/service_accounts/version.h)
}

# Nothing of the caller's may show the way to a library.
unset CMAKE_PREFIX_PATH PKG_CONFIG_PATH PKG_CONFIG_LIBDIR LD_LIBRARY_PATH LDFLAGS LDLIBS DESTDIR
unset SERVICE_ACCOUNTS_BASE_URL SERVICE_ACCOUNTS_TOKEN

# block FILE LANGUAGE [WORD]: the block of code in that language, the first that holds the word.
block() {
  awk -v fence="\`\`\`$2" -v word="${3:-}" '
    $0 == "```" { if (inside && index(block, word)) { printf "%s", block; exit } inside = 0 }
    inside { block = block $0 "\n" }
    $0 == fence { inside = 1; block = "" }' "$1" | grep . ||
    fail "$1 has no $2 with \"${3:-}\" in it"
}

# readme LANGUAGE [WORD]: of README.md.
readme() { block README.md "$@"; }

# expect STATUS PATTERN COMMAND...: the command ends so, and prints that (in one line, to look at).
expect() {
  local status=$1 pattern=$2 output actual=0
  shift 2
  output=$("$@" 2>&1 </dev/null) || actual=$?
  [[ $actual == "$status" ]] || fail "$* ended with $actual, not $status: $output"
  tr -s '[:space:]' ' ' <<<"$output" | grep -qE -- "$pattern" || fail "$* did not print \"$pattern\": $output"
}

# none WHAT PATTERN: no line of the standard input matches, and there are lines.
none() {
  local lines found
  lines=$(grep .) || fail "$1: nothing to look at"
  ! found=$(grep -E -- "$2" <<<"$lines") || fail "$1: $found"
}

# check_program PROGRAM: it does what README's program does.
check_program() {
  expect 1 '^invalid argument: base_url: is empty: set it' "$1"
  expect 0 '^sa_' "$build/examples/mock-server" "$1"
}

# begin PLACE WAY: a fresh folder with a project of that way, and with README's program beside it.
begin() {
  rm -rf "${folder:?}/$1"
  mkdir -p "$folder/$1"
  cp -r "$ways/$2/." "$folder/$1"
  readme cpp >"$folder/$1/main.cc"
}

# configure_and_build PLACE [ARGUMENT of cmake...]
configure_and_build() {
  quietly cmake -S "$folder/$1" -B "$folder/$1/build" "${@:2}" || fail "could not configure, as said above"
  quietly cmake --build "$folder/$1/build" || fail "could not build, as said above"
}

# The ways that use an installation: WAY PLACE PREFIX [ARGUMENT of cmake...]
find_package() {
  begin "$1" find-package
  configure_and_build "$1" -DCMAKE_PREFIX_PATH="$2" "${@:3}"
  check_program "$folder/$1/build/my_program"
}

# What the kit is made of is not looked for.
find_package_testing() {
  begin "$1" find-package-testing
  configure_and_build "$1" -DCMAKE_PREFIX_PATH="$2" "${@:3}" \
    -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON
  expect 0 '100% tests passed.* out of 1' ctest --test-dir "$folder/$1/build"
}

pkg_config() {
  local pc
  pc=$(find "$2" -name service_accounts.pc)
  begin "$1" pkg-config
  PKG_CONFIG_PATH=${pc%/*} quietly make -C "$folder/$1" || fail "make failed, as said above"
  LD_LIBRARY_PATH=${pc%/pkgconfig/*} check_program "$folder/$1/my_program"
}
