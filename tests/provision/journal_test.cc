// The journal: what a run leaves in it, what the next one reads from it, and what is refused.
#include "provision/journal.h"

#include <sys/stat.h>

#include <string>

#include "tests/provision/program.h"
#include "tests/support/catch.h"

namespace provision {
namespace {

namespace sa = service_accounts;
using sa::tests::ContentsOf;
using sa::tests::Holds;
using sa::tests::TemporaryFolder;

constexpr const char* kService = "https://accounts.example.com";

std::string Header() {
  return R"({"journal":"provision-service-accounts","version":1,"service":"https://accounts.example.com"})"
         "\n";
}

std::string Begin() {
  return R"({"event":"begin","time":"2026-01-31T12:00:00Z","line":3,"name":"a","digest":"d1"})"
         "\n";
}

std::string End(const std::string& outcome) {
  return R"({"event":"end","time":"2026-01-31T12:00:01Z","name":"a","outcome":")" + outcome +
         R"(","id":"sa_1","request_id":"req_1"})"
         "\n";
}

ManifestEntry Entry(const std::string& name, const std::string& digest) {
  ManifestEntry entry;
  entry.line = 3;
  entry.request.name = name;
  entry.digest = digest;
  return entry;
}

sa::Result<sa::ServiceAccount> Created() {
  sa::ServiceAccount account;
  account.id = "sa_1";
  sa::ResponseMetadata metadata;
  metadata.request_id = "req_1";
  return {account, metadata};
}

sa::Result<sa::ServiceAccount> Failed(sa::RequestOutcome outcome) {
  sa::Error error;
  error.outcome = outcome;
  error.message = "a reply cut in a character: \xc3";
  return error;
}

/// What the file says, as the next run reads it.
Record Read(const std::string& path) { return ReadJournal(path, kService).at("a"); }

std::string RefusalOf(const std::string& text) {
  try {
    (void)ParseJournal(text, kService);
  } catch (const JournalError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("A journal keeps what came of each request for the next run") {
  const struct {
    sa::Result<sa::ServiceAccount> result;
    State state = State::kMissing;
    const char* outcome = "";
  } cases[] = {{Created(), State::kCreated, "created"},
               {Failed(sa::RequestOutcome::kAccepted), State::kCreated, "accepted"},
               {Failed(sa::RequestOutcome::kUnknown), State::kUnknown, "unknown"},
               {Failed(sa::RequestOutcome::kRejected), State::kMissing, "rejected"},
               {Failed(sa::RequestOutcome::kNotSent), State::kMissing, "not sent"}};
  for (const auto& c : cases) {
    CAPTURE(c.outcome);
    const TemporaryFolder folder;
    {
      Journal journal = Journal::Open(folder / "j", kService);
      journal.Begin(Entry("a", "d1"));
      journal.Commit();
      CHECK(Read(folder / "j").state == State::kUnknown);
      CHECK(Read(folder / "j").under_way);
      const Record& record = journal.End(Entry("a", "d1"), c.result);
      CHECK(record.state == c.state);
      journal.Commit();
    }
    const Journal journal = Journal::Open(folder / "j", kService);
    const Record& record = journal.records().at("a");
    CHECK(record.state == c.state);
    CHECK(record.outcome == c.outcome);
    CHECK_FALSE(record.under_way);
    CHECK(record.digest == "d1");
    CHECK(record.id == (c.result ? "sa_1" : ""));
    CHECK(record.error.empty() == c.result.has_value());
  }
}

TEST_CASE(
    "A request that was begun and has no end is unknown, and so after a repetition that failed") {
  CHECK(ParseJournal(Header() + Begin(), kService).records.at("a").state == State::kUnknown);
  const std::string twice = Header() + Begin() + Begin();
  for (const char* outcome : {"rejected", "not sent", "unknown"}) {
    CAPTURE(outcome);
    const Records records = ParseJournal(twice + End(outcome), kService).records;
    CHECK(records.at("a").state == State::kUnknown);
  }
  const Records records =
      ParseJournal(Header() + Begin() + End("unknown") + Begin() + End("created"), kService)
          .records;
  CHECK(records.at("a").state == State::kCreated);
}

TEST_CASE("What is assumed to be created is so in the next run, too") {
  const TemporaryFolder folder;
  Journal journal = Journal::Open(folder / "j", kService);
  journal.Begin(Entry("a", "d1"));
  CHECK(journal.Assume(Entry("a", "d1")).state == State::kCreated);
  journal.Commit();
  CHECK(Read(folder / "j").state == State::kCreated);
  CHECK(Read(folder / "j").outcome == "assumed");
}

TEST_CASE("A journal that is torn anywhere is read up to its last whole line, and goes on there") {
  const std::string whole = Header() + Begin() + End("created");
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    CAPTURE(size);
    const TemporaryFolder folder;
    sa::tests::Write(folder / "j", whole.substr(0, size));
    {
      Journal journal = Journal::Open(folder / "j", kService);
      const bool begun = size >= Header().size() + Begin().size();
      REQUIRE(journal.records().size() == (begun ? 1 : 0));
      if (begun) {
        CHECK(journal.records().at("a").state ==
              (size == whole.size() ? State::kCreated : State::kUnknown));
      }
      journal.Begin(Entry("b", "d2"));
      journal.Commit();
    }
    const Records records = ReadJournal(folder / "j", kService);
    CHECK(records.count("b") == 1);
    CHECK(Holds(ContentsOf(folder / "j"), Header()));
  }
}

TEST_CASE("What is no journal, or a damaged one, is refused with the line, and left as it is") {
  const struct {
    std::string text;
    const char* word;
  } cases[] = {
      {"my diary", "no journal"},
      {"my diary\n", "no journal"},
      {"{\"name\":\"a\",\"permissions\":[]}\n", "no journal"},
      {R"({"journal":"provision-service-accounts","version":2})"
       "\n",
       "another version"},
      {R"({"journal":"provision-service-accounts","version":1,"service":"https://b"})"
       "\n",
       "of the service \"https://b\", not of \"https://accounts.example.com\": set "
       "SERVICE_ACCOUNTS_BASE_URL back"},
      {Header() + "garbage\n" + Begin(),
       "line 2: this is no line of a journal; restore the file from a copy, do not delete it"},
      {Header() + Begin() + "{}\n", "line 3: this is no line of a journal"},
      {Header() + Begin() + "\n", "line 3: this is no line of a journal"},
      {Header() + End("created"), "line 2: an end without a begin"},
      {Header() + Begin() + End("created") + End("created"), "line 4: an end without a begin"},
      {Header() + Begin() + End("perhaps"), "line 3: there is no outcome \"perhaps\""},
      {Header() + R"({"event":"assume","time":"t","name":"a"})"
                  "\n",
       "line 2: assumed"},
      {Header() + R"({"event":"prune","time":"t","name":"a"})"
                  "\n",
       "line 2: there is no event"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text, RefusalOf(c.text));
    CHECK(Holds(RefusalOf(c.text), c.word));
    const TemporaryFolder folder;
    sa::tests::Write(folder / "j", c.text);
    CHECK_THROWS_AS(Journal::Open(folder / "j", kService), JournalError);
    CHECK(ContentsOf(folder / "j") == c.text);
  }
}

TEST_CASE("A journal in use is refused until its user is gone") {
  const TemporaryFolder folder;
  {
    const Journal journal = Journal::Open(folder / "j", kService);
    CHECK_THROWS_WITH(Journal::Open(folder / "j", kService),
                      (folder / "j") + ": another run is using this journal");
    CHECK(ReadJournal(folder / "j", kService).empty());
  }
  CHECK_NOTHROW(Journal::Open(folder / "j", kService));
}

TEST_CASE("A journal can be read where there is none, and not opened where there can be none") {
  const TemporaryFolder folder;
  CHECK(ReadJournal(folder / "j", kService).empty());
  CHECK(ContentsOf(folder / "j") == "");
  CHECK_THROWS_AS(Journal::Open(folder / "no/j", kService), JournalError);
}

TEST_CASE("What exists or may exist has to stand in the manifest as it was sent") {
  const auto of_state = [](State state) {
    Record record;
    record.state = state;
    record.digest = "d1";
    return Records{{"a", record}};
  };
  for (const State state : {State::kCreated, State::kUnknown}) {
    const char* const what = state == State::kCreated ? "was created" : "may have been created";
    CHECK(Contradictions({Entry("a", "d1"), Entry("b", "d2")}, of_state(state)).empty());
    const auto edited = Contradictions({Entry("a", "d2")}, of_state(state));
    REQUIRE(edited.size() == 1);
    CHECK(edited[0] == std::string("line 3: \"a\" ") + what + ", and its line was changed since");
    const auto removed = Contradictions({Entry("b", "d1")}, of_state(state));
    REQUIRE(removed.size() == 1);
    CHECK(removed[0] == std::string("\"a\" ") + what + ", and is not in the manifest");
  }
  CHECK(Contradictions({Entry("a", "d2")}, of_state(State::kMissing)).empty());
  CHECK(Contradictions({}, of_state(State::kMissing)).empty());
}

TEST_CASE("A journal is of the same service, however its base URL is written") {
  const TemporaryFolder folder;
  const std::string urls[] = {"https://accounts.example.com/team/",
                              "https://accounts.example.com/team",
                              "https://Accounts.EXAMPLE.com/team//"};
  for (const std::string& url : urls) {
    CAPTURE(url);
    CHECK_NOTHROW(Journal::Open(folder / "j", url));
    // As earlier runs wrote it.
    sa::tests::Write(
        folder / "k",
        R"({"journal":"provision-service-accounts","version":1,"service":")" + url + "\"}\n");
    CHECK_NOTHROW(Journal::Open(folder / "k", urls[1]));
  }
  for (const char* other : {"https://accounts.example.com/Team", "https://accounts.example.com",
                            "http://accounts.example.com/team"}) {
    CAPTURE(other);
    CHECK_THROWS_AS(Journal::Open(folder / "j", other), JournalError);
  }
}

TEST_CASE(
    "As long as an account is unknown, the time is that of the first request that may have made "
    "it") {
  const auto begin = [](const std::string& time) {
    return R"({"event":"begin","time":")" + time + R"(","line":3,"name":"a","digest":"d1"})" + "\n";
  };
  const auto begun_at = [](const std::string& lines) {
    return ParseJournal(Header() + lines, kService).records.at("a").begun_at;
  };
  CHECK(begun_at(begin("1") + End("unknown") + begin("2") + End("rejected")) == "1");
  CHECK(begun_at(begin("1") + begin("2") + End("unknown")) == "1");
  CHECK(begun_at(begin("1") + End("rejected") + begin("2") + End("unknown")) == "2");
}

TEST_CASE("What is not a regular file is refused as a journal, and not waited for") {
  const TemporaryFolder folder;
  REQUIRE(mkfifo((folder / "pipe").c_str(), 0600) == 0);
  for (const std::string& path : {folder / "pipe", std::string("/dev/full")}) {
    CHECK_THROWS_WITH(Journal::Open(path, kService), path + ": is not a regular file");
    CHECK_THROWS_WITH(ReadJournal(path, kService), path + ": is not a regular file");
  }
}

}  // namespace
}  // namespace provision
