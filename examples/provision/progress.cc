#include "provision/progress.h"

#include <string>

namespace provision {
namespace {

constexpr std::size_t kWidth = 40;

}  // namespace

void Progress::Count(State state) {
  const std::size_t tenths = done_ * 10 / total_;
  ++done_;
  if (state == State::kMissing) ++missing_;
  if (state == State::kUnknown) ++unknown_;
  if (is_terminal_) {
    Draw();
  } else if (done_ * 10 / total_ != tenths) {
    WriteLine();
  }
}

void Progress::EndLine() {
  if (is_terminal_ && done_ > 0) out_ << std::endl;
}

void Progress::Draw() {
  const std::size_t filled = done_ * kWidth / total_;
  out_ << "\r[" << std::string(filled, '#') << std::string(kWidth - filled, '-') << "] ";
  WriteCounts();
  out_ << "\x1b[K" << std::flush;  // Clears what a longer text left.
}

void Progress::WriteLine() {
  WriteCounts();
  out_ << std::endl;
}

void Progress::WriteCounts() {
  out_ << done_ << " of " << total_;
  if (missing_ > 0) out_ << ", " << missing_ << " not created";
  if (unknown_ > 0) out_ << ", " << unknown_ << " unknown";
}

}  // namespace provision
