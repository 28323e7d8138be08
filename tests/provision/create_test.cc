// create-service-account as a process, against the mock server.
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/provision/programs.h"
#include "tests/support/catch.h"
#include "tests/support/raw_server.h"

namespace service_accounts::tests {
namespace {

using Json = nlohmann::json;
using testing::MockServer;

struct Outcome {
  int exit_code = 0;
  std::string output;
  std::string errors;
};

Outcome Run(const Program::Variables& variables, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kCreate);
  Program program(std::move(arguments), variables);
  const int exit_code = program.Wait();
  return {exit_code, program.output(), program.errors()};
}

TEST_CASE("create-service-account sends what its arguments say") {
  const MockServer server;
  const auto run = Run(Variables(server), {"--name", "a", "--permission", "org:read",
                                           "--permission", "org:write", "--description", "d",
                                           "--field", "team=\"web=1\"", "--field", "list=[1, 2]"});
  CAPTURE(run.errors);
  CHECK(run.exit_code == 0);
  REQUIRE(server.requests().size() == 1);
  CHECK(Json::parse(server.requests()[0].body) ==
        Json::parse(R"({"name":"a","permissions":["org:read","org:write"],"description":"d",
                        "team":"web=1","list":[1,2]})"));
  CHECK(run.output == "created a as " + server.accounts().at(0).id + '\n');
  CHECK(run.errors == "");
}

TEST_CASE("create-service-account --json prints the account, or the error") {
  const MockServer server;
  const auto created = Run(Variables(server), {"--name", "a", "--json"});
  CHECK(created.exit_code == 0);
  CHECK(Json::parse(created.output).at("id") == server.accounts().at(0).id);
  const auto refused = Run(Variables(server), {"--name", "a", "--json"});
  CHECK(refused.exit_code == 1);
  const Json error = Json::parse(refused.output);
  CHECK(error.at("outcome") == "rejected");
  CHECK(error.at("kind") == "conflict");
  CHECK(error.at("http_status") == 409);
}

TEST_CASE("create-service-account --verbose shows the exchange without the token") {
  MockServer server;
  server.Reply(400, {{"X-Echo", "Bearer " + server.token()}}, "not with " + server.token());
  const auto run = Run(Variables(server), {"--name", "a", "--verbose"});
  CHECK(run.exit_code == 1);
  for (const std::string& line : std::vector<std::string>{
           "> POST " + server.base_url() + "/v1/service-accounts\n",
           "> Authorization: Bearer [redacted]\n", "> " + server.requests().at(0).body + '\n',
           "event=attempt_ended", "< HTTP/1.1 400\n", "< X-Echo: Bearer [redacted]\n",
           "< not with [redacted]\n"}) {
    CAPTURE(line, run.errors);
    CHECK(Holds(run.errors, line));
  }
  CHECK_FALSE(Holds(run.errors + run.output, server.token()));
  CHECK(server.requests().size() == 1);
}

TEST_CASE("create-service-account tells by its exit code what happened, and in words what to do") {
  const struct {
    int status;
    const char* body;
    int exit_code;
    const char* words;
  } cases[] = {
      {400, "", 1, "Correct the request."},
      {401, "", 1, "SERVICE_ACCOUNTS_TOKEN"},
      {403, "", 1, "may not create service accounts"},
      {404, "", 1, "SERVICE_ACCOUNTS_BASE_URL"},
      {409, "", 1, "An account of that name exists"},
      {503, "", 3, "look for it by its name before you try again"},
      {200, "OK", 4, "It was created, but the reply was unreadable"},
  };
  for (const auto& c : cases) {
    MockServer server;
    server.Reply(c.status, {}, c.body);
    const auto run = Run(Variables(server), {"--name", "a"});
    CAPTURE(c.status, run.errors);
    CHECK(run.exit_code == c.exit_code);
    CHECK(Holds(run.errors, c.words));
    CHECK(run.output == "");
  }
}

TEST_CASE(
    "create-service-account ends with 5 where the service is not reached, as nothing was sent") {
  const Program::Variables nowhere = {
      {"SERVICE_ACCOUNTS_BASE_URL", "http://127.0.0.1:" + std::to_string(ClosedPort())},
      {"SERVICE_ACCOUNTS_TOKEN", "token"}};
  const auto run = Run(nowhere, {"--name", "a"});
  CAPTURE(run.errors);
  CHECK(run.exit_code == 5);
  CHECK(Holds(run.errors, "Nothing was sent. It is safe to try again."));
}

TEST_CASE("create-service-account ends with 2 for what it cannot send") {
  const MockServer server;
  const std::vector<std::string> cases[] = {{},
                                            {"--name"},
                                            {"--name", ""},
                                            {"--name", "a", "b"},
                                            {"--name", "a", "--field", "team"},
                                            {"--name", "a", "--field", "=1"},
                                            {"--name", "a", "--field", "team=web"},
                                            {"--name", "a", "--field", "name=\"b\""},
                                            {"--name", "a", "--field", "x=1", "--field", "x=2"}};
  for (const auto& arguments : cases) {
    const auto run = Run(Variables(server), arguments);
    CAPTURE(arguments);
    CHECK(run.exit_code == 2);
    CHECK(run.errors != "");
  }
  CHECK(Run({}, {"--name", "a"}).exit_code == 2);
  CHECK(server.connections() == 0);
}

TEST_CASE("create-service-account --help tells of every option and of the exit codes") {
  const auto run = Run({}, {"--help"});
  CHECK(run.exit_code == 0);
  for (const char* word : {"--name", "--permission", "--description", "--field", "--verbose",
                           "--json", "  0  created", "  3  unknown", "  5  not sent"}) {
    CAPTURE(word);
    CHECK(Holds(run.output, word));
  }
}

TEST_CASE("create-service-account says on standard error what standard output could not be told") {
  for (const char* files : {">/dev/full", ">&-"}) {
    for (const char* form : {"--verbose", "--json"}) {
      CAPTURE(files, form);
      const MockServer server;
      Program program(Without(files, {kCreate, "--name", "a", form}), Variables(server));
      CHECK(program.Wait() == 4);
      REQUIRE(server.accounts().size() == 1);
      CHECK(Holds(program.errors(), "created a as " + server.accounts()[0].id +
                                        ", but standard output cannot be written\n"));
    }
  }
}

TEST_CASE("create-service-account goes on when nobody reads its errors any more") {
  const MockServer server;
  // The reader has gone before anything is written.
  Program program(
      {"/bin/bash", "-c", R"(exec 3> >(:); wait $!; "$0" --name a --verbose 2>&3; echo "exit $?")",
       kCreate},
      Variables(server));
  CHECK(program.Wait() == 0);
  REQUIRE(server.accounts().size() == 1);
  CHECK(program.output() == "created a as " + server.accounts()[0].id + "\nexit 0\n");
}

TEST_CASE("create-service-account is cancelled by a signal, and says that it may have created") {
  for (const int signal : {SIGINT, SIGTERM}) {
    MockServer server;
    server.Delay(std::chrono::hours(1));
    Program program({kCreate, "--name", "a"}, Variables(server));
    REQUIRE(program.Await([&] { return server.requests().size() == 1; }));
    program.Signal(signal);
    CHECK(program.Wait() == 3);
    CHECK(Holds(program.errors(), "cancelled"));
    CHECK(Holds(program.errors(), "look for it by its name before you try again"));
  }
}

TEST_CASE("create-service-account lets no control character of the service through") {
  const std::string evil = "\x1b[2J\x07\xc2\x9b";
  const std::string shown = R"(\x1b[2J\x07)"
                            "\xc2"
                            R"(\x9b)";
  MockServer server;
  server.Reply(400, {{"X-Evil", "\x1b[2J"}}, evil);
  const auto refused = Run(Variables(server), {"--name", "a", "--verbose"});
  CHECK(Holds(refused.errors, "< X-Evil: \\x1b[2J\n"));
  CHECK(Holds(refused.errors, "< " + shown + '\n'));
  CHECK_FALSE(Holds(refused.errors, "\x1b"));
  server.Reply(200, {}, R"({"data":{"id":"sa_\u001b[2J"}})");
  const auto created = Run(Variables(server), {"--name", "a"});
  CHECK(created.output == "created a as sa_\\x1b[2J\n");
}

}  // namespace
}  // namespace service_accounts::tests
