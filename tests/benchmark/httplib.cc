// cpp-httplib and nlohmann/json: one client, and so one connection, for each thread.
#include <httplib.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness.h"

namespace {

using nlohmann::json;

void ReadText(const json& object, const char* member, std::string* out) {
  const auto found = object.find(member);
  if (found != object.end() && found->is_string()) *out = found->get_ref<const std::string&>();
}

void ReadText(const json& object, const char* member, std::optional<std::string>* out) {
  const auto found = object.find(member);
  if (found != object.end() && found->is_string()) *out = found->get_ref<const std::string&>();
}

bool ReadReply(const std::string& body, benchmark::Account* account) {
  const json reply = json::parse(body, nullptr, false);
  if (!reply.is_object()) return false;
  const auto data = reply.find("data");
  if (data == reply.end() || !data->is_object()) return false;
  ReadText(*data, "id", &account->id);
  ReadText(*data, "name", &account->name);
  ReadText(*data, "organizationId", &account->organization_id);
  ReadText(*data, "createdBy", &account->created_by);
  ReadText(*data, "description", &account->description);
  ReadText(*data, "status", &account->status);
  ReadText(*data, "createdAt", &account->created_at);
  ReadText(*data, "updatedAt", &account->updated_at);
  ReadText(*data, "disabledAt", &account->disabled_at);
  const auto permissions = data->find("permissions");
  if (permissions != data->end() && permissions->is_array()) {
    for (const json& permission : *permissions) {
      if (permission.is_string()) account->permissions.push_back(permission.get<std::string>());
    }
  }
  return !account->id.empty();
}

std::unique_ptr<httplib::Client> Client(const benchmark::Options& options) {
  auto client = std::make_unique<httplib::Client>(options.url);
  client->set_keep_alive(true);
  client->set_tcp_nodelay(true);
  client->set_read_timeout(30);
  client->set_connection_timeout(10);
  client->set_bearer_token_auth(options.token);
  if (!options.ca_file.empty()) client->set_ca_cert_path(options.ca_file);
  return client;
}

bool Create(httplib::Client& client, long call) {
  const json request = {{"name", benchmark::Name(call)},
                        {"permissions", benchmark::Permissions()},
                        {"description", benchmark::Description()}};
  const httplib::Result reply =
      client.Post("/v1/service-accounts", request.dump(), "application/json");
  if (!reply || reply->status < 200 || reply->status > 299) return false;
  benchmark::Account account;
  return ReadReply(reply->body, &account) && reply->has_header("X-Request-Id");
}

benchmark::Run Make(const benchmark::Options& options) {
  if (options.http2) return {};
  auto clients = std::make_shared<std::vector<std::unique_ptr<httplib::Client>>>();
  for (int i = 0; i < options.in_flight; ++i) clients->push_back(Client(options));
  return benchmark::InThreads(options, [clients](int thread, long call) {
    return Create(*(*clients)[static_cast<std::size_t>(thread)], call);
  });
}

}  // namespace

int main(int argc, char** argv) { return benchmark::Main(argc, argv, Make); }
