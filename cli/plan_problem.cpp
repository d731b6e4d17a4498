#include "cli/plan_problem.h"

#include <unistd.h>

#include <filesystem>

#include "base/file.h"
#include "cli/console.h"
#include "flow/files.h"
#include "memmgr/complete_problem.h"
#include "memmgr/lifetimes.h"
#include "memmgr/problem_files.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

bool is_json(const std::string& file, const std::string& bytes) {
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  return fs::path(file).extension() == ".json" ||
         (first != std::string::npos && bytes[first] == '{');
}

/// A network given for a problem would only get messages about its first line.
void refuse_network(const std::string& file, const std::string& bytes) {
  if (looks_like_network(file, bytes))
    throw InputError(fmt::format(
        "{}: {}, expected buffers or a trace: `unnasim simulate` plans a network's memory, and "
        "--objective chooses it by what the machine measures",
        file, fs::path(file).extension() == ".onnx" ? "an ONNX model" : "a network"));
}

}  // namespace

PlanProblem load_problem(const std::string& file, const Options& options,
                         std::optional<Bytes> alignment, std::optional<Trace>& kept) {
  constexpr Bytes kTraceAlignment = 64;
  const std::string bytes = file == "-" ? read_descriptor(STDIN_FILENO, file) : read_file(file);
  refuse_network(file, bytes);
  const bool trace = !looks_like_text(bytes) || bytes.starts_with("unnasim-trace") ||
                     fs::path(file).extension() == ".unt";
  if (alignment && !trace)
    options.fail("alignment",
                 fmt::format("{} says the alignment of each buffer, expected a trace", file));
  if (trace) {
    kept = read_plannable_trace(bytes, file);
    return named(file, [&] {
      return make_problem(instruction_liveness(*kept), alignment.value_or(kTraceAlignment));
    });
  }
  return is_json(file, bytes) ? parse_problem_json(bytes, file) : parse_problem_csv(bytes, file);
}

}  // namespace unna
