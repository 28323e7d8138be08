// The token that a file holds, read again when the file changes.
//
// A look at the file is two system calls, for its time and its size. Those do not tell two contents
// of one size apart that were written within one tick of the file system's clock, so a file that
// was young when it was read is read again. No lock is held meanwhile: whoever stores what is older
// stores its older stamp with it, and the next look finds out.
#include <service_accounts/credentials.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <system_error>
#include <utility>

#include "invalid_argument.h"
#include "scanner.h"
#include "token_source.h"

namespace service_accounts::v0 {
namespace internal {
namespace {

namespace fs = std::filesystem;

/// A token and ample white space around it. No more of a file is read.
constexpr std::size_t kMostBytes = kLongestToken + 1024;

/// The coarsest tick of a file system's clock, which is FAT's.
constexpr std::chrono::seconds kTick{2};

/// How long the last token serves without its file: the moment between the two steps of a careless
/// rewrite. Not for good: whoever takes the file away wants to see that.
constexpr std::chrono::seconds kGrace{10};

/// What changes when a file does.
struct Stamp {
  fs::file_time_type time;
  std::uintmax_t size = 0;

  friend bool operator==(const Stamp& a, const Stamp& b) {
    return a.time == b.time && a.size == b.size;
  }
};

/// No value: there is none, or it would not tell of a change that follows at once.
std::optional<Stamp> StampOf(const fs::path& path) {
  std::error_code error;
  Stamp stamp;
  stamp.time = fs::last_write_time(path, error);
  if (error) return std::nullopt;
  stamp.size = fs::file_size(path, error);
  // A time in the future, by a server whose clock differs, is young too.
  if (error || stamp.time > fs::file_time_type::clock::now() - kTick) return std::nullopt;
  return stamp;
}

class FileToken final : public TokenSource {
 public:
  explicit FileToken(std::string path) : name_(std::move(path)), path_(Absolute(name_)) {}

  [[nodiscard]] std::optional<Error> Check() const override {
    auto token = ReadAnew();
    return token ? std::nullopt : std::optional<Error>(std::move(token).error());
  }

  /// A file is at hand: it is read at once.
  [[nodiscard]] Token TokenAtHand(const Clock& clock) const override {
    if (Token token = Unchanged()) return token;
    auto token = Read(clock);
    return token ? *token : nullptr;
  }

  [[nodiscard]] Result<Token> GetToken(const TokenContext& context) const override {
    if (Token token = Unchanged()) return token;
    return Read(context.clock);
  }

  /// The next call reads the file, whatever its time says.
  void Reject(const Token& rejected) const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    stamp_.reset();
    if (token_ != nullptr && *token_ == *rejected) token_.reset();
  }

  [[nodiscard]] std::string Description() const override { return "token from file " + name_; }

 private:
  /// So that a program that changes its directory, as daemons do, finds its file again.
  static fs::path Absolute(const std::string& path) {
    std::error_code error;
    fs::path absolute = fs::absolute(path, error);
    return error ? fs::path(path) : absolute;
  }

  [[nodiscard]] Error Problem(const std::string& problem) const {
    return InvalidArgument("credentials: token file " + name_ + " " + problem);
  }

  [[nodiscard]] Token Unchanged() const {
    const auto stamp = StampOf(path_);
    if (!stamp) return nullptr;
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!(stamp == stamp_)) return nullptr;
    lost_.reset();
    return token_;
  }

  [[nodiscard]] Result<Token> Read(const Clock& clock) const {
    auto token = ReadAnew();
    if (token) return token;
    return LastToken(clock.Now(), std::move(token).error());
  }

  [[nodiscard]] Result<Token> ReadAnew() const {
    // Before the text: a file that changes in between has another stamp at the next look.
    const auto stamp = StampOf(path_);
    auto text = ReadText();
    if (!text) return std::move(text).error();
    auto token = CheckedToken(std::string(TrimSpace(*text)), "token from file " + name_);
    if (!token) return token;
    const std::lock_guard<std::mutex> lock(mutex_);
    token_ = *token;
    stamp_ = stamp;
    lost_.reset();
    return token;
  }

  [[nodiscard]] Result<std::string> ReadText() const {
    if (auto problem = CheckFile()) return *std::move(problem);
    std::string text(kMostBytes + 1, '\0');
    errno = 0;
    std::ifstream file(path_, std::ios::binary);
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    // A file that ends before the text is full has failed too, but is not bad.
    if (!file.is_open() || file.bad()) {
      return Problem("cannot be read: " + std::generic_category().message(errno));
    }
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMostBytes) return Problem("holds more than a token of 8192 characters");
    return text;
  }

  /// Only regular files are opened: opening others may block, or do something.
  [[nodiscard]] std::optional<Error> CheckFile() const {
    if (name_.empty()) return Problem("has no name");
    if (name_.find('\0') != std::string::npos) return Problem("has a NUL in its name");
    std::error_code error;
    const fs::file_type type = fs::status(path_, error).type();
    switch (type) {
      case fs::file_type::regular: return std::nullopt;
      case fs::file_type::not_found: return Problem("does not exist");
      case fs::file_type::directory: return Problem("is a directory");
      default:
        return Problem(error ? "cannot be read: " + error.message() : "is not a regular file");
    }
  }

  [[nodiscard]] Result<Token> LastToken(SteadyTime now, Error error) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!lost_) lost_ = now;
    if (token_ == nullptr || now - *lost_ >= kGrace) return error;
    return token_;
  }

  const std::string name_;
  const fs::path path_;

  mutable std::mutex mutex_;
  mutable Token token_;                 ///< The last one that was read; null: none so far.
  mutable std::optional<Stamp> stamp_;  ///< Of the file that it was read from.
  mutable std::optional<SteadyTime>
      lost_;  ///< When it was first found that there is none any more.
};

}  // namespace
}  // namespace internal

Credentials TokenFromFile(std::string path) {
  return Credentials(std::make_shared<internal::FileToken>(std::move(path)));
}

}  // namespace service_accounts::v0
