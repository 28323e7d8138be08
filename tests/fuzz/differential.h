// Our JSON beside an independent parser's, nlohmann/json: what one takes and the other refuses has
// to be on a list of differences that are meant.
#ifndef SERVICE_ACCOUNTS_TESTS_FUZZ_DIFFERENTIAL_H_
#define SERVICE_ACCOUNTS_TESTS_FUZZ_DIFFERENTIAL_H_

#include <cctype>
#include <cstdlib>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "fuzz.h"
#include "json_codec.h"

namespace service_accounts::fuzz {

/// Discarded if it is not JSON.
inline nlohmann::json ParseIndependently(std::string_view text) {
  return nlohmann::json::parse(text, nullptr, false);
}

/// How deep brackets are open, outside of texts.
inline int DepthOf(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_text && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_text = !in_text;
    } else if (!in_text && (c == '[' || c == '{')) {
      deepest = deepest < ++depth ? depth : deepest;
    } else if (!in_text && (c == ']' || c == '}')) {
      --depth;
    }
  }
  return deepest;
}

/// Whether a number has an exponent that alone is out of range, or would be with the digits before
/// it: beyond this nobody agrees with anybody.
inline bool HasHugeNumber(std::string_view json) {
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (std::isdigit(static_cast<unsigned char>(json[i])) == 0) continue;
    std::size_t end = i;
    std::size_t exponent = 0;
    while (end < json.size() &&
           std::string_view("0123456789.eE+-").find(json[end]) != std::string_view::npos) {
      if (json[end] == 'e' || json[end] == 'E') exponent = end + 1;
      ++end;
    }
    const std::string digits(json.substr(i, end - i));
    // Both have their rules for how it looks; here it only has to be seen that it is huge.
    const double power = exponent == 0 ? 0 : std::strtod(digits.c_str() + (exponent - i), nullptr);
    if (power + static_cast<double>(digits.size()) > 300) return true;
    i = end;
  }
  return false;
}

struct Difference {
  const char* reason;
  bool we_take_it;  ///< And the other one refuses it; or the other way round.
  bool (*is_meant)(std::string_view json);
};

constexpr Difference kDifferences[] = {
    {"a NUL byte is nowhere JSON; nlohmann/json takes one for the end of the text", false,
     [](std::string_view json) { return json.find('\0') != std::string_view::npos; }},
    {"we stop at a depth of 32, so that no reply can exhaust the stack", false,
     [](std::string_view json) { return DepthOf(json) > internal::kMaxJsonDepth; }},
    {"RFC 8259 leaves the range of numbers open: we refuse an exponent that no double has, "
     "whatever "
     "stands before it (\"0e999\")",
     false, HasHugeNumber},
    {"and take a number as text where it is beyond a double by its digits (\"99e308\")", true,
     HasHugeNumber},
};

/// Whether we and the other one agree on a text, or differ as is meant.
inline void RequireAgreement(std::string_view json, bool we_take_it, bool other_takes_it) {
  if (we_take_it == other_takes_it) return;
  for (const Difference& difference : kDifferences) {
    if (difference.we_take_it == we_take_it && difference.is_meant(json)) return;
  }
  Require(false, we_take_it ? "nlohmann/json refuses it, and we took it"
                            : "nlohmann/json takes it, and we refused it");
}

}  // namespace service_accounts::fuzz

#endif  // SERVICE_ACCOUNTS_TESTS_FUZZ_DIFFERENTIAL_H_
