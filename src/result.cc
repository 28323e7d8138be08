#include <service_accounts/result.h>

namespace service_accounts::v0 {

BadResultAccess::BadResultAccess(Error error)
    : error_(std::move(error)), text_(error_.ToString()) {}

BadResultAccess::~BadResultAccess() = default;

namespace internal {

void FailResultAccess(const Error& error) {
#if defined(__cpp_exceptions)
  throw BadResultAccess(error);
#else
  static_cast<void>(error);
  std::terminate();
#endif
}

}  // namespace internal
}  // namespace service_accounts::v0
