#include "curl/failure.h"

#include <string>

#include "text.h"

namespace service_accounts::internal {
namespace {

constexpr std::size_t kLongestDetail = 300;

ErrorKind KindOf(CURLcode code, const TransferFacts& facts) {
  if (facts.too_large) return ErrorKind::kResponseTooLarge;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return ErrorKind::kTimeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_SHUTDOWN_FAILED:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return ErrorKind::kTls;
    default:
      return ErrorKind::kConnection;
  }
}

/// Before the request was written.
std::string_view CauseBeforeSending(CURLcode code, ErrorKind kind) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "the host name could not be resolved: check base_url";
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the proxy's name could not be resolved";
    case CURLE_COULDNT_CONNECT:
      return "could not connect: check base_url, and that the service runs";
    case CURLE_OPERATION_TIMEDOUT:
      return "no connection within the time allowed";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the server's certificate could not be verified";
    case CURLE_SSL_CACERT_BADFILE:
      return "the file of trusted certificates could not be read";
    default:
      break;
  }
  if (kind == ErrorKind::kTls) return "no TLS connection could be agreed on (TLS 1.2 at least)";
  return "no connection could be made";
}

/// After it may have been written.
std::string_view CauseAfterSending(CURLcode code, ErrorKind kind) {
  if (kind == ErrorKind::kResponseTooLarge)
    return "the reply is longer than max_response_bytes allows";
  if (kind == ErrorKind::kTimeout) return "no whole reply within the time allowed";
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_WEIRD_SERVER_REPLY) {
    return "what came back is not HTTP";
  }
  return "the connection was lost after the request had been sent";
}

}  // namespace

TransportFailure DescribeTransferFailure(CURLcode code, const TransferFacts& facts) {
  TransportFailure failure;
  const bool sent = facts.sends > 0;
  failure.kind = KindOf(code, facts);
  failure.outcome = sent ? RequestOutcome::kUnknown : RequestOutcome::kNotSent;
  failure.message =
      sent ? CauseAfterSending(code, failure.kind) : CauseBeforeSending(code, failure.kind);
  // Where a repetition was refused, libcurl's words are about that and would mislead.
  if (facts.repetition_refused || facts.too_large) return failure;
  const std::string_view detail = facts.detail.empty() ? curl_easy_strerror(code) : facts.detail;
  failure.message += " (" + OneLine(detail, kLongestDetail) + ")";
  return failure;
}

}  // namespace service_accounts::internal
