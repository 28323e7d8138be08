// What people see of a run on its way.
#include "provision/progress.h"

#include <sstream>
#include <string>

#include "tests/provision/program.h"
#include "tests/support/catch.h"

namespace provision {
namespace {

using service_accounts::tests::Lines;

TEST_CASE("Elsewhere than on a terminal progress is a line for each tenth") {
  std::ostringstream out;
  Progress progress(out, false, 200);
  for (int i = 0; i < 200; ++i) progress.Count(i == 30 ? State::kUnknown : State::kCreated);
  progress.EndLine();
  const auto lines = Lines(out.str());
  REQUIRE(lines.size() == 10);
  CHECK(lines[0] == "20 of 200");
  CHECK(lines[9] == "200 of 200, 1 unknown");
}

TEST_CASE("On a terminal progress is one line that is drawn over itself, and ended once") {
  std::ostringstream out;
  Progress progress(out, true, 4);
  progress.Count(State::kCreated);
  progress.Count(State::kMissing);
  const std::string half = std::string(20, '#') + std::string(20, '-');
  CHECK(service_accounts::tests::Holds(out.str(), "\r[" + half + "] 2 of 4, 1 not created"));
  CHECK(out.str().find('\n') == std::string::npos);
  progress.EndLine();
  CHECK(out.str().back() == '\n');
}

TEST_CASE("Progress of nothing is nothing") {
  std::ostringstream out;
  Progress(out, true, 0).EndLine();
  CHECK(out.str() == "");
}

}  // namespace
}  // namespace provision
