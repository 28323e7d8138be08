#include "tls_check.h"

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include "invalid_argument.h"

namespace service_accounts::v0::internal {
namespace {

/// The system's own bundle is a quarter of this.
constexpr std::size_t kLongestPemFile = 1 << 20;

/// Looks for a line with all of these words in the file, e.g. "-----BEGIN" and "PRIVATE KEY-----".
bool HasLine(const std::string& text, std::string_view begin, std::string_view end) {
  for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
    const std::string_view line = std::string_view(text).substr(at, text.find('\n', at) - at);
    if (line.find(end) != std::string_view::npos) return true;
  }
  return false;
}

std::optional<Error> CheckPemFile(const std::string& path, const std::string& name,
                                  std::string_view content, std::string* text) {
  const std::string file = "tls." + name + ": " + path;
  std::error_code problem;
  if (path.find('\0') != std::string::npos) return InvalidArgument("tls." + name + ": holds a NUL");
  const auto status = std::filesystem::status(path, problem);
  if (!std::filesystem::exists(status)) return InvalidArgument(file + " does not exist");
  if (std::filesystem::is_directory(status)) return InvalidArgument(file + " is a directory");
  std::ifstream in(path, std::ios::binary);
  if (!in) return InvalidArgument(file + " cannot be read");
  text->resize(kLongestPemFile);
  in.read(text->data(), static_cast<std::streamsize>(text->size()));
  text->resize(static_cast<std::size_t>(in.gcount()));
  if (text->empty()) return InvalidArgument(file + " is empty");
  if (HasLine(*text, "-----BEGIN", std::string(content) + "-----")) return std::nullopt;
  return InvalidArgument(file + " is not a PEM file with a " +
                         (content == "CERTIFICATE" ? "certificate" : "private key"));
}

}  // namespace

std::optional<Error> CheckTlsOptions(const TlsOptions& tls) {
  std::string text;
  if (!tls.ca_file.empty()) {
    if (auto error = CheckPemFile(tls.ca_file, "ca_file", "CERTIFICATE", &text)) return error;
  }
  if (tls.client_certificate_file.empty() != tls.client_key_file.empty()) {
    return InvalidArgument(
        tls.client_key_file.empty()
            ? "tls.client_key_file: is empty, and goes with tls.client_certificate_file: set both"
            : "tls.client_certificate_file: is empty, and goes with tls.client_key_file: set both");
  }
  if (tls.client_key_file.empty()) return std::nullopt;
  if (auto error = CheckPemFile(tls.client_certificate_file, "client_certificate_file",
                                "CERTIFICATE", &text))
    return error;
  if (auto error = CheckPemFile(tls.client_key_file, "client_key_file", "PRIVATE KEY", &text))
    return error;
  if (text.find("ENCRYPTED") != std::string::npos) {
    return InvalidArgument("tls.client_key_file: " + tls.client_key_file +
                           " is encrypted: store the key without a passphrase");
  }
  return std::nullopt;
}

}  // namespace service_accounts::v0::internal
