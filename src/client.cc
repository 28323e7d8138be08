// The client: encode, call, decode.
#include <service_accounts/client.h>

#include <utility>

#include <service_accounts/json.h>

#include "async_call.h"
#include "bulk.h"
#include "call.h"
#include "contain.h"
#include "invalid_argument.h"
#include "service_account_json.h"

namespace service_accounts::v0 {
namespace {

constexpr internal::Operation<CreateServiceAccountRequest, ServiceAccount> kCreateServiceAccount = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", internal::WriteJson,
    internal::DecodeServiceAccountReply};

Result<ServiceAccount> MovedFrom() {
  return internal::InvalidArgument("client: it was moved from");
}

}  // namespace

ServiceAccountsClient::ServiceAccountsClient(ClientOptions options)
    : core_(internal::ShareCore(std::move(options))) {}

Result<ServiceAccount> ServiceAccountsClient::CreateServiceAccount(
    const CreateServiceAccountRequest& request, const CallOptions& call) const {
  if (core_ == nullptr) return MovedFrom();
  return internal::Call(*core_, kCreateServiceAccount, request, call);
}

void ServiceAccountsClient::CreateServiceAccountAsync(
    // NOLINTNEXTLINE(performance-unnecessary-value-param): it is given away, like the rest.
    CreateServiceAccountRequest request, CallOptions call,
    std::function<void(Result<ServiceAccount>)> done) const {
  if (core_ == nullptr) {
    // There is no observer to tell of what it throws.
    (void)internal::Contain([&] { done(MovedFrom()); });
    return;
  }
  using AsyncCall = internal::AsyncCall<CreateServiceAccountRequest, ServiceAccount>;
  core_->Post(AsyncCall::Make(core_->shared_from_this(), kCreateServiceAccount, request,
                              std::move(call), std::move(done)));
}

std::future<Result<ServiceAccount>> ServiceAccountsClient::CreateServiceAccountAsync(
    CreateServiceAccountRequest request, CallOptions call) const {
  auto promise = std::make_shared<std::promise<Result<ServiceAccount>>>();
  auto future = promise->get_future();
  CreateServiceAccountAsync(std::move(request), std::move(call),
                            [promise = std::move(promise)](Result<ServiceAccount> account) {
                              promise->set_value(std::move(account));
                            });
  return future;
}

std::vector<Result<ServiceAccount>> ServiceAccountsClient::CreateServiceAccounts(
    const std::vector<CreateServiceAccountRequest>& requests, const BulkOptions& bulk) const {
  if (core_ == nullptr) return {requests.size(), MovedFrom()};
  return internal::CallAll(*core_, kCreateServiceAccount, requests, bulk);
}

}  // namespace service_accounts::v0
