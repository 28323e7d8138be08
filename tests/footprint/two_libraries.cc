// Loads two shared libraries, each with the client library inside, and unloads one while the other
// goes on, then that one too. Links neither the client library nor libcurl itself, so both come and
// go with the two. Prints nothing, unless something is wrong.
//
//   two-libraries local FIRST SECOND    as plugins are loaded: nothing of them stays behind
//   two-libraries global FIRST SECOND   their names are everybody's: if those of the copy inside
//   were
//                                       among them, then the second would call into the first
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/footprint/server_process.h"

namespace service_accounts::tests {
namespace {

[[noreturn]] void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

void* Checked(void* found) {
  if (found == nullptr) Fail(dlerror());
  return found;
}

class Library {
 public:
  Library(const char* path, int names)
      : path_(path), names_(names), handle_(Checked(dlopen(path, RTLD_NOW | names))) {}

  void Call(const std::string& base_url, const std::string& ca_file) const {
    const char* const problem = Find<const char*(const char*, const char*)>("CreateAccount")(
        base_url.c_str(), ca_file.c_str());
    if (problem != nullptr) Fail(path_ + ": " + problem);
  }

  [[nodiscard]] const void* AddressInCopy() const { return Find<const void*()>("AddressInCopy")(); }

  /// Destroys its client, and leaves nothing of it behind; unless another library was bound to what
  /// templates of the standard library it has, which only happens among everybody's names.
  void Unload() const {
    if (dlclose(handle_) != 0) Fail(dlerror());
    if (names_ == RTLD_GLOBAL) return;
    if (dlopen(path_.c_str(), RTLD_NOW | RTLD_NOLOAD) != nullptr) Fail(path_ + " is still there");
  }

 private:
  template <class Function>
  [[nodiscard]] Function* Find(const char* name) const {
    return reinterpret_cast<Function*>(Checked(dlsym(handle_, name)));
  }

  std::string path_;
  int names_;
  void* handle_;
};

void Run(int names, const char* first_path, const char* second_path) {
  const ServerProcess server;
  const auto call = [&](const Library& library) {
    library.Call(server.https_url(), server.ca_file());
  };
  const Library first(first_path, names);
  const Library second(second_path, names);
  if (first.AddressInCopy() == second.AddressInCopy()) Fail("the two libraries share a copy");
  call(first);
  call(second);
  first.Unload();
  call(second);
  second.Unload();
  // As if nothing had been there; and this one stays until the process ends.
  call(Library(first_path, names));
}

}  // namespace
}  // namespace service_accounts::tests

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const bool local = argv[1] == std::string("local");
  service_accounts::tests::Run(local ? RTLD_LOCAL : RTLD_GLOBAL, argv[2], argv[3]);
  return 0;
}
