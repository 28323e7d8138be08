// A file for as long as a test needs it.
//
//   const TemporaryFile trusted(authority.pem());
//   Load(trusted.path());
#ifndef SERVICE_ACCOUNTS_TESTS_SUPPORT_TEMPORARY_FILE_H_
#define SERVICE_ACCOUNTS_TESTS_SUPPORT_TEMPORARY_FILE_H_

#include <string>
#include <string_view>

namespace service_accounts::tests {

/// Made with these contents, readable to the user alone; removes itself.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view contents);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace service_accounts::tests

#endif  // SERVICE_ACCOUNTS_TESTS_SUPPORT_TEMPORARY_FILE_H_
