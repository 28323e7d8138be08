#include "text.h"

#include <algorithm>
#include <cstdint>

namespace service_accounts::v0::internal {
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

// Eight bytes at a time: a byte that is looked for shows in its high bit, and no byte before it
// does.
constexpr std::uint64_t kEach = 0x0101010101010101U;
constexpr std::uint64_t kHighBits = kEach * 0x80U;

constexpr auto kNotAscii = [](std::uint64_t block) { return block & kHighBits; };

/// What JSON does not have in a text as it is.
constexpr auto kNotPlain = [](std::uint64_t block) {
  const std::uint64_t control = block - kEach * 0x20U;
  const std::uint64_t quote = (block ^ kEach * '"') - kEach;
  const std::uint64_t backslash = (block ^ kEach * '\\') - kEach;
  return (control | quote | backslash) & ~block & kHighBits;
};

/// The first byte lowest, on any machine; written out, as compilers make one load of it then.
std::uint64_t Block(const char* bytes) {
  const auto byte = [&](unsigned i) {
    return std::uint64_t{static_cast<unsigned char>(bytes[i])} << 8U * i;
  };
  return byte(0) | byte(1) | byte(2) | byte(3) | byte(4) | byte(5) | byte(6) | byte(7);
}

/// How many bytes stand before the lowest of those found.
std::size_t BytesBefore(std::uint64_t found) {
  return static_cast<std::size_t>(((found - 1) & ~found & kEach) * kEach >> 56U) - 1;
}

/// How many bytes stand before the first one that is looked for.
template <class Find>
std::size_t Prefix(std::string_view text, Find find) noexcept {
  constexpr std::size_t kSize = sizeof(std::uint64_t);
  for (std::size_t size = 0; text.size() >= kSize; size += kSize) {
    // The last block begins early: what it holds of the one before is not looked for.
    size = std::min(size, text.size() - kSize);
    const std::uint64_t found = find(Block(text.data() + size));
    if (found != 0) return size + BytesBefore(found);
    if (size + kSize == text.size()) return text.size();
  }
  std::size_t size = 0;
  while (size < text.size() && find(kEach * static_cast<unsigned char>(text[size])) == 0) ++size;
  return size;
}

std::size_t AsciiPrefix(std::string_view text) noexcept { return Prefix(text, kNotAscii); }

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

std::size_t PlainPrefix(std::string_view text) noexcept { return Prefix(text, kNotPlain); }

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

}  // namespace service_accounts::v0::internal
