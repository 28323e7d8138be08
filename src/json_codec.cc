#include "json_codec.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

#include "text.h"

// RapidJSON under a name of our own: a host that links another copy, built with other macros, would
// otherwise share its weak symbols with ours.
#define RAPIDJSON_NAMESPACE service_accounts::v0::internal::rapidjson
#define RAPIDJSON_NAMESPACE_BEGIN \
  namespace service_accounts {    \
  namespace v0 {                  \
  namespace internal {            \
  namespace rapidjson {
#define RAPIDJSON_NAMESPACE_END \
  }                             \
  }                             \
  }                             \
  }
#include <rapidjson/error/en.h>
#include <rapidjson/reader.h>
#include <rapidjson/writer.h>

namespace service_accounts::v0::internal {
namespace {

/// RapidJSON's output stream on a std::string.
struct StringSink {
  using Ch = char;
  std::string* out;
  void Put(char c) { out->push_back(c); }
  void Flush() {}
};

using Writer = rapidjson::Writer<StringSink>;

/// RapidJSON's stream on a text that it decodes in place, which knows where the text ends.
struct TextStream : rapidjson::InsituStringStream {
  /// A 0 has to follow the text.
  TextStream(char* begin, std::size_t size) : GenericInsituStringStream(begin), end(begin + size) {}
  const char* end;
};

}  // namespace

template <>
struct rapidjson::StreamTraits<TextStream> : rapidjson::StreamTraits<InsituStringStream> {};

/// RapidJSON's own hook: what needs no decoding is passed over, or moved, in one go. Its SIMD for
/// this begins only at a multiple of 16 bytes, where most texts have ended.
template <>
template <>
inline void rapidjson::Reader::ScanCopyUnescapedString(TextStream& in, TextStream& out) {
  const std::size_t plain =
      PlainPrefix(std::string_view(in.src_, static_cast<std::size_t>(in.end - in.src_)));
  if (out.dst_ != in.src_) std::memmove(out.dst_, in.src_, plain);
  in.src_ += plain;
  out.dst_ += plain;
}

namespace {

constexpr const char* kNotUtf8 = "the JSON holds text that is not valid UTF-8";

/// An array of texts that is not longer grows once.
constexpr std::size_t kUsualTexts = 4;

rapidjson::SizeType Length(std::string_view text) {
  return static_cast<rapidjson::SizeType>(text.size());
}

void AppendText(std::string* out, std::string_view text) {
  if (PlainPrefix(text) == text.size()) {
    *out += '"';
    out->append(text);
    *out += '"';
    return;
  }
  StringSink sink{out};
  Writer(sink).String(text.data(), Length(text));
}

// Puts a value into a field; false when it is of another type.

bool Store(const Target& target, std::string_view text) {
  if (const auto* plain = std::get_if<std::string*>(&target)) {
    (*plain)->assign(text);
  } else if (const auto* optional = std::get_if<std::optional<std::string>*>(&target)) {
    (*optional)->emplace(text);
  } else if (const auto* time = std::get_if<std::optional<Timestamp>*>(&target)) {
    (*time)->emplace(std::string(text));
  } else if (const auto* either = std::get_if<TextOrInteger>(&target)) {
    either->text->assign(text);
  } else {
    return false;
  }
  return true;
}

bool StoreNumber(const Target& target, std::string_view digits) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size()) return false;
  if (const auto* integer = std::get_if<std::optional<std::int64_t>*>(&target)) {
    **integer = number;
  } else if (const auto* either = std::get_if<TextOrInteger>(&target)) {
    either->text->assign(digits);
  } else {
    return false;
  }
  return true;
}

std::string_view TypeName(const Target& target) {
  if (std::holds_alternative<std::vector<std::string>*>(target)) return "an array of strings";
  if (std::holds_alternative<std::optional<std::int64_t>*>(target)) return "an integer";
  if (std::holds_alternative<std::optional<bool>*>(target)) return "true or false";
  if (std::holds_alternative<ObjectFields*>(target)) return "an object";
  return "a string";
}

/// RapidJSON's events, one method each, into the fields of a table.
///
/// The parser stands in one of three places: at a member of a known object (`objects_` is the way
/// to it), inside a known array of texts (`texts_`), or anywhere inside a value that is skipped or
/// kept as text (`unknown_depth_`).
class Decoder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Decoder> {
 public:
  /// Without an object: any value will do, and none of it is kept.
  Decoder(ObjectFields* root, int depth) : root_(root), depth_(depth) {}

  /// What is read is valid UTF-8, and so are its texts, but for what escapes turn into.
  void SetHasEscapes(bool has_escapes) { has_escapes_ = has_escapes; }

  [[nodiscard]] std::string TakeProblem() { return std::move(problem_); }

  bool Null() {
    if (IsKnown() && open_ > 0 && texts_ == nullptr) return member_->null = true;
    return Scalar([](Writer& w) { return w.Null(); }, [](const Target&) { return false; });
  }
  bool Bool(bool value) {
    return Scalar([=](Writer& w) { return w.Bool(value); },
                  [=](const Target& target) {
                    const auto* flag = std::get_if<std::optional<bool>*>(&target);
                    if (flag != nullptr) **flag = value;
                    return flag != nullptr;
                  });
  }
  bool RawNumber(const char* digits, rapidjson::SizeType size, bool) {
    const std::string_view number(digits, size);
    return Scalar([=](Writer& w) { return w.RawValue(digits, size, rapidjson::kNumberType); },
                  [=](const Target& target) { return StoreNumber(target, number); });
  }
  bool String(const char* data, rapidjson::SizeType size, bool) {
    const std::string_view text(data, size);
    if (!IsValid(text)) return Fail(kNotUtf8);
    if (texts_ != nullptr && IsKnown()) {
      texts_->emplace_back(text);
      return true;
    }
    return Scalar([=](Writer& w) { return w.String(data, size); },
                  [=](const Target& target) { return Store(target, text); });
  }

  bool Key(const char* data, rapidjson::SizeType size, bool) {
    const std::string_view name(data, size);
    if (!IsValid(name)) return Fail(kNotUtf8);
    if (!IsKnown()) return !writer_ || writer_->Key(data, size);
    ObjectFields& object = *objects_[open_ - 1];
    member_ = object.Find(name);
    name_ = name;
    if (member_ != nullptr && member_->seen) {
      if (object.strict()) return Fail("`" + object.PathTo(name) + "` stands there twice");
      return Ignore();
    }
    if (member_ != nullptr) member_->seen = true;
    return member_ != nullptr || BeginUnknown();
  }

  bool StartObject() {
    if (!Enter()) return false;
    if (!IsKnown()) return DescendUnknown([](Writer& w) { return w.StartObject(); });
    if (open_ == 0) return Open(root_);
    ObjectFields* const* nested =
        texts_ == nullptr ? std::get_if<ObjectFields*>(&member_->target) : nullptr;
    if (nested != nullptr) return Open(*nested);
    return Mistyped() && DescendUnknown([](Writer& w) { return w.StartObject(); });
  }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    if (!IsKnown()) return AscendUnknown([](Writer& w) { return w.EndObject(); });
    --open_;
    return true;
  }

  bool StartArray() {
    if (!Enter()) return false;
    if (!IsKnown()) return DescendUnknown([](Writer& w) { return w.StartArray(); });
    if (open_ == 0) return NotAnObject();
    auto* const* texts =
        texts_ == nullptr ? std::get_if<std::vector<std::string>*>(&member_->target) : nullptr;
    if (texts == nullptr)
      return Mistyped() && DescendUnknown([](Writer& w) { return w.StartArray(); });
    texts_ = *texts;
    texts_->reserve(kUsualTexts);
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    --depth_;
    if (!IsKnown()) return AscendUnknown([](Writer& w) { return w.EndArray(); });
    texts_ = nullptr;
    return true;
  }

 private:
  static constexpr std::size_t kMostOpenObjects = 4;

  /// RapidJSON 1.1.0 lets a lone "\udc00" through.
  [[nodiscard]] bool IsValid(std::string_view text) const { return !has_escapes_ || IsUtf8(text); }

  [[nodiscard]] bool IsKnown() const { return !in_unknown_ && root_ != nullptr; }

  bool Fail(std::string problem) {
    problem_ = std::move(problem);
    return false;
  }
  bool NotAnObject() { return Fail("the JSON is not an object"); }

  bool Enter() {
    if (++depth_ <= kMaxJsonDepth) return true;
    return Fail("the JSON is nested deeper than " + std::to_string(kMaxJsonDepth));
  }

  bool Open(ObjectFields* object) {
    objects_[open_++] = object;
    return true;
  }

  /// A value without parts: written where an unknown value is kept, stored where a known one is.
  template <class Write, class StoreValue>
  bool Scalar(Write write, StoreValue store) {
    if (IsKnown()) {
      if (open_ == 0) return NotAnObject();
      if (texts_ == nullptr && store(member_->target)) return true;
      if (!Mistyped()) return false;
    }
    const bool written = !writer_ || write(*writer_);
    if (unknown_depth_ == 0) in_unknown_ = false;
    return written;
  }

  /// The value of the current member is not of its type: a problem, or an unknown member after all.
  bool Mistyped() {
    const ObjectFields& object = *objects_[open_ - 1];
    if (object.strict()) {
      const std::string item = texts_ == nullptr ? "" : "[" + std::to_string(texts_->size()) + "]";
      return Fail("`" + object.PathTo(name_) + item + "` is not " +
                  std::string(texts_ == nullptr ? TypeName(member_->target) : "a string"));
    }
    return BeginUnknown();
  }

  /// The value that comes next is kept as text, if anybody wants it.
  bool BeginUnknown() {
    ObjectFields& object = *objects_[open_ - 1];
    FurtherMembers* further = object.further();
    if (further == nullptr) return Ignore();
    const auto same = [&](const auto& member) { return member.first == name_; };
    if (std::any_of(further->begin(), further->end(), same)) {
      return object.strict() ? Fail("`" + object.PathTo(name_) + "` stands there twice") : Ignore();
    }
    further->emplace_back(name_, std::string());
    sink_.out = &further->back().second;
    writer_.emplace(sink_);
    in_unknown_ = true;
    return true;
  }

  bool Ignore() {
    writer_.reset();
    in_unknown_ = true;
    return true;
  }

  template <class Write>
  bool DescendUnknown(Write write) {
    ++unknown_depth_;
    return !writer_ || write(*writer_);
  }

  template <class Write>
  bool AscendUnknown(Write write) {
    const bool written = !writer_ || write(*writer_);
    if (--unknown_depth_ == 0) in_unknown_ = false;
    return written;
  }

  ObjectFields* root_;
  int depth_;
  bool has_escapes_ = true;
  std::array<ObjectFields*, kMostOpenObjects> objects_{};
  std::size_t open_ = 0;
  Field* member_ = nullptr;
  std::string_view name_;  ///< Stays where it was decoded.
  std::vector<std::string>* texts_ = nullptr;
  bool in_unknown_ = false;
  int unknown_depth_ = 0;
  StringSink sink_{nullptr};
  std::optional<Writer> writer_;
  std::string problem_;
};

/// On the stack, if it is a reply of the usual size.
class WritableCopy {
 public:
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): what is used of it is written here.
  explicit WritableCopy(std::string_view text) {
    if (text.size() >= small_.size()) large_ = std::make_unique<char[]>(text.size() + 1);
    std::memcpy(data(), text.data(), text.size());
    data()[text.size()] = '\0';
  }

  [[nodiscard]] char* data() { return large_ != nullptr ? large_.get() : small_.data(); }

 private:
  std::array<char, 2048> small_;
  std::unique_ptr<char[]> large_;
};

std::string Parse(std::string_view json, Decoder& decoder) {
  // RapidJSON takes a NUL for the end of the text and would not look at what follows.
  if (json.find('\0') != std::string_view::npos) return "the JSON holds a NUL byte";
  if (!IsUtf8(json)) return kNotUtf8;
  decoder.SetHasEscapes(json.find('\\') != std::string_view::npos);
  // Texts are decoded in place, in a copy: that is cheaper than to put each together anew. The
  // parser recurses, as that is cheaper too, but never deeper than `Decoder::Enter` lets it.
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
  WritableCopy copy(json);
  TextStream stream(copy.data(), json.size());
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, decoder);
  if (!result.IsError()) return "";
  std::string problem = decoder.TakeProblem();
  if (!problem.empty()) return problem;
  return std::string("the JSON is not valid: ") + rapidjson::GetParseError_En(result.Code()) +
         " (byte " + std::to_string(result.Offset()) + ")";
}

}  // namespace

Field* ObjectFields::Find(std::string_view name) {
  // Members mostly come in the order of the table: the search goes on where the last one ended.
  for (std::size_t i = 0; i < count_; ++i) {
    Field& field = fields_[next_];
    if (++next_ == count_) next_ = 0;
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string ObjectFields::PathTo(std::string_view member) const {
  return std::string(path_).append(member);
}

std::string ReadJson(std::string_view json, ObjectFields* object) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (json.substr(0, kByteOrderMark.size()) == kByteOrderMark)
    json.remove_prefix(kByteOrderMark.size());
  Decoder decoder(object, 0);
  return Parse(json, decoder);
}

std::string CheckJsonValue(std::string_view json, int outer_depth) {
  Decoder decoder(nullptr, outer_depth);
  return Parse(json, decoder);
}

void JsonObjectWriter::Separate() {
  if (!first_) *out_ += ',';
  first_ = false;
}

void JsonObjectWriter::PlainName(std::string_view name) {
  Separate();
  *out_ += '"';
  out_->append(name);
  *out_ += '"';
  *out_ += ':';
}

void JsonObjectWriter::Text(std::string_view name, std::string_view text) {
  PlainName(name);
  AppendText(out_, text);
}

void JsonObjectWriter::Texts(std::string_view name, const std::vector<std::string>& texts) {
  PlainName(name);
  char before = '[';
  for (const std::string& text : texts) {
    *out_ += std::exchange(before, ',');
    AppendText(out_, text);
  }
  *out_ += texts.empty() ? "[]" : "]";
}

void JsonObjectWriter::Raw(std::string_view name, std::string_view json) {
  Separate();
  AppendText(out_, name);
  out_->append(":").append(json);
}

}  // namespace service_accounts::v0::internal
