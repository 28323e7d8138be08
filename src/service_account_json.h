// The request and the reply of `POST /v1/service-accounts`; the rest of this file's source is the
// public `json.h`.
#ifndef SERVICE_ACCOUNTS_SRC_SERVICE_ACCOUNT_JSON_H_
#define SERVICE_ACCOUNTS_SRC_SERVICE_ACCOUNT_JSON_H_

#include <optional>
#include <string>
#include <string_view>

#include <service_accounts/create_service_account_request.h>
#include <service_accounts/error.h>
#include <service_accounts/service_account.h>

#include "envelope.h"

namespace service_accounts::v0::internal {

/// To the end of a text. Says what cannot be sent.
[[nodiscard]] std::optional<Error> WriteJson(const CreateServiceAccountRequest& request,
                                             std::string* json);

[[nodiscard]] DecodedReply DecodeServiceAccountReply(std::string_view body,
                                                     std::optional<ServiceAccount>* value);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_SERVICE_ACCOUNT_JSON_H_
