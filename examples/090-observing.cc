// Counting what the calls of a client come to: an `Observer` is told of every attempt, repetition
// and end. The service is the test kit's mock server, which is busy at first.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/mock_server.h>

#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace sa = service_accounts;

namespace {

/// Called from all threads that make calls, and while they wait for it: so a lock, and no more than
/// counting under it.
class Counters final : public sa::Observer {
 public:
  void OnRetryScheduled(const sa::RetryScheduled& /*event*/) override { Count("repetitions"); }

  void OnCallEnded(const sa::CallEnded& event) override {
    const bool created = event.error == nullptr;
    Count("calls " + std::string(created ? "created" : ToString(event.error->outcome)));
  }

  void Print() {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [name, count] : counts_) std::cout << name << ": " << count << '\n';
  }

 private:
  void Count(const std::string& name) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++counts_[name];
  }

  std::mutex mutex_;
  std::map<std::string, int> counts_;
};

}  // namespace

int main() {
  sa::testing::MockServer server;
  server.Reply(429, {{"Retry-After", "0"}}, "busy");

  const auto counters = std::make_shared<Counters>();
  sa::ClientOptions options;
  options.base_url = server.base_url();
  options.credentials = sa::BearerToken(server.token());
  options.observer = counters;
  const sa::ServiceAccountsClient client(options);

  for (const char* name : {"deploy-bot", "report-bot", "deploy-bot", ""}) {
    sa::CreateServiceAccountRequest request;
    request.name = name;
    const auto account = client.CreateServiceAccount(request);
    if (!account) std::cerr << account.error() << '\n';
  }
  counters->Print();
}
