// Exceptions, kept where they are; compiled without them, what would throw ends the program, as in
// the standard library.
#ifndef SERVICE_ACCOUNTS_SRC_CONTAIN_H_
#define SERVICE_ACCOUNTS_SRC_CONTAIN_H_

#include <exception>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include <service_accounts/version.h>

namespace service_accounts::v0::internal {

/// Runs the function. What it threw in the words of a `std::exception`, "" for anything else; no
/// value: nothing.
template <class Function>
[[nodiscard]] std::optional<std::string> Contain(Function&& function) {
#if defined(__cpp_exceptions)
  try {
    std::forward<Function>(function)();
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "";
  }
#else
  std::forward<Function>(function)();
#endif
  return std::nullopt;
}

/// "threw: no route", for what `Contain` returned.
[[nodiscard]] inline std::string Threw(const std::string& what) {
  return what.empty() ? "threw what is no std::exception" : "threw: " + what;
}

[[noreturn]] inline void ThrowBadAlloc() {
#if defined(__cpp_exceptions)
  throw std::bad_alloc();
#else
  std::terminate();
#endif
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CONTAIN_H_
