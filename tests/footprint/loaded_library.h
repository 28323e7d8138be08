// embedding_library.cc, loaded into this program as a plugin is.
#ifndef SERVICE_ACCOUNTS_TESTS_FOOTPRINT_LOADED_LIBRARY_H_
#define SERVICE_ACCOUNTS_TESTS_FOOTPRINT_LOADED_LIBRARY_H_

#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace service_accounts::tests {

/// Says what is wrong, and ends the process.
[[noreturn]] inline void Fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

/// Every function fails the process where something is wrong.
class LoadedLibrary {
 public:
  /// `names` is RTLD_LOCAL or RTLD_GLOBAL.
  LoadedLibrary(const char* path, int names)
      : path_(path), handle_(Checked(dlopen(path, RTLD_NOW | names))) {}

  /// A blocking call and an asynchronous one.
  void Call(const std::string& base_url, const std::string& ca_file) const {
    Check(Find<const char*(const char*, const char*)>("CreateAccounts")(base_url.c_str(),
                                                                        ca_file.c_str()));
  }

  /// A blocking call with a client of its own.
  void CallOnce(const std::string& base_url) const {
    Check(Find<const char*(const char*)>("CreateAccountOnce")(base_url.c_str()));
  }

  /// Asynchronous ones to a service that does not answer.
  void BeginSilentCalls(const std::string& base_url, const std::string& ca_file, int count) const {
    Find<void(const char*, const char*, int)>("BeginSilentCalls")(base_url.c_str(), ca_file.c_str(),
                                                                  count);
  }

  [[nodiscard]] const void* AddressInCopy() const { return Find<const void*()>("AddressInCopy")(); }

  void Close() const {
    if (dlclose(handle_) != 0) Fail(dlerror());
  }

  /// The library is really gone.
  void CheckGone() const {
    if (dlopen(path_.c_str(), RTLD_NOW | RTLD_NOLOAD) != nullptr) Fail(path_ + " is still there");
  }

 private:
  static void* Checked(void* found) {
    if (found == nullptr) Fail(dlerror());
    return found;
  }

  template <class Function>
  [[nodiscard]] Function* Find(const char* name) const {
    return reinterpret_cast<Function*>(Checked(dlsym(handle_, name)));
  }

  void Check(const char* problem) const {
    if (problem != nullptr) Fail(path_ + ": " + problem);
  }

  std::string path_;
  void* handle_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_FOOTPRINT_LOADED_LIBRARY_H_
