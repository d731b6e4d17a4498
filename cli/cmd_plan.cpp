#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <list>

#include "base/error.h"
#include "base/file.h"
#include "base/output_file.h"
#include "base/version.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/plan_check.h"
#include "cli/plan_network.h"
#include "cli/plan_problem.h"
#include "cli/progress.h"
#include "flow/files.h"
#include "flow/shipped_files.h"
#include "memmgr/checker.h"
#include "memmgr/plan.h"
#include "memmgr/plan_explanation.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/pools/pool_problem.h"
#include "memmgr/pools/pools.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "report/plan_report.h"
#include "text/numbers.h"
#include "text/printable.h"
#include "text/units.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kPlanHelp = {
    "plan", "FILE...",
    "Places buffers in memory: each file is a CSV of buffers with half-open lifetimes\n"
    "(MiniMalloc's columns: id, lower, upper, size, ...), a JSON problem (intervals or a partial\n"
    "order), or a trace of executed instructions (.unt or text). With --objective it is a network\n"
    "(for peak,waits a network or a problem), whose layouts are simulated and chosen by what the\n"
    "machine measures. Every plan is checked.\n"
    "An input file may be - for stdin, an output file - for stdout; the table then goes\n"
    "to stderr. Exit code 3 where no plan is within the capacity, 1 where a plan given to --check\n"
    "is not valid."};

constexpr std::string_view kDefaultPlanner = "auto";
constexpr std::string_view kPlanOutputs[] = {"output", "svg", "json"};

constexpr OptionRow kPlanOptions[] = {
    {"capacity", "BYTES", "", "size of the memory (default: as large as needed)"},
    {"pool", "NAME[=BYTES]", "",
     "a memory of several, with its capacity; repeated, in order of preference", Times::repeated},
    {"planner", "NAME", "", "which planner; --list shows them (default: auto)"},
    {"compare", "LIST", "", "several planners instead: names, or all"},
    {"alignment", "BYTES", "", "of the buffers of a trace (default: 64)"},
    {"list", "", "", "list the planners"},
    {"output,o", "FILE", "", "write the offsets as CSV (one file and one planner only)"},
    {"json", "FILE", "", "write all plans with their certificates"},
    {"svg", "FILE", "", "draw memory over time (one file and one planner only)"},
    {"check", "OFFSETS", "",
     "plan nothing: hold this plan (CSV or JSON, id and offset; - is stdin) against the file"},
    {"explain", "", "", "say which buffers make the peak, and which gaps are wasted and why"},
    {"no-timing", "", "", "leave out what depends on the host"},
    kQuietOption,
};

/// The only file is a network, or the name of one that is shipped.
bool about_a_network(const Options& options) {
  const std::vector<std::string>& files = options.positional();
  if (files.size() > 1 && std::ranges::count(shipped_names(Shipped::network), files.front()) > 0)
    options.fail("objective", "several files, expected problems, or one network");
  if (files.size() != 1 || files.front() == "-") return false;
  if (!fs::exists(files.front())) return true;  // the name of one, or of nothing: it is said there
  return looks_like_network(files.front(), read_file(files.front()));
}

void list_planners() {
  TextTable table({"planner", "sees", "gives", "what it does", "source"});
  table.left_from(1);
  for (const PlannerInfo& info : planners())
    table.add({std::string(info.name),
               std::string(kPlannerViewNames[static_cast<std::size_t>(info.view)]),
               info.shared_objects ? "objects" : "offsets", std::string(info.doc),
               std::string(info.reference)});
  fmt::print("{}", table.str());
}

std::vector<std::string> chosen_planners(const Options& options) {
  const auto one = options.text("planner");
  if (one && options.text("compare"))
    options.fail("planner", "--compare says which planners, expected one of the two options");
  if (!options.text("compare")) return {one.value_or(std::string(kDefaultPlanner))};
  std::vector<std::string> names;
  for (const std::string& name : options.list("compare")) {
    if (name == "all")
      for (const PlannerInfo& info : planners()) names.emplace_back(info.name);
    else
      names.push_back(name);
  }
  return names;
}

std::vector<MemoryPool> chosen_pools(const Options& options) {
  std::vector<MemoryPool> pools;
  for (const std::string& text : options.all("pool")) {
    MemoryPool pool;
    const std::size_t equals = text.find('=');
    pool.name = text.substr(0, equals);
    std::int64_t bytes = 0;
    const bool number =
        equals == std::string::npos || (parse_bytes(text.substr(equals + 1), bytes) && bytes >= 0);
    if (pool.name.empty() || !number)
      options.fail("pool", fmt::format("'{}' is not NAME or NAME=BYTES", text));
    if (equals != std::string::npos) pool.capacity = bytes;
    if (std::ranges::count(pools, pool.name, &MemoryPool::name) > 0)
      options.fail("pool", fmt::format("'{}' is given twice", pool.name));
    pools.push_back(std::move(pool));
  }
  return pools;
}

/// What the command line asks for.
struct PlanRequest {
  std::vector<std::string> planners;
  bool compare = false;
  std::optional<Bytes> capacity;
  std::vector<MemoryPool> pools;
  std::optional<Bytes> alignment;
  PlanOptions search;
};

PlanRequest read_request(const Options& options) {
  PlanRequest request;
  request.planners = chosen_planners(options);
  // Before any work.
  for (const std::string& name : request.planners)
    planner_choice(options, options.text("compare") ? "compare" : "planner", name);
  request.compare = options.text("compare").has_value();
  if (options.text("check"))
    for (const char* name :
         {"planner", "compare", "seed", "threads", "time-limit", "tetris", "objective"})
      if (options.given(name)) options.fail(name, "with --check nothing is planned, expected none");
  request.capacity = options.bytes("capacity", 0, std::numeric_limits<std::int64_t>::max() / 2);
  request.pools = chosen_pools(options);
  if (request.capacity && !request.pools.empty())
    options.fail("capacity", "each pool has its own: --pool NAME=BYTES");
  request.alignment = options.bytes("alignment", 1, 1 << 20);
  request.search = plan_choice(options);
  request.search.few_waits = asks_for_few_waits(options);
  const bool one = options.positional().size() == 1 && request.planners.size() == 1;
  if (options.text("check") && options.positional().size() != 1)
    options.fail("check", "several files, expected the one that the offsets are for");
  for (const char* name : {"output", "svg"})
    if (options.text(name) && !one)
      options.fail(name, fmt::format("{} of one file by one planner only",
                                     std::string_view(name) == "svg" ? "a map" : "offsets"));
  check_output_files(options, kPlanOutputs);
  return request;
}

/// All of them before any is planned, so that an error in the last one takes no time.
struct Loaded {
  std::list<PlanProblem> problems;
  std::optional<Trace> trace;  ///< of the last file, if it is one
};
Loaded load_problems(const Options& options, const PlanRequest& request) {
  if (std::ranges::count(options.positional(), "-") > 1)
    throw InputError("unnasim plan: standard input (-) twice, expected it once");
  Loaded loaded;
  for (const std::string& file : options.positional()) {
    loaded.trace.reset();
    PlanProblem& problem =
        loaded.problems.emplace_back(load_problem(file, options, request.alignment, loaded.trace));
    if (request.capacity && !problem.pools.empty())
      options.fail("capacity", fmt::format("{} has pools, each with a capacity of its own", file));
    if (request.capacity) problem.capacity = request.capacity;
    if (request.search.few_waits && problem.avoid.empty())
      options.fail("objective", fmt::format("{} has no pairs to avoid (JSON: \"avoid\"), so that "
                                            "every plan is without waits",
                                            file));
    named(file, [&] { set_pools(problem, request.pools); });
  }
  return loaded;
}

void require_none(const PlanRun& run, const std::vector<Violation>& violations) {
  if (violations.empty()) return;
  std::string message = fmt::format("the plan of {} for {} is not valid:", run.planner, run.file);
  for (const Violation& violation : violations) message += "\n  " + violation.message;
  throw InternalError(message);
}

/// What the pairs to avoid cost, counted anew.
void require_counted(const MemoryView& memory) {
  if (!memory.plan.waits) return;
  const std::int64_t counted = waits_cost(memory.problem, memory.plan.offsets);
  invariant(memory.plan.waits->cost == counted, "waits cost {}, the planner said {}", counted,
            memory.plan.waits->cost);
}

/// The independent checker's verdict on plan and bound, and its time.
void check(PlanRun& run) {
  const auto start = std::chrono::steady_clock::now();
  if (run.plan) {
    // A plan that is too large is an answer, not a violation.
    PlanProblem unlimited = *run.problem;
    unlimited.capacity.reset();
    require_none(run, check_plan(unlimited, *run.plan));
  }
  if (run.pools) require_none(run, check_pools(*run.problem, run.pools->pool, run.pools->offsets));
  for (const MemoryView& memory : memories(run)) {
    require_none(run, check_bound(memory.problem));
    require_counted(memory);
  }
  run.check_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

PlanRun run_one(const std::string& file, const PlanProblem& problem, const std::string& name,
                const PlanRequest& request) {
  PlanRun run;
  run.file = file;
  run.planner = name;
  run.problem = &problem;
  try {
    if (problem.pools.empty())
      run.plan = run_planner(name, problem, request.search);
    else
      run.pools = plan_pools(name, problem, request.search);
  } catch (const InputError& error) {
    if (!request.compare) throw InputError(fmt::format("{}: {}", file, error.what()));
    run.refusal = error.what();
  } catch (const CapacityError& error) {
    run.refusal = fmt::format("{}: {}", file, error.what());
    run.does_not_fit = true;
  }
  check(run);
  return run;
}

std::vector<PlanRun> run_all(const Options& options, const PlanRequest& request,
                             const std::list<PlanProblem>& problems) {
  RunProgress progress(!options.flag("quiet"));
  std::vector<PlanRun> runs;
  auto file = options.positional().begin();
  for (const PlanProblem& problem : problems) {
    for (const std::string& name : request.planners) {
      progress.stage(fmt::format("planning {} by {}", *file, name));
      runs.push_back(run_one(*file, problem, name, request));
      progress.end_stage();
    }
    ++file;
  }
  return runs;
}

std::string too_large_message(const PlanRun& run) {
  if (run.does_not_fit) return run.refusal;
  const Bytes capacity = *run.problem->capacity;
  const Plan& plan = *run.plan;
  const std::string judged =
      run.proved_impossible()
          ? fmt::format("no plan fits: the lower bound is {}", grouped(plan.lower_bound))
          : fmt::format("none that fits was found, none is excluded: the lower bound is {}",
                        grouped(plan.lower_bound));
  return fmt::format("{}: the plan of {} needs {} bytes, {} more than the capacity of {} ({}); {}",
                     run.file, run.planner, grouped(plan.peak), grouped(plan.peak - capacity),
                     grouped(capacity), judged, bound_reason(*run.problem));
}

/// A file fits if any of its plans does; otherwise the message is about the smallest.
std::string capacity_verdict(const std::vector<PlanRun>& runs) {
  std::string message;
  for (auto first = runs.begin(); first != runs.end();) {
    const auto last = std::find_if(first, runs.end(),
                                   [&](const PlanRun& r) { return r.problem != first->problem; });
    const PlanRun* best = nullptr;
    bool fits = false;
    for (auto run = first; run != last; ++run) {
      if (!run->refusal.empty() && !run->does_not_fit) continue;
      fits = fits || (run->fits() && !run->does_not_fit);
      if (best == nullptr || (run->plan && run->plan->peak < best->plan->peak)) best = &*run;
    }
    if (!fits && best != nullptr)
      message += fmt::format("{}{}", message.empty() ? "" : "\n", too_large_message(*best));
    first = last;
  }
  return message;
}

std::string offsets_csv(const PlanRun& run) {
  return run.plan ? format_offsets_csv(*run.problem, run.plan->offsets)
                  : format_offsets_csv(*run.problem, run.pools->offsets, run.pools->pool);
}

/// All at the end, so that nothing is written where something failed; offsets only where they fit.
void write_outputs(const Options& options, const std::vector<PlanRun>& runs, bool fits) {
  const bool timing = !options.flag("no-timing");
  std::string text = plan_table(runs, timing).str();
  if (options.flag("explain"))
    for (const PlanRun& run : runs) text += plan_explanation(run);
  const bool refused = !runs.front().refusal.empty();
  if (refused && fits && (options.text("svg") || options.text("output")))
    throw InputError(
        fmt::format("{}: {}: there is no plan to write", runs.front().file, runs.front().refusal));
  OutputFiles files;
  if (const auto file = options.text("json")) files.add(*file, plan_json(runs, kVersion, timing));
  if (!refused) {
    if (const auto file = options.text("svg")) files.add(*file, memory_map(runs.front()));
    if (const auto file = options.text("output"); file && fits)
      files.add(*file, offsets_csv(runs.front()));
  }
  files.commit();
  say(options, text, kPlanOutputs);
}

}  // namespace

CommandInterface plan_interface() {
  return {kPlanHelp, std::vector<OptionRow>(std::begin(kPlanOptions), std::end(kPlanOptions)) +
                         search_options() + objective_options() + network_options() +
                         machine_options() + compile_options()};
}

int plan_command(const Options& options) {
  if (options.given("objective") && !asks_for_few_waits(options)) return plan_network(options);
  if (!options.flag("list") && asks_for_few_waits(options) && about_a_network(options))
    return plan_waits(options);
  refuse_objective_options(options);
  if (options.flag("list")) {
    list_planners();
    return kExitOk;
  }
  if (options.positional().empty())
    throw InputError("unnasim plan: expected a file, see unnasim plan --help");
  const PlanRequest request = read_request(options);

  const Loaded loaded = load_problems(options, request);
  const std::list<PlanProblem>& problems = loaded.problems;
  std::vector<PlanRun> runs;  // which point to the problems
  if (const auto offsets = options.text("check")) {
    CheckedPlan checked = check_given(options.only(), problems.front(),
                                      loaded.trace ? &*loaded.trace : nullptr, *offsets);
    if (!checked.invalid.empty()) {
      fmt::print(stderr, "{}", printable_lines(checked.invalid));
      return kExitNotValid;
    }
    runs.push_back(std::move(checked.run));
  } else {
    runs = run_all(options, request, problems);
  }
  const std::string too_large = capacity_verdict(runs);
  write_outputs(options, runs, too_large.empty());
  if (!too_large.empty()) throw CapacityError(too_large);
  return kExitOk;
}

}  // namespace unna
