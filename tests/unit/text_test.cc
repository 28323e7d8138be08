#include "text.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::string_literals;

TEST_CASE("UTF-8 is accepted in every length of a character") {
  for (const std::string& text :
       {""s, "plain"s, "\0"s, "\xC2\x80"s, "\xDF\xBF"s, "\xE0\xA0\x80"s, "\xED\x9F\xBF"s,
        "\xEE\x80\x80"s, "\xEF\xBF\xBF"s, "\xF0\x90\x80\x80"s, "\xF4\x8F\xBF\xBF"s,
        "caf\xC3\xA9 \xF0\x9F\x9A\x80"s}) {
    CAPTURE(text);
    CHECK(IsUtf8(text));
  }
}

/// A run of so many bytes before one that ends it, which stands once more at the end.
std::string RunOf(std::size_t length, std::size_t place, char ends) {
  std::string text = "!#[] \x7F~!#[] \x7F~!#[] \x7F~";
  text.resize(length);
  if (place < length) text[place] = text[length - 1] = ends;
  return text;
}

/// The first byte that is not ASCII makes it invalid, being alone.
std::size_t AsciiRun(std::string_view text) {
  std::size_t size = 0;
  while (size < text.size() && IsUtf8(text.substr(0, size + 1))) ++size;
  return size;
}

TEST_CASE("A byte that ends a run is found at every place of every text") {
  for (std::size_t length = 0; length <= 20; ++length) {
    for (std::size_t place = 0; place <= length; ++place) {
      CAPTURE(length, place);
      for (const char ends : "\"\\\x1F\x01"s + '\0') {
        std::string text = RunOf(length, place, ends);
        // What is no neighbour of those that end a run, but for its high bit.
        if (place > 0) text[place - 1] = '\xBF';
        CHECK(PlainPrefix(text) == place);
      }
      for (const char ends : "\x80\xFF"s) CHECK(AsciiRun(RunOf(length, place, ends)) == place);
    }
  }
}

TEST_CASE("What is not well-formed UTF-8 is refused") {
  const std::pair<const char*, std::string> cases[] = {
      {"a lone continuation byte", "\x80"},
      {"an overlong two-byte form", "\xC0\x80"},
      {"an overlong two-byte form of a letter", "\xC1\x81"},
      {"an overlong three-byte form", "\xE0\x9F\xBF"},
      {"an overlong four-byte form", "\xF0\x8F\xBF\xBF"},
      {"a high surrogate", "\xED\xA0\x80"},
      {"a low surrogate", "\xED\xB0\x80"},
      {"above U+10FFFF", "\xF4\x90\x80\x80"},
      {"a byte that never occurs", "\xFF"},
      {"a lead byte beyond the range", "\xF5\x80\x80\x80"},
      {"cut after the first byte of two", "a\xC3"},
      {"cut after the third byte of four", "\xF0\x9F\x9A"},
      {"a letter in the place of a continuation byte", "\xE2\x82x"},
      {"valid text before and after", "ok \xFE ok"},
  };
  for (const auto& [what, text] : cases) {
    INFO(what);
    CHECK_FALSE(IsUtf8(text));
  }
}

TEST_CASE("A line for a log holds no control characters and no broken UTF-8") {
  const std::pair<std::string, std::string> cases[] = {
      {"caf\xC3\xA9", "caf\xC3\xA9"},
      {"\xC3\x80 la\xC2\xA0page", "\xC3\x80 la\xC2\xA0page"},  // U+00A0 is no control character.
      {"a\nb\rc\td", "a\\nb\\x0dc\\x09d"},
      {"\x1B[31mred"s, "\\x1b[31mred"},
      {"nul\0end"s, "nul\\x00end"},
      {"\x7F", "\\x7f"},
      {"\xC2\x9B"
       "31m",
       "\\xc2\\x9b31m"},  // U+009B steers terminals as ESC [ does.
      {"bad \xFF byte", "bad \\xff byte"},
      {"bad \xF5\x80 bytes", "bad \\xf5\\x80 bytes"},
      {"bad \xE1\x80 bytes", "bad \\xe1\\x80 bytes"},
  };
  for (const auto& [text, line] : cases) CHECK(OneLine(text, 100) == line);
}

TEST_CASE("A line for a log is cut where it gets too long, and says so") {
  CHECK(OneLine("12345", 5) == "12345");
  CHECK(OneLine("123456", 5) == "12345...");
  CHECK(OneLine("1234\xC3\xA9", 5) == "1234\\xc3...");
}

}  // namespace
}  // namespace service_accounts::v0::internal
