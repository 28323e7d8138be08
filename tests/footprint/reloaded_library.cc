// Loads a shared library that uses the client library, uses it and unloads it, again and again:
// with it goes everything that it brought. Links neither the client library nor libcurl itself.
// Prints nothing, unless something is wrong.
//
//   GLIBC_TUNABLES=glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1 reloaded-library LIBRARY
//
// So that what the C library keeps of what was freed does not count as in use.
#include <dlfcn.h>
#include <malloc.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <thread>

#include "tests/footprint/loaded_library.h"
#include "tests/footprint/server_process.h"

namespace service_accounts::tests {
namespace {

/// The entries of a directory of /proc.
std::ptrdiff_t Count(const char* directory) {
  return std::distance(std::filesystem::directory_iterator(directory), {});
}

/// No more than so many: one that has ended is still there for the moment between its join and the
/// kernel's count.
void AwaitThreads(std::ptrdiff_t most) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (Count("/proc/self/task") > most) {
    if (std::chrono::steady_clock::now() > end) Fail("threads are left");
    std::this_thread::yield();
  }
}

void UseOnce(const char* path, const ServerProcess& server) {
  const LoadedLibrary library(path, RTLD_LOCAL);
  library.Call(server.https_url(), server.ca_file());
  // Under way, wherever they are by then, when the library goes.
  library.BeginSilentCalls(server.silent_https_url(), server.ca_file(), 2);
  library.Close();
  library.CheckGone();
}

void Run(const char* path) {
  constexpr int kFirstRounds = 10;  // Others have things to set up once: OpenSSL, the C library.
  constexpr int kFurtherRounds = 50;
  constexpr std::size_t kSlack = 2000;  // 40 bytes a round would be more.
  const ServerProcess server;
  for (int i = 0; i < kFirstRounds; ++i) UseOnce(path, server);
  const std::ptrdiff_t threads = Count("/proc/self/task");
  const std::ptrdiff_t descriptors = Count("/proc/self/fd");
  const std::size_t heap = mallinfo2().uordblks;
  for (int i = 0; i < kFurtherRounds; ++i) UseOnce(path, server);
  AwaitThreads(threads);
  if (Count("/proc/self/fd") != descriptors) Fail("descriptors are left");
  const std::size_t heap_now = mallinfo2().uordblks;
  if (heap_now > heap + kSlack) Fail("left bytes: " + std::to_string(heap_now - heap));
}

}  // namespace
}  // namespace service_accounts::tests

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  service_accounts::tests::Run(argv[1]);
  return 0;
}
