// A program that uses the public interface in all of its ways, so that templates are instantiated
// and inline functions compiled. It is never run: ./scripts/check compiles it, in every language
// standard and with every library, behind the macros of hostile.h.
#include <service_accounts/service_accounts.h>
#include <service_accounts/testing/fake_transport.h>
#include <service_accounts/testing/mock_server.h>

namespace host {
namespace {

using namespace service_accounts;  // As programs do, macros of that name or not.
using std::chrono::milliseconds;

class CountingObserver final : public Observer {
 public:
  void OnAttemptBegun(const AttemptBegun& event) override { attempts_ += event.attempt; }
  void OnAttemptEnded(const AttemptEnded& event) override {
    bytes_ += event.call.url.size() + (event.error == nullptr ? 0 : event.error->body.size());
    waited_ += event.record->wait_before + event.record->times.lookup;
  }
  void OnRetryScheduled(const RetryScheduled& event) override { waited_ += event.wait; }
  void OnCallEnded(const CallEnded& event) override { bytes_ += event.request_id.size(); }
  void OnCallbackFailed(const CallbackFailed& event) override { bytes_ += event.what.size(); }

 private:
  int attempts_ = 0;
  std::size_t bytes_ = 0;
  std::chrono::nanoseconds waited_{0};
};

class OwnTransport final : public HttpTransport {
 public:
  TransportResult Send(const HttpRequest& request, const SendContext& context) override {
    const CancellationCallback wake(context.cancellation, [] {});
    if (context.cancellation.cancelled() || context.max_response_bytes == 0) {
      TransportFailure failure;
      failure.kind = ErrorKind::kCancelled;
      failure.outcome = RequestOutcome::kNotSent;
      return failure;
    }
    HttpResponse reply;
    reply.status = 200;
    reply.headers = {{"Content-Type", "application/json"}};
    reply.headers.push_back({"Date", "today"});
    reply.headers.AddLine("X-Request-Id: req_1");
    reply.body = request.method + request.url + request.body;
    return reply;
  }
  void SendAsync(const HttpRequest& request, const SendContext& context,
                 std::function<void(TransportResult)> done) override {
    done(Send(request, context));
  }
};

ClientOptions Options() {
  ClientOptions options = ClientOptions::FromEnvironment();
  options.base_url = "https://accounts.example.com";
  options.credentials = BearerToken("token");
  options.credentials = TokenFromEnvironment("TOKEN");
  options.credentials = TokenFromFile("token");
  options.credentials = TokenFromCallback([]() -> Result<AccessToken> {
    return AccessToken{"token", std::chrono::system_clock::now()};
  });
  options.timeout = std::chrono::seconds(5);
  options.connect_timeout = milliseconds(500);
  options.headers.push_back({"X-Organization", "org_1"});
  options.user_agent = "host/1.0";
  options.max_response_bytes = 1 << 16;
  options.http_version = HttpVersion::kHttp2;
  options.allow_plain_http = true;
  options.transport = std::make_shared<OwnTransport>();
  options.observer = std::make_shared<LogObserver>([](std::string_view) {});
  options.observer = std::make_shared<CountingObserver>();
  options.retry.max_attempts = 3;
  options.retry.initial_backoff = options.retry.max_backoff = milliseconds(200);
  options.retry.repeat_unknown_outcomes = true;
  options.tls.ca_file = options.tls.client_certificate_file = options.tls.client_key_file = "x.pem";
  options.proxy = ProxyOptions::FromEnvironment();
  if (options.proxy != ProxyOptions::Url("http://127.0.0.1:3128")) options.transport = nullptr;
  return options;
}

CreateServiceAccountRequest Request() {
  CreateServiceAccountRequest request;
  request.name = "deploy-bot";
  request.permissions = {"org:read"};
  request.description = "Rolls out";
  request.extra_fields["labels"] = "{}";
  return request;
}

CallOptions Call(const CancellationSource& source) {
  CallOptions call;
  call.timeout = milliseconds(200);
  call.cancellation = source.token();
  call.headers.push_back({"X-Trace", "1"});
  call.idempotency_key = "key";
  call.retry = RetryPolicy();
  return call;
}

std::string Show(const Error& error) {
  std::ostringstream out;
  out << error << error.kind << error.outcome << ToString(error.kind) << ToString(error.outcome)
      << error.http_status << error.attempts << (error.retry_after ? error.retry_after->count() : 0)
      << error.code << error.message << error.request_id << error.details << error.body;
  return out.str() + error.ToString() + BadResultAccess(error).what();
}

std::string Show(const ServiceAccount& account) {
  std::ostringstream out;
  out << account.id << account.name << account.organization_id << account.created_by
      << account.description.value_or("") << account.permissions.size() << account.status_text
      << static_cast<int>(account.status);
  for (const auto& time : {account.created_at, account.updated_at, account.disabled_at}) {
    if (time && time->time() && *time != Timestamp("now")) out << time->text();
  }
  return out.str();
}

std::string Show(const ResponseMetadata& metadata) {
  std::ostringstream out;
  out << metadata.http_status << metadata.request_id << metadata.message << metadata.http_version
      << metadata.body << metadata.code << metadata.elapsed.count() << metadata.headers.text();
  for (const Header& header : metadata.headers) out << header.name << header.value;
  if (!metadata.headers.empty() && metadata.headers.size() > 1) {
    out << metadata.headers.find("date").value_or("");
  }
  for (const AttemptRecord& attempt : metadata.attempts) {
    out << attempt.http_status << attempt.outcome.has_value() << attempt.total.count()
        << attempt.times.connection_reused;
  }
  return out.str();
}

std::string Show(Result<ServiceAccount> result) {
  const Result<ServiceAccount>& constant = result;
  const auto id = [](const ServiceAccount& account) { return account.id; };
  const auto next = [](const ServiceAccount& account) { return Result<std::string>(account.id); };
  const auto same = [](const Error& error) { return Result<ServiceAccount>(error); };
  std::string all = Show(constant.metadata()) + constant.transform(id).value_or("none") +
                    constant.and_then(next).value_or("none");
  if (!result) return all + Show(constant.error()) + Show(result.error());
  all += Show(*constant) + constant->id + Show(constant.value()) + Show(*result) + result->id +
         Show(result.value()) + Show(constant.or_else(same).value());
  all += Result<ServiceAccount>(result).transform(id).value_or("none");
  all += Result<ServiceAccount>(result).and_then(next).value_or("none");
  all += Show(Result<ServiceAccount>(result).or_else(same).metadata());
  return all + Show(std::move(result).value_or(ServiceAccount()));
}

std::string Json() {
  std::string all = ToJson(Request()).value_or("") + ToJson(ServiceAccount()).value_or("");
  const auto request = CreateServiceAccountRequestFromJson("{}");
  if (request && *request != Request()) all += request->name;
  const auto account = ServiceAccountFromJson("{}");
  if (account && *account != ServiceAccount()) all += account->name;
  return all;
}

std::string Calls(const ServiceAccountsClient& client) {
  const CancellationSource source;
  std::string all = Show(client.CreateServiceAccount(Request()));
  all += Show(client.CreateServiceAccount(Request(), Call(source)));
  client.CreateServiceAccountAsync(Request(), Call(source),
                                   [](Result<ServiceAccount> account) { (void)account; });
  std::future<Result<ServiceAccount>> future = client.CreateServiceAccountAsync(Request());
  BulkOptions bulk;
  bulk.max_in_flight = 64;
  bulk.stop_on_error = true;
  bulk.call = Call(source);
  bulk.idempotency_key = [](std::size_t index) { return std::to_string(index); };
  bulk.on_progress = [&](const BulkProgress& progress) {
    if (progress.failed > 0 && progress.done < progress.total) source.Cancel();
  };
  for (Result<ServiceAccount>& account : client.CreateServiceAccounts({Request()}, bulk)) {
    all += Show(std::move(account));
  }
  return all + Show(future.get());
}

std::string CallsOfTests() {
  const auto fake = std::make_shared<testing::FakeTransport>();
  fake->Reply(200, "{}", {{"Content-Type", "application/json"}});
  fake->Fail(ErrorKind::kConnection, RequestOutcome::kNotSent);
  fake->Answer(HttpResponse());
  testing::MockServer server;
  server.Reply(503, {{"Retry-After", "1"}}, "busy");
  server.Delay(milliseconds(1));
  ClientOptions options;
  options.base_url = server.base_url();
  options.credentials = BearerToken(server.token());
  options.transport = fake;
  std::ostringstream out;
  out << options.credentials << options.proxy;
  if (const auto problem = options.Validate()) out << Show(*problem);
  out << Calls(ServiceAccountsClient(options)) << fake->requests().size()
      << server.accounts().size() << server.requests().size() << server.connections();
  return out.str();
}

}  // namespace

std::string Everything();
std::string Everything() {
  return Version() + std::to_string(SERVICE_ACCOUNTS_VERSION_MAJOR) + Json() + CallsOfTests() +
         Calls(ServiceAccountsClient(Options()));
}

}  // namespace host
