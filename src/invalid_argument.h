// The error for what is refused before any network use.
#ifndef SERVICE_ACCOUNTS_SRC_INVALID_ARGUMENT_H_
#define SERVICE_ACCOUNTS_SRC_INVALID_ARGUMENT_H_

#include <string>
#include <utility>

#include <service_accounts/error.h>

namespace service_accounts::v0::internal {

/// The message begins with the name of what is wrong: "base_url: ...".
[[nodiscard]] inline Error InvalidArgument(std::string message) {
  Error error;
  error.kind = ErrorKind::kInvalidArgument;
  error.outcome = RequestOutcome::kNotSent;
  error.message = std::move(message);
  return error;
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_INVALID_ARGUMENT_H_
