#include "json_codec.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::string_literals;

/// Reads {"text": string, "number": integer, "flag": bool, "list": strings, "inner": {"text":
/// string}}.
struct Example {
  std::string text;
  std::optional<std::int64_t> number;
  std::optional<bool> flag;
  std::vector<std::string> list;
  std::string inner_text;
  FurtherMembers further;
  std::string problem;

  explicit Example(std::string_view json, Reading reading = Reading::kStrict, bool keep = false) {
    std::array<Field, 1> inner_fields = {{{"text", &inner_text}}};
    ObjectFields inner("inner.", inner_fields, reading, keep ? &further : nullptr);
    std::array<Field, 5> fields = {{{"text", &text},
                                    {"number", &number},
                                    {"flag", &flag},
                                    {"list", &list},
                                    {"inner", &inner}}};
    ObjectFields object("", fields, reading, keep ? &further : nullptr);
    problem = ReadJson(json, &object);
  }
};

std::string Nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_CASE("Members go where the table says, in any order") {
  const Example e(
      R"( {"list":["a","b"], "inner":{"text":"deep"}, "flag":true, "number":-12, "text":"t"} )");
  CHECK(e.problem.empty());
  CHECK(e.text == "t");
  CHECK(e.number == -12);
  CHECK(e.flag == true);
  CHECK(e.list == std::vector<std::string>{"a", "b"});
  CHECK(e.inner_text == "deep");
}

TEST_CASE("Unknown members are skipped, whatever they hold") {
  const Example e(
      R"({"a":1,"b":[{"text":"no","x":[1,2,{}]}],"text":"t","c":{"text":"no","list":[3]},"d":null,"e":1e300,"f":[]})");
  CHECK(e.problem.empty());
  CHECK(e.text == "t");
  CHECK(e.list.empty());
}

TEST_CASE("null leaves a member as it was") {
  const Example e(R"({"text":null,"number":null,"flag":null,"list":null,"inner":null})");
  CHECK(e.problem.empty());
  CHECK(e.text.empty());
  CHECK(e.number == std::nullopt);
}

TEST_CASE("A member of the wrong type is named") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"text":1})", "`text` is not a string"},
      {R"({"text":["a"]})", "`text` is not a string"},
      {R"({"text":{}})", "`text` is not a string"},
      {R"({"text":true})", "`text` is not a string"},
      {R"({"number":"1"})", "`number` is not an integer"},
      {R"({"number":1.0})", "`number` is not an integer"},
      {R"({"number":1e2})", "`number` is not an integer"},
      {R"({"number":9223372036854775808})", "`number` is not an integer"},
      {R"({"number":false})", "`number` is not an integer"},
      {R"({"flag":"true"})", "`flag` is not true or false"},
      {R"({"flag":1})", "`flag` is not true or false"},
      {R"({"list":"a"})", "`list` is not an array of strings"},
      {R"({"list":{}})", "`list` is not an array of strings"},
      {R"({"list":["a",1]})", "`list[1]` is not a string"},
      {R"({"list":[null]})", "`list[0]` is not a string"},
      {R"({"list":[["a"]]})", "`list[0]` is not a string"},
      {R"({"list":["a",{"text":"b"}]})", "`list[1]` is not a string"},
      {R"({"inner":"x"})", "`inner` is not an object"},
      {R"({"inner":[{}]})", "`inner` is not an object"},
      {R"({"inner":{"text":5}})", "`inner.text` is not a string"},
  };
  for (const auto& [json, problem] : cases) {
    CAPTURE(json);
    CHECK(Example(json).problem == problem);
  }
}

TEST_CASE("A known member that stands there twice is named") {
  CHECK(Example(R"({"text":"a","text":"b"})").problem == "`text` stands there twice");
  CHECK(Example(R"({"text":null,"text":"b"})").problem == "`text` stands there twice");
  CHECK(Example(R"({"inner":{"text":"a","text":"b"}})").problem ==
        "`inner.text` stands there twice");
  CHECK(Example(R"({"unknown":1,"unknown":2})").problem.empty());
  CHECK(Example(R"({"unknown":1,"unknown":2})", Reading::kStrict, true).problem ==
        "`unknown` stands there twice");
}

TEST_CASE("What is not one JSON object is refused") {
  const std::string cases[] = {
      "",
      " ",
      "{",
      "}",
      "[]",
      "\"text\"",
      "1",
      "null",
      "true",
      "nul",
      "{}x",
      "{} {}",
      "{},",
      "{\"a\":1,}",
      "{\"a\" 1}",
      "{a:1}",
      "{'a':1}",
      "{\"a\":NaN}",
      "{\"a\":Infinity}",
      "{\"a\":01}",
      "{\"a\":+1}",
      "{\"a\":.5}",
      "{\"a\":1} // comment",
      "/* comment */ {}",
      "{\"a\":\"\n\"}",
      "{\"a\":\"\\x\"}",
      "{\"a\":\"\\u12\"}",
      "{\"a\":\"unterminated",
      "{\"a\":[1}",
      "\xEF\xBB{}",
      "\xEF\xBB\xBF\xEF\xBB\xBF{}",
      "{}\0"s,
      "{}\0{bad"s,
      "{\"a\":\"\0\"}"s,
      "\xFE\xFF\0{\0}"s,
  };
  for (const std::string& json : cases) {
    CAPTURE(json);
    const Example e(json);
    CHECK_FALSE(e.problem.empty());
    CHECK(e.problem.find("the JSON") == 0);
  }
}

TEST_CASE("A byte order mark before the object is skipped") {
  CHECK(Example("\xEF\xBB\xBF{\"text\":\"t\"}").text == "t");
}

TEST_CASE("Text that is not Unicode is refused wherever it stands") {
  const std::string bad[] = {"\xFF",           "\xC0\x80",        "\xED\xA0\x80",   "\xED\xB0\x80",
                             "\\ud800",        "\\udc00",         "\\udc00\\ud800", "\\ud800x",
                             "\\ud800\\ud800", "\xF4\x90\x80\x80"};
  for (const std::string& text : bad) {
    CAPTURE(text);
    const std::string json[] = {"{\"text\":\"" + text + "\"}", "{\"unknown\":\"" + text + "\"}",
                                "{\"unknown\":[{\"" + text + "\":1}]}", "{\"" + text + "\":1}"};
    for (const std::string& each : json) {
      const std::string problem = Example(each).problem;
      CHECK(problem.find("the JSON") == 0);
      // What RapidJSON says of it when the decoder does not.
      CHECK(problem.find("Terminate parsing") == std::string::npos);
    }
  }
}

TEST_CASE("Escapes are decoded, an escaped NUL with what follows it") {
  CHECK(Example(R"({"text":"\u00e9\ud83d\ude80\/\\\"\b\f\n\r\t"})").text ==
        "\xC3\xA9\xF0\x9F\x9A\x80/\\\"\b\f\n\r\t");
  CHECK(Example(R"({"text":"a\u0000b"})").text == "a\0b"s);
}

TEST_CASE("JSON may be nested as deep as the limit, and no deeper") {
  CHECK(Example("{\"x\":" + Nested(kMaxJsonDepth - 1) + "}").problem.empty());
  for (const std::size_t depth : {kMaxJsonDepth + 0U, 100U, 100'000U, 1'000'000U}) {
    CAPTURE(depth);
    CHECK(Example("{\"x\":" + Nested(depth) + "}").problem == "the JSON is nested deeper than 32");
    CHECK(Example(std::string(depth, '[')).problem == "the JSON is not an object");
  }
}

TEST_CASE("Objects count for the depth as arrays do, and what is closed does not") {
  const auto nested = [](std::size_t depth) {
    std::string begin;
    for (std::size_t i = 0; i < depth; ++i) begin += R"({"x":)";
    return begin + "1" + std::string(depth, '}');
  };
  CHECK(Example(nested(kMaxJsonDepth)).problem.empty());
  CHECK(Example(nested(kMaxJsonDepth + 1)).problem == "the JSON is nested deeper than 32");
  std::string side_by_side = R"({"text":"t")";
  for (int i = 0; i < 100; ++i) side_by_side += R"(,"x":{},"y":[])";
  CHECK(Example(side_by_side + "}").problem.empty());
}

TEST_CASE("Unknown members can be kept as JSON, and nothing of them is lost") {
  const Example e(
      R"({"a": 1.50, "text":"t", "b" : [1, {"c": "\u00e9\n", "d": [ ]}, null, true], "big": 123456789012345678901234567890, "e": 1e-400, "f":{}})",
      Reading::kStrict, true);
  CHECK(e.problem.empty());
  CHECK(e.text == "t");
  CHECK(e.further == FurtherMembers{{"a", "1.50"},
                                    {"b", "[1,{\"c\":\"\xC3\xA9\\n\",\"d\":[]},null,true]"},
                                    {"big", "123456789012345678901234567890"},
                                    {"e", "1e-400"},
                                    {"f", "{}"}});
}

TEST_CASE("A number beyond the range of a double is refused, as RFC 8259 leaves open") {
  CHECK(Example(R"({"x":1e400})").problem.find("the JSON is not valid: Number too big") == 0);
}

TEST_CASE("Read leniently, a member of the wrong type is one of the unknown ones") {
  const Example e(R"({"text":{"a":[1]},"number":"x","flag":true,"inner":7,"z":null})",
                  Reading::kLenient, true);
  CHECK(e.problem.empty());
  CHECK(e.flag == true);
  CHECK(
      e.further ==
      FurtherMembers{{"text", "{\"a\":[1]}"}, {"number", "\"x\""}, {"inner", "7"}, {"z", "null"}});
}

TEST_CASE("Read leniently, the first of a repeated member counts") {
  const Example e(R"({"text":"a","text":"b","x":1,"x":2,"inner":{"text":"c","text":["d"]}})",
                  Reading::kLenient, true);
  CHECK(e.problem.empty());
  CHECK(e.text == "a");
  CHECK(e.inner_text == "c");
  CHECK(e.further == FurtherMembers{{"x", "1"}});
}

TEST_CASE("JSON is read to its end, be it shorter or longer than what is usual") {
  for (const std::size_t size : {20U, 2046U, 2047U, 2048U, 2049U, 2050U, 100'000U}) {
    CAPTURE(size);
    const std::string begin = R"({"text":")";
    const std::string end = R"("})";
    const std::string text(size - begin.size() - end.size(), 'x');
    const std::string json = std::string(begin).append(text).append(end);
    CHECK(Example(json).text == text);
    CHECK_FALSE(Example(json + "x").problem.empty());
  }
}

TEST_CASE("Any single JSON value can be checked") {
  for (const std::string json :
       {"1", "\"x\"", "null", "true", " {\"a\": [1, 2]} ", "[]", "1e300"}) {
    CAPTURE(json);
    CHECK(CheckJsonValue(json, 1).empty());
  }
  for (const std::string& json :
       {""s, " "s, "x"s, "1 2"s, "1,"s, "{\"a\":1}}"s, "\"\xFF\""s, "1\0"s,
        "\xEF\xBB\xBF"
        "1"s,
        "\"\\udc00\""s}) {
    CAPTURE(json);
    CHECK_FALSE(CheckJsonValue(json, 1).empty());
  }
  CHECK(CheckJsonValue(Nested(31), 1).empty());
  CHECK_FALSE(CheckJsonValue(Nested(32), 1).empty());
}

TEST_CASE("What is written is escaped as JSON asks, and nothing else is") {
  std::string json;
  JsonObjectWriter writer(&json);
  writer.Text("text", "\"\\/\b\f\n\r\t\x01\x1F\x7F</script>caf\xC3\xA9\xF0\x9F\x9A\x80"s + '\0');
  writer.Texts("list", {"a", ""});
  writer.Texts("none", {});
  writer.Raw("raw", "{\"a\": 1}");
  writer.Close();
  CHECK(json ==
        "{\"text\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F\x7F</"
        "script>caf\xC3\xA9\xF0\x9F\x9A\x80\\u0000\","
        "\"list\":[\"a\",\"\"],\"none\":[],\"raw\":{\"a\": 1}}");
}

}  // namespace
}  // namespace service_accounts::v0::internal
