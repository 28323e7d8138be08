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
  explicit BadResultAccess(Error error);
  BadResultAccess(const BadResultAccess&) = default;
  BadResultAccess& operator=(const BadResultAccess&) = default;
  ~BadResultAccess() override;

  [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }
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
  using value_type = T;
  using error_type = Error;

  // Implicit, so that `return account;` and `return error;` read as they do with std::expected.
  // NOLINTBEGIN(google-explicit-constructor)
  Result(const T& value) : state_(std::in_place_index<0>, value) {}
  Result(T&& value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(T value, ResponseMetadata metadata)
      : state_(std::in_place_index<0>, std::move(value)), metadata_(std::move(metadata)) {}
  Result(const Error& error) : state_(std::in_place_index<1>, error) {}
  Result(Error&& error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result(Error error, ResponseMetadata metadata)
      : state_(std::in_place_index<1>, std::move(error)), metadata_(std::move(metadata)) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&state_); }
  [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&state_); }
  [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&state_); }

  /// The value; on an error throws `BadResultAccess`, or terminates where exceptions are off.
  [[nodiscard]] T& value() & { return Checked(*this); }
  [[nodiscard]] const T& value() const& { return Checked(*this); }
  [[nodiscard]] T&& value() && { return std::move(Checked(*this)); }

  [[nodiscard]] Error& error() & noexcept { return *std::get_if<1>(&state_); }
  [[nodiscard]] const Error& error() const& noexcept { return *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && noexcept { return std::move(*std::get_if<1>(&state_)); }

  /// What is known of the reply, for success and for error alike; zeroed when none arrived.
  [[nodiscard]] const ResponseMetadata& metadata() const& noexcept { return metadata_; }
  [[nodiscard]] ResponseMetadata&& metadata() && noexcept { return std::move(metadata_); }

  template <class U>
  [[nodiscard]] T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }
  template <class U>
  [[nodiscard]] T value_or(U&& fallback) && {
    return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(fallback));
  }

  /// `f(value)`, itself a `Result`; an error passes through with its metadata.
  template <class F>
  [[nodiscard]] auto and_then(F&& f) const& {
    return Then(*this, std::forward<F>(f));
  }
  template <class F>
  [[nodiscard]] auto and_then(F&& f) && {
    return Then(std::move(*this), std::forward<F>(f));
  }

  /// `f(value)` as the new value, with the metadata of this one.
  template <class F>
  [[nodiscard]] auto transform(F&& f) const& {
    return Map(*this, std::forward<F>(f));
  }
  template <class F>
  [[nodiscard]] auto transform(F&& f) && {
    return Map(std::move(*this), std::forward<F>(f));
  }

  /// `f(error)`, a `Result<T>`; a value passes through.
  template <class F>
  [[nodiscard]] Result or_else(F&& f) const& {
    return has_value() ? *this : Result(std::invoke(std::forward<F>(f), error()));
  }
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
