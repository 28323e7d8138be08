#include "harness.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace benchmark {
namespace {

struct Usage {
  std::chrono::steady_clock::time_point time = std::chrono::steady_clock::now();
  double user = 0;
  double system = 0;
};

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Usage Now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {std::chrono::steady_clock::now(), Seconds(usage.ru_utime), Seconds(usage.ru_stime)};
}

/// A size from what the kernel says of this process, in KiB.
long Memory(const std::string& which) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(which + ":", 0) == 0) return std::stol(line.substr(which.size() + 1));
  }
  return 0;
}

void AddOptions(CLI::App& app, Options& options) {
  app.add_option("--url", options.url, "Base URL")->required();
  app.add_option("--token", options.token, "Bearer token")->required();
  app.add_option("--calls", options.calls, "Calls to measure")->required();
  app.add_option("--in-flight", options.in_flight, "Calls at a time; 1: blocking");
  app.add_option("--ca-file", options.ca_file, "Certificates to trust (PEM)");
  app.add_flag("--http2", options.http2, "HTTP/2 over TLS");
  app.add_option("--warm-up", options.warm_up, "Calls before those");
}

}  // namespace

std::string Name(long call) {
  std::string digits = std::to_string(call);
  if (digits.size() < 8) digits.insert(0, 8 - digits.size(), '0');
  return "deploy-bot-" + digits;
}

const std::vector<std::string>& Permissions() {
  static const std::vector<std::string> permissions = {"org:read", "workflow:create"};
  return permissions;
}

const std::string& Description() {
  static const std::string description = "Rolls out the web site";
  return description;
}

int Main(int argc, char** argv, const std::function<Run(const Options&)>& make) {
  CLI::App app;
  Options options;
  AddOptions(app, options);
  CLI11_PARSE(app, argc, argv);

  const Run run = make(options);
  if (!run) {
    std::fprintf(stderr, "this system cannot do that\n");
    return 2;
  }
  const bool warm = options.warm_up == 0 || run(0, options.warm_up) == options.warm_up;
  const long resident = Memory("VmRSS");
  const Usage begin = Now();
  const long created = run(options.warm_up, options.calls);
  const Usage end = Now();
  const std::chrono::duration<double> wall = end.time - begin.time;
  const double user = end.user - begin.user;
  std::printf(
      "{\"calls\": %ld, \"created\": %ld, \"wall_seconds\": %.6f, \"cpu_seconds\": %.6f, "
      "\"user_seconds\": %.6f, \"peak_kib\": %ld, \"resident_before_kib\": %ld, "
      "\"resident_after_kib\": %ld}\n",
      options.calls, created, wall.count(), user + end.system - begin.system, user, Memory("VmHWM"),
      resident, Memory("VmRSS"));
  return warm && created == options.calls ? 0 : 1;
}

Run InThreads(const Options& options, std::function<bool(int thread, long call)> call) {
  return [in_flight = options.in_flight, call = std::move(call)](long first, long count) {
    std::atomic<long> next{first};
    std::atomic<long> created{0};
    const auto work = [&](int thread) {
      for (long i = next++; i < first + count; i = next++) {
        if (call(thread, i)) ++created;
      }
    };
    if (in_flight == 1) {
      work(0);
      return created.load();
    }
    std::vector<std::thread> threads;
    for (int i = 0; i < in_flight; ++i) threads.emplace_back(work, i);
    for (std::thread& thread : threads) thread.join();
    return created.load();
  };
}

}  // namespace benchmark
