// libonnx's checker knows the schema of every operator, but a malformed graph may crash it: it runs
// in a child, which has nothing to lose.

#include <fmt/format.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "workloads/onnx/model.h"

namespace unna::onnx_import {
namespace {

constexpr rlim_t kMaxSeconds = 60;  // of the child

std::string verdict(const std::string& skeleton) {
  ::onnx::ModelProto model;
  if (!model.ParseFromString(skeleton)) return "it can't be parsed";
  try {
    ::onnx::checker::check_model(model);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

[[noreturn]] void run_child(int out, const std::string& skeleton) {
  const rlimit seconds{kMaxSeconds, kMaxSeconds};
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CPU, &seconds);
  setrlimit(RLIMIT_CORE, &no_core);
  std::string text = verdict(skeleton);
  constexpr std::size_t kMaxText = 4096;
  text.resize(std::min(text.size(), kMaxText));
  const bool written = write(out, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  _exit(written ? 0 : 1);  // no destructors, no buffers of the parent
}

std::string read_all(int in) {
  std::string text;
  char buffer[512];
  for (ssize_t n = 0; (n = read(in, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  return text;
}

}  // namespace

std::optional<std::string> check_skeleton(const std::string& skeleton) {
  int ends[2];
  invariant(pipe(ends) == 0, "no pipe for the checker");
  const pid_t child = fork();
  invariant(child >= 0, "no process for the checker");
  if (child == 0) {
    close(ends[0]);
    run_child(ends[1], skeleton);
  }
  close(ends[1]);
  std::string text = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return "libonnx's checker does not survive it, expected a valid model";
  if (text.empty()) return std::nullopt;
  std::replace(text.begin(), text.end(), '\n', ' ');
  while (text.ends_with(' ')) text.pop_back();
  return fmt::format("refused by libonnx's checker: {}", text);
}

}  // namespace unna::onnx_import
