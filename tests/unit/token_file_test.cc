// Token files, by a fake clock for the call and times that are set for the files: no test waits.
#include <service_accounts/credentials.h>
#include <service_accounts/testing/fake_transport.h>

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <set>
#include <sstream>
#include <vector>

#include "call.h"
#include "service_account_json.h"
#include "tests/support/catch.h"
#include "tests/support/client.h"
#include "tests/support/fake_clock.h"
#include "token_source.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr Operation<CreateServiceAccountRequest, ServiceAccount> kCreate = {
    "CreateServiceAccount", "POST", "/v1/service-accounts", WriteJson, DecodeServiceAccountReply};

/// A folder for one test.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "token_file_test.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

/// In place.
void Write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

/// As if it had been written so long ago, counted from one time for all tests.
void Age(const std::string& path, std::chrono::seconds age) {
  static const fs::file_time_type kNow = fs::file_time_type::clock::now();
  fs::last_write_time(path, kNow - age);
}

void WriteOld(const std::string& path, const std::string& text, std::chrono::seconds age = 1h) {
  Write(path, text);
  Age(path, age);
}

struct Source {
  tests::FakeClock clock;
  CancellationToken never;
  Credentials credentials;

  explicit Source(const std::string& path) : credentials(TokenFromFile(path)) {}

  TokenContext context() const { return {clock, clock.Now() + 30s, never}; }
  Result<Token> Get() const { return credentials.source()->GetToken(context()); }
  Result<Token> Replace(const std::string& rejected) const {
    credentials.source()->Reject(std::make_shared<const std::string>(rejected));
    return Get();
  }
};

std::string TextOf(const Result<Token>& token) { return token ? **token : token.error().message; }

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("A token comes from a file, without the white space around it") {
  const Folder folder;
  for (const std::string text :
       {"abc", "abc\n", "abc\r\n", "\n\n abc\t \n\n", "abc                          \n"}) {
    CAPTURE(text);
    Write(folder / "token", text);
    CHECK(TextOf(Source(folder / "token").Get()) == "abc");
  }
  const std::string longest(kLongestToken, 'x');
  Write(folder / "token", longest + "\n");
  CHECK(TextOf(Source(folder / "token").Get()) == longest);
}

TEST_CASE("A token file is read again when it was rewritten, renamed over or swapped") {
  const Folder folder;
  WriteOld(folder / "token", "first\n", 5h);
  const Source source(folder / "token");
  CHECK(TextOf(source.Get()) == "first");
  SECTION("in place, with another time") {
    WriteOld(folder / "token", "other\n", 4h);
    CHECK(TextOf(source.Get()) == "other");
  }
  SECTION("in place, with another size") {
    WriteOld(folder / "token", "second\n", 5h);
    CHECK(TextOf(source.Get()) == "second");
  }
  SECTION("to an older time") {
    WriteOld(folder / "token", "other\n", 6h);
    CHECK(TextOf(source.Get()) == "other");
  }
  SECTION("by a rename") {
    WriteOld(folder / "new", "other\n", 4h);
    fs::rename(folder / "new", folder / "token");
    CHECK(TextOf(source.Get()) == "other");
  }
}

TEST_CASE("A token file is found again behind symbolic links that are swapped, as with mounts") {
  const Folder folder;
  for (const char* version : {"v1", "v2"}) {
    fs::create_directory(folder / version);
    WriteOld(folder / version + "/token", version, version[1] == '1' ? 2h : 1h);
  }
  fs::create_directory_symlink("v1", folder / "..data");
  fs::create_symlink("..data/token", folder / "token");
  const Source source(folder / "token");
  CHECK(TextOf(source.Get()) == "v1");
  fs::create_directory_symlink("v2", folder / "..new");
  fs::rename(folder / "..new", folder / "..data");
  CHECK(TextOf(source.Get()) == "v2");
}

TEST_CASE("A token file that did not change is not read again, unless its token was rejected") {
  const Folder folder;
  WriteOld(folder / "token", "first");
  const Source source(folder / "token");
  const auto first = source.Get();
  REQUIRE(first);
  // Nobody can do this by accident: the same size, and the same time long afterwards.
  WriteOld(folder / "token", "other");
  CHECK(*source.Get() == *first);
  CHECK(TextOf(source.Replace("first")) == "other");
  CHECK(TextOf(source.Get()) == "other");
  CHECK(TextOf(source.Replace("other")) == "other");
}

TEST_CASE("A token file that changed within a tick of the file system's clock is read again") {
  const Folder folder;
  for (const auto age : {0s, 1s, -3600s}) {
    CAPTURE(age.count());
    const fs::file_time_type time = fs::file_time_type::clock::now() - age;
    Write(folder / "token", "first");
    fs::last_write_time(folder / "token", time);
    const Source source(folder / "token");
    CHECK(TextOf(source.Get()) == "first");
    Write(folder / "token", "other");
    fs::last_write_time(folder / "token", time);
    CHECK(TextOf(source.Get()) == "other");
  }
}

TEST_CASE("What is wrong with a token file is told by its path and the cause, never its content") {
  struct Case {
    const char* cause;
    std::function<void(const std::string& path)> make;
  };
  const Case cases[] = {
      {"does not exist", [](const auto&) {}},
      {"is a directory", [](const auto& path) { fs::create_directory(path); }},
      {"is not a regular file", [](const auto& path) { fs::create_symlink("/dev/null", path); }},
      {"cannot be read: ", [](const auto& path) { fs::create_symlink(path, path); }},
      {"is empty", [](const auto& path) { Write(path, ""); }},
      {"is empty", [](const auto& path) { Write(path, " \r\n\n"); }},
      {"at position 4 of 10", [](const auto& path) { Write(path, "SEC\nSECRET\n"); }},
      {"at position 4 of 10",
       [](const auto& path) { Write(path, std::string("SEC\0SECRET", 10)); }},
      {"at position 1 of 9", [](const auto& path) { Write(path, "\xEF\xBB\xBFSECRET\n"); }},
      {"longer than 8192", [](const auto& path) { Write(path, std::string(8193, 'S')); }},
      {"more than a token", [](const auto& path) { Write(path, std::string(9217, ' ')); }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.cause);
    const Folder folder;
    const std::string path = folder / "token";
    c.make(path);
    const auto got = Source(path).Get();
    REQUIRE_FALSE(got);
    CAPTURE(got.error().message);
    CHECK(got.error().kind == ErrorKind::kInvalidArgument);
    CHECK(got.error().outcome == RequestOutcome::kNotSent);
    CHECK(got.error().message.find("credentials: ") == 0);
    CHECK(Has(got.error().message, path));
    CHECK(Has(got.error().message, c.cause));
    CHECK_FALSE(Has(got.error().message, "SEC"));
  }
}

TEST_CASE("A token file that may not be read says so") {
  if (geteuid() == 0) return;  // Who may read everything.
  const Folder folder;
  Write(folder / "token", "SECRET");
  fs::permissions(folder / "token", fs::perms::none);
  CHECK(Has(TextOf(Source(folder / "token").Get()), "cannot be read: Permission denied"));
}

TEST_CASE("A token file whose reading fails halfway says so") {
  const char* file = "/proc/self/mem";  // Regular and readable, but not at its beginning.
  if (!fs::is_regular_file(file)) return;
  CHECK(Has(TextOf(Source(file).Get()), "cannot be read: Input/output error"));
}

TEST_CASE("A path that names no file is refused") {
  CHECK(Has(TextOf(Source("").Get()), "has no name"));
  CHECK(Has(TextOf(Source(std::string("/dev/null\0x", 11)).Get()), "has a NUL in its name"));
}

TEST_CASE("No more of a token file is read than a token can be") {
  const Folder folder;
  Write(folder / "token", "abc");
  fs::resize_file(folder / "token", std::uintmax_t{1} << 40U);  // More than the memory holds.
  CHECK(Has(TextOf(Source(folder / "token").Get()), "more than a token"));
}

TEST_CASE("A client that is made while its token file cannot be read says so") {
  const Folder folder;
  ClientOptions options = tests::Options("https://accounts.test");
  options.credentials = TokenFromFile(folder / "token");
  const auto problem = options.Validate();
  REQUIRE(problem);
  CHECK(Has(problem->message, folder / "token" + std::string(" does not exist")));
  Write(folder / "token", "abc\n");
  CHECK(options.Validate() == std::nullopt);
}

TEST_CASE("The last token serves for a moment while its file is gone or unfinished") {
  const Folder folder;
  const std::function<void(const std::string& path)> losses[] = {
      [](const auto& path) { fs::remove(path); },
      [](const auto& path) { Write(path, ""); },
      [](const auto& path) { Write(path, "not a token"); },
  };
  for (const auto& lose : losses) {
    WriteOld(folder / "token", "abc");
    Source source(folder / "token");
    CHECK(TextOf(source.Get()) == "abc");
    lose(folder / "token");
    CHECK(TextOf(source.Get()) == "abc");
    source.clock.Advance(9s);
    CHECK(TextOf(source.Get()) == "abc");
    source.clock.Advance(1s);
    CHECK(Has(TextOf(source.Get()), folder / "token"));
    // Without a token of its own there is none to use instead of the rejected one.
    CHECK_FALSE(source.Replace("abc"));
    // Whether the same file comes back or another one, a later loss counts anew.
    for (const std::string text : {"abc", "another"}) {
      WriteOld(folder / "token", text);
      CHECK(TextOf(source.Get()) == text);
      lose(folder / "token");
      CHECK(TextOf(source.Get()) == text);
      source.clock.Advance(10s);
    }
  }
}

TEST_CASE("A relative path means the directory that was current when the source was made") {
  const Folder folder;
  Write(folder / "token", "abc");
  const fs::path before = fs::current_path();
  fs::current_path(folder / ".");
  const Source source("token");
  fs::current_path(before);
  CHECK(TextOf(source.Get()) == "abc");
}

TEST_CASE("Printing credentials of a file prints its path") {
  const Folder folder;
  Write(folder / "token", "SECRET");
  std::ostringstream out;
  out << Source(folder / "token").credentials;
  CHECK(out.str() == "token from file " + folder / "token");
}

TEST_CASE("Many threads get whole tokens of a file that changes under them, the last in the end") {
  const Folder folder;
  const std::set<std::string> tokens = {"aaaa", "bbbb", "cccc"};
  WriteOld(folder / "token", "aaaa");
  const Source source(folder / "token");
  std::atomic<bool> done{false};
  std::vector<std::future<bool>> readers;
  readers.reserve(4);
  for (int i = 0; i < 4; ++i) {
    readers.push_back(std::async(std::launch::async, [&] {
      bool good = true;
      while (!done) good = tokens.count(TextOf(source.Get())) == 1 && good;
      return good;
    }));
  }
  std::chrono::seconds age = 10h;
  for (int i = 0; i < 300; ++i) {
    for (const std::string& token : tokens) {
      WriteOld(folder / "new", token, age -= 1s);
      fs::rename(folder / "new", folder / "token");
    }
  }
  done = true;
  for (auto& reader : readers) CHECK(reader.get());
  CHECK(TextOf(source.Get()) == "cccc");
}

TEST_CASE("A call whose token the file has replaced meanwhile is repeated with the new one") {
  const Folder folder;
  const std::string path = folder / "token";
  WriteOld(path, "TOPSECRET-first");
  tests::FakeClock clock;
  const auto fake = std::make_shared<testing::FakeTransport>();
  ClientOptions options = tests::Options("https://accounts.test");
  options.credentials = TokenFromFile(path);
  options.transport = fake;
  const ClientCore core(options, clock, 1);
  const auto create = [&] { return Call(core, kCreate, tests::Request("x"), {}); };
  const auto last_token = [&] { return fake->requests().back().headers.back().value; };

  fake->Reply(401, "TOPSECRET-first is wrong");
  const auto rejected = create();
  REQUIRE_FALSE(rejected);
  CHECK(rejected.error().kind == ErrorKind::kUnauthenticated);
  CHECK(rejected.error().attempts == 1);
  CHECK_FALSE(Has(tests::AllTextOf(rejected), "TOPSECRET"));

  WriteOld(path, "TOPSECRET-other");
  fake->Reply(401, "TOPSECRET-first is wrong");
  fake->Reply(200, R"({"data":{"id":"sa_1"}})");
  const auto account = create();
  REQUIRE(account);
  CHECK(account.metadata().attempts.size() == 2);
  CHECK(last_token() == "Bearer TOPSECRET-other");
  CHECK(fake->requests().size() == 3);
  CHECK(clock.waits().empty());

  fs::remove(path);
  fake->Reply(401, "TOPSECRET-other is wrong");
  CHECK_FALSE(create());
  CHECK(fake->requests().size() == 4);
  clock.Advance(10s);
  const auto lost = create();
  REQUIRE_FALSE(lost);
  CHECK(lost.error().message == "credentials: token file " + path + " does not exist");
  CHECK(lost.error().outcome == RequestOutcome::kNotSent);
  CHECK(fake->requests().size() == 4);
}

}  // namespace
}  // namespace service_accounts::v0::internal
