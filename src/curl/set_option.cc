#include "curl/set_option.h"

namespace service_accounts::v0::internal {

std::string DescribeRefusal(CURLoption option, CURLcode code) {
  const curl_easyoption* known = curl_easy_option_by_id(option);
  return std::string(known != nullptr ? known->name : "an option") + ": " +
         curl_easy_strerror(code);
}

}  // namespace service_accounts::v0::internal
