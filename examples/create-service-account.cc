// create-service-account: creates one account from the command line, to try the endpoint with.
//
//   create-service-account --name deploy-bot --permission org:read --verbose
#include <service_accounts/service_accounts.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "process.h"
#include "request_printer.h"

namespace {

namespace sa = service_accounts;

enum ExitCode { kCreated, kRejected, kBadInput, kUnknown, kAccepted, kNotSent };

constexpr const char* kFooter =
    "The service and the token come from SERVICE_ACCOUNTS_BASE_URL and SERVICE_ACCOUNTS_TOKEN.\n"
    "\n"
    "Exit codes:\n"
    "  0  created\n"
    "  1  rejected: the service said that it did not create it\n"
    "  2  bad command line or environment; nothing was sent\n"
    "  3  unknown: it may have been created; look for it by its name before you try again\n"
    "  4  accepted: it was created, but the reply was unreadable: look it up by its name; or the\n"
    "     output could not be written: standard error has the id\n"
    "  5  not sent: the service was not reached; it is safe to try again";

struct Arguments {
  sa::CreateServiceAccountRequest request;
  bool verbose = false;
  bool json = false;
};

/// "name=json"
void AddField(const std::string& field, sa::CreateServiceAccountRequest* request) {
  const std::size_t equals = field.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw CLI::ValidationError("--field", "\"" + field + "\" is not of the form name=json");
  }
  const bool is_new =
      request->extra_fields.emplace(field.substr(0, equals), field.substr(equals + 1)).second;
  if (!is_new) throw CLI::ValidationError("--field", "\"" + field + "\" repeats a name");
}

void AddOptions(CLI::App* app, Arguments* arguments) {
  sa::CreateServiceAccountRequest& request = arguments->request;
  app->footer(kFooter);
  app->add_option("--name", request.name, "The account's name")->type_name("NAME")->required();
  app->add_option("--permission", request.permissions,
                  "What it may do, e.g. org:read (repeatable; none: nothing)")
      ->type_name("PERMISSION")
      ->allow_extra_args(false);
  app->add_option("--description", request.description, "A text for people")->type_name("TEXT");
  app->add_option_function<std::vector<std::string>>(
         "--field",
         [&request](const std::vector<std::string>& fields) {
           for (const std::string& field : fields) AddField(field, &request);
         },
         "A further member of the request, as name=json, e.g. team='\"web\"' (repeatable)")
      ->type_name("NAME=JSON")
      ->allow_extra_args(false);
  app->add_flag("--verbose", arguments->verbose,
                "Show the exchange on standard error, with the token blotted out");
  app->add_flag("--json", arguments->json, "Print the account, or the error, as JSON");
}

/// The request as this client makes it, before it is sent.
void ShowRequest(sa::ClientOptions options, const sa::CreateServiceAccountRequest& request) {
  options.transport = std::make_shared<RequestPrinter>(std::cerr, "> ");
  options.observer = nullptr;
  options.retry.max_attempts = 1;
  (void)sa::ServiceAccountsClient(options).CreateServiceAccount(request);
}

/// The library has blotted the token out of it. All else may be in it.
void ShowReply(const sa::ResponseMetadata& reply) {
  if (reply.http_status == 0) return;
  std::cerr << "< " << reply.http_version << ' ' << reply.http_status << '\n';
  for (const sa::Header& header : reply.headers) {
    std::cerr << "< " << Escaped(header.name) << ": " << Escaped(header.value) << '\n';
  }
  std::cerr << "<\n< " << Escaped(reply.body) << '\n';
}

std::string JsonOf(const sa::Error& error) {
  nlohmann::ordered_json json = {{"outcome", ToString(error.outcome)},
                                 {"kind", ToString(error.kind)},
                                 {"message", error.message},
                                 {"http_status", error.http_status},
                                 {"code", error.code},
                                 {"request_id", error.request_id},
                                 {"attempts", error.attempts}};
  if (error.retry_after) json["retry_after_ms"] = error.retry_after->count();
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

const char* Advice(const sa::Error& error) {
  switch (error.kind) {
    case sa::ErrorKind::kInvalidArgument:
      return "Nothing was sent. Correct the command line or the environment.";
    case sa::ErrorKind::kUnauthenticated:
      return "Not created. The token is missing, wrong or expired: set SERVICE_ACCOUNTS_TOKEN.";
    case sa::ErrorKind::kPermissionDenied:
      return "Not created. The token may not create service accounts: ask for one that may.";
    case sa::ErrorKind::kNotFound:
      return "Not created. Look at SERVICE_ACCOUNTS_BASE_URL, and at the token's organization.";
    case sa::ErrorKind::kConflict:
      return "Not created. An account of that name exists: use it, or choose another name.";
    case sa::ErrorKind::kRateLimited: return "Not created. Wait, then try again.";
    default: break;
  }
  switch (error.outcome) {
    case sa::RequestOutcome::kNotSent: return "Nothing was sent. It is safe to try again.";
    case sa::RequestOutcome::kRejected: return "Not created. Correct the request.";
    case sa::RequestOutcome::kUnknown:
      return "It may have been created: look for it by its name before you try again.";
    case sa::RequestOutcome::kAccepted: break;
  }
  return "It was created, but the reply was unreadable: look it up by its name.";
}

ExitCode CodeOf(const sa::Error& error) {
  if (error.kind == sa::ErrorKind::kInvalidArgument) return kBadInput;
  switch (error.outcome) {
    case sa::RequestOutcome::kNotSent: return kNotSent;
    case sa::RequestOutcome::kRejected: return kRejected;
    case sa::RequestOutcome::kUnknown: return kUnknown;
    case sa::RequestOutcome::kAccepted: break;
  }
  return kAccepted;
}

ExitCode Report(const sa::Error& error, bool json) {
  if (json) std::cout << JsonOf(error) << '\n';
  std::cerr << error << '\n' << Advice(error) << '\n';
  return CodeOf(error);
}

ExitCode Report(const sa::ServiceAccount& account, const Arguments& arguments) {
  const std::string created =
      "created " + Escaped(arguments.request.name) + " as " + Escaped(account.id);
  std::cout << (arguments.json ? sa::ToJson(account).value_or("") : created) << '\n';
  if (std::cout.flush()) return kCreated;
  std::cerr << created << ", but standard output cannot be written\n";
  return kAccepted;
}

/// A signal ends the call, which says then what may have happened.
sa::CallOptions CancelledBySignal() {
  const sa::CancellationSource source;
  OnStopSignals({[source] { source.Cancel(); }});
  sa::CallOptions call;
  call.cancellation = source.token();
  return call;
}

ExitCode Create(const Arguments& arguments) {
  const sa::CallOptions call = CancelledBySignal();
  sa::ClientOptions options = sa::ClientOptions::FromEnvironment();
  options.user_agent = "create-service-account";
  if (arguments.verbose) {
    ShowRequest(options, arguments.request);
    options.observer = std::make_shared<sa::LogObserver>();
  }
  const sa::ServiceAccountsClient client(options);
  const auto account = client.CreateServiceAccount(arguments.request, call);
  if (arguments.verbose) ShowReply(account.metadata());
  return account ? Report(*account, arguments) : Report(account.error(), arguments.json);
}

int Main(int argc, char** argv) {
  CLI::App app("Creates one service account.", "create-service-account");
  Arguments arguments;
  AddOptions(&app, &arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kCreated : kBadInput;
  }
  return Create(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  KeepStandardFilesTaken();
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {  // Memory has run out, say.
    (void)std::fprintf(stderr, "create-service-account: %s\n", error.what());
    return kUnknown;
  }
}
