// What the endpoint answers, without a socket: one request in, one reply out, and the accounts that
// came of it. `MockServer` puts it on the network.
//
// Not safe for use by several threads at once.
#ifndef SERVICE_ACCOUNTS_SRC_TESTING_ENDPOINT_MODEL_H_
#define SERVICE_ACCOUNTS_SRC_TESTING_ENDPOINT_MODEL_H_

#include <chrono>
#include <cstddef>
#include <string>
#include <unordered_set>
#include <vector>

#include <service_accounts/http_transport.h>
#include <service_accounts/service_account.h>

#include "testing/endpoint_reply.h"

namespace service_accounts::testing::internal {

class EndpointModel {
 public:
  /// Takes requests with this bearer token only.
  explicit EndpointModel(std::string token);

  /// `request.url` is the request's target, `now` what the account's times will say.
  [[nodiscard]] EndpointReply Answer(const HttpRequest& request,
                                     std::chrono::system_clock::time_point now);

  /// In the order of their creation.
  [[nodiscard]] const std::vector<ServiceAccount>& accounts() const noexcept { return accounts_; }

 private:
  EndpointReply Create(const HttpRequest& request, const std::string& request_id,
                       std::chrono::system_clock::time_point now);

  std::string authorization_;
  std::vector<ServiceAccount> accounts_;
  std::unordered_set<std::string> names_;  // Of `accounts_`.
  std::size_t answered_ = 0;
};

}  // namespace service_accounts::testing::internal

#endif  // SERVICE_ACCOUNTS_SRC_TESTING_ENDPOINT_MODEL_H_
