// A program that uses libcurl itself, and initializes it, with an allocator of its own, and cleans
// it up as often as it likes, around the clients' lives and in their midst. Prints nothing, unless
// something is wrong.
//
//   own-libcurl around    the program is first and last
//   own-libcurl within    the clients are
//   own-libcurl careless  it never initializes, since a handle does that by itself, and cleans up
//                         all the same, more than once: libcurl is uninitialized meanwhile
#include <curl/curl.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "tests/footprint/server_process.h"
#include "tests/support/client.h"

namespace service_accounts::v0 {
namespace {

using tests::Options;
using tests::Request;

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

// NOLINTBEGIN(cppcoreguidelines-no-malloc): that is what libcurl's are like.
/// The program's allocator, which knows its own blocks.
class Blocks {
 public:
  static void* Allocate(std::size_t size) {
    auto* const block = static_cast<Head*>(std::malloc(sizeof(Head) + size));
    if (block == nullptr) return nullptr;
    block->mark = kMark;
    return block + 1;
  }
  static void Free(void* memory) {
    if (memory == nullptr) return;
    Head* const block = Checked(memory);
    block->mark = 0;
    std::free(block);
  }
  static void* Reallocate(void* memory, std::size_t size) {
    if (memory == nullptr) return Allocate(size);
    auto* const block = static_cast<Head*>(std::realloc(Checked(memory), sizeof(Head) + size));
    return block == nullptr ? nullptr : block + 1;
  }
  static char* Duplicate(const char* text) {
    void* const copy = Allocate(std::strlen(text) + 1);
    return copy == nullptr ? nullptr : std::strcpy(static_cast<char*>(copy), text);
  }
  static void* AllocateZeros(std::size_t count, std::size_t size) {
    void* const memory = Allocate(count * size);
    return memory == nullptr ? nullptr : std::memset(memory, 0, count * size);
  }

 private:
  struct alignas(std::max_align_t) Head {
    std::size_t mark;
  };
  static constexpr std::size_t kMark = 0x5EAF00D;

  static Head* Checked(void* memory) {
    Head* const block = static_cast<Head*>(memory) - 1;
    if (block->mark != kMark) Fail("libcurl frees here what it allocated elsewhere");
    return block;
  }
};
// NOLINTEND(cppcoreguidelines-no-malloc)

/// Blocking and asynchronous calls, over kept connections and new ones, of two clients.
class Clients {
 public:
  explicit Clients(const tests::ServerProcess& server)
      : server_(server), plain_(Options(server.http_url())), tls_(TlsOptions()) {}

  void Call(const char* when) const {
    Call(plain_, when);
    Call(tls_, when);
    Call(ServiceAccountsClient(TlsOptions()), when);
  }

 private:
  static void Call(const ServiceAccountsClient& client, const char* when) {
    auto under_way = client.CreateServiceAccountAsync(Request("x"));
    for (const auto& account : {client.CreateServiceAccount(Request("x")), under_way.get()}) {
      if (!account) Fail(std::string(when) + ": " + account.error().ToString());
    }
  }

  [[nodiscard]] ClientOptions TlsOptions() const {
    ClientOptions options = Options(server_.https_url());
    options.tls.ca_file = server_.ca_file();
    return options;
  }

  const tests::ServerProcess& server_;
  ServiceAccountsClient plain_;
  ServiceAccountsClient tls_;
};

void Initialize() {
  const CURLcode code =
      curl_global_init_mem(CURL_GLOBAL_ALL, Blocks::Allocate, Blocks::Free, Blocks::Reallocate,
                           Blocks::Duplicate, Blocks::AllocateZeros);
  if (code != CURLE_OK) Fail(curl_easy_strerror(code));
}

/// The program's own request.
void Use(const tests::ServerProcess& server) {
  CURL* const handle = curl_easy_init();
  if (handle == nullptr) Fail("curl_easy_init");
  curl_easy_setopt(handle, CURLOPT_URL, server.https_url().c_str());
  curl_easy_setopt(handle, CURLOPT_CAINFO, server.ca_file().c_str());
  curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  const CURLcode code = curl_easy_perform(handle);
  if (code != CURLE_OK) Fail(curl_easy_strerror(code));
  curl_easy_cleanup(handle);
}

void Around(const tests::ServerProcess& server) {
  Initialize();
  Use(server);
  std::optional<Clients> clients(server);
  clients->Call("the program has initialized libcurl");
  curl_global_cleanup();
  clients->Call("the program has cleaned up");
  Initialize();
  clients->Call("the program has initialized libcurl once more");
  Use(server);
  clients.reset();
  Use(server);
  curl_global_cleanup();
  Clients(server).Call("the program has cleaned up for the last time");
}

void Within(const tests::ServerProcess& server) {
  std::optional<Clients> clients(server);
  clients->Call("nobody else has initialized libcurl");
  for (int i = 0; i < 3; ++i) {
    Initialize();
    Use(server);
    clients->Call("the program has initialized libcurl");
    curl_global_cleanup();
    clients->Call("the program has cleaned up");
  }
  clients.reset();
  Clients(server).Call("the first clients are gone");
}

void Careless(const tests::ServerProcess& server) {
  std::optional<Clients> clients(server);
  clients->Call("nobody else has initialized libcurl");
  for (int i = 0; i < 3; ++i) {
    Use(server);
    curl_global_cleanup();
    clients->Call("the program has cleaned up what the clients had initialized");
  }
  curl_global_cleanup();
  clients.reset();
  Clients(server).Call("the first clients are gone");
  curl_global_cleanup();
}

}  // namespace
}  // namespace service_accounts::v0

int main(int argc, char** argv) {
  using namespace service_accounts;
  const std::string how = argc > 1 ? argv[1] : "";
  const tests::ServerProcess server;
  if (how == "around") Around(server);
  if (how == "within") Within(server);
  if (how == "careless") Careless(server);
  // Goes when libcurl, OpenSSL and the program's own are being cleaned up.
  static const Clients at_exit(server);
  at_exit.Call("before the end");
  return 0;
}
