#include "text.h"

#include <cstdint>
#include <cstring>

namespace service_accounts::internal {
namespace {

bool IsContinuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

/// The length of the well-formed character that the text begins with; 0 when there is none.
/// The ranges are those of RFC 3629's table: the second byte rules out overlong forms and
/// surrogates.
std::size_t CharacterLength(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first < 0xC2   ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  const unsigned char second = byte(1);
  const unsigned char lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned char highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (second < lowest || second > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!IsContinuation(byte(i))) return 0;
  }
  return length;
}

bool IsAscii(char c) { return static_cast<unsigned char>(c) < 0x80; }

bool IsPlain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

// Eight bytes at a time: what is looked for shows in the high bit of a byte.
constexpr std::uint64_t kEach = 0x0101010101010101U;
constexpr std::uint64_t kHighBits = kEach * 0x80U;

std::uint64_t Below(std::uint64_t block, unsigned limit) {
  return (block - kEach * limit) & ~block & kHighBits;
}

std::uint64_t Equal(std::uint64_t block, char c) {
  return Below(block ^ (kEach * static_cast<unsigned char>(c)), 1);
}

/// How many bytes at the beginning are of that kind; `others` is not 0 for a block that holds a
/// byte that is not.
template <class Others, class IsOfKind>
std::size_t Prefix(std::string_view text, Others others, IsOfKind is_of_kind) noexcept {
  std::size_t size = 0;
  std::uint64_t block = 0;
  for (; size + sizeof block <= text.size(); size += sizeof block) {
    std::memcpy(&block, text.data() + size, sizeof block);
    if (others(block) != 0) break;
  }
  while (size < text.size() && is_of_kind(text[size])) ++size;
  return size;
}

std::size_t AsciiPrefix(std::string_view text) noexcept {
  return Prefix(
      text, [](std::uint64_t block) { return block & kHighBits; }, IsAscii);
}

/// Control characters of ASCII, and those that U+0080 to U+009F add.
bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character.front());
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0;
}

void AppendEscaped(std::string* out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (c == '\n') {
    *out += "\\n";
    return;
  }
  const auto byte = static_cast<unsigned char>(c);
  *out += "\\x";
  *out += kHex[byte >> 4U];
  *out += kHex[byte & 0xFU];
}

}  // namespace

bool IsUtf8(std::string_view text) noexcept {
  while (!text.empty()) {
    text.remove_prefix(AsciiPrefix(text));
    if (text.empty()) return true;
    const std::size_t length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::size_t PlainPrefix(std::string_view text) noexcept {
  return Prefix(
      text,
      [](std::uint64_t block) {
        return Below(block, 0x20) | Equal(block, '"') | Equal(block, '\\');
      },
      IsPlain);
}

std::string OneLine(std::string_view text, std::size_t limit) {
  std::string line;
  const bool cut = text.size() > limit;
  text = text.substr(0, limit);
  while (!text.empty()) {
    const std::size_t length = CharacterLength(text);
    const std::string_view character = text.substr(0, length == 0 ? 1 : length);
    if (length == 0 || IsControl(character)) {
      for (const char c : character) AppendEscaped(&line, c);
    } else {
      line += character;
    }
    text.remove_prefix(character.size());
  }
  return cut ? line + "..." : line;
}

}  // namespace service_accounts::internal
