#include "redaction.h"

#include <algorithm>
#include <utility>

namespace service_accounts::internal {
namespace {

/// The beginning of a secret that gives away too little to be worth the blot.
constexpr std::size_t kShortestBeginning = 8;

void ReplaceAll(std::string_view secret, std::string* text) {
  std::size_t at = text->find(secret);
  if (at == std::string::npos) return;
  std::string clean;
  std::size_t done = 0;
  for (; at != std::string::npos; at = text->find(secret, done)) {
    clean.append(*text, done, at - done).append(kRedacted);
    done = at + secret.size();
  }
  clean.append(*text, done);
  *text = std::move(clean);
}

void ReplaceBeginningAtEnd(std::string_view secret, std::string* text) {
  const char last = text->back();
  for (std::size_t size = std::min(secret.size() - 1, text->size()); size >= kShortestBeginning;
       --size) {
    if (secret[size - 1] != last) continue;  // As a rule there is nothing more to compare.
    if (text->compare(text->size() - size, size, secret, 0, size) != 0) continue;
    text->replace(text->size() - size, size, kRedacted);
    return;
  }
}

std::string WithEscapedSlashes(std::string_view secret) {
  std::string escaped;
  for (const char c : secret) {
    if (c == '/') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

void Redact(std::string_view secret, std::string* text) {
  if (secret.size() < kShortestRedacted || text->empty()) return;
  ReplaceAll(secret, text);
  ReplaceBeginningAtEnd(secret, text);
  if (secret.find('/') == std::string_view::npos) return;
  const std::string escaped = WithEscapedSlashes(secret);
  ReplaceAll(escaped, text);
  ReplaceBeginningAtEnd(escaped, text);
}

void Redact(std::string_view secret, Error* error) {
  for (std::string* text :
       {&error->code, &error->message, &error->request_id, &error->details, &error->body}) {
    Redact(secret, text);
  }
}

void Redact(std::string_view secret, ResponseMetadata* metadata) {
  for (std::string* text :
       {&metadata->request_id, &metadata->message, &metadata->http_version, &metadata->body}) {
    Redact(secret, text);
  }
  std::string block = metadata->headers.text();
  Redact(secret, &block);
  if (block == metadata->headers.text()) return;
  metadata->headers = HeaderList::FromText(block);
}

}  // namespace service_accounts::internal
