#include "curl/failure.h"

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

TEST_CASE("Whether a request was sent is told by the guard's count, never by libcurl's code") {
  for (int code = 1; code < CURL_LAST; ++code) {
    CAPTURE(code);
    const auto before =
        DescribeTransferFailure(static_cast<CURLcode>(code), {0, false, false, false, 0, ""});
    CHECK(before.outcome == RequestOutcome::kNotSent);
    CHECK_FALSE(before.message.empty());
    for (const int sends : {1, 2, 7}) {
      const auto after =
          DescribeTransferFailure(static_cast<CURLcode>(code), {sends, false, false, false, 0, ""});
      CHECK(after.outcome == RequestOutcome::kUnknown);
      CHECK_FALSE(after.message.empty());
    }
  }
}

TEST_CASE("The kind of a failure follows from libcurl's code") {
  const std::pair<CURLcode, ErrorKind> cases[] = {
      {CURLE_COULDNT_RESOLVE_HOST, ErrorKind::kConnection},
      {CURLE_COULDNT_CONNECT, ErrorKind::kConnection},
      {CURLE_GOT_NOTHING, ErrorKind::kConnection},
      {CURLE_RECV_ERROR, ErrorKind::kConnection},
      {CURLE_ABORTED_BY_CALLBACK, ErrorKind::kConnection},
      {CURLE_OPERATION_TIMEDOUT, ErrorKind::kTimeout},
      {CURLE_SSL_CONNECT_ERROR, ErrorKind::kTls},
      {CURLE_PEER_FAILED_VERIFICATION, ErrorKind::kTls},
      {CURLE_SSL_CACERT_BADFILE, ErrorKind::kTls},
      {CURLE_SSL_CERTPROBLEM, ErrorKind::kTls}};
  for (const auto& [code, kind] : cases) {
    CAPTURE(code);
    CHECK(DescribeTransferFailure(code, {0, false, false, false, 0, ""}).kind == kind);
  }
  CHECK(DescribeTransferFailure(CURLE_WRITE_ERROR, {1, false, true, false, 0, ""}).kind ==
        ErrorKind::kResponseTooLarge);
}

TEST_CASE("Why a certificate was refused is told by OpenSSL's number for it") {
  const std::pair<long, const char*> cases[] = {
      {9, "the server's certificate is not yet valid"},
      {10, "the server's certificate has expired"},
      {18, "the server's certificate is self-signed: set tls.ca_file"},
      {2, "the server's certificate comes from an authority that is not trusted"},
      {19, "the server's certificate comes from an authority that is not trusted"},
      {20, "the server's certificate comes from an authority that is not trusted"},
      {21, "the server's certificate comes from an authority that is not trusted"},
      {23, "the server's certificate was revoked"},
      {26, "the server's certificate is not meant for a server"},
      {62, "the server's certificate is for another host"},
      {66, "the key of the server's certificate is too weak"},
      {67, "the key of the authority of the server's certificate is too weak"},
      {68, "the signature of the server's certificate is too weak"},
      {0, "the server's certificate is for another host, or could not be verified"},
      {1, "the server's certificate is for another host, or could not be verified"},
      {79, "the server's certificate could not be verified"}};
  for (const auto& [verify_result, words] : cases) {
    CAPTURE(verify_result);
    const auto failure = DescribeTransferFailure(CURLE_PEER_FAILED_VERIFICATION,
                                                 {0, false, false, false, verify_result, ""});
    CHECK(failure.kind == ErrorKind::kTls);
    CHECK(failure.message.find(words) == 0);
    const char after = failure.message[std::string(words).size()];
    CHECK((after == ':' || after == ' '));  // No other words that begin in the same way.
  }
}

TEST_CASE(
    "A failure quotes libcurl's words, on one line, unless they are about a refused repetition") {
  CHECK(DescribeTransferFailure(CURLE_COULDNT_CONNECT,
                                {0, false, false, false, 0, "port 1: refused\n"})
            .message ==
        "could not connect: check base_url, and that the service runs (port 1: refused\\n)");
  CHECK(
      DescribeTransferFailure(CURLE_COULDNT_CONNECT, {1, true, false, false, 0, "port 1: refused"})
          .message == "the connection was lost after the request had been sent");
  CHECK(DescribeTransferFailure(CURLE_RECV_ERROR, {1, false, false, false, 0, ""})
            .message.find(curl_easy_strerror(CURLE_RECV_ERROR)) != std::string::npos);
}

}  // namespace
}  // namespace service_accounts::v0::internal
