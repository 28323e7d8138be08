// The same targets without libFuzzer, for any compiler: tries each file of a folder, and the same
// mutations of it in every run.
//   replay-TARGET FOLDER MUTATIONS
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz.h"

namespace {

using Bytes = std::vector<char>;

/// What an input at hand is turned into by one small change.
Bytes Mutated(Bytes input, std::mt19937& random) {
  const auto any = [&](std::size_t below) { return random() % below; };
  const auto at = [&] { return input.begin() + static_cast<std::ptrdiff_t>(any(input.size())); };
  if (input.empty()) return {static_cast<char>(any(256))};
  const auto begin = at();
  const auto end =
      begin + static_cast<std::ptrdiff_t>(any(static_cast<std::size_t>(input.end() - begin) + 1));
  switch (any(5)) {
    case 0: *begin = static_cast<char>(any(256)); break;
    case 1: input.insert(begin, *at()); break;
    case 2: input.erase(begin, end); break;
    case 3: input.erase(begin, input.end()); break;
    default: {
      const Bytes part(begin, end);
      input.insert(at(), part.begin(), part.end());
    }
  }
  return input;
}

/// In memory of exactly its size, so that a sanitizer sees who reads past it.
void TryCopy(const Bytes& input) {
  const Bytes copy(input);
  service_accounts::fuzz::Try({copy.data(), copy.size()});
}

}  // namespace

int main(int argc, char** argv) {
  service_accounts::fuzz::Require(argc == 3, "usage: replay-TARGET FOLDER MUTATIONS");
  const long mutations = std::strtol(argv[2], nullptr, 10);
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    std::ifstream in(entry.path(), std::ios::binary);
    const Bytes input(std::istreambuf_iterator<char>(in), {});
    (void)std::fprintf(stderr, "%s\n", entry.path().filename().c_str());
    TryCopy(input);
    std::mt19937 random(static_cast<unsigned>(input.size()));
    for (long i = 0; i < mutations; ++i) TryCopy(Mutated(input, random));
    ++files;
  }
  service_accounts::fuzz::Require(files > 0, "there is a corpus");
}
