// The two envelopes of `endpoint.md`: the one that a success wraps its `data` in, and that of
// errors.
#ifndef SERVICE_ACCOUNTS_SRC_ENVELOPE_H_
#define SERVICE_ACCOUNTS_SRC_ENVELOPE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json_codec.h"

namespace service_accounts::v0::internal {

/// Of a success: {"code": 200, "data": {...}, "message": "success", "requestId": "req_1"}.
struct Envelope {
  std::int64_t code = 0;
  std::string message;
  std::string request_id;
};

/// What a success's reply says beside its value.
struct DecodedReply {
  Envelope envelope;
  std::string problem;       ///< Without a value: why, in words.
  bool lacks_value = false;  ///< Without a value: all was well but that there is none.
};

/// Reads a success's envelope, its `data` into the given table. Returns what is wrong, or "".
[[nodiscard]] std::string ReadEnvelope(std::string_view body, ObjectFields* data,
                                       Envelope* envelope);

/// What the body of an error says, in either of the shapes that are observed:
/// {"code": 400, "message", "requestId"} or {"success": false, "error": {"code": "X", "message"}}.
struct ErrorBody {
  std::string code;  ///< Integer or string, as text.
  std::string message;
  std::string request_id;
  std::string details;   ///< The further members of both levels as one JSON object; "" if none.
  bool is_json = false;  ///< It is a JSON object; else all of the above is empty.
  bool says_failure = false;  ///< `success` is false.
};

/// Never fails: a member that is not of the expected type is one of the further members.
[[nodiscard]] ErrorBody ReadErrorBody(std::string_view body);

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_ENVELOPE_H_
