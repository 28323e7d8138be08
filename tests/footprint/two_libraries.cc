// Loads two shared libraries that use the client library, has calls under way in both at the same
// time, and unloads one while the other goes on, then that one too. Links neither the client
// library nor libcurl itself, so both come and go with the two. Prints nothing, unless something is
// wrong.
//
//   two-libraries local FIRST SECOND    each with a copy inside, as plugins are loaded: nothing of
//                                       them stays behind
//   two-libraries global FIRST SECOND   their names are everybody's: if those of the copy inside
//                                       were among them, then the second would call into the first
//   two-libraries shared FIRST SECOND   both linked with one that is shared: it goes with the last
#include <dlfcn.h>

#include <string>

#include "tests/footprint/loaded_library.h"
#include "tests/footprint/server_process.h"

namespace service_accounts::tests {
namespace {

/// The library that this address is in.
std::string LibraryOf(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0) Fail("an address is in no library");
  return info.dli_fname;
}

void Run(const std::string& how, const char* first_path, const char* second_path) {
  const ServerProcess server;
  const int names = how == "global" ? RTLD_GLOBAL : RTLD_LOCAL;
  const LoadedLibrary first(first_path, names);
  const LoadedLibrary second(second_path, names);
  const auto call = [&](const LoadedLibrary& library) {
    library.Call(server.https_url(), server.ca_file());
  };
  const bool one_copy = first.AddressInCopy() == second.AddressInCopy();
  if (one_copy != (how == "shared")) Fail("copies: " + std::to_string(one_copy ? 1 : 2));
  const std::string client_library = LibraryOf(first.AddressInCopy());

  call(first);
  call(second);
  constexpr int kEach = ServerProcess::kSilentRequests / 2;
  first.BeginSilentCalls(server.silent_http_url(), server.ca_file(), kEach);
  second.BeginSilentCalls(server.silent_https_url(), server.ca_file(), kEach);
  second.CallOnce(server.bell_url());  // All of them are under way by now.
  call(first);
  first.Close();
  // Among everybody's names another library may have been bound to what templates of the standard
  // library are in this one, and then it stays.
  if (how != "global") first.CheckGone();
  call(second);
  second.Close();
  if (how != "global") second.CheckGone();
  if (how == "shared" && dlopen(client_library.c_str(), RTLD_NOW | RTLD_NOLOAD) != nullptr) {
    Fail(client_library + " is still there");
  }
  // As if nothing had been there; and this one stays until the process ends.
  call(LoadedLibrary(first_path, names));
}

}  // namespace
}  // namespace service_accounts::tests

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  service_accounts::tests::Run(argv[1], argv[2], argv[3]);
  return 0;
}
