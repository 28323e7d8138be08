// The reply of `POST /v1/service-accounts`; the rest of this file's source is the public `json.h`.
#ifndef SERVICE_ACCOUNTS_SRC_SERVICE_ACCOUNT_JSON_H_
#define SERVICE_ACCOUNTS_SRC_SERVICE_ACCOUNT_JSON_H_

#include <string_view>

#include <service_accounts/service_account.h>

#include "envelope.h"

namespace service_accounts::internal {

[[nodiscard]] DecodedReply<ServiceAccount> DecodeServiceAccountReply(std::string_view body);

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_SERVICE_ACCOUNT_JSON_H_
