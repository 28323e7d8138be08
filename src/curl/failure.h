// What a transfer that did not end with a whole reply means: pure, the only place that knows what
// libcurl's codes stand for.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_FAILURE_H_
#define SERVICE_ACCOUNTS_SRC_CURL_FAILURE_H_

#include <string_view>

#include <curl/curl.h>

#include <service_accounts/http_transport.h>

namespace service_accounts::v0::internal {

enum class ProxyUse {
  kNone,
  kPossible,  ///< The environment names one, unless no_proxy keeps it away.
  kCertain,
};

struct ProxyFacts {
  ProxyUse use = ProxyUse::kNone;
  bool tls = false;         ///< Known to be spoken to by TLS.
  long connect_status = 0;  ///< What it answered to CONNECT; 0: no answer, or no CONNECT.
};

/// What is known of a transfer beside libcurl's code for it.
struct TransferFacts {
  int sends = 0;                    ///< How often libcurl was about to write the request.
  bool repetition_refused = false;  ///< It then wanted to send it once more, and was not let.
  bool too_large = false;           ///< We stopped reading.
  bool cancelled = false;           ///< The caller stopped it, so that there is no code.
  long verify_result = 0;           ///< OpenSSL's verdict on the server's certificate; 0: none.
  std::string_view detail;  ///< libcurl's own words, perhaps with the server's in them; or "".
  ProxyFacts proxy{};
};

/// Whether the request was sent is told by `sends` alone: libcurl reports a request that the server
/// has read, and that it then failed to repeat, as a refused connection. The partial reply is the
/// caller's to add.
[[nodiscard]] TransportFailure DescribeTransferFailure(CURLcode code, const TransferFacts& facts);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_FAILURE_H_
