// With C++20: `co_await CreateServiceAccount(client, request)`, in some twenty lines on top of the
// callback form.
//
// At the service that SERVICE_ACCOUNTS_BASE_URL and SERVICE_ACCOUNTS_TOKEN name. Without one at
// hand: `mock-server 050-coroutine`.
#include <service_accounts/service_accounts.h>

#include <coroutine>
#include <exception>
#include <future>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

namespace sa = service_accounts;

namespace {

/// The coroutine that awaits it goes on with the result, on the client's own thread: up to its next
/// `co_await` it should be quick, as a callback should.
class CreateServiceAccount {
 public:
  CreateServiceAccount(const sa::ServiceAccountsClient& client,
                       sa::CreateServiceAccountRequest request)
      : client_(client), request_(std::move(request)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    // Nothing of this object may be used behind the call: by then it may be gone.
    client_.CreateServiceAccountAsync(std::move(request_), {},
                                      [this, coroutine](sa::Result<sa::ServiceAccount> account) {
                                        account_.emplace(std::move(account));
                                        coroutine.resume();
                                      });
  }
  [[nodiscard]] sa::Result<sa::ServiceAccount> await_resume() { return *std::move(account_); }

 private:
  const sa::ServiceAccountsClient& client_;
  sa::CreateServiceAccountRequest request_;
  std::optional<sa::Result<sa::ServiceAccount>> account_;
};

/// The least that a coroutine's type can be: begins at once, and a future tells of its end. Your
/// coroutine library has a better one.
struct Task {
  // NOLINTNEXTLINE(readability-identifier-naming): the language wants this name.
  struct promise_type {
    Task get_return_object() { return {result.get_future()}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_value(int value) { result.set_value(value); }
    void unhandled_exception() { result.set_exception(std::current_exception()); }

    std::promise<int> result;
  };

  std::future<int> result;
};

/// One after the other, each without a thread that waits for it.
Task CreateTwo(const sa::ServiceAccountsClient& client) {
  for (const char* name : {"deploy-bot", "report-bot"}) {
    sa::CreateServiceAccountRequest request;
    request.name = name;
    request.permissions = {"org:read"};
    const auto account = co_await CreateServiceAccount(client, request);
    if (!account) {
      std::cerr << account.error() << '\n';
      co_return 1;
    }
    std::cout << "created " << account->name << " as " << account->id << '\n';
  }
  co_return 0;
}

}  // namespace

int main() {
  const sa::ServiceAccountsClient client(sa::ClientOptions::FromEnvironment());
  return CreateTwo(client).result.get();
}
