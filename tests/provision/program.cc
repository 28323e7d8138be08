#include "tests/provision/program.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace service_accounts::tests {
namespace {

void Check(bool good, const char* what) {
  if (!good) throw std::system_error(errno, std::generic_category(), what);
}

bool IsReadByTheLibrary(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  return Holds(name, "SERVICE_ACCOUNTS_") || Holds(name, "_proxy") || Holds(name, "_PROXY");
}

std::vector<std::string> Environment(const Program::Variables& variables) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!IsReadByTheLibrary(*variable)) all.emplace_back(*variable);
  }
  for (const auto& [name, value] : variables) {
    std::string variable = name;
    all.push_back(variable.append("=").append(value));
  }
  return all;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

int CodeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

Program::Program(std::vector<std::string> command, const Variables& variables) {
  std::vector<std::string> environment = Environment(variables);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output_.path().c_str(), O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, errors_.path().c_str(), O_WRONLY | O_APPEND, 0);
  errno = posix_spawn(&id_, command.front().c_str(), &actions, nullptr, Pointers(&command).data(),
                      Pointers(&environment).data());
  posix_spawn_file_actions_destroy(&actions);
  Check(errno == 0, "posix_spawn");
}

Program::~Program() {
  if (HasEnded()) return;
  Signal(SIGKILL);
  while (waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

int Program::Wait() {
  if (exit_code_) return *exit_code_;
  int status = 0;
  while (waitpid(id_, &status, 0) < 0) Check(errno == EINTR, "waitpid");
  exit_code_ = CodeOf(status);
  return *exit_code_;
}

bool Program::HasEnded() {
  int status = 0;
  if (!exit_code_ && waitpid(id_, &status, WNOHANG) == id_) exit_code_ = CodeOf(status);
  return exit_code_.has_value();
}

bool Program::Await(const std::function<bool()>& is_so) {
  constexpr std::chrono::microseconds kBetweenLooks{100};
  while (!is_so()) {
    if (HasEnded()) return is_so();
    std::this_thread::sleep_for(kBetweenLooks);
  }
  return true;
}

void Program::Signal(int signal) {
  if (!exit_code_) kill(id_, signal);
}

std::string Program::output() const { return ContentsOf(output_.path()); }
std::string Program::errors() const { return ContentsOf(errors_.path()); }

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "service-accounts-test-XXXXXX").string()) {
  Check(mkdtemp(path_.data()) != nullptr, "mkdtemp");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ContentsOf(const std::string& path) {
  std::ostringstream contents;
  contents << std::ifstream(path, std::ios::binary).rdbuf();
  return contents.str();
}

void Write(const std::string& path, std::string_view contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace service_accounts::tests
