#include "provision/output.h"

#include <nlohmann/json.hpp>

namespace provision {
namespace {

std::string OutcomeOf(const Record& record) {
  if (record.state == State::kUnknown) return "unknown";
  return record.outcome.empty() ? "not sent" : record.outcome;
}

}  // namespace

std::string ErrorOf(const Record& record) {
  if (record.under_way) return "a run ended before its reply came";
  if (record.outcome.empty()) return "its turn did not come";
  return record.error;
}

std::string OutputLine(const ManifestEntry& entry, const Record& record) {
  nlohmann::ordered_json line = {
      {"line", entry.line}, {"name", entry.request.name}, {"outcome", OutcomeOf(record)}};
  if (!record.id.empty()) line["id"] = record.id;
  if (!record.request_id.empty()) line["request_id"] = record.request_id;
  const std::string error = ErrorOf(record);
  if (!error.empty()) line["error"] = error;
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace provision
