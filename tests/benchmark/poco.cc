// Poco: one session, and so one connection, for each thread; Poco's own JSON.
#include <Poco/Exception.h>
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/StreamCopier.h>
#include <Poco/URI.h>

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "harness.h"

namespace {

using Poco::Net::HTTPClientSession;

void ReadText(const Poco::JSON::Object& object, const char* member, std::string* out) {
  const Poco::Dynamic::Var found = object.get(member);
  if (found.isString()) *out = found.extract<std::string>();
}

void ReadText(const Poco::JSON::Object& object, const char* member,
              std::optional<std::string>* out) {
  const Poco::Dynamic::Var found = object.get(member);
  if (found.isString()) *out = found.extract<std::string>();
}

bool ReadReply(const std::string& body, benchmark::Account* account) {
  const Poco::Dynamic::Var reply = Poco::JSON::Parser().parse(body);
  const Poco::JSON::Object::Ptr data = reply.extract<Poco::JSON::Object::Ptr>()->getObject("data");
  if (data.isNull()) return false;
  ReadText(*data, "id", &account->id);
  ReadText(*data, "name", &account->name);
  ReadText(*data, "organizationId", &account->organization_id);
  ReadText(*data, "createdBy", &account->created_by);
  ReadText(*data, "description", &account->description);
  ReadText(*data, "status", &account->status);
  ReadText(*data, "createdAt", &account->created_at);
  ReadText(*data, "updatedAt", &account->updated_at);
  ReadText(*data, "disabledAt", &account->disabled_at);
  const Poco::JSON::Array::Ptr permissions = data->getArray("permissions");
  if (!permissions.isNull()) {
    for (const Poco::Dynamic::Var& permission : *permissions) {
      if (permission.isString()) account->permissions.push_back(permission.extract<std::string>());
    }
  }
  return !account->id.empty();
}

std::unique_ptr<HTTPClientSession> Session(const benchmark::Options& options) {
  const Poco::URI url(options.url);
  std::unique_ptr<HTTPClientSession> session;
  if (options.ca_file.empty()) {
    session = std::make_unique<HTTPClientSession>(url.getHost(), url.getPort());
  } else {
    const Poco::Net::Context::Ptr context = new Poco::Net::Context(
        Poco::Net::Context::TLS_CLIENT_USE, options.ca_file, Poco::Net::Context::VERIFY_STRICT);
    session =
        std::make_unique<Poco::Net::HTTPSClientSession>(url.getHost(), url.getPort(), context);
  }
  session->setKeepAlive(true);
  session->setTimeout(Poco::Timespan(30, 0));
  return session;
}

bool Create(HTTPClientSession& session, const std::string& token, long call) {
  Poco::JSON::Array permissions;
  for (const std::string& permission : benchmark::Permissions()) permissions.add(permission);
  Poco::JSON::Object account_wanted(Poco::JSON_PRESERVE_KEY_ORDER);
  account_wanted.set("name", benchmark::Name(call));
  account_wanted.set("permissions", permissions);
  account_wanted.set("description", benchmark::Description());
  std::ostringstream body;
  account_wanted.stringify(body);
  const std::string text = body.str();

  Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_POST, "/v1/service-accounts",
                                 Poco::Net::HTTPRequest::HTTP_1_1);
  request.setContentType("application/json");
  request.setContentLength(static_cast<std::streamsize>(text.size()));
  request.set("Authorization", "Bearer " + token);
  session.sendRequest(request) << text;
  Poco::Net::HTTPResponse response;
  std::string reply;
  Poco::StreamCopier::copyToString(session.receiveResponse(response), reply);
  if (response.getStatus() < 200 || response.getStatus() > 299) return false;
  benchmark::Account account;
  return ReadReply(reply, &account) && response.has("X-Request-Id");
}

benchmark::Run Make(const benchmark::Options& options) {
  if (options.http2) return {};
  auto sessions = std::make_shared<std::vector<std::unique_ptr<HTTPClientSession>>>();
  for (int i = 0; i < options.in_flight; ++i) sessions->push_back(Session(options));
  return benchmark::InThreads(options, [sessions, token = options.token](int thread, long call) {
    try {
      return Create(*(*sessions)[static_cast<std::size_t>(thread)], token, call);
    } catch (const Poco::Exception&) {
      return false;
    }
  });
}

}  // namespace

int main(int argc, char** argv) { return benchmark::Main(argc, argv, Make); }
