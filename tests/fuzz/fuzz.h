// What every fuzz target has: one function that is given any input at all and looks whether what
// the library makes of it is as promised. libFuzzer finds the inputs (`libfuzzer.cc`,
// ./scripts/fuzz); in the ordinary test run those of the corpus come back, and some near them
// (`replay.cc`).
#ifndef SERVICE_ACCOUNTS_TESTS_FUZZ_FUZZ_H_
#define SERVICE_ACCOUNTS_TESTS_FUZZ_FUZZ_H_

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace service_accounts::fuzz {

/// Each target's own.
void Try(std::string_view input);

/// Ends the process where a promise is broken, which is what a fuzzer takes for a finding.
inline void Require(bool holds, const std::string& promise) {
  if (holds) return;
  (void)std::fprintf(stderr, "broken: %s\n", promise.c_str());
  std::abort();
}

/// The text before the first `delimiter`, or all of it; cut off `rest` with the delimiter.
inline std::string_view TakeUntil(std::string_view* rest, char delimiter) {
  const std::string_view taken = rest->substr(0, rest->find(delimiter));
  rest->remove_prefix(taken.size() == rest->size() ? taken.size() : taken.size() + 1);
  return taken;
}

}  // namespace service_accounts::fuzz

#endif  // SERVICE_ACCOUNTS_TESTS_FUZZ_FUZZ_H_
