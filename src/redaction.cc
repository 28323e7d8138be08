#include "redaction.h"

#include <algorithm>
#include <utility>

namespace service_accounts::v0::internal {
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

/// How much of the text's end is the beginning of the secret.
std::size_t BeginningAtEnd(std::string_view secret, std::string_view text) {
  const char last = text.back();
  for (std::size_t size = std::min(secret.size() - 1, text.size()); size >= kShortestBeginning;
       --size) {
    if (secret[size - 1] != last) continue;  // As a rule there is nothing more to compare.
    if (text.substr(text.size() - size) == secret.substr(0, size)) return size;
  }
  return 0;
}

void RedactAsWritten(std::string_view secret, std::string* text) {
  ReplaceAll(secret, text);
  const std::size_t cut = BeginningAtEnd(secret, *text);
  if (cut > 0) text->replace(text->size() - cut, cut, kRedacted);
}

bool HoldsAsWritten(std::string_view secret, std::string_view text) {
  return text.find(secret) != std::string_view::npos || BeginningAtEnd(secret, text) > 0;
}

/// Or what may be one that was cut.
bool HasEscapedSlash(std::string_view text) {
  return text.find("\\/") != std::string_view::npos || text.back() == '\\';
}

std::string WithEscapedSlashes(std::string_view secret) {
  std::string escaped;
  for (const char c : secret) {
    if (c == '/') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// Whether there is anything to replace.
bool Holds(std::string_view secret, std::string_view text) {
  if (secret.size() < kShortestRedacted || text.empty()) return false;
  if (HoldsAsWritten(secret, text)) return true;
  return HasEscapedSlash(text) && HoldsAsWritten(WithEscapedSlashes(secret), text);
}

}  // namespace

void Redact(std::string_view secret, std::string* text) {
  if (!Holds(secret, *text)) return;
  RedactAsWritten(secret, text);
  if (HasEscapedSlash(*text)) RedactAsWritten(WithEscapedSlashes(secret), text);
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
  if (!Holds(secret, metadata->headers.text())) return;
  std::string block = metadata->headers.text();
  Redact(secret, &block);
  metadata->headers = HeaderList::FromText(block);
}

}  // namespace service_accounts::v0::internal
