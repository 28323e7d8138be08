#include <service_accounts/header.h>

#include <algorithm>

#include "scanner.h"

namespace service_accounts::v0 {
namespace {

/// The first line of a block, without its "\n".
std::string_view FirstLine(std::string_view block) { return block.substr(0, block.find('\n')); }

std::string_view NameOf(std::string_view line) { return line.substr(0, line.find(':')); }

std::string_view ValueOf(std::string_view line) {
  return internal::TrimSpace(line.substr(NameOf(line).size() + 1));
}

}  // namespace

HeaderList::HeaderList(std::initializer_list<Header> headers) {
  for (const Header& header : headers) push_back(header);
}

HeaderList HeaderList::FromText(std::string_view block) {
  HeaderList list;
  while (!block.empty()) {
    const std::string_view line = FirstLine(block);
    list.AddLine(line);
    block.remove_prefix(std::min(line.size() + 1, block.size()));
  }
  return list;
}

void HeaderList::push_back(const Header& header) { AddLine(header.name + ": " + header.value); }

void HeaderList::AddLine(std::string_view line) {
  constexpr std::size_t kUsualSize = 512;
  line = internal::TrimSpace(line);
  if (line.find(':') == std::string_view::npos) return;
  if (block_.empty()) block_.reserve(kUsualSize);
  const std::size_t begin = block_.size();
  block_.append(line);
  // Only the line break that ends the field may stand there.
  if (line.find('\n') != std::string_view::npos || line.find('\r') != std::string_view::npos) {
    const auto added = block_.begin() + static_cast<std::ptrdiff_t>(begin);
    std::replace_if(
        added, block_.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  }
  block_.push_back('\n');
}

std::optional<std::string_view> HeaderList::find(std::string_view name) const {
  for (Iterator it = begin(); it != end(); ++it) {
    const std::string_view line = FirstLine(it.rest_);
    if (internal::EqualsIgnoringCase(NameOf(line), name)) return ValueOf(line);
  }
  return std::nullopt;
}

HeaderList::Iterator HeaderList::begin() const { return Iterator(block_); }

HeaderList::Iterator HeaderList::end() const { return Iterator(std::string_view()); }

std::size_t HeaderList::size() const {
  return static_cast<std::size_t>(std::count(block_.begin(), block_.end(), '\n'));
}

Header HeaderList::Iterator::operator*() const {
  const std::string_view line = FirstLine(rest_);
  return Header{std::string(NameOf(line)), std::string(ValueOf(line))};
}

HeaderList::Iterator& HeaderList::Iterator::operator++() {
  rest_.remove_prefix(std::min(FirstLine(rest_).size() + 1, rest_.size()));
  return *this;
}

}  // namespace service_accounts::v0
