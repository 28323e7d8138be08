// The client: encode, call, decode.
#include <service_accounts/client.h>

#include <utility>

#include <service_accounts/json.h>

#include "call.h"
#include "invalid_argument.h"
#include "service_account_json.h"

namespace service_accounts {
namespace {

constexpr internal::Operation<CreateServiceAccountRequest, ServiceAccount> kCreateServiceAccount = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", ToJson,
    internal::DecodeServiceAccountReply};

}  // namespace

ServiceAccountsClient::ServiceAccountsClient(ClientOptions options)
    : core_(std::make_shared<const internal::ClientCore>(std::move(options))) {}

Result<ServiceAccount> ServiceAccountsClient::CreateServiceAccount(
    const CreateServiceAccountRequest& request, const CallOptions& call) const {
  if (core_ == nullptr) return internal::InvalidArgument("client: it was moved from");
  return internal::Call(*core_, kCreateServiceAccount, request, call);
}

}  // namespace service_accounts
