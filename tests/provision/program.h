// A program of the examples, run by a test as a person would: arguments and environment in, output,
// errors and exit code out.
//
//   Program program({kProvision, "accounts.jsonl"}, {{"SERVICE_ACCOUNTS_TOKEN", "x"}});
//   CHECK(program.Wait() == 0);
//   CHECK(program.output() == "...");
#ifndef SERVICE_ACCOUNTS_TESTS_PROVISION_PROGRAM_H_
#define SERVICE_ACCOUNTS_TESTS_PROVISION_PROGRAM_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temporary_file.h"

namespace service_accounts::tests {

/// Runs from construction; killed with the object, if it did not end by itself.
class Program {
 public:
  using Variables = std::map<std::string, std::string>;

  /// The environment is the test's own, less what the library reads, and with these variables.
  explicit Program(std::vector<std::string> command, const Variables& variables = {});
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// The exit code; 128 and the signal's number where one ended it, as in a shell.
  int Wait();

  [[nodiscard]] bool HasEnded();

  /// Looks again and again until it is so, or the program has ended: then false. Nobody tells a
  /// test what another process does.
  [[nodiscard]] bool Await(const std::function<bool()>& is_so);

  void Signal(int signal);

  /// So far.
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;

 private:
  TemporaryFile output_{""};
  TemporaryFile errors_{""};
  pid_t id_ = -1;
  std::optional<int> exit_code_;
};

/// A folder for as long as a test needs it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

/// "" of a file that is not there.
[[nodiscard]] std::string ContentsOf(const std::string& path);
void Write(const std::string& path, std::string_view contents);

/// Without their ends.
[[nodiscard]] std::vector<std::string> Lines(const std::string& text);

[[nodiscard]] inline bool Holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_PROVISION_PROGRAM_H_
