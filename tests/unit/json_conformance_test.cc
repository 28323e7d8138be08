// RFC 8259, construct by construct, inside a reply: what is JSON is taken, what is not is refused,
// and what the RFC leaves to the parser is decided here. Our own cases, sorted as those of Nicolas
// Seriot's JSONTestSuite are.
#include "service_account_json.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::string_literals;

struct Case {
  const char* what;
  std::string json;
};

std::string Nested(int depth) {
  const auto size = static_cast<std::size_t>(depth);
  return std::string(size, '[') + std::string(size, ']');
}

bool IsTaken(const std::string& body) {
  std::optional<ServiceAccount> account;
  const DecodedReply reply = DecodeServiceAccountReply(body, &account);
  // What is refused is refused as JSON: the members that a reply needs are all there.
  if (!account) CHECK(reply.problem.find("the JSON ") == 0);
  return account && account->id == "sa_1";
}

/// As the value of a member that no table knows, first, in the middle and last.
void CheckAsMember(const Case& c, bool taken) {
  INFO(c.what);
  CAPTURE(c.json);
  CHECK(IsTaken("{\"x\":" + c.json + ",\"data\":{\"id\":\"sa_1\"}}") == taken);
  CHECK(IsTaken("{\"data\":{\"id\":\"sa_1\",\"x\":" + c.json + ",\"name\":\"n\"}}") == taken);
  CHECK(IsTaken("{\"data\":{\"id\":\"sa_1\"},\"x\":" + c.json + "}") == taken);
}

void CheckAsBody(const Case& c, bool taken) {
  INFO(c.what);
  CAPTURE(c.json);
  CHECK(IsTaken(c.json) == taken);
}

// ---- What the grammar allows (RFC 8259, sections 2 to 8) ----

TEST_CASE("Every construct of JSON is taken") {
  const Case cases[] = {
      {"A value may be the word null.", "null"},
      {"A value may be the word true.", "true"},
      {"A value may be the word false.", "false"},
      {"White space is the blank, the tab, the line feed and the carriage return.",
       " \t\n\r1 \t\n\r"},
      {"White space may stand around each structural character.", " [ 1 , { \"a\" : 2 } ] "},
      {"An object may be empty.", "{}"},
      {"An array may be empty.", "[]"},
      {"White space may stand in an empty object.", "{ \n }"},
      {"White space may stand in an empty array.", "[ \n ]"},
      {"An object may have one member.", R"({"a":1})"},
      {"An object may have many members.", R"({"a":1,"b":"2","c":[],"d":{},"e":null})"},
      {"A member's name may be empty.", R"({"":0})"},
      {"A member's name may be any text, escapes included.", R"({"\u0061\n\"":0})"},
      {"A member's name may hold a NUL as an escape.", R"({"a\u0000b":0})"},
      {"A name that is long is a name.", "{\"" + std::string(5000, 'n') + "\":0}"},
      {"The values of an array need not be of one type.", R"([null,1,"1",[1],{"a":1},true])"},
      {"An array may hold empty ones.", "[[],[[]],{}]"},
      {"An array may be long.", "[0" +
                                    [] {
                                      std::string more;
                                      for (int i = 0; i < 5000; ++i) more += ",0";
                                      return more;
                                    }() +
                                    "]"},
      {"A number may be zero.", "0"},
      {"A number may be minus zero.", "-0"},
      {"A number may be a digit.", "7"},
      {"A number may be negative.", "-123"},
      {"A number may have a fraction.", "1.5"},
      {"A fraction may begin with zeros.", "0.001"},
      {"A fraction may end with zeros.", "1.000"},
      {"Zero may have a fraction and a sign.", "-0.0"},
      {"A number may have an exponent with a small letter.", "1e2"},
      {"A number may have an exponent with a capital letter.", "1E2"},
      {"An exponent may have a plus sign.", "1e+2"},
      {"An exponent may have a minus sign.", "1e-2"},
      {"An exponent may begin with zeros.", "1e0002"},
      {"Zero may have an exponent.", "0e1"},
      {"A number may have all of its parts.", "-12.34E-56"},
      {"A text may be empty.", R"("")"},
      {"A text may be a character.", R"("a")"},
      {"Each of the eight short escapes is one.", R"("\"\\\/\b\f\n\r\t")"},
      {"An escape of four hexadecimal digits may have capital letters.", R"("\u00E9\uABCD")"},
      {"An escape of four hexadecimal digits may have small letters.", R"("\u00e9\uabcd")"},
      {"A slash need not be escaped.", R"("a/b")"},
      {"A backslash may be escaped before what would be an escape.", R"("\\u0000 \\n")"},
      {"A NUL may stand there as an escape.", R"("\u0000")"},
      {"Control characters may stand there as escapes.", R"("\u0001\u001f\u007f")"},
      {"The delete character need not be escaped.", "\"\x7F\""},
      {"Two surrogates as escapes are one character.", R"("\ud83d\ude80")"},
      {"The last character of Unicode may be escaped.", R"("\udbff\udfff")"},
      {"A text may be UTF-8 of two bytes.", "\"\xC3\xA9\""},
      {"A text may be UTF-8 of three bytes.", "\"\xE2\x82\xAC\""},
      {"A text may be UTF-8 of four bytes.", "\"\xF0\x9F\x9A\x80\""},
      {"The last character of Unicode may stand there.", "\"\xF4\x8F\xBF\xBF\""},
      {"Line separators of Unicode may stand in a text.", "\"\xE2\x80\xA8\xE2\x80\xA9\""},
      {"Characters that Unicode has not given away may stand there.",
       "\"\xEF\xBF\xBF\xEE\x80\x80\""},
      {"A text may hold a byte order mark.", "\"\xEF\xBB\xBF\""},
      {"A text may hold what elsewhere would be structure.", R"("{}[]:,//")"},
      {"A text may be long.", "\"" + std::string(100'000, 'x') + "\""},
      {"A text may be long and end with an escape.", "\"" + std::string(5000, 'x') + "\\n\""},
  };
  for (const Case& c : cases) CheckAsMember(c, true);
}

// ---- What the grammar forbids ----

TEST_CASE("What is no value of JSON is refused") {
  const Case cases[] = {
      {"A value is not nothing.", ""},
      {"A value is not white space.", " "},
      {"A word is not in capitals.", "True"},
      {"A word is not cut.", "nul"},
      {"A word is not longer than it is.", "nulls"},
      {"There are no other words.", "undefined"},
      {"NaN is no number.", "NaN"},
      {"Infinity is no number.", "Infinity"},
      {"Nor is it with a sign.", "-Infinity"},
      {"Two values are not one.", "1 2"},
      {"A text has double quotes.", "'a'"},
      {"A text has quotes.", "a"},
      {"A text has quotes of ASCII.",
       "\xE2\x80\x9C"
       "a\xE2\x80\x9D"},
      {"A number has no plus sign.", "+1"},
      {"A number has one minus sign.", "--1"},
      {"A sign alone is no number.", "-"},
      {"A sign stands next to its number.", "- 1"},
      {"A number does not begin with a zero.", "01"},
      {"Nor does one with a sign.", "-01"},
      {"Zero is one digit.", "00"},
      {"A number does not begin with its point.", ".5"},
      {"Nor does it after its sign.", "-.5"},
      {"A number does not end with its point.", "1."},
      {"Nor does it have an exponent behind the point.", "1.e2"},
      {"A number has one point.", "1.2.3"},
      {"A number's point is no comma.", "[1,,5]"},
      {"An exponent has a digit.", "1e"},
      {"Also behind its sign.", "1e+"},
      {"An exponent has one sign.", "1e+-2"},
      {"An exponent has no point.", "1e2.5"},
      {"A number has one exponent.", "1e2e3"},
      {"An exponent needs a number.", "e2"},
      {"A number is not hexadecimal.", "0x1F"},
      {"A number is not octal.", "0o17"},
      {"A number has no underscores.", "1_000"},
      {"A number has no suffix.", "1f"},
      {"A number's digits are of ASCII.", "\xEF\xBC\x91"},
      {"A number has no blank in it.", "1 000"},
      {"A control character is escaped: the line feed.", "\"\n\""},
      {"A control character is escaped: the tab.", "\"\t\""},
      {"A control character is escaped: the last one.", "\"\x1F\""},
      {"A control character is escaped: NUL.", "\"\0\""s},
      {"There is no other short escape: \\a.", R"("\a")"},
      {"There is no other short escape: \\'.", R"("\'")"},
      {"There is no other short escape: \\v.", R"("\v")"},
      {"There is no other short escape: \\0.", R"("\0")"},
      {"There is no escape of two hexadecimal digits.", R"("\x41")"},
      {"The u of an escape is small.", R"("\U0041")"},
      {"The four digits of an escape are four.", R"("\u041")"},
      {"The four digits of an escape are hexadecimal.", R"("\u00G1")"},
      {"There is no escape in braces.", R"("\u{41}")"},
      {"A line break cannot be escaped.", "\"\\\n\""},
      {"An escape is not beyond ASCII.", "\"\\\xC3\xA9\""},
      {"A text ends.", "\"a"},
      {"A text does not end with an escaped quote.", R"("a\")"},
      {"A text does not end in an escape.", R"("a\u12)"},
      {"An array ends.", "[1"},
      {"An array ends with its own bracket.", "[1}"},
      {"An array has a beginning.", "1]"},
      {"An array has no comma at its end.", "[1,]"},
      {"An array has no comma at its beginning.", "[,1]"},
      {"An array has one comma between two values.", "[1,,2]"},
      {"An array is not a comma.", "[,]"},
      {"An array's values have a comma between them.", "[1 2]"},
      {"An array has no members.", R"(["a":1])"},
      {"An array has no semicolons.", "[1;2]"},
      {"An object ends.", R"({"a":1)"},
      {"An object ends with its own brace.", R"({"a":1])"},
      {"An object has no comma at its end.", R"({"a":1,})"},
      {"An object has no comma at its beginning.", R"({,"a":1})"},
      {"An object has one comma between two members.", R"({"a":1,,"b":2})"},
      {"An object's members have a comma between them.", R"({"a":1 "b":2})"},
      {"A member has a value.", R"({"a"})"},
      {"A member has a value behind its colon.", R"({"a":})"},
      {"A member has a name.", "{:1}"},
      {"A member has a colon.", R"({"a" 1})"},
      {"A member has one colon.", R"({"a"::1})"},
      {"A member has no other sign for its colon.", R"({"a"=1})"},
      {"A member's name is a text: no number.", "{1:1}"},
      {"A member's name is a text: no word.", "{a:1}"},
      {"A member's name is a text: no word of JSON.", "{null:1}"},
      {"A member's name is a text in double quotes.", "{'a':1}"},
      {"A member's name is held to the rules of texts.", "{\"\n\":1}"},
      {"There are no comments to the end of the line.", "1 // one\n"},
      {"There are no comments in the middle.", "/* one */ 1"},
      {"There are no comments with a hash.", "1 # one\n"},
      {"The form feed is no white space.", "\f1"},
      {"The vertical tab is no white space.", "\v1"},
      {"The no-break space is no white space.",
       "\xC2\xA0"
       "1"},
      {"A byte order mark is no white space.",
       "\xEF\xBB\xBF"
       "1"},
      {"A NUL is no white space.", "1\0"s},
  };
  for (const Case& c : cases) CheckAsMember(c, false);
}

TEST_CASE("Text that is not UTF-8 is refused") {
  const Case cases[] = {
      {"A byte of Latin-1 is not UTF-8.", "caf\xE9"},
      {"A byte that is never UTF-8 is not.", "\xFF"},
      {"A byte that continues nothing is not.", "\x80"},
      {"A character that is cut is not.", "\xE2\x82"},
      {"An overlong form of two bytes is not.", "\xC0\xAF"},
      {"An overlong form of three bytes is not.", "\xE0\x80\xAF"},
      {"An overlong form of four bytes is not.", "\xF0\x80\x80\xAF"},
      {"An overlong NUL is not.", "\xC0\x80"},
      {"The first surrogate is not.", "\xED\xA0\x80"},
      {"The last surrogate is not.", "\xED\xBF\xBF"},
      {"A pair of surrogates, as in CESU-8, is not.", "\xED\xA0\xBD\xED\xBA\x80"},
      {"What is beyond Unicode is not.", "\xF4\x90\x80\x80"},
      {"A character of five bytes is not.", "\xF8\x88\x80\x80\x80"},
  };
  for (const Case& c : cases) {
    CheckAsMember({c.what, "\"" + c.json + "\""}, false);
    CheckAsMember({c.what, "{\"" + c.json + "\":1}"}, false);
    CheckAsMember({c.what, c.json}, false);
  }
}

// ---- The whole text (section 2, section 8.1) ----

constexpr const char* kReply = R"({"data":{"id":"sa_1"}})";

TEST_CASE("White space around a reply is taken") {
  const std::string reply = kReply;
  const Case cases[] = {
      {"Nothing need stand around it.", reply},
      {"A line feed may end it.", reply + "\n"},
      {"A line break of two characters may end it.", reply + "\r\n"},
      {"White space may stand before and behind it.", " \t\r\n" + reply + " \t\r\n"},
      {"Much white space may stand there.",
       std::string(10'000, ' ') + reply + std::string(10'000, '\n')},
  };
  for (const Case& c : cases) CheckAsBody(c, true);
}

TEST_CASE("Anything else around a reply is refused") {
  const std::string reply = kReply;
  const Case cases[] = {
      {"Nothing at all is no reply.", ""},
      {"White space is no reply.", " \n"},
      {"A second value does not follow.", reply + reply},
      {"A second value does not follow on a line of its own.", reply + "\n" + reply},
      {"A comma does not follow.", reply + ","},
      {"A brace does not follow.", reply + "}"},
      {"A word does not follow.", reply + "null"},
      {"A comment does not follow.", reply + "//"},
      {"A semicolon does not follow.", reply + ";"},
      {"A NUL does not follow.", reply + '\0'},
      {"Nothing is hidden behind a NUL.", reply + '\0' + reply},
      {"A NUL does not stand before it.", '\0' + reply},
      {"A guard against scripts does not stand before it.", ")]}'\n" + reply},
      {"It is not in brackets.", "(" + reply + ")"},
      {"It is not a text that holds JSON.", R"("{\"data\":{\"id\":\"sa_1\"}}")"},
      {"It is not in UTF-16.", "{\0\"\0d\0a\0t\0a\0\"\0"s},
      {"It is not cut before its end.", reply.substr(0, reply.size() - 1)},
  };
  for (const Case& c : cases) CheckAsBody(c, false);
}

TEST_CASE("A reply that is JSON and not an object is refused as such") {
  for (const std::string json :
       {"null", "true", "1", "\"sa_1\"", "[]", R"([{"data":{"id":"sa_1"}}])"}) {
    CAPTURE(json);
    std::optional<ServiceAccount> account;
    CHECK(DecodeServiceAccountReply(json, &account).problem == "the JSON is not an object");
    CHECK_FALSE(account);
  }
}

// ---- What RFC 8259 leaves to the parser ----

TEST_CASE("Where RFC 8259 leaves the choice, these are taken") {
  const Case cases[] = {
      {"A number may have more digits than any type holds.", std::string(308, '9')},
      {"A fraction may have more digits than a double has.", "0." + std::string(400, '3')},
      {"A number may be too near to zero for a double.", "1e-999"},
      {"An integer may be beyond 64 bits.", "-18446744073709551616"},
      {"A number may be beyond a double by its digits, as none is made of it.", "99e308"},
      {"The largest exponent of a double is none too many.", "1e308"},
      {"A name may stand twice in an object that is skipped.", R"({"a":1,"a":2})"},
      {"A name may stand twice when one of the two is escaped.", R"({"a":1,"\u0061":2})"},
      {"An object may have the names of the envelope, deeper down.", R"({"data":{"id":"sa_2"}})"},
      {"A text may hold characters that Unicode calls none.", R"("\uffff\ufdd0")"},
      {"A text may begin with a combining character.", R"("\u0301")"},
      {"Values may be nested up to the limit of 32, the reply's own objects counted.", Nested(30)},
  };
  for (const Case& c : cases) CheckAsMember(c, true);
  CheckAsBody({"A byte order mark before the reply is skipped.", "\xEF\xBB\xBF"s + kReply}, true);
  CheckAsBody({"A name that no table knows may stand twice.",
               R"({"x":1,"x":2,"data":{"id":"sa_1","y":1,"y":2}})"},
              true);
}

TEST_CASE("Where RFC 8259 leaves the choice, these are refused") {
  const Case cases[] = {
      {"An exponent is not beyond a double.", "1e400"},
      {"Nor is one before which there is zero.", "0e400"},
      {"Nor is it with a sign.", "-1e+9999"},
      {"Nor is a number beyond a double by its digits without an exponent.", std::string(400, '9')},
      {"Values are not nested deeper than 32, the reply's own objects counted.", Nested(32)},
      {"Nor are they nested without an end.", std::string(100'000, '[')},
      {"Nor are objects.", "{\"a\":" + Nested(31) + "}"},
      {"The first of two surrogates does not stand alone as an escape.", R"("\ud800")"},
      {"Nor does the second.", R"("\udc00")"},
      {"Nor do they stand there the wrong way round.", R"("\udc00\ud800")"},
      {"Nor does the first before something else.", R"("\ud800a")"},
      {"Nor does it before another escape.", R"("\ud800\n")"},
      {"Nor does it twice.", R"("\ud800\ud800")"},
      {"Nor does it before a character that is not escaped.", "\"\\ud83d\xED\xBA\x80\""},
      {"Nor does one stand in a member's name.", R"({"\udc00":1})"},
  };
  for (const Case& c : cases) CheckAsMember(c, false);
  CheckAsBody({"A second byte order mark is not skipped.", "\xEF\xBB\xBF\xEF\xBB\xBF"s + kReply},
              false);
  CheckAsBody({"Nor is one behind white space.", " \xEF\xBB\xBF"s + kReply}, false);
}

TEST_CASE("Where RFC 8259 leaves the choice, a known name that stands twice is refused and named") {
  std::optional<ServiceAccount> account;
  CHECK(DecodeServiceAccountReply(R"({"data":{"id":"sa_1","\u0069d":"sa_2"}})", &account).problem ==
        "`data.id` stands there twice");
  CHECK_FALSE(account);
}

TEST_CASE("Names are compared as they read, not as they are written") {
  CHECK(IsTaken(R"({"d\u0061ta":{"\u0069\u0064":"sa_1"}})"));
  CHECK(IsTaken(R"({"data":{"id":"sa_1","ID":"sa_2","Id":7,"id ":8}})"));
}

}  // namespace
}  // namespace service_accounts::v0::internal
