// From what a transport brought back to what a caller is told: pure functions, and the only place
// that knows what a status means.
#ifndef SERVICE_ACCOUNTS_SRC_RESPONSE_MAPPING_H_
#define SERVICE_ACCOUNTS_SRC_RESPONSE_MAPPING_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include <service_accounts/error.h>
#include <service_accounts/http_transport.h>
#include <service_accounts/response_metadata.h>

#include "clock.h"
#include "envelope.h"

namespace service_accounts::v0::internal {

/// What a status other than 2xx means.
struct Judgement {
  ErrorKind kind;
  RequestOutcome outcome;
};

/// 4xx says that nothing was done, but for 408, which a gateway may say of a request that it passed
/// on. So do 301, 302, 307 and 308, which only point elsewhere; every other status leaves it open.
[[nodiscard]] Judgement JudgeStatus(int status) noexcept;

/// What there is to say of an attempt beside its value: an error that counts only without one, and
/// the metadata.
struct Described {
  Error error;
  ResponseMetadata metadata;
};

/// A failure. A status in its partial reply decides before the failure does.
[[nodiscard]] Described DescribeFailure(TransportFailure failure, WallTime now);

/// A reply whose status is not 2xx.
[[nodiscard]] Described DescribeErrorReply(HttpResponse reply, WallTime now);

/// A 2xx reply without a readable value: `problem` says why; `lacks_value`, that nothing else is
/// amiss, so that it may be an error in a success's clothes.
[[nodiscard]] Described DescribeUnreadable(HttpResponse reply, const Envelope& envelope,
                                           std::string_view problem, bool lacks_value);

/// Takes the metadata out of a reply whose envelope has been read.
void SetMetadata(HttpResponse* reply, Envelope* envelope, ResponseMetadata* metadata);

/// Reads the body of a 2xx reply.
template <class T>
using Decode = DecodedReply (*)(std::string_view body, std::optional<T>* value);

/// The value, or else the error; `result`, which holds nothing yet or an earlier attempt's, is
/// replaced. The wall clock is for a `Retry-After` that is a date.
template <class T>
void MapResult(TransportResult&& from, Decode<T> decode, const Clock& clock,
               std::optional<T>* value, Described* result) {
  value->reset();
  if (auto* failure = std::get_if<TransportFailure>(&from)) {
    *result = DescribeFailure(std::move(*failure), clock.WallNow());
    return;
  }
  HttpResponse& reply = *std::get_if<HttpResponse>(&from);
  if (reply.status < 200 || reply.status > 299) {
    *result = DescribeErrorReply(std::move(reply), clock.WallNow());
    return;
  }
  DecodedReply decoded = decode(reply.body, value);
  if (*value) {
    SetMetadata(&reply, &decoded.envelope, &result->metadata);
  } else {
    *result = DescribeUnreadable(std::move(reply), decoded.envelope, decoded.problem,
                                 decoded.lacks_value);
  }
}

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_RESPONSE_MAPPING_H_
