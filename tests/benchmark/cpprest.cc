// The C++ REST SDK (cpprestsdk): `task::get` for one call at a time, tasks that begin the next one
// for many.
#include <cpprest/http_client.h>
#include <cpprest/json.h>

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "harness.h"

namespace {

using web::http::http_response;
using web::http::client::http_client;
using web::json::value;

void ReadText(const value& object, const char* member, std::string* out) {
  if (object.has_string_field(member)) *out = object.at(member).as_string();
}

void ReadText(const value& object, const char* member, std::optional<std::string>* out) {
  if (object.has_string_field(member)) *out = object.at(member).as_string();
}

bool ReadReply(const value& reply, benchmark::Account* account) {
  if (!reply.has_object_field("data")) return false;
  const value& data = reply.at("data");
  ReadText(data, "id", &account->id);
  ReadText(data, "name", &account->name);
  ReadText(data, "organizationId", &account->organization_id);
  ReadText(data, "createdBy", &account->created_by);
  ReadText(data, "description", &account->description);
  ReadText(data, "status", &account->status);
  ReadText(data, "createdAt", &account->created_at);
  ReadText(data, "updatedAt", &account->updated_at);
  ReadText(data, "disabledAt", &account->disabled_at);
  if (data.has_array_field("permissions")) {
    for (const value& permission : data.at("permissions").as_array()) {
      if (permission.is_string()) account->permissions.push_back(permission.as_string());
    }
  }
  return !account->id.empty();
}

class Client {
 public:
  explicit Client(const benchmark::Options& options)
      : client_(options.url, Config(options)),
        authorization_("Bearer " + options.token),
        in_flight_(options.in_flight) {}

  bool Create(long call) { return Succeeded(Send(call).then(Read)); }

  long CreateMany(long first, long count) {
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
  static web::http::client::http_client_config Config(const benchmark::Options& options) {
    web::http::client::http_client_config config;
    config.set_timeout(std::chrono::seconds(30));
    if (!options.ca_file.empty()) {
      config.set_ssl_context_callback([file = options.ca_file](boost::asio::ssl::context& context) {
        context.load_verify_file(file);
      });
    }
    return config;
  }

  static bool Succeeded(const pplx::task<bool>& read) {
    try {
      return read.get();
    } catch (const std::exception&) {
      return false;
    }
  }

  pplx::task<http_response> Send(long call) {
    value request = value::object();
    request["name"] = value::string(benchmark::Name(call));
    value permissions = value::array(benchmark::Permissions().size());
    for (std::size_t i = 0; i < permissions.size(); ++i) {
      permissions[i] = value::string(benchmark::Permissions()[i]);
    }
    request["permissions"] = std::move(permissions);
    request["description"] = value::string(benchmark::Description());
    web::http::http_request message(web::http::methods::POST);
    message.set_request_uri("/v1/service-accounts");
    message.headers().add("Authorization", authorization_);
    message.set_body(request);
    return client_.request(message);
  }

  // Without `get`: it would block a thread of the SDK's pool, and many of them the whole pool.
  static pplx::task<bool> Read(const http_response& reply) {
    if (reply.status_code() < 200 || reply.status_code() > 299)
      return pplx::task_from_result(false);
    return reply.extract_json().then([reply](const value& body) {
      benchmark::Account account;
      return ReadReply(body, &account) && reply.headers().has("X-Request-Id");
    });
  }

  void BeginNext() {
    std::unique_lock<std::mutex> lock(mutex_);
    if (next_ == end_) {
      if (--running_ == 0) all_ended_.notify_one();
      return;
    }
    const long call = next_++;
    lock.unlock();
    Send(call).then(Read).then([this](const pplx::task<bool>& read) {
      if (Succeeded(read)) {
        const std::lock_guard<std::mutex> guard(mutex_);
        ++created_;
      }
      BeginNext();
    });
  }

  http_client client_;
  const std::string authorization_;
  const int in_flight_;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  long next_ = 0;
  long end_ = 0;
  long created_ = 0;
  int running_ = 0;
};

benchmark::Run Make(const benchmark::Options& options) {
  if (options.http2) return {};
  auto client = std::make_shared<Client>(options);
  if (options.in_flight > 1) {
    return [client](long first, long count) { return client->CreateMany(first, count); };
  }
  return benchmark::InThreads(options, [client](int, long call) { return client->Create(call); });
}

}  // namespace

int main(int argc, char** argv) { return benchmark::Main(argc, argv, Make); }
