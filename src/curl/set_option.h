// Setting an option of a handle so that a refusal is not lost.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_SET_OPTION_H_
#define SERVICE_ACCOUNTS_SRC_CURL_SET_OPTION_H_

#include <string>

#include <curl/curl.h>

namespace service_accounts::v0::internal {

/// "URL: out of memory"
[[nodiscard]] std::string DescribeRefusal(CURLoption option, CURLcode code);

/// The first option that libcurl refuses is named in `refused`, which is left alone otherwise.
template <class Value>
void SetOption(CURL* easy, CURLoption option, Value value, std::string* refused) {
  const CURLcode code = curl_easy_setopt(easy, option, value);
  if (code != CURLE_OK && refused->empty()) *refused = DescribeRefusal(option, code);
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_SET_OPTION_H_
