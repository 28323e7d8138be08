// The loop around libcurl, as far as it goes without a connection: how it waits, in either way, and
// what it does not begin.
#include "curl/loop.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "tests/support/catch.h"

namespace service_accounts::v0::internal {
namespace {

using namespace std::chrono_literals;

class Sent final : public Send {
 public:
  explicit Sent(SteadyTime deadline) { context_.deadline = deadline; }

  [[nodiscard]] const HttpRequest& request() override { return request_; }
  [[nodiscard]] SendContext context() override { return context_; }
  void OnSent(TransportResult&& result) noexcept override { result_ = std::move(result); }

  [[nodiscard]] const std::optional<TransportResult>& result() const { return result_; }

 private:
  HttpRequest request_;
  SendContext context_;
  std::optional<TransportResult> result_;
};

TEST_CASE("A send whose time has passed is not begun") {
  for (const auto make : {MakeMultiForOne, MakeMultiForMany}) {
    Loop loop({}, make());
    Sent send(std::chrono::steady_clock::now());
    loop.Begin(&send);
    REQUIRE(send.result());
    const auto& failure = std::get<TransportFailure>(*send.result());
    CHECK(failure.kind == ErrorKind::kTimeout);
    CHECK(failure.outcome == RequestOutcome::kNotSent);
    CHECK(failure.message == "the time allowed passed before the request was sent");
    CHECK(loop.usable());
  }
}

TEST_CASE("A loop with nothing under way waits until the time that it is given") {
  for (const auto make : {MakeMultiForOne, MakeMultiForMany}) {
    Loop loop({}, make());
    const SteadyTime begin = std::chrono::steady_clock::now();
    loop.Run(SteadyTime::min());
    loop.Run(begin);
    CHECK(std::chrono::steady_clock::now() - begin < 30s);  // Not as long as it may: a minute.
    const SteadyTime until = std::chrono::steady_clock::now() + 20ms;
    loop.Run(until);
    CHECK(std::chrono::steady_clock::now() >= until);
    CHECK(std::chrono::steady_clock::now() - begin < 30s);
    CHECK(loop.usable());
  }
}

}  // namespace
}  // namespace service_accounts::v0::internal
