// A file for as long as a test needs it.
//
//   const TemporaryFile trusted(authority.pem());
//   Load(trusted.path());
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_TEMPORARY_FILE_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_TEMPORARY_FILE_H_

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace service_accounts::tests {

/// Made with these contents, readable to the user alone; removes itself.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view contents)
      : path_((std::filesystem::temp_directory_path() / "service-accounts-test-XXXXXX").string()) {
    const int file = mkstemp(path_.data());
    if (file < 0) throw std::system_error(errno, std::generic_category(), "mkstemp " + path_);
    close(file);
    std::ofstream(path_, std::ios::binary) << contents;
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_TEMPORARY_FILE_H_
