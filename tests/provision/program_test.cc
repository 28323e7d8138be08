// provision-service-accounts as a process, against the mock server.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/provision/programs.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using Json = nlohmann::json;
using testing::MockServer;

/// A manifest, its journal and a service.
class Site {
 public:
  explicit Site(std::size_t count) {
    std::string manifest;
    for (std::size_t i = 1; i <= count; ++i)
      manifest += Line("bot-" + std::to_string(i), "org:read");
    Write(manifest_path(), manifest);
  }

  static std::string Line(const std::string& name, const std::string& permission) {
    return R"({"name": ")" + name + R"(", "permissions": [")" + permission + "\"]}\n";
  }

  [[nodiscard]] std::string manifest_path() const { return folder_ / "bots.jsonl"; }
  [[nodiscard]] std::string journal() const { return ContentsOf(manifest_path() + ".journal"); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }
  MockServer& server() { return server_; }

  [[nodiscard]] std::vector<std::string> Command(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), {kProvision, manifest_path()});
    return arguments;
  }

  struct Outcome {
    int exit_code = 0;
    std::string output;
    std::string errors;
  };

  Outcome Run(std::vector<std::string> arguments = {}) {
    Program program(Command(std::move(arguments)), Variables(server_));
    const int exit_code = program.Wait();
    return {exit_code, program.output(), program.errors()};
  }

 private:
  TemporaryFolder folder_;
  MockServer server_;
};

/// The output's outcomes in the order of the manifest: "created created unknown".
std::string Outcomes(const std::string& output) {
  std::map<int, std::string> by_line;
  for (const std::string& line : Lines(output)) {
    const Json json = Json::parse(line);
    CHECK(
        by_line.emplace(json.at("line").get<int>(), json.at("outcome").get<std::string>()).second);
  }
  std::string all;
  for (const auto& [line, outcome] : by_line) all += (all.empty() ? "" : ", ") + outcome;
  return all;
}

TEST_CASE("Every account of a manifest is created, and a line tells of each") {
  Site site(20);
  const auto run = site.Run();
  CAPTURE(run.errors);
  CHECK(run.exit_code == 0);
  CHECK(site.server().accounts().size() == 20);
  const auto lines = Lines(run.output);
  REQUIRE(lines.size() == 20);
  std::map<std::string, std::string> ids;
  for (const auto& account : site.server().accounts()) ids[account.name] = account.id;
  for (const std::string& line : lines) {
    const Json json = Json::parse(line);
    CHECK(json.at("name") == "bot-" + std::to_string(json.at("line").get<int>()));
    CHECK(json.at("outcome") == "created");
    CHECK(json.at("id") == ids.at(json.at("name")));
    CHECK(Holds(json.at("request_id").get<std::string>(), "req_"));
    CHECK(json.size() == 5);
  }
  CHECK(Holds(run.errors, "20 created, 0 not created, 0 unknown"));
}

TEST_CASE("A second run sends nothing, and tells the same") {
  Site site(5);
  const auto first = site.Run({"--max-in-flight", "1"});
  const auto second = site.Run();
  CHECK(first.exit_code == 0);
  CHECK(second.exit_code == 0);
  CHECK(second.output == first.output);
  CHECK(site.server().requests().size() == 5);
}

TEST_CASE(
    "A run creates what was added to the manifest since, and what was refused and corrected") {
  Site site(2);
  Write(site.manifest_path(), Site::Line("a", "org:read") + Site::Line("b", ""));
  const auto first = site.Run();
  CHECK(first.exit_code == 1);
  CHECK(Outcomes(first.output) == "created, rejected");
  CHECK(Holds(first.output, "permissions[0] must not be empty"));
  Write(site.manifest_path(),
        Site::Line("c", "org:read") + Site::Line("b", "org:read") + Site::Line("a", "org:read"));
  const auto second = site.Run();
  CAPTURE(second.errors);
  CHECK(second.exit_code == 0);
  CHECK(Outcomes(second.output) == "created, created, created");
  CHECK(Requests(site.server(), "a") == 1);
  CHECK(site.server().accounts().size() == 3);
}

TEST_CASE("An account whose outcome is unknown is listed, and left to a person") {
  Site site(3);
  site.server().Reply(503, {}, "busy");
  const auto first = site.Run({"--max-in-flight", "1"});
  CHECK(first.exit_code == 3);
  CHECK(Outcomes(first.output) == "unknown, created, created");
  CHECK(Holds(first.errors, "line 1, \"bot-1\", sent at 2"));
  CHECK(Holds(first.errors, "HTTP 503"));
  const auto second = site.Run();
  CHECK(second.exit_code == 3);
  CHECK(Outcomes(second.output) == "unknown, created, created");
  CHECK(Holds(second.errors, "line 1, \"bot-1\""));
  CHECK(Requests(site.server(), "bot-1") == 1);
}

TEST_CASE("With --retry-unknown it is sent again") {
  Site site(2);
  site.server().Reply(503, {}, "busy");
  CHECK(site.Run({"--max-in-flight", "1"}).exit_code == 3);
  const auto run = site.Run({"--retry-unknown"});
  CHECK(run.exit_code == 0);
  CHECK(Outcomes(run.output) == "created, created");
  CHECK(Requests(site.server(), "bot-1") == 2);
  CHECK(Requests(site.server(), "bot-2") == 1);
}

TEST_CASE("With --assume-created it is taken as created, for good") {
  Site site(2);
  site.server().Reply(503, {}, "busy");
  CHECK(site.Run({"--max-in-flight", "1"}).exit_code == 3);
  const auto run = site.Run({"--assume-created", "--only", "bot-1"});
  CHECK(run.exit_code == 0);
  CHECK(Outcomes(run.output) == "assumed, created");
  CHECK(site.Run().exit_code == 0);
  CHECK(Requests(site.server(), "bot-1") == 1);
}

TEST_CASE("An account that was accepted counts as created") {
  Site site(1);
  site.server().Reply(200, {}, "fine");
  const auto run = site.Run();
  CHECK(run.exit_code == 0);
  CHECK(Outcomes(run.output) == "accepted");
  CHECK(site.Run().exit_code == 0);
  CHECK(site.server().requests().size() == 1);
}

TEST_CASE("Where the service is not reached, a run ends with 1, and may be repeated") {
  const Site site(3);
  const Program::Variables nowhere = {
      {"SERVICE_ACCOUNTS_BASE_URL", "http://127.0.0.1:" + std::to_string(ClosedPort())},
      {"SERVICE_ACCOUNTS_TOKEN", "token"}};
  for (std::size_t run = 1; run <= 2; ++run) {
    Program program(site.Command(), nowhere);
    CHECK(program.Wait() == 1);
    CHECK(Outcomes(program.output()) == "not sent, not sent, not sent");
    CHECK(Lines(site.journal()).size() == 1 + run * 6);
  }
}

TEST_CASE("Every bad line of a manifest is told before anything is sent") {
  Site site(1);
  Write(site.manifest_path(), Site::Line("a", "org:read") + "{\n" + Site::Line("a", "x") + "{}\n");
  const auto run = site.Run();
  CHECK(run.exit_code == 2);
  CHECK(run.output == "");
  const auto lines = Lines(run.errors);
  REQUIRE(lines.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(Holds(lines[i], "provision-service-accounts: " + site.manifest_path() + ':' +
                              std::to_string(i + 2) + ": "));
  }
  CHECK(site.server().connections() == 0);
  CHECK(site.journal() == "");
}

TEST_CASE("A bad command line or environment ends with 2, and says what is wrong") {
  Site site(1);
  const struct {
    std::vector<std::string> arguments;
    const char* word;
  } cases[] = {
      {{"--assume-created", "--retry-unknown"}, "excludes"},
      {{"--nonsense"}, "--nonsense"},
      {{"--max-in-flight", "0"}, "--max-in-flight"},
      {{"--rate", "-1"}, "--rate"},
      {{"--rate", "fast"}, "--rate"},
      {{"--rate", "nan"}, "a number from 0.001 to 1000000"},
      {{"--rate", "inf"}, "a number from 0.001 to 1000000"},
      {{"--rate", "2000000"}, "a number from 0.001 to 1000000"},
      {{"--retry-unknown", "--only", "bot-9"}, "no account of that name is unknown"},
      {{"--assume-created", "--only", "\xff"}, "no account of that name is unknown"},
      {{"--only", "bot-1"}, "--only requires"},
      {{"--output", site.manifest_path()}, "would overwrite"},
      {{"--output", site.manifest_path() + ".journal"}, "would overwrite"},
  };
  const std::string manifest = ContentsOf(site.manifest_path());
  for (const auto& c : cases) {
    const auto run = site.Run(c.arguments);
    CAPTURE(c.arguments, run.errors);
    CHECK(run.exit_code == 2);
    CHECK(Holds(run.errors, c.word));
  }
  CHECK(Program({kProvision}).Wait() == 2);
  Program without(site.Command());
  CHECK(without.Wait() == 2);
  CHECK(Holds(without.errors(), "base_url"));
  Program missing({kProvision, site.path("none.jsonl")}, Variables(site.server()));
  CHECK(missing.Wait() == 2);
  CHECK(Holds(missing.errors(), "none.jsonl: cannot be read: No such file"));
  Program folder({kProvision, site.path("")}, Variables(site.server()));
  CHECK(folder.Wait() == 2);
  CHECK(Holds(folder.errors(), "cannot be read: Is a directory"));
  CHECK(ContentsOf(site.manifest_path()) == manifest);
  CHECK(site.server().connections() == 0);
}

TEST_CASE("The text of --help tells of every option and of the exit codes") {
  Program program({kProvision, "--help"});
  CHECK(program.Wait() == 0);
  for (const char* word : {"MANIFEST", "--output", "--journal", "--dry-run", "--max-in-flight",
                           "--rate", "--assume-created", "--retry-unknown", "--only",
                           "SERVICE_ACCOUNTS_TOKEN", "Exit codes:\n  0  "}) {
    CAPTURE(word);
    CHECK(Holds(program.output(), word));
  }
}

/// In the form of `--dry-run`.
std::string Shown(const std::string& base_url, const HttpRequest& request) {
  std::string text = request.method + ' ' + base_url + request.url + '\n';
  std::vector<std::string> lines;
  for (const Header& header : request.headers) {
    if (header.name == "Host" || header.name == "Content-Length") continue;
    const bool secret = header.name == "Authorization";
    lines.push_back(header.name + ": " + (secret ? "Bearer [redacted]" : header.value) + '\n');
  }
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text += line;
  return text + '\n' + request.body + '\n';
}

/// The same with its header fields sorted.
std::string Sorted(const std::string& shown) {
  auto lines = Lines(shown);
  REQUIRE(lines.size() > 3);
  std::sort(lines.begin() + 1, lines.end() - 2);
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  return text;
}

TEST_CASE("A run with --dry-run shows what would be sent, without the token, and sends nothing") {
  Site site(1);
  Write(site.manifest_path(),
        R"({"name":"a","permissions":["org:read"],"description":"d","team":{"id":1.50}})");
  Program::Variables variables = Variables(site.server());
  for (const char* token : {kToken, ""}) {
    variables["SERVICE_ACCOUNTS_TOKEN"] = token;
    Program dry(site.Command({"--dry-run"}), variables);
    CHECK(dry.Wait() == 0);
    CHECK_FALSE(Holds(dry.output() + dry.errors(), kToken));
    CHECK(Holds(dry.errors(), "1 of 1 would be sent"));
    CHECK(site.server().connections() == static_cast<std::size_t>(token == kToken ? 0 : 1));
    CHECK((token != kToken || site.journal() == ""));
    if (token == kToken) {
      CHECK(site.Run().exit_code == 0);
      CHECK(Sorted(dry.output()) ==
            Shown(site.server().base_url(), site.server().requests().at(0)));
      Write(site.manifest_path() + ".journal", "");  // Forget it, for the second round.
    }
  }
}

TEST_CASE(
    "A run with --dry-run shows what the run of that command line would send, by the journal") {
  Site site(3);
  site.server().Reply(503, {}, "busy");
  CHECK(site.Run({"--max-in-flight", "1"}).exit_code == 3);
  Write(site.manifest_path(), ContentsOf(site.manifest_path()) + Site::Line("bot-4", "org:read"));
  const std::string journal = site.journal();
  const auto plain = site.Run({"--dry-run"});
  CHECK(Holds(plain.output, "bot-4"));
  CHECK_FALSE(Holds(plain.output, "bot-1"));
  CHECK(Holds(plain.errors, "1 of 4 would be sent"));
  const auto retry = site.Run({"--dry-run", "--retry-unknown"});
  CHECK(Holds(retry.output, "bot-4"));
  CHECK(Holds(retry.output, "bot-1"));
  CHECK_FALSE(Holds(retry.output, "bot-2"));
  CHECK(site.journal() == journal);
  CHECK(site.server().requests().size() == 3);
}

TEST_CASE("The service is never sent more at a time than --max-in-flight") {
  Site site(40);
  CHECK(site.Run({"--max-in-flight", "3"}).exit_code == 0);
  // Each request on its way has a connection of its own, and connections are kept.
  CHECK(site.server().connections() == 3);
}

TEST_CASE("A run takes as long as --rate says") {
  Site site(11);
  const auto begin = std::chrono::steady_clock::now();
  CHECK(site.Run({"--rate", "20"}).exit_code == 0);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(500));
}

TEST_CASE("Two runs at a time with one journal: the second is refused") {
  Site site(1);
  site.server().Delay(std::chrono::hours(1));
  Program first(site.Command(), Variables(site.server()));
  REQUIRE(first.Await([&] { return site.server().requests().size() == 1; }));
  const auto second = site.Run();
  CHECK(second.exit_code == 4);
  CHECK(Holds(second.errors, "another run is using this journal"));
  CHECK(second.output == "");
  CHECK(site.server().requests().size() == 1);
}

TEST_CASE("SIGTERM and SIGINT end a run when what is under way has ended") {
  for (const int signal : {SIGTERM, SIGINT}) {
    Site site(10);
    site.server().Delay(std::chrono::milliseconds(300));
    Program program(site.Command({"--max-in-flight", "1"}), Variables(site.server()));
    REQUIRE(program.Await([&] { return site.server().requests().size() == 1; }));
    program.Signal(signal);
    CHECK(program.Wait() == 1);
    CHECK(Outcomes(program.output()) ==
          "created, not sent, not sent, not sent, not sent, not sent, not sent, not sent, "
          "not sent, not sent");
    CHECK(Holds(program.errors(), "stopping"));
    CHECK(site.Run().exit_code == 0);
    CHECK(site.server().requests().size() == 10);
    CHECK(site.server().accounts().size() == 10);
  }
}

TEST_CASE("A signal ends a run that waits for its rate") {
  Site site(2);
  Program program(site.Command({"--rate", "0.001"}), Variables(site.server()));
  REQUIRE(program.Await([&] { return Lines(program.output()).size() == 1; }));
  program.Signal(SIGTERM);
  CHECK(program.Wait() == 1);
  CHECK(Outcomes(program.output()) == "created, not sent");
}

TEST_CASE("A second signal cancels what is under way, and the journal says that it is unknown") {
  Site site(10);
  for (int i = 0; i < 2; ++i) site.server().Delay(std::chrono::hours(1));
  Program program(site.Command({"--max-in-flight", "2"}), Variables(site.server()));
  REQUIRE(program.Await([&] { return site.server().requests().size() == 2; }));
  program.Signal(SIGTERM);
  REQUIRE(program.Await([&] { return Holds(program.errors(), "stopping"); }));
  program.Signal(SIGTERM);
  CHECK(program.Wait() == 3);
  CHECK(Holds(Outcomes(program.output()), "unknown, unknown, not sent, "));
  CHECK(Lines(site.journal()).size() == 5);
  CHECK(Holds(Lines(site.journal()).back(), R"("outcome":"unknown")"));
  CHECK(Holds(Lines(site.journal()).back(), R"("error":"cancelled: )"));
  CHECK(site.Run().exit_code == 3);
  CHECK(Requests(site.server(), "bot-1") == 1);
}

TEST_CASE("A manifest that was edited where something was sent is refused") {
  const std::string tail = Site::Line("bot-3", "org:read") + Site::Line("bot-4", "org:read");
  const struct {
    std::string first_two;
    const char* word;
  } cases[] = {
      {Site::Line("bot-1", "org:write") + Site::Line("bot-2", "org:read"),
       "line 1: \"bot-1\" was created"},
      {Site::Line("bot-1", "org:read") + Site::Line("bot-2", "org:write"),
       "line 2: \"bot-2\" may have been"},
      {Site::Line("bot-9", "org:read") + Site::Line("bot-2", "org:read"),
       "\"bot-1\" was created, and is not"},
      {"", "\"bot-2\" may have been created, and is not"},
  };
  for (const auto& c : cases) {
    Site site(2);
    site.server().Reply(503, {}, "busy");
    Write(site.manifest_path(), Site::Line("bot-2", "org:read") + Site::Line("bot-1", "org:read"));
    CHECK(site.Run({"--max-in-flight", "1"}).exit_code == 3);
    Write(site.manifest_path(), c.first_two + tail);
    const auto run = site.Run({"--output", site.path("out")});
    CAPTURE(run.errors);
    CHECK(run.exit_code == 4);
    CHECK(Holds(run.errors, c.word));
    CHECK(Holds(run.errors, "a new journal sends every line again, those already created too"));
    CHECK(site.Run({"--dry-run"}).exit_code == 4);
    CHECK(ContentsOf(site.path("out")) == "");
    CHECK(site.server().requests().size() == 2);
  }
}

TEST_CASE("A journal of another service is refused") {
  Site site(1);
  CHECK(site.Run().exit_code == 0);
  const MockServer other;
  Program program(site.Command(), Variables(other));
  CHECK(program.Wait() == 4);
  CHECK(Holds(program.errors(), "is of the service \"" + site.server().base_url()));
  CHECK(other.connections() == 0);
}

TEST_CASE("A journal whose last line is torn goes on") {
  Site site(3);
  CHECK(site.Run({"--max-in-flight", "1"}).exit_code == 0);
  const std::string journal = site.journal();
  Write(site.manifest_path() + ".journal", journal.substr(0, journal.size() - 9));
  const auto run = site.Run();
  CHECK(run.exit_code == 3);
  CHECK(Outcomes(run.output) == "created, created, unknown");
  CHECK(Holds(run.output, "a run ended before its reply came"));
  CHECK(site.server().requests().size() == 3);
}

TEST_CASE("The options --output and --journal say where the files are") {
  Site site(2);
  Write(site.path("out"), "old\n");
  const auto run = site.Run({"--output", site.path("out"), "--journal", site.path("j")});
  CHECK(run.exit_code == 0);
  CHECK(run.output == "");
  CHECK(Outcomes(ContentsOf(site.path("out"))) == "created, created");
  CHECK(Lines(ContentsOf(site.path("j"))).size() == 5);
  CHECK(site.journal() == "");
}

TEST_CASE("A run ends when its output cannot be written, and the next one goes on") {
  Site site(30);
  const auto run = site.Run({"--output", "/dev/full", "--max-in-flight", "2"});
  CHECK(run.exit_code == 4);
  CHECK(Holds(run.errors, "the output cannot be written"));
  CHECK(site.server().requests().size() < 30);
  CHECK(site.Run().exit_code == 0);
  CHECK(site.server().requests().size() == 30);
  CHECK(site.server().accounts().size() == 30);
}

TEST_CASE("The token is in no output, error or journal, also where the service echoes it") {
  Site site(2);
  const std::string token = site.server().token();
  site.server().Reply(400, {}, "what is Bearer " + token + " to you?");
  const auto run = site.Run({"--max-in-flight", "1"});
  CHECK(run.exit_code == 1);
  CHECK(Holds(run.output, "to you?"));
  CHECK_FALSE(Holds(run.output + run.errors + site.journal(), token));
}

TEST_CASE("A manifest of nothing is refused") {
  Site site(0);
  const auto run = site.Run();
  CHECK(run.exit_code == 2);
  CHECK(Holds(run.errors, "it holds no request"));
  CHECK(run.output == "");
}

TEST_CASE("A run whose standard files are closed keeps its journal whole") {
  const struct {
    const char* files;
    int exit_code;
  } cases[] = {{">&-", 4}, {"2>&-", 0}, {">&- 2>&-", 4}, {"<&- >&- 2>&-", 4}};
  for (const auto& c : cases) {
    CAPTURE(c.files);
    Site site(20);
    Program program(Without(c.files, site.Command()), Variables(site.server()));
    CHECK(program.Wait() == c.exit_code);
    const auto next = site.Run();
    CAPTURE(next.errors);
    CHECK(next.exit_code == 0);
    CHECK(site.server().requests().size() == 20);
    CHECK(site.server().accounts().size() == 20);
  }
}

TEST_CASE("A run with --dry-run whose output cannot be written says so") {
  Site site(1);
  Program program(Without(">/dev/full", site.Command({"--dry-run"})), Variables(site.server()));
  CHECK(program.Wait() == 4);
  CHECK(Holds(program.errors(), "the output cannot be written"));
}

TEST_CASE("An output that cannot be opened is told with the reason, before anything is sent") {
  Site site(1);
  const auto run = site.Run({"--output", site.path("no/out")});
  CHECK(run.exit_code == 4);
  CHECK(Holds(run.errors, "no/out: cannot be written: No such file"));
  CHECK(site.server().connections() == 0);
}

TEST_CASE("A run ends at the first answer that refuses the token, and the next one goes on") {
  Site site(30);
  Program::Variables variables = Variables(site.server());
  variables["SERVICE_ACCOUNTS_TOKEN"] = "expired";
  Program program(site.Command({"--max-in-flight", "2"}), variables);
  CHECK(program.Wait() == 1);
  CHECK(Holds(program.errors(), "refuses the token: get another one, and run this again"));
  CHECK(Lines(program.output()).size() == 30);
  CHECK(site.server().requests().size() < 30);
  CHECK(site.Run().exit_code == 0);
  CHECK(site.server().accounts().size() == 30);
}

}  // namespace
}  // namespace service_accounts::tests
