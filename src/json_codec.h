// JSON text to and from plain values: with its source, the only files that know RapidJSON.
//
// What is read is hostile until it has been read: parsed without a DOM, nested, and so recursed
// into, at most `kMaxJsonDepth` deep, every text checked to be UTF-8. An object is described by a
// table of its members, which says where each value goes and by that of what type it has to be:
//
//   std::string id;
//   std::array<Field, 1> fields = {{{"id", &id}}};
//   ObjectFields object("", fields);
//   std::string problem = ReadJson(text, &object);      // "" or e.g. "`id` is not a string"
#ifndef SERVICE_ACCOUNTS_SRC_JSON_CODEC_H_
#define SERVICE_ACCOUNTS_SRC_JSON_CODEC_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <service_accounts/timestamp.h>

namespace service_accounts::v0::internal {

constexpr int kMaxJsonDepth = 32;

// ---- Reading ----

class ObjectFields;

/// Members that no table knows, in order: their names, and their values as JSON text.
using FurtherMembers = std::vector<std::pair<std::string, std::string>>;

/// Takes a string as it is, and an integer as text.
struct TextOrInteger {
  std::string* text;
};

/// Where a member's value goes. `null` leaves it alone.
using Target = std::variant<std::string*, std::optional<std::string>*, std::optional<Timestamp>*,
                            std::vector<std::string>*, std::optional<std::int64_t>*,
                            std::optional<bool>*, TextOrInteger, ObjectFields*>;

struct Field {
  std::string_view name;
  Target target;
  bool seen = false;  ///< The member stands there.
  bool null = false;  ///< Its value is `null`.
};

/// What comes of members that are not as the table says.
enum class Reading {
  kStrict,   ///< A known member twice, or of the wrong type, is a problem.
  kLenient,  ///< The first one counts, and one of the wrong type is taken for an unknown one.
};

/// An object of known members; refers to the table, which must outlive it.
class ObjectFields {
 public:
  /// `path` stands before a member's name where a problem names it, e.g. "data.". Unknown members
  /// are skipped, or put into `further`.
  template <std::size_t N>
  ObjectFields(std::string_view path, std::array<Field, N>& fields,
               Reading reading = Reading::kStrict, FurtherMembers* further = nullptr)
      : path_(path), fields_(fields.data()), count_(N), reading_(reading), further_(further) {}

  [[nodiscard]] Field* Find(std::string_view name);
  [[nodiscard]] std::string PathTo(std::string_view member) const;
  [[nodiscard]] bool strict() const { return reading_ == Reading::kStrict; }
  [[nodiscard]] FurtherMembers* further() const { return further_; }

 private:
  std::string_view path_;
  Field* fields_;
  std::size_t count_;
  std::size_t next_ = 0;
  Reading reading_;
  FurtherMembers* further_;
};

/// Reads one JSON object into the table. A byte order mark before it is skipped. Says what is wrong
/// with it in words, or "": what was read up to a problem is of no use.
[[nodiscard]] std::string ReadJson(std::string_view json, ObjectFields* object);

/// Is it one JSON value of any type, which is to stand so deep inside another? Says what is wrong,
/// or "".
[[nodiscard]] std::string CheckJsonValue(std::string_view json, int outer_depth);

// ---- Writing ----

/// Writes one object, member by member, to the end of a text. The texts must be UTF-8.
class JsonObjectWriter {
 public:
  explicit JsonObjectWriter(std::string* out) : out_(out) { *out_ += '{'; }

  /// The names of these two hold nothing that would have to be escaped.
  void Text(std::string_view name, std::string_view text);
  void Texts(std::string_view name, const std::vector<std::string>& texts);

  void Raw(std::string_view name, std::string_view json);
  void Close() { *out_ += '}'; }

 private:
  void Separate();
  void PlainName(std::string_view name);

  std::string* out_;
  bool first_ = true;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_JSON_CODEC_H_
