#include "curl/failure.h"

#include <string>

#include "text.h"

namespace service_accounts::v0::internal {
namespace {

constexpr std::size_t kLongestDetail = 300;

bool Says(std::string_view detail, std::string_view words) {
  return detail.find(words) != std::string_view::npos;
}

/// With TLS 1.3 a server looks at the client's certificate, or the lack of one, when the client is
/// done with the handshake and has begun to send.
bool RefusesClient(std::string_view detail) {
  return Says(detail, "alert certificate required") || Says(detail, "alert bad certificate") ||
         Says(detail, "alert unknown ca");
}

ErrorKind KindOf(CURLcode code, const TransferFacts& facts) {
  if (facts.cancelled) return ErrorKind::kCancelled;
  if (facts.too_large) return ErrorKind::kResponseTooLarge;
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return ErrorKind::kTimeout;
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
    case CURLE_SSL_INVALIDCERTSTATUS: return ErrorKind::kTls;
    default: return RefusesClient(facts.detail) ? ErrorKind::kTls : ErrorKind::kConnection;
  }
}

/// Why the server's certificate was refused, by OpenSSL's number for it (x509_vfy.h). Other TLS
/// libraries leave it at 0, and so does a check of the host name, which libcurl makes by itself.
std::string_view CertificateProblem(long verify_result) {
  switch (verify_result) {
    case 9: return "the server's certificate is not yet valid: check the clocks of both";
    case 10: return "the server's certificate has expired";
    case 18:
      return "the server's certificate is self-signed: set tls.ca_file if it is to be trusted";
    case 2:
    case 19:
    case 20:
    case 21:
      return "the server's certificate comes from an authority that is not trusted: set "
             "tls.ca_file";
    case 23: return "the server's certificate was revoked";
    case 26: return "the server's certificate is not meant for a server";
    case 62: return "the server's certificate is for another host";
    case 66: return "the key of the server's certificate is too weak";
    case 67: return "the key of the authority of the server's certificate is too weak";
    case 68: return "the signature of the server's certificate is too weak";
    case 0:
    case 1: return "the server's certificate is for another host, or could not be verified";
    default: return "the server's certificate could not be verified";
  }
}

std::string_view ConnectRefusal(long status) {
  if (status == 407) return "the proxy wants credentials, or others: set them in the proxy's URL";
  if (status == 403) return "the proxy does not allow a connection to this host and port";
  if (status >= 500) return "the proxy could not connect to the service: check base_url";
  return "the proxy refused to connect to the service";
}

/// What went wrong between here and a proxy that is known to be used.
std::string_view ProxyConnectionCause(CURLcode code, ErrorKind kind, const ProxyFacts& proxy) {
  if (proxy.connect_status != 0) return "";  // Its connection stood.
  if (code == CURLE_COULDNT_RESOLVE_HOST) return "the proxy's name could not be resolved";
  if (code == CURLE_COULDNT_CONNECT) return "could not connect to the proxy: check its URL";
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return "no connection through the proxy within the time allowed";
  }
  if (kind != ErrorKind::kTls || !proxy.tls) return "";
  return code == CURLE_PEER_FAILED_VERIFICATION ? "the proxy's certificate could not be verified"
                                                : "no TLS connection with the proxy";
}

/// Before the request was written, and the proxy's doing; "" otherwise.
std::string_view ProxyCause(CURLcode code, ErrorKind kind, const ProxyFacts& proxy) {
  if (proxy.use == ProxyUse::kNone || kind == ErrorKind::kCancelled) return "";
  const long status = proxy.connect_status;
  if (status != 0 && status / 100 != 2) return ConnectRefusal(status);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
      return "the proxy's name could not be resolved, or its URL is not one";
    case CURLE_PROXY: return "the SOCKS proxy did not connect: check its URL, credentials too";
    // As long as no request was sent, only the answer to CONNECT is sent and read in clear.
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: return "the proxy broke off, or did not answer as an HTTP proxy does";
    default: break;
  }
  if (proxy.use == ProxyUse::kCertain) return ProxyConnectionCause(code, kind, proxy);
  if (code == CURLE_COULDNT_RESOLVE_HOST) {
    return "a name could not be resolved: check base_url, and the proxy that the environment names";
  }
  if (code == CURLE_COULDNT_CONNECT) {
    return "could not connect: check base_url, and the proxy that the environment names";
  }
  return "";
}

/// Why a handshake failed, as far as OpenSSL's words for it tell.
std::string_view HandshakeProblem(std::string_view detail) {
  if (RefusesClient(detail) || Says(detail, "alert handshake failure")) {
    return "the server refuses the handshake: it may ask for a client certificate, set "
           "tls.client_certificate_file";
  }
  if (Says(detail, "wrong version number")) {
    return "the server does not answer in TLS: check base_url, its port may be for plain HTTP";
  }
  if (Says(detail, "protocol version") || Says(detail, "unsupported protocol")) {
    return "the server speaks no version of TLS from 1.2 on";
  }
  return "no TLS connection could be agreed on (TLS 1.2 at least)";
}

/// Before the request was written.
std::string_view CauseBeforeSending(CURLcode code, ErrorKind kind, const TransferFacts& facts) {
  if (kind == ErrorKind::kCancelled) return "the call was cancelled before the request was sent";
  if (const auto cause = ProxyCause(code, kind, facts.proxy); !cause.empty()) return cause;
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST: return "the host name could not be resolved: check base_url";
    case CURLE_COULDNT_CONNECT:
      return "could not connect: check base_url, and that the service runs";
    case CURLE_OPERATION_TIMEDOUT: return "no connection within the time allowed";
    case CURLE_PEER_FAILED_VERIFICATION: return CertificateProblem(facts.verify_result);
    case CURLE_SSL_CACERT_BADFILE: return "the file of trusted certificates could not be read";
    default: break;
  }
  if (kind == ErrorKind::kTls) return HandshakeProblem(facts.detail);
  return "no connection could be made";
}

/// After it may have been written.
std::string_view CauseAfterSending(CURLcode code, ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kCancelled: return "the call was cancelled after the request had been sent";
    case ErrorKind::kResponseTooLarge: return "the reply is longer than max_response_bytes allows";
    case ErrorKind::kTimeout: return "no whole reply within the time allowed";
    case ErrorKind::kTls:
      return "the server ended the TLS connection after the request had been sent: it may ask for "
             "a client certificate, set tls.client_certificate_file";
    default: break;
  }
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
      sent ? CauseAfterSending(code, failure.kind) : CauseBeforeSending(code, failure.kind, facts);
  // Where a repetition was refused, libcurl's words are about that and would mislead.
  if (facts.repetition_refused || facts.too_large || facts.cancelled) return failure;
  const std::string_view detail = facts.detail.empty() ? curl_easy_strerror(code) : facts.detail;
  failure.message += " (" + OneLine(detail, kLongestDetail) + ")";
  return failure;
}

}  // namespace service_accounts::v0::internal
