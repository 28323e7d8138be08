#include "provision/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace provision {
namespace {

namespace sa = service_accounts;
using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;

// Texts of the service may be cut in the middle of a character.
std::string LineOf(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

/// The same service has the same text: without slashes at its end, its host in small letters.
std::string ServiceOf(std::string base_url) {
  base_url.erase(base_url.find_last_not_of('/') + 1);
  const std::size_t scheme = base_url.find("://");
  const std::size_t path = base_url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
  for (std::size_t i = 0; i < std::min(path, base_url.size()); ++i) {
    base_url[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(base_url[i])));
  }
  return base_url;
}

std::string HeaderLine(const std::string& base_url) {
  return LineOf({{"journal", "provision-service-accounts"},
                 {"version", kVersion},
                 {"service", ServiceOf(base_url)}});
}

/// RFC 3339 in UTC.
std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, sizeof "2026-01-31T12:00:00Z"> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

[[noreturn]] void Fail(const std::string& path, const char* what) {
  throw JournalError(path + ": " + what + ": " + std::generic_category().message(errno));
}

State StateBehind(const std::string& outcome, State before) {
  if (outcome == "created" || outcome == "accepted") return State::kCreated;
  if (outcome == "unknown") return State::kUnknown;
  if (outcome == "rejected" || outcome == "not sent") return before;
  throw JournalError("there is no outcome \"" + outcome + '"');
}

void Begin(const Json& event, Record* record) {
  const State before = record->state;
  const std::string begun_at = record->begun_at;
  *record = Record{};
  record->state = State::kUnknown;
  record->before = before;
  record->under_way = true;
  record->digest = event.at("digest").get<std::string>();
  record->begun_at = before == State::kUnknown ? begun_at : event.at("time").get<std::string>();
}

void End(const Json& event, Record* record) {
  if (!record->under_way) throw JournalError("an end without a begin");
  record->under_way = false;
  record->outcome = event.at("outcome").get<std::string>();
  record->state = StateBehind(record->outcome, record->before);
  record->id = event.value("id", "");
  record->request_id = event.value("request_id", "");
  record->error = event.value("error", "");
}

void Assume(Record* record) {
  if (record->state != State::kUnknown) throw JournalError("assumed, but not unknown");
  record->under_way = false;
  record->outcome = "assumed";
  record->state = State::kCreated;
}

/// The only way in which records change: by a line that is written, or by one that was.
Record& Apply(const Json& event, Records* records) {
  const auto& kind = event.at("event").get_ref<const std::string&>();
  Record& record = (*records)[event.at("name").get<std::string>()];
  if (kind == "begin") {
    Begin(event, &record);
  } else if (kind == "end") {
    End(event, &record);
  } else if (kind == "assume") {
    Assume(&record);
  } else {
    throw JournalError("there is no event \"" + kind + '"');
  }
  return record;
}

void CheckHeader(std::string_view line, const std::string& service) {
  if (line == HeaderLine(service)) return;
  const Json header = Json::parse(line, nullptr, false);
  if (!header.is_object() || !header.contains("journal")) {
    throw JournalError("this is no journal of provision-service-accounts");
  }
  if (header.value("version", Json()) != kVersion) {
    throw JournalError("this journal is of another version of provision-service-accounts");
  }
  const Json its_service = header.value("service", Json());
  if (its_service.is_string() && ServiceOf(its_service) == ServiceOf(service)) return;
  throw JournalError("this journal is of the service " + its_service.dump() + ", not of \"" +
                     service +
                     "\": set SERVICE_ACCOUNTS_BASE_URL back, or, if it really is another service, "
                     "name its journal with --journal");
}

/// Negative where there is none. Devices and pipes may be without end, or make nothing last.
int OpenFile(const std::string& path, int flags) {
  // For nobody else to read. A pipe would wait for its other side.
  const int file = open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0600);
  if (file < 0 && errno == ENOENT && (flags & O_CREAT) == 0) return file;
  if (file < 0) Fail(path, "cannot be opened");
  struct stat about {};
  if (fstat(file, &about) == 0 && S_ISREG(about.st_mode)) return file;
  close(file);
  throw JournalError(path + ": is not a regular file");
}

std::string ReadAll(int file, const std::string& path) {
  std::string text;
  std::array<char, 64 * 1024> block{};
  for (;;) {
    const ssize_t count = pread(file, block.data(), block.size(), static_cast<off_t>(text.size()));
    if (count == 0) return text;
    if (count > 0) {
      text.append(block.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      Fail(path, "cannot be read");
    }
  }
}

bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = write(file, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

/// A file is there after a loss of power only if its directory says so: its own, where the path is
/// a link to it.
void SyncDirectoryOf(const std::string& path) {
  std::error_code error;  // Makes it "", which cannot be opened.
  const std::string directory = std::filesystem::canonical(path, error).parent_path().string();
  const int file = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool good = file >= 0 && fsync(file) == 0;
  if (file >= 0) close(file);
  if (!good) Fail(path, "its folder cannot be flushed");
}

/// Told with the path in front.
JournalContents Parse(std::string_view text, const std::string& service, const std::string& path) {
  try {
    return ParseJournal(text, service);
  } catch (const JournalError& error) {
    throw JournalError(path + ": " + error.what());
  }
}

[[noreturn]] void FailForDamage(std::size_t line, const std::string& what) {
  throw JournalError(
      "line " + std::to_string(line) + ": " + what +
      "; restore the file from a copy, do not delete it: without it every account is "
      "sent again");
}

const char* Words(State state) {
  return state == State::kCreated ? "was created" : "may have been created";
}

}  // namespace

JournalContents ParseJournal(std::string_view text, const std::string& service) {
  JournalContents contents;
  const std::string header = HeaderLine(service);
  if (text.size() < header.size() && header.compare(0, text.size(), text) == 0) return contents;
  std::size_t number = 0;
  for (std::size_t end = 0;
       (end = text.find('\n', contents.whole_bytes)) != std::string_view::npos;) {
    const std::string_view line = text.substr(contents.whole_bytes, end + 1 - contents.whole_bytes);
    contents.whole_bytes = end + 1;
    if (++number == 1) {
      CheckHeader(line, service);
      continue;
    }
    try {
      Apply(Json::parse(line), &contents.records);
    } catch (const JournalError& error) {
      FailForDamage(number, error.what());
    } catch (const Json::exception&) {
      FailForDamage(number, "this is no line of a journal");
    }
  }
  if (number == 0) CheckHeader(text, service);
  return contents;
}

Records ReadJournal(const std::string& path, const std::string& service) {
  const int file = OpenFile(path, O_RDONLY);
  if (file < 0) return {};
  const std::string text = ReadAll(file, path);
  close(file);
  return Parse(text, service, path).records;
}

std::vector<std::string> Contradictions(const std::vector<ManifestEntry>& entries,
                                        const Records& records) {
  std::map<std::string_view, const ManifestEntry*> by_name;
  for (const ManifestEntry& entry : entries) by_name[entry.request.name] = &entry;
  std::vector<std::string> found;
  for (const auto& [name, record] : records) {
    if (record.state == State::kMissing) continue;
    const auto entry = by_name.find(name);
    if (entry == by_name.end()) {
      found.push_back(Quoted(name) + ' ' + Words(record.state) + ", and is not in the manifest");
    } else if (entry->second->digest != record.digest) {
      found.push_back("line " + std::to_string(entry->second->line) + ": " + Quoted(name) + ' ' +
                      Words(record.state) + ", and its line was changed since");
    }
  }
  return found;
}

Journal Journal::Open(const std::string& path, const std::string& service) {
  const int file = OpenFile(path, O_RDWR | O_CREAT | O_APPEND);
  Journal journal(path, file);
  if (flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) throw JournalError(path + ": another run is using this journal");
    Fail(path, "cannot be locked");
  }
  journal.Recover(service);
  return journal;
}

Journal::Journal(std::string path, int file) : path_(std::move(path)), file_(file) {}

Journal::Journal(Journal&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      size_(other.size_),
      lines_(std::move(other.lines_)),
      records_(std::move(other.records_)) {}

Journal::~Journal() {
  if (file_ >= 0) close(file_);  // Which unlocks it.
}

void Journal::Recover(const std::string& service) {
  JournalContents contents = Parse(ReadAll(file_, path_), service, path_);
  records_ = std::move(contents.records);
  size_ = contents.whole_bytes;
  // What is relied upon from now on has to be on the disk, also if a killed run left it on the way.
  if (ftruncate(file_, static_cast<off_t>(size_)) != 0 || fsync(file_) != 0) {
    Fail(path_, "cannot be written");
  }
  if (size_ == 0) lines_ = HeaderLine(service);
  Commit();
  SyncDirectoryOf(path_);
}

void Journal::Begin(const ManifestEntry& entry) {
  const Json event = {{"event", "begin"},
                      {"time", Now()},
                      {"line", entry.line},
                      {"name", entry.request.name},
                      {"digest", entry.digest}};
  Apply(event, &records_);
  lines_ += LineOf(event);
}

const Record& Journal::End(const ManifestEntry& entry,
                           const sa::Result<sa::ServiceAccount>& result) {
  Json event = {{"event", "end"}, {"time", Now()}, {"name", entry.request.name}};
  if (result) {
    event["outcome"] = "created";
    event["id"] = result->id;
    event["request_id"] = result.metadata().request_id;
  } else {
    event["outcome"] = ToString(result.error().outcome);
    event["request_id"] = result.error().request_id;
    event["error"] = result.error().ToString();
  }
  lines_ += LineOf(event);
  return Apply(event, &records_);
}

const Record& Journal::Assume(const ManifestEntry& entry) {
  const Json event = {{"event", "assume"}, {"time", Now()}, {"name", entry.request.name}};
  lines_ += LineOf(event);
  return Apply(event, &records_);
}

void Journal::Commit() {
  if (lines_.empty()) return;
  const std::string lines = std::exchange(lines_, {});
  if (WriteAll(file_, lines) && fsync(file_) == 0) {
    size_ += lines.size();
    return;
  }
  const int error = errno;
  // What was to begin does not. Should this fail too, the next run takes it for unknown.
  [[maybe_unused]] const int ignored = ftruncate(file_, static_cast<off_t>(size_));
  errno = error;
  Fail(path_, "cannot be written");
}

}  // namespace provision
