#include "curl/tls.h"

#include <fstream>

#include "curl/set_option.h"

namespace service_accounts::v0::internal {
namespace {

/// Whether libcurl was built with a file of trusted certificates, and that is there.
bool HasDefaultBundle(CURL* easy) {
  const char* bundle = nullptr;
#if LIBCURL_VERSION_NUM >= 0x075400
  curl_easy_getinfo(easy, CURLINFO_CAINFO, &bundle);
#else
  static_cast<void>(easy);
#endif
  return bundle != nullptr && std::ifstream(bundle).good();
}

}  // namespace

void SetTls(const TlsOptions& options, CURL* easy, std::string* refused) {
  SetOption(easy, CURLOPT_SSL_VERIFYPEER, 1L, refused);
  SetOption(easy, CURLOPT_SSL_VERIFYHOST, 2L, refused);
  SetOption(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2), refused);
  const std::string& ca_file = options.ca_file;
  if (!ca_file.empty()) SetOption(easy, CURLOPT_CAINFO, ca_file.c_str(), refused);
  // A directory of certificates beside the file would be trusted too, and keeps libcurl from
  // reading the file only once: that takes some 20 ms for each connection.
  if (!ca_file.empty() || HasDefaultBundle(easy)) {
    SetOption(easy, CURLOPT_CAPATH, static_cast<const char*>(nullptr), refused);
  }
  if (options.client_certificate_file.empty()) return;
  SetOption(easy, CURLOPT_SSLCERT, options.client_certificate_file.c_str(), refused);
  SetOption(easy, CURLOPT_SSLKEY, options.client_key_file.c_str(), refused);
}

}  // namespace service_accounts::v0::internal
