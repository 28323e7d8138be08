// HTTP header fields: one to send, and the list of those received.
//
//   options.headers.push_back({"X-Organization", "org_1"});
//   for (const Header& header : account.metadata().headers) Log(header.name, header.value);
//   if (auto id = account.metadata().headers.find("x-request-id")) Log(*id);
#ifndef SERVICE_ACCOUNTS_HEADER_H_
#define SERVICE_ACCOUNTS_HEADER_H_

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include <service_accounts/export.h>

namespace service_accounts {
inline namespace v0 {

/// One header field, RFC 9110 section 5. Names are compared without regard to case.
struct Header {
  std::string name;   ///< An RFC 9110 token, e.g. "X-Organization".
  std::string value;  ///< Without control bytes, but for tabs.
};

/// Equal byte for byte, names too.
[[nodiscard]] inline bool operator==(const Header& a, const Header& b) {
  return a.name == b.name && a.value == b.value;
}

/// Different in some byte.
[[nodiscard]] inline bool operator!=(const Header& a, const Header& b) { return !(a == b); }

/// The header fields of a reply in the order of arrival, kept as one block of text and split only
/// while somebody looks: a reply costs one allocation here, however many fields it has. A name may
/// occur more than once. A value type: reading is safe from several threads, changing is not.
class SERVICE_ACCOUNTS_EXPORT HeaderList {
 public:
  class Iterator;
  using value_type = Header;        ///< What it is read as.
  using const_iterator = Iterator;  ///< The only one: fields are not changed in place.

  HeaderList() = default;                             ///< Empty.
  HeaderList(std::initializer_list<Header> headers);  ///< Each as by `push_back`.

  /// Splits a block of lines, each as for `AddLine`.
  [[nodiscard]] static HeaderList FromText(std::string_view block);

  /// Adds a field. Line breaks in it become spaces.
  void push_back(const Header& header);

  /// Adds a line as received, "Name: value", with or without its line break. One without a colon
  /// is not a field: it is left out.
  void AddLine(std::string_view line);

  /// The value of the first field of that name, without regard to case and less the white space
  /// around it; valid until the list changes. No value: there is none.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;

  [[nodiscard]] Iterator begin() const;  ///< At the first field.
  [[nodiscard]] Iterator end() const;    ///< Behind the last.

  /// Whether there is no field.
  [[nodiscard]] bool empty() const noexcept { return block_.empty(); }
  [[nodiscard]] std::size_t size() const;    ///< Counts the fields.
  void clear() noexcept { block_.clear(); }  ///< Leaves no field.

  /// All fields, one "Name: value\n" each.
  [[nodiscard]] const std::string& text() const noexcept { return block_; }

 private:
  std::string block_;
};

/// Reads the fields one by one; each `*it` is a fresh `Header`. An input iterator, valid until the
/// list changes.
class SERVICE_ACCOUNTS_EXPORT HeaderList::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;  ///< For `std::iterator_traits`.
  using value_type = Header;                          ///< What it points to.
  using difference_type = std::ptrdiff_t;             ///< For `std::iterator_traits`.
  using pointer = const Header*;                      ///< For `std::iterator_traits`.
  using reference = Header;                           ///< A value: nothing is there to refer to.

  [[nodiscard]] Header operator*() const;  ///< The field, as it was received.
  Iterator& operator++();                  ///< To the next.

  /// At the same field of the same list.
  [[nodiscard]] bool operator==(const Iterator& other) const noexcept {
    return rest_.size() == other.rest_.size();
  }
  /// At another.
  [[nodiscard]] bool operator!=(const Iterator& other) const noexcept { return !(*this == other); }

 private:
  friend class HeaderList;
  explicit Iterator(std::string_view rest) : rest_(rest) {}

  std::string_view rest_;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_HEADER_H_
