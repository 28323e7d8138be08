#include "call_thread.h"

#include <system_error>
#include <utility>

#include "contain.h"
#include "quiet_thread.h"

namespace service_accounts::v0::internal {

std::shared_ptr<CallThread> CallThread::Start(std::unique_ptr<SendLoop> sends, const Clock& clock,
                                              std::string* problem) {
  if (!sends->usable()) {
    *problem = std::make_error_code(std::errc::too_many_files_open).message();
    return nullptr;
  }
  auto calls = std::make_shared<CallThread>(std::move(sends), clock);
  // The thread holds on to what it runs: the last copy of a client may go in a callback on it.
  auto no_thread =
      Contain([&] { calls->thread_ = QuietThread([calls] { calls->loop_.Run(true); }); });
  if (!no_thread) return calls;
  *problem = *std::move(no_thread);
  return nullptr;
}

void CallThread::Retire() {
  loop_.Finish();
  thread_.detach();
}

void CallThread::Stop() {
  loop_.Stop();
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

}  // namespace service_accounts::v0::internal
