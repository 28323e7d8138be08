// What the programs of the benchmark in C++ share: the command line, the measuring, and the line of
// JSON that says what came of it.
#ifndef BENCHMARK_HARNESS_H_
#define BENCHMARK_HARNESS_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace benchmark {

struct Options {
  std::string url;  // The base URL, without the path.
  std::string token;
  long calls = 0;
  int in_flight = 1;    // 1: one after the other, blocking.
  std::string ca_file;  // For https.
  bool http2 = false;
  long warm_up = 0;  // Calls before the ones that are measured.
};

/// What every program but this library's own reads from a reply: all of `data`.
struct Account {
  std::string id;
  std::string name;
  std::string organization_id;
  std::string created_by;
  std::optional<std::string> description;
  std::vector<std::string> permissions;
  std::string status;
  std::optional<std::string> created_at;
  std::optional<std::string> updated_at;
  std::optional<std::string> disabled_at;
};

/// What every program sends: the name differs from call to call, as in life, but not its length.
std::string Name(long call);
const std::vector<std::string>& Permissions();
const std::string& Description();

/// Makes the calls [first, first + count) and returns how many of them created an account.
using Run = std::function<long(long first, long count)>;

/// The whole of a program: reads the options, warms up, measures and prints. The exit status is 1
/// if any call did not create an account, since the numbers then mean nothing.
int Main(int argc, char** argv, const std::function<Run(const Options&)>& make);

/// `Run` for a system that only blocks: `in_flight` threads, each with a loop of its own. `call`
/// gets the thread's number, and the call's, and says whether an account was created.
Run InThreads(const Options& options, std::function<bool(int thread, long call)> call);

}  // namespace benchmark

#endif  // BENCHMARK_HARNESS_H_
