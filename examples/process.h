// What the programs with a command line share: how they deal with the system around them, and with
// the terminal. POSIX.
//
//   int main() {
//     KeepStandardFilesTaken();
//     OnStopSignals({[&] { source.Cancel(); }});
//     std::cerr << Escaped(text_of_the_service) << '\n';
//   }
#ifndef SERVICE_ACCOUNTS_EXAMPLES_PROCESS_H_
#define SERVICE_ACCOUNTS_EXAMPLES_PROCESS_H_

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

/// First thing in `main`: where standard input, output or errors are closed (`>&-`), the next file
/// that is opened would be taken for them, and be written over. What stands there instead cannot be
/// written, so that this is noticed as any other failure.
inline void KeepStandardFilesTaken() {
  int file = 0;
  while (file >= 0 && file <= STDERR_FILENO) file = open("/dev/null", O_RDONLY);
  if (file >= 0) close(file);
}

/// The first SIGINT or SIGTERM runs the first function, on a thread of its own, the second one the
/// second, and the one after the last ends the program. To be called before other threads begin.
/// Whoever reads the output or the errors may go: writing fails then, and does not end the program.
inline void OnStopSignals(std::vector<std::function<void()>> functions) {
  (void)std::signal(SIGPIPE, SIG_IGN);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, functions = std::move(functions)] {
    for (const auto& function : functions) {
      int signal = 0;
      sigwait(&signals, &signal);
      function();
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    for (;;) pause();
  }).detach();
}

/// For a terminal: with the control characters, which might move its cursor or worse, as "\x1b".
/// Those from U+0080 to U+009F included.
inline std::string Escaped(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string escaped;
  unsigned char before = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_second_half = before == 0xC2 && byte < 0xA0;
    if (byte < 0x20 || byte == 0x7F || is_second_half) {
      escaped.append("\\x").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 0xFU]);
    } else {
      escaped += c;
    }
    before = byte;
  }
  return escaped;
}

#endif  // SERVICE_ACCOUNTS_EXAMPLES_PROCESS_H_
