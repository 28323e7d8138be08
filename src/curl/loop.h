// An event loop around libcurl: drives transfers, on whatever thread runs it.
#ifndef SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_
#define SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "curl/multi.h"
#include "curl/request_head.h"
#include "curl/transfer.h"
#include "default_transport.h"
#include "send_loop.h"

namespace service_accounts::v0::internal {

/// Connections, and the transfers that use them.
class Loop final : public SendLoop {
 public:
  Loop(DefaultTransportOptions options, std::unique_ptr<Multi> multi);
  ~Loop() override = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void Begin(Send* send) override;
  void Cancel(Send* send) override;
  void Run(SteadyTime until) override;
  void Wake() noexcept override;
  [[nodiscard]] bool usable() const noexcept override { return usable_; }

 private:
  [[nodiscard]] std::string Start(Send* send, SteadyTime now);
  [[nodiscard]] std::unique_ptr<Transfer> TakeIdle();
  [[nodiscard]] bool Perform();
  [[nodiscard]] bool ReportEnded();
  void Report(Transfer* transfer);
  [[nodiscard]] bool BeginAgain(Transfer* transfer);
  void KeepIdle(std::unique_ptr<Transfer> transfer) noexcept;
  void FailAndRest(SteadyTime until);
  void Fail();

  const DefaultTransportOptions options_;
  // In this order: a transfer has to go before the connections that it may refer to.
  const std::unique_ptr<Multi> multi_;
  std::shared_ptr<const RequestHead> head_;  ///< Of the last request: the next one's, as a rule.
  std::vector<std::unique_ptr<Transfer>> under_way_;  ///< Each at its place.
  std::vector<std::unique_ptr<Transfer>> idle_;
  bool begun_ = false;  ///< Something, since libcurl was last let work.
  bool usable_;
};

}  // namespace service_accounts::v0::internal

#endif  // SERVICE_ACCOUNTS_SRC_CURL_LOOP_H_
