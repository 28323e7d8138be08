// Who a handle trusts, and as whom it shows itself.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_TLS_H_
#define SERVICE_ACCOUNTS_SRC_CURL_TLS_H_

#include <string>

#include <curl/curl.h>

#include <service_accounts/tls_options.h>

namespace service_accounts::v0::internal {

/// The first option that libcurl refuses is named in `refused`.
void SetTls(const TlsOptions& options, CURL* easy, std::string* refused);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_TLS_H_
