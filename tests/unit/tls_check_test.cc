#include "tls_check.h"

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

/// A directory with the files that the cases need, gone with the test.
class Files {
 public:
  Files()
      : directory_(std::filesystem::temp_directory_path() /
                   ("tls_check_test." + std::to_string(Number()))) {
    std::filesystem::create_directory(directory_);
  }
  ~Files() { std::filesystem::remove_all(directory_); }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  [[nodiscard]] std::string Make(const std::string& name, const std::string& text) const {
    std::ofstream(directory_ / name) << text;
    return Path(name);
  }
  [[nodiscard]] std::string Path(const std::string& name) const {
    return (directory_ / name).string();
  }
  [[nodiscard]] std::string directory() const { return directory_.string(); }

 private:
  static std::size_t Number() {
    return std::hash<std::string>()(
        std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
  }
  std::filesystem::path directory_;
};

constexpr const char* kCertificate =
    "subject=x\n-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n";
constexpr const char* kKey = "-----BEGIN EC PRIVATE KEY-----\nMII\n-----END EC PRIVATE KEY-----\n";

TEST_CASE("No files, or files that are PEM, are fine") {
  const Files files;
  TlsOptions tls;
  CHECK(CheckTlsOptions(tls) == std::nullopt);
  tls.ca_file = tls.client_certificate_file = files.Make("c.pem", kCertificate);
  tls.client_key_file = files.Make("k.pem", kKey);
  CHECK(CheckTlsOptions(tls) == std::nullopt);
}

TEST_CASE("A TLS file that cannot work is named, with its option and the cause") {
  const Files files;
  const std::string certificate = files.Make("c.pem", kCertificate);
  const std::string key = files.Make("k.pem", kKey);
  const std::string empty = files.Make("empty.pem", "");
  const std::string junk = files.Make("junk.pem", "junk -----BEGIN nothing-----");
  const std::string locked =
      files.Make("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n");
  const std::string missing = files.Path("missing.pem");
  struct Case {
    TlsOptions tls;
    std::string expected;
  };
  const Case cases[] = {
      {{missing, "", ""}, "tls.ca_file: " + missing + " does not exist"},
      {{files.directory(), "", ""}, "tls.ca_file: " + files.directory() + " is a directory"},
      {{empty, "", ""}, "tls.ca_file: " + empty + " is empty"},
      {{junk, "", ""}, "tls.ca_file: " + junk + " is not a PEM file with a certificate"},
      {{key, "", ""}, "tls.ca_file: " + key + " is not a PEM file with a certificate"},
      {{std::string("a\0b", 3), "", ""}, "tls.ca_file: holds a NUL"},
      {{"", certificate, ""}, "tls.client_key_file: is empty"},
      {{"", "", key}, "tls.client_certificate_file: is empty"},
      {{"", missing, key}, "tls.client_certificate_file: " + missing + " does not exist"},
      {{"", certificate, junk},
       "tls.client_key_file: " + junk + " is not a PEM file with a private key"},
      {{"", certificate, locked}, "tls.client_key_file: " + locked + " is encrypted"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.expected);
    const auto error = CheckTlsOptions(c.tls);
    REQUIRE(error);
    CHECK(error->kind == ErrorKind::kInvalidArgument);
    CHECK(error->message.find(c.expected) == 0);
  }
}

}  // namespace
}  // namespace service_accounts::v0::internal
