#include <fmt/format.h>

#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/files.h"
#include "cli/peak.h"
#include "memmgr/checker.h"
#include "memmgr/plan_files.h"
#include "report/table.h"
#include "report/units.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kHelp = {
    "plan", "FILE...",
    "Places buffers in one memory: each file is a CSV of buffers with half-open lifetimes\n"
    "(MiniMalloc's columns: id, lower, upper, size, ...) or a trace of executed instructions "
    "(.unt\n"
    "or text). Every plan is checked. Exit code 3 where one needs more than the capacity."};

constexpr OptionRow kOptions[] = {
    {"capacity", "BYTES", "", "size of the memory (default: as large as needed)"},
    {"planner", "NAME", "tetris", "which planner; --list shows them"},
    {"compare", "LIST", "", "several planners instead: names, or all"},
    {"alignment", "BYTES", "64", "of the buffers of a trace"},
    {"list", "", "", "list the planners"},
    {"output,o", "FILE", "", "write the offsets as CSV (one file and one planner only)"},
    {"no-timing", "", "", "leave out what depends on the host"},
};

struct PlanInput {
  std::string file;
  PlanProblem problem;
};

PlanInput load_problem(const std::string& file, Bytes alignment) {
  const std::string bytes = read_file(file);
  const bool trace = !looks_like_text(bytes) || bytes.starts_with("unnasim-trace") ||
                     fs::path(file).extension() == ".unt";
  if (!trace) return {file, parse_plan_csv(bytes, file)};
  return {file, make_problem(instruction_liveness(read_trace(bytes, file)), alignment)};
}

/// MiniMalloc's columns where there are intervals; a partial order has none to write.
std::string offsets_csv(const PlanProblem& problem, const Plan& plan) {
  if (problem.lifetimes.intervals) return format_plan_csv(problem, plan.offsets);
  constexpr std::string_view kColumns[] = {"id", "size", "offset"};
  CsvWriter csv(kColumns);
  for (std::size_t i = 0; i < problem.size(); ++i)
    csv.row({problem.buffers[i].name, fmt::format("{}", problem.buffers[i].size),
             fmt::format("{}", plan.offsets[i])});
  return csv.text();
}

void list_planners() {
  TextTable table({"planner", "what it does", "source"});
  table.left_from(1);
  for (const PlannerInfo& info : planners())
    table.add({std::string(info.name), std::string(info.doc), std::string(info.reference)});
  fmt::print("{}", table.str());
}

std::vector<std::string> chosen_planners(const Options& options) {
  if (!options.text("compare")) return {options.required("planner")};
  std::vector<std::string> names;
  for (const std::string& name : options.list("compare")) {
    if (name == "all")
      for (const PlannerInfo& info : planners()) names.emplace_back(info.name);
    else
      names.push_back(name);
  }
  return names;
}

void require_valid(const PlanInput& input, const Plan& plan) {
  const auto violations = check_plan(input.problem, plan);
  if (violations.empty()) return;
  std::string message =
      fmt::format("the plan of {} for {} is not valid:", plan.planner, input.file);
  for (const Violation& violation : violations) message += "\n  " + violation.message;
  throw InternalError(message);
}

std::string too_large_message(const PlanInput& input, const Plan& plan, Bytes capacity) {
  const std::string judged =
      plan.lower_bound > capacity
          ? fmt::format("no plan fits: the lower bound is {}", grouped(plan.lower_bound))
          : fmt::format("the lower bound of {} would fit", grouped(plan.lower_bound));
  return fmt::format(
      "{}: the plan of {} needs {} bytes, {} more than the capacity of {} ({}); in use together at "
      "the peak: {}",
      input.file, plan.planner, grouped(plan.peak), grouped(plan.peak - capacity),
      grouped(capacity), judged, peak_text(input.problem));
}

}  // namespace

int plan_command(const Arguments& arguments) {
  const auto rows =
      std::vector<OptionRow>(std::begin(kOptions), std::end(kOptions)) + search_options();
  const auto options = parse_options(kHelp, rows, arguments);
  if (!options) return kExitOk;
  if (options->flag("list")) {
    list_planners();
    return kExitOk;
  }
  if (options->positional().empty())
    throw InputError("unnasim plan: expected a file, see unnasim plan --help");
  const auto capacity =
      options->integer("capacity", 0, std::numeric_limits<std::int64_t>::max() / 2);
  const Bytes alignment = options->required_integer("alignment", 1, 1 << 20);
  const auto names = chosen_planners(*options);
  for (const std::string& name : names) planner(name);  // unknown ones fail before any work
  const auto output = options->text("output");
  if (output && (options->positional().size() != 1 || names.size() != 1))
    options->fail("output", "offsets of one file by one planner only");
  const PlanOptions search = plan_choice(*options);

  const bool timing = !options->flag("no-timing");
  std::vector<std::string> titles = {"file", "planner",      "buffers",      "without\nsharing",
                                     "peak", "lower\nbound", "above\nbound", "saved",
                                     "seed"};
  if (timing) titles.emplace_back("time");
  titles.emplace_back("remark");
  TextTable table(titles);
  table.left_from(titles.size() - 1);
  std::string too_large;
  for (const std::string& file : options->positional()) {
    PlanInput input = load_problem(file, alignment);
    for (const std::string& name : names) {
      input.problem.capacity = capacity;
      const Plan plan = run_planner(name, input.problem, search);
      input.problem.capacity.reset();  // a plan that is too large is an answer, not a violation
      require_valid(input, plan);
      const Bytes naive = input.problem.total();
      std::vector<std::string> cells = {fs::path(file).filename().string(),
                                        name,
                                        fmt::format("{}", input.problem.buffers.size()),
                                        grouped(naive),
                                        grouped(plan.peak),
                                        grouped(plan.lower_bound),
                                        grouped(plan.fragmentation()),
                                        percent(reduction(naive, plan.peak)),
                                        fmt::format("{}", plan.seed)};
      if (timing) cells.push_back(readable_seconds(plan.seconds));
      cells.push_back(plan.proved_optimal ? "optimal" : plan.note);
      table.add(std::move(cells));
      if (output) write_file(*output, offsets_csv(input.problem, plan));
      if (capacity && plan.peak > *capacity) {
        if (!too_large.empty()) too_large += "\n";
        too_large += too_large_message(input, plan, *capacity);
      }
    }
  }
  fmt::print("{}", table.str());
  if (!too_large.empty()) throw CapacityError(too_large);
  return kExitOk;
}

}  // namespace unna
