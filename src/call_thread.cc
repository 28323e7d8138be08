#include "call_thread.h"

#include <system_error>
#include <utility>

#include "quiet_thread.h"

namespace service_accounts::internal {

std::shared_ptr<CallThread> CallThread::Start(std::unique_ptr<SendLoop> sends, const Clock& clock) {
  if (!sends->usable()) {
    throw std::system_error(std::make_error_code(std::errc::too_many_files_open));
  }
  auto calls = std::make_shared<CallThread>(std::move(sends), clock);
  // The thread holds on to what it runs: the last copy of a client may go in a callback on it.
  calls->thread_ = QuietThread([calls] { calls->loop_.Run(true); });
  return calls;
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

}  // namespace service_accounts::internal
