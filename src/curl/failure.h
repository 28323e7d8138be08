// What a transfer that did not end with a whole reply means: pure, the only place that knows what
// libcurl's codes stand for.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_FAILURE_H_
#define SERVICE_ACCOUNTS_SRC_CURL_FAILURE_H_

#include <string_view>

#include <curl/curl.h>

#include <service_accounts/http_transport.h>

namespace service_accounts::internal {

/// What is known of a transfer beside libcurl's code for it.
struct TransferFacts {
  int sends = 0;                    ///< How often libcurl was about to write the request.
  bool repetition_refused = false;  ///< It then wanted to send it once more, and was not let.
  bool too_large = false;           ///< We stopped reading.
  std::string_view detail;  ///< libcurl's own words, perhaps with the server's in them; or "".
};

/// Whether the request was sent is told by `sends` alone: libcurl reports a request that the server
/// has read, and that it then failed to repeat, as a refused connection. The partial reply is the
/// caller's to add.
[[nodiscard]] TransportFailure DescribeTransferFailure(CURLcode code, const TransferFacts& facts);

}  // namespace service_accounts::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_FAILURE_H_
