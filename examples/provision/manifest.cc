#include "provision/manifest.h"

#include <service_accounts/json.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

namespace provision {
namespace {

namespace sa = service_accounts;

/// FNV-1a with 64 bits, in hexadecimal digits: enough to notice an edited line, and the same on
/// every machine. Nobody has a reason to look for two requests with the same one.
std::string DigestOf(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  std::string digits(16, '0');
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, hash >>= 4) {
    *digit = "0123456789abcdef"[hash & 0xf];
  }
  return digits;
}

bool IsBlank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

/// The library reads the line, and writes the body: so it finds here what a call would refuse.
sa::Result<ManifestEntry> ReadEntry(std::size_t number, const std::string& line) {
  auto request = sa::CreateServiceAccountRequestFromJson(line);
  if (!request) return request.error();
  const auto body = sa::ToJson(*request);
  if (!body) return body.error();
  return ManifestEntry{number, *std::move(request), DigestOf(*body)};
}

}  // namespace

Manifest ReadManifest(std::istream& in) {
  Manifest manifest;
  std::map<std::string, std::size_t> line_of_name;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (IsBlank(line)) continue;
    auto entry = ReadEntry(number, line);
    if (!entry) {
      manifest.problems.push_back({number, entry.error().message});
      continue;
    }
    const auto [first, is_new] = line_of_name.emplace(entry->request.name, number);
    if (is_new) {
      manifest.entries.push_back(*std::move(entry));
    } else {
      manifest.problems.push_back({number, "the name " + Quoted(entry->request.name) +
                                               " stands in line " + std::to_string(first->second) +
                                               " already"});
    }
  }
  return manifest;
}

std::string Quoted(const std::string& name) {
  return nlohmann::json(name).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace provision
