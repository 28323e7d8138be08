// This library: blocking calls for one at a time, the callback form for many.
#include <service_accounts/service_accounts.h>

#include <condition_variable>
#include <iostream>
#include <memory>
#include <mutex>
#include <utility>

#include "harness.h"

namespace sa = service_accounts;

namespace {

bool Created(const sa::Result<sa::ServiceAccount>& result) {
  if (!result) std::cerr << result.error() << '\n';
  return result.has_value();
}

sa::CreateServiceAccountRequest Request(long call) {
  sa::CreateServiceAccountRequest request;
  request.name = benchmark::Name(call);
  request.permissions = benchmark::Permissions();
  request.description = benchmark::Description();
  return request;
}

sa::ServiceAccountsClient Client(const benchmark::Options& options) {
  sa::ClientOptions client;
  client.base_url = options.url;
  client.credentials = sa::BearerToken(options.token);
  client.tls.ca_file = options.ca_file;
  if (options.http2) client.http_version = sa::HttpVersion::kHttp2;
  return sa::ServiceAccountsClient(client);
}

/// `in_flight` calls at a time, each of which begins the next one when it ends.
class Many {
 public:
  Many(sa::ServiceAccountsClient client, int in_flight)
      : client_(std::move(client)), in_flight_(in_flight) {}

  long Run(long first, long count) {
    std::unique_lock<std::mutex> lock(mutex_);
    next_ = first;
    end_ = first + count;
    created_ = 0;
    running_ = in_flight_;
    lock.unlock();
    for (int i = 0; i < in_flight_; ++i) BeginNext();
    lock.lock();
    all_ended_.wait(lock, [this] { return running_ == 0; });
    return created_;
  }

 private:
  void BeginNext() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (next_ == end_) {
      if (--running_ == 0) all_ended_.notify_one();
      return;
    }
    const long call = next_++;
    lock.unlock();
    client_.CreateServiceAccountAsync(Request(call), {}, [this](sa::Result<sa::ServiceAccount> r) {
      if (Created(r)) {
        const std::lock_guard<std::mutex> guard(mutex_);
        ++created_;
      }
      BeginNext();
    });
  }

  const sa::ServiceAccountsClient client_;
  const int in_flight_;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  long next_ = 0;
  long end_ = 0;
  long created_ = 0;
  int running_ = 0;
};

benchmark::Run Make(const benchmark::Options& options) {
  if (options.in_flight > 1) {
    auto many = std::make_shared<Many>(Client(options), options.in_flight);
    return [many](long first, long count) { return many->Run(first, count); };
  }
  return [client = Client(options)](long first, long count) {
    long created = 0;
    for (long i = first; i < first + count; ++i) {
      if (Created(client.CreateServiceAccount(Request(i)))) ++created;
    }
    return created;
  };
}

}  // namespace

int main(int argc, char** argv) { return benchmark::Main(argc, argv, Make); }
