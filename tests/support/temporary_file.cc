#include "tests/support/temporary_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace service_accounts::tests {

TemporaryFile::TemporaryFile(std::string_view contents)
    : path_((std::filesystem::temp_directory_path() / "service-accounts-test-XXXXXX").string()) {
  const int file = mkstemp(path_.data());
  if (file < 0) throw std::system_error(errno, std::generic_category(), "mkstemp " + path_);
  close(file);
  std::ofstream(path_, std::ios::binary) << contents;
}

TemporaryFile::~TemporaryFile() { unlink(path_.c_str()); }

}  // namespace service_accounts::tests
