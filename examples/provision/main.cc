// provision-service-accounts: creates the accounts of a manifest, each at most once, over as many
// runs as it takes. README.md beside this file is its manual.
#include <service_accounts/service_accounts.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "process.h"
#include "provision/journal.h"
#include "provision/manifest.h"
#include "provision/output.h"
#include "provision/progress.h"
#include "provision/provision.h"
#include "request_printer.h"

namespace provision {
namespace {

namespace sa = service_accounts;
namespace fs = std::filesystem;

constexpr const char* kProgram = "provision-service-accounts";

enum ExitCode { kAllCreated, kSomeMissing, kBadInput, kSomeUnknown, kFileTrouble };

constexpr const char* kFooter =
    "The service and the token come from SERVICE_ACCOUNTS_BASE_URL and SERVICE_ACCOUNTS_TOKEN.\n"
    "\n"
    "Exit codes:\n"
    "  0  every account of the manifest is created\n"
    "  1  some are not: refused, not sent, or not begun before a signal or a refusal of the "
    "token;\n"
    "     run it again\n"
    "  2  bad command line, environment or manifest; nothing was sent\n"
    "  3  of some it is unknown whether they exist: look, then decide by --assume-created or\n"
    "     --retry-unknown\n"
    "  4  the journal or the output cannot be used; nothing was sent, or the run ended early";

/// What ends the program before anything is sent.
struct Refusal {
  ExitCode code;
  std::vector<std::string> reasons;
};

struct Arguments {
  std::string manifest;
  std::string output;  // "": standard output.
  std::string journal;
  bool dry_run = false;
  bool assume_created = false;
  bool retry_unknown = false;
  std::vector<std::string> only;
  std::size_t max_in_flight = ProvisionOptions{}.max_in_flight;
  double rate = ProvisionOptions{}.rate;
};

double CheckedRate(double rate) {
  if (rate >= 0.001 && rate <= 1e6) return rate;  // What is no number is neither.
  throw CLI::ValidationError("--rate", "it has to be a number from 0.001 to 1000000");
}

void AddOptions(CLI::App* app, Arguments* arguments) {
  app->footer(kFooter);
  app->add_option("MANIFEST", arguments->manifest, "JSON Lines: one request a line")
      ->type_name("FILE")
      ->required();
  app->add_option("--output", arguments->output,
                  "Where the results go, one JSON line each (default: standard output)")
      ->type_name("FILE");
  app->add_option("--journal", arguments->journal,
                  "What was sent and what came of it (default: MANIFEST.journal)")
      ->type_name("FILE");
  app->add_flag("--dry-run", arguments->dry_run,
                "Show the requests that would be sent, and send nothing");
  app->add_option("--max-in-flight", arguments->max_in_flight, "Requests on their way at a time")
      ->type_name("COUNT")
      ->check(CLI::Range(1, 10'000).description(""))
      ->capture_default_str();
  app->add_option_function<double>(
         "--rate", [arguments](double rate) { arguments->rate = CheckedRate(rate); },
         "Requests begun in a second (default: no limit)")
      ->type_name("NUMBER");
  auto* const assume = app->add_flag("--assume-created", arguments->assume_created,
                                     "Take accounts whose outcome is unknown as created");
  auto* const retry = app->add_flag(
      "--retry-unknown", arguments->retry_unknown,
      "Send requests whose outcome is unknown again: look first, or there may be two");
  assume->excludes(retry);
  app->add_option("--only", arguments->only,
                  "With one of the two: for the account of this name alone (repeatable)")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

ProvisionOptions OptionsOf(const Arguments& arguments) {
  ProvisionOptions options;
  options.max_in_flight = arguments.max_in_flight;
  options.rate = arguments.rate;
  options.only = {arguments.only.begin(), arguments.only.end()};
  if (arguments.assume_created) options.unknowns = Unknowns::kAssumeCreated;
  if (arguments.retry_unknown) options.unknowns = Unknowns::kRetry;
  return options;
}

/// With the reason of the system, where it gave one.
std::string Failed(const std::string& path, const char* what) {
  const int error = errno;
  return path + ": " + what + (error == 0 ? "" : ": " + std::generic_category().message(error));
}

std::vector<ManifestEntry> LoadManifest(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  Manifest manifest = ReadManifest(file);
  // A directory can be opened, and not read.
  if (!file.is_open() || file.bad()) {
    throw Refusal{kBadInput, {Failed(path, "cannot be read")}};
  }
  std::vector<std::string> reasons;
  for (const ManifestProblem& problem : manifest.problems) {
    reasons.push_back(path + ':' + std::to_string(problem.line) + ": " + problem.what);
  }
  if (!reasons.empty()) throw Refusal{kBadInput, reasons};
  if (manifest.entries.empty()) throw Refusal{kBadInput, {path + ": it holds no request"}};
  return std::move(manifest.entries);
}

sa::ClientOptions LoadClientOptions(bool dry_run) {
  sa::ClientOptions options = sa::ClientOptions::FromEnvironment();
  options.user_agent = kProgram;
  if (dry_run) {  // Which needs no token, and so has none to lose.
    options.credentials = sa::BearerToken("dry-run");
    options.transport = std::make_shared<RequestPrinter>(std::cout);
    options.retry.max_attempts = 1;
  }
  if (const auto error = options.Validate()) throw Refusal{kBadInput, {error->message}};
  return options;
}

void CheckAgainst(const Records& records, const std::vector<ManifestEntry>& entries,
                  const Arguments& arguments) {
  std::vector<std::string> reasons = Contradictions(entries, records);
  if (!reasons.empty()) {
    reasons.push_back("the journal " + arguments.journal +
                      " knows them otherwise: restore these lines. Only if the journal is another "
                      "manifest's: name this one's with --journal (a new journal sends every line "
                      "again, those already created too)");
    throw Refusal{kFileTrouble, reasons};
  }
  for (const std::string& name : arguments.only) {
    const auto record = records.find(name);
    if (record != records.end() && record->second.state == State::kUnknown) continue;
    throw Refusal{kBadInput, {"--only " + Quoted(name) + ": no account of that name is unknown"}};
  }
}

/// Truncating one of the run's other files would be the end of it.
std::ofstream OpenOutput(const Arguments& arguments) {
  for (const std::string& other : {arguments.manifest, arguments.journal}) {
    std::error_code ignored;
    if (fs::equivalent(arguments.output, other, ignored)) {
      throw Refusal{kBadInput, {"--output " + arguments.output + " would overwrite " + other}};
    }
  }
  errno = 0;
  std::ofstream file(arguments.output, std::ios::binary | std::ios::trunc);
  if (!file) throw Refusal{kFileTrouble, {Failed(arguments.output, "cannot be written")}};
  return file;
}

/// The first signal stops the run in due form, the second ends what is under way as well, and a
/// third the program.
void StopOnSignals(ProvisionOptions* options) {
  const sa::CancellationSource stop;
  const sa::CancellationSource cancel;
  options->stop = stop.token();
  options->cancel = cancel.token();
  OnStopSignals(
      {[stop] {
         std::cerr << "\nstopping: what is under way is awaited; once more to cancel it\n";
         stop.Cancel();
       },
       [cancel] { cancel.Cancel(); }});
}

/// For a person, who has to look.
void ListUnknown(const std::vector<ManifestEntry>& entries, const Records& records) {
  std::cerr << "It is unknown whether these exist; look for each by its name:\n";
  for (const ManifestEntry& entry : entries) {
    const auto record = records.find(entry.request.name);
    if (record == records.end() || record->second.state != State::kUnknown) continue;
    std::cerr << "  line " << entry.line << ", " << Quoted(entry.request.name) << ", sent at "
              << record->second.begun_at << ": " << ErrorOf(record->second) << '\n';
  }
  std::cerr << "Then run this again: with --assume-created for those that exist, with "
               "--retry-unknown for\nthose that do not; --only NAME picks one.\n";
}

ExitCode Conclude(const Summary& summary, bool output_is_good,
                  const std::vector<ManifestEntry>& entries, const Records& records) {
  std::cerr << summary.created << " created, " << summary.missing << " not created, "
            << summary.unknown << " unknown\n";
  if (summary.unknown > 0) ListUnknown(entries, records);
  if (summary.token_refused) {
    std::cerr << kProgram
              << ": the service refuses the token: get another one, and run this again\n";
  }
  if (!summary.trouble.empty()) std::cerr << kProgram << ": " << summary.trouble << '\n';
  if (!output_is_good) std::cerr << kProgram << ": the output cannot be written\n";
  if (!summary.trouble.empty() || !output_is_good) return kFileTrouble;
  if (summary.unknown > 0) return kSomeUnknown;
  return summary.missing > 0 ? kSomeMissing : kAllCreated;
}

ExitCode RunDry(const Arguments& arguments, const std::vector<ManifestEntry>& entries,
                const sa::ClientOptions& client_options) {
  const Records records = ReadJournal(arguments.journal, client_options.base_url);
  CheckAgainst(records, entries, arguments);
  const sa::ServiceAccountsClient client(client_options);
  const ProvisionOptions options = OptionsOf(arguments);
  std::size_t sent = 0;
  for (const ManifestEntry& entry : entries) {
    if (ActionFor(entry, records, options) != Action::kSend) continue;
    if (sent++ > 0) std::cout << '\n';
    const auto result = client.CreateServiceAccount(entry.request);
    if (result.error().attempts == 0) throw Refusal{kBadInput, {result.error().message}};
  }
  std::cerr << sent << " of " << entries.size() << " would be sent\n";
  if (std::cout.flush()) return kAllCreated;
  std::cerr << kProgram << ": the output cannot be written\n";
  return kFileTrouble;
}

ExitCode RunForReal(const Arguments& arguments, const std::vector<ManifestEntry>& entries,
                    const sa::ClientOptions& client_options) {
  Journal journal = Journal::Open(arguments.journal, client_options.base_url);
  CheckAgainst(journal.records(), entries, arguments);
  std::ofstream file;
  if (!arguments.output.empty()) file = OpenOutput(arguments);
  std::ostream& output = arguments.output.empty() ? std::cout : file;

  ProvisionOptions options = OptionsOf(arguments);
  StopOnSignals(&options);
  // A bar among lines of output on the same terminal would garble both.
  const bool shares_terminal = arguments.output.empty() && isatty(STDOUT_FILENO) != 0;
  Progress progress(std::cerr, isatty(STDERR_FILENO) != 0 && !shares_terminal, entries.size());
  const Summary summary =
      Provision(client_options, entries, &journal, options,
                [&](const ManifestEntry& entry, const Record& record) {
                  progress.Count(record.state);
                  return static_cast<bool>(output << OutputLine(entry, record) << std::endl);
                });
  progress.EndLine();
  return Conclude(summary, output.good(), entries, journal.records());
}

/// Everything but the command line.
ExitCode Run(const Arguments& arguments) {
  try {
    const std::vector<ManifestEntry> entries = LoadManifest(arguments.manifest);
    const sa::ClientOptions client_options = LoadClientOptions(arguments.dry_run);
    const auto run = arguments.dry_run ? RunDry : RunForReal;
    return run(arguments, entries, client_options);
  } catch (const Refusal& refusal) {
    for (const std::string& reason : refusal.reasons) {
      std::cerr << kProgram << ": " << reason << '\n';
    }
    return refusal.code;
  } catch (const JournalError& error) {
    std::cerr << kProgram << ": " << error.what() << '\n';
    return kFileTrouble;
  }
}

int Main(int argc, char** argv) {
  CLI::App app("Creates the service accounts of a manifest, each at most once.", kProgram);
  Arguments arguments;
  AddOptions(&app, &arguments);
  try {
    app.parse(argc, argv);
    if (!arguments.only.empty() && !arguments.assume_created && !arguments.retry_unknown) {
      throw CLI::RequiresError("--only", "--assume-created or --retry-unknown");
    }
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAllCreated : kBadInput;
  }
  if (arguments.journal.empty()) arguments.journal = arguments.manifest + ".journal";
  return Run(arguments);
}

}  // namespace
}  // namespace provision

int main(int argc, char** argv) {
  KeepStandardFilesTaken();
  try {
    return provision::Main(argc, argv);
  } catch (const std::exception& error) {  // Memory has run out, say; the journal is good.
    (void)std::fprintf(stderr, "%s: %s\n", provision::kProgram, error.what());
    return provision::kFileTrouble;
  }
}
