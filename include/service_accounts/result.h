// A value or an `Error`, in the vocabulary of C++23's `std::expected`.
//
//   Result<ServiceAccount> account = client.CreateServiceAccount(request);
//   if (!account) return Report(account.error());
//   Use(account->id);
//
//   std::string id = account.transform([](const auto& a) { return a.id; }).value_or("none");
#ifndef SERVICE_ACCOUNTS_RESULT_H_
#define SERVICE_ACCOUNTS_RESULT_H_

#include <exception>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include <service_accounts/error.h>
#include <service_accounts/export.h>
#include <service_accounts/response_metadata.h>

namespace service_accounts {
inline namespace v0 {

/// Thrown by `Result::value()` on an error, and by nothing else in the library.
class SERVICE_ACCOUNTS_EXPORT BadResultAccess final : public std::exception {
 public:
  explicit BadResultAccess(Error error);                         ///< Of this error.
  BadResultAccess(const BadResultAccess&) = default;             ///< As an exception has to.
  BadResultAccess& operator=(const BadResultAccess&) = default;  ///< As an exception has to.
  ~BadResultAccess() override;

  /// The error in a line, as `Error::ToString` says it; valid as long as this is.
  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  /// The error that was there in place of a value.
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
  std::string text_;
};

namespace internal {
/// Throws `BadResultAccess`; terminates where exceptions are off.
[[noreturn]] SERVICE_ACCOUNTS_EXPORT void FailResultAccess(const Error& error);
}  // namespace internal

/// Holds a `T` or an `Error`, and beside either what is known of the reply. A value type, no safer
/// between threads than its `T`. `*`, `->` and `error()` are unchecked in the sense of
/// `std::expected`: asking for what is not there is undefined; `value()` checks.
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;      ///< What it holds on success.
  using error_type = Error;  ///< What it holds otherwise.

  // Implicit, so that `return account;` and `return error;` read as they do with std::expected.
  // NOLINTBEGIN(google-explicit-constructor)
  /// A success, with nothing known of a reply.
  Result(const T& value) : state_(std::in_place_index<0>, value) {}
  /// A success, with nothing known of a reply.
  Result(T&& value) : state_(std::in_place_index<0>, std::move(value)) {}
  /// A success, and what is known of its reply.
  Result(T value, ResponseMetadata metadata)
      : state_(std::in_place_index<0>, std::move(value)), metadata_(std::move(metadata)) {}
  /// A failure, with nothing known of a reply.
  Result(const Error& error) : state_(std::in_place_index<1>, error) {}
  /// A failure, with nothing known of a reply.
  Result(Error&& error) : state_(std::in_place_index<1>, std::move(error)) {}
  /// A failure, and what is known of its reply.
  Result(Error error, ResponseMetadata metadata)
      : state_(std::in_place_index<1>, std::move(error)), metadata_(std::move(metadata)) {}
  // NOLINTEND(google-explicit-constructor)

  /// Whether it is a success.
  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }

  /// Whether it is a success, for `if (account)`.
  explicit operator bool() const noexcept { return has_value(); }

  /// The value; undefined on an error.
  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  /// The value; undefined on an error.
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  /// The value, to be moved from; undefined on an error.
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  /// The value's members; undefined on an error.
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  /// The value's members; undefined on an error.
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  /// The value; on an error throws `BadResultAccess`, or terminates where exceptions are off.
  [[nodiscard]] T& value() & { return Checked(*this); }
  /// The value; on an error throws `BadResultAccess`, or terminates where exceptions are off.
  [[nodiscard]] const T& value() const& { return Checked(*this); }
  /// The value, to be moved from; on an error throws `BadResultAccess`, or terminates where
  /// exceptions are off.
  [[nodiscard]] T&& value() && { return std::move(Checked(*this)); }

  /// The error; undefined on a success.
  [[nodiscard]] Error& error() & noexcept { return *std::get_if<1>(&state_); }
  /// The error; undefined on a success.
  [[nodiscard]] const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  /// The error, to be moved from; undefined on a success.
  [[nodiscard]] Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

  /// What is known of the reply, for success and for error alike; zeroed when none arrived.
  [[nodiscard]] const ResponseMetadata& metadata() const& noexcept { return metadata_; }
  /// What is known of the reply, to be moved from.
  [[nodiscard]] ResponseMetadata&& metadata() && noexcept { return std::move(metadata_); }

  /// The value, or this in its place.
  template <class U>
  [[nodiscard]] T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }
  /// The value, moved, or this in its place.
  template <class U>
  [[nodiscard]] T value_or(U&& fallback) && {
    return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(fallback));
  }

  /// `f` of the value, itself a `Result`; an error passes through with its metadata.
  template <class F>
  [[nodiscard]] auto and_then(F&& f) const& {
    return Then(*this, std::forward<F>(f));
  }
  /// `f` of the value, moved, itself a `Result`; an error passes through with its metadata.
  template <class F>
  [[nodiscard]] auto and_then(F&& f) && {
    return Then(std::move(*this), std::forward<F>(f));
  }

  /// `f` of the value as the new value, with the metadata of this one.
  template <class F>
  [[nodiscard]] auto transform(F&& f) const& {
    return Map(*this, std::forward<F>(f));
  }
  /// `f` of the value, moved, as the new value, with the metadata of this one.
  template <class F>
  [[nodiscard]] auto transform(F&& f) && {
    return Map(std::move(*this), std::forward<F>(f));
  }

  /// `f` of the error, a `Result<T>`; a value passes through.
  template <class F>
  [[nodiscard]] Result or_else(F&& f) const& {
    return has_value() ? *this : Result(std::invoke(std::forward<F>(f), error()));
  }
  /// `f` of the error, moved, a `Result<T>`; a value passes through.
  template <class F>
  [[nodiscard]] Result or_else(F&& f) && {
    return has_value() ? std::move(*this)
                       : Result(std::invoke(std::forward<F>(f), std::move(*this).error()));
  }

 private:
  template <class Self>
  static auto& Checked(Self& self) {
    if (!self.has_value()) internal::FailResultAccess(self.error());
    return *self;
  }

  template <class Self, class F>
  static auto Then(Self&& self, F&& f) {
    using Next = std::decay_t<std::invoke_result_t<F, decltype(*std::forward<Self>(self))>>;
    if (self.has_value()) return Next(std::invoke(std::forward<F>(f), *std::forward<Self>(self)));
    return Next(std::forward<Self>(self).error(), std::forward<Self>(self).metadata());
  }

  template <class Self, class F>
  static auto Map(Self&& self, F&& f) {
    using Next = Result<std::decay_t<std::invoke_result_t<F, decltype(*std::forward<Self>(self))>>>;
    if (!self.has_value()) {
      return Next(std::forward<Self>(self).error(), std::forward<Self>(self).metadata());
    }
    auto value = std::invoke(std::forward<F>(f), *std::forward<Self>(self));
    return Next(std::move(value), std::forward<Self>(self).metadata());
  }

  std::variant<T, Error> state_;
  ResponseMetadata metadata_;
};

}  // namespace v0
}  // namespace service_accounts

#endif  // SERVICE_ACCOUNTS_RESULT_H_
