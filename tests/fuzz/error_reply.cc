// Any body behind the status of an error: the status decides, and all that is said is fit for a
// log.
#include <algorithm>

#include "differential.h"
#include "response_mapping.h"
#include "text.h"

namespace service_accounts::fuzz {
namespace {

void CheckErrorOf(int status, std::string_view body) {
  HttpResponse reply;
  reply.status = status;
  reply.body = body;
  const Error error = internal::DescribeErrorReply(std::move(reply), {}).error;
  const bool refuses = status < 500 && status != 408;
  Require(error.outcome == (refuses ? RequestOutcome::kRejected : RequestOutcome::kUnknown) &&
              error.http_status == status,
          "the status decides, whatever the body says");
  Require(!error.message.empty(), "an error says something");
  Require(internal::IsUtf8(error.message) && internal::IsUtf8(error.code) &&
              internal::IsUtf8(error.request_id) && internal::IsUtf8(error.details),
          "and says it in UTF-8");
  const std::string line = error.ToString();
  Require(internal::IsUtf8(line) && std::none_of(line.begin(), line.end(),
                                                 [](char c) {
                                                   const auto byte = static_cast<unsigned char>(c);
                                                   return byte < 0x20 || byte == 0x7F;
                                                 }),
          "a line for a log is one line, and steers no terminal");
}

}  // namespace

void Try(std::string_view input) {
  const internal::ErrorBody error = internal::ReadErrorBody(input);
  const nlohmann::json other = ParseIndependently(input);
  RequireAgreement(input, error.is_json, other.is_object());
  if (!error.is_json) {
    Require(error.code.empty() && error.message.empty() && error.request_id.empty() &&
                error.details.empty() && !error.says_failure,
            "of what is not JSON nothing is read");
  } else if (!error.details.empty()) {
    RequireAgreement(error.details, true, ParseIndependently(error.details).is_object());
  }
  for (const int status : {302, 400, 401, 408, 409, 429, 500, 503}) CheckErrorOf(status, input);
}

}  // namespace service_accounts::fuzz
