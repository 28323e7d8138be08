#include "call.h"

#include <service_accounts/version.h>

#include "deadline.h"
#include "default_transport.h"
#include "invalid_argument.h"
#include "request_headers.h"
#include "url.h"

namespace service_accounts::internal {
namespace {

std::vector<Header> HeadersOf(const ClientOptions& options) {
  std::string user_agent = options.user_agent;
  if (!user_agent.empty()) user_agent += ' ';
  user_agent.append("service-accounts-cpp/").append(Version());
  return MergeHeaders({{"Accept", "application/json"},
                       {"Content-Type", "application/json"},
                       {"User-Agent", std::move(user_agent)}},
                      options.headers);
}

}  // namespace

ClientCore::ClientCore(ClientOptions options)
    : options_(std::move(options)), invalid_(options_.Validate()) {
  if (invalid_) return;
  std::string problem;
  const auto url = ParseBaseUrl(options_.base_url, &problem);
  base_url_ = url->text;
  headers_ = HeadersOf(options_);
  transport_ = options_.transport;
  if (transport_ == nullptr) transport_ = MakeDefaultTransport({/*direct=*/url->loopback});
}

Result<ClientCore::Exchange> ClientCore::Send(const char* method, const char* path,
                                              std::string body, const CallOptions& call) const {
  if (invalid_) return *invalid_;
  const auto timeout = call.timeout.value_or(options_.timeout);
  if (auto error = CheckTimeout(timeout, "timeout")) return *std::move(error);
  const SteadyTime deadline = DeadlineAfter(std::chrono::steady_clock::now(), timeout);
  auto token = options_.credentials.source()->GetToken();
  if (!token) return std::move(token).error();
  const auto request = BuildRequest(method, path, std::move(body), call, **token);
  if (!request) return request.error();
  const SendContext context = {deadline, options_.connect_timeout, options_.max_response_bytes};
  return Exchange{transport_->Send(*request, context), *std::move(token)};
}

Result<HttpRequest> ClientCore::BuildRequest(const char* method, const char* path, std::string body,
                                             const CallOptions& call,
                                             const std::string& token) const {
  if (auto error = CheckHeaders(call.headers, "headers")) return *std::move(error);
  HttpRequest request;
  request.method = method;
  request.url = base_url_ + path;
  request.headers = MergeHeaders(headers_, call.headers);
  request.headers.push_back({"Authorization", "Bearer " + token});
  request.body = std::move(body);
  return request;
}

}  // namespace service_accounts::internal
