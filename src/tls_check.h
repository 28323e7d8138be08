// Are the files of `TlsOptions` there, and PEM?
#ifndef SERVICE_ACCOUNTS_SRC_TLS_CHECK_H_
#define SERVICE_ACCOUNTS_SRC_TLS_CHECK_H_

#include <optional>

#include <service_accounts/error.h>
#include <service_accounts/tls_options.h>

namespace service_accounts::v0::internal {

/// The first thing that is wrong, by name. What a PEM block holds is for the TLS library to say.
[[nodiscard]] std::optional<Error> CheckTlsOptions(const TlsOptions& tls);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_TLS_CHECK_H_
