#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/progress.h"
#include "cli/sweep_slurm.h"
#include "flow/shipped_files.h"
#include "flow/sweep.h"
#include "flow/sweep_run.h"
#include "flow/sweep_shares.h"
#include "flow/sweep_store.h"
#include "text/numbers.h"
#include "text/table.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kSweepHelp = {
    "sweep", "FILE",
    "Simulates every point of a grid (docs/sweeps.md), several at a time. Finished points are "
    "kept\n"
    "in sweep.db, an SQLite database, as they finish; sweep.csv, the table in the order of the "
    "grid,\n"
    "is the same whatever --jobs. A point that fails is a row with its error; exit code 1 where "
    "no\n"
    "point is good, with --strict also where one is not."};

constexpr OptionRow kSweepOptions[] = {
    {"jobs,j", "N", "1", "points at a time"},
    {"point-timeout", "SECONDS", "", "end points that take longer; --resume tries them again"},
    {"resume", "", "",
     "go on where a sweep ended: keep what its store has, but for points that crashed, were killed "
     "or ran out of time"},
    {"strict", "", "", "exit code 1 unless every point is good"},
    {"list", "", "", "only list the points"},
    {"status", "", "", "only say how far the sweep is, also while it runs"},
    {"slurm", "", "", "submit the points to Slurm, as a job array and a job that merges"},
    {"tasks", "N", "", "with --slurm: tasks of the array (default: a task a point, at most 100)"},
    {"sbatch", "OPTIONS", "", "with --slurm: options of sbatch for both jobs, as '--time=60'",
     Times::repeated},
    {"share", "K/N", "",
     "run every N-th point from the K-th on into a store of its own, as tasks of --slurm do"},
    {"merge", "", "",
     "run nothing: take over what shares have, and write the table if it is whole"},
    {"output,o", "DIR", "", "run directory (default: out/<name of the sweep>)"},
    kQuietOption,
};

fs::path store_file(const fs::path& directory) {
  return directory / "sweep.db";
}

void list_points(const SweepSpec& spec, const std::vector<SweepPoint>& points) {
  std::vector<std::string> titles = axis_names(spec);
  titles.insert(titles.begin(), "index");
  TextTable table(titles);
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<std::string> cells = axis_cells(spec, points[i]);
    cells.insert(cells.begin(), fmt::format("{}", i));
    table.add(std::move(cells));
  }
  fmt::print("{}", table.str());
}

/// "10 points, 6 failed, 1 timeout": those that are good go without saying.
std::string counts_text(const PointResults& results) {
  std::vector<std::size_t> counts(kPointStatusNames.size(), 0);
  std::size_t missing = 0;
  for (const auto& result : results)
    if (result)
      ++counts[static_cast<std::size_t>(result->end)];
    else
      ++missing;
  std::string text = fmt::format("{} points, {} failed", results.size(), counts[1]);
  for (std::size_t i = 2; i < counts.size(); ++i)
    if (counts[i] > 0) text += fmt::format(", {} {}", counts[i], kPointStatusNames[i]);
  if (missing > 0) text += fmt::format(", {} not run yet", missing);
  return text;
}

/// A line for each of the first distinct errors, in the order of the grid.
std::string failure_reasons(const PointResults& results) {
  constexpr std::size_t kShown = 4;
  std::vector<std::pair<std::string, std::size_t>> reasons;  // what happened, points
  for (const auto& result : results) {
    if (!result || result->ok()) continue;
    const std::string text = fmt::format("{}: {}", status_name(result->end), result->error);
    const auto known = std::ranges::find(reasons, text, [](const auto& r) { return r.first; });
    if (known == reasons.end())
      reasons.emplace_back(text, 1);
    else
      ++known->second;
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, reasons.size()); ++i)
    text += fmt::format("  {} {}\n", reasons[i].second, reasons[i].first);
  if (reasons.size() > kShown)
    text += fmt::format("  and {} more, see column 'error'\n", reasons.size() - kShown);
  return text;
}

/// Of the grid in a store, without reading the networks.
int show_status(const fs::path& directory) {
  StoredSweep sweep = read_sweep_store(store_file(directory));
  for (const auto& [key, result] : share_results(directory)) {
    const auto [known, is_new] = sweep.results.try_emplace(key, result);
    if (!is_new && !known->second.is_final()) known->second = result;
  }
  PointResults results;
  for (const GridRow& row : sweep.grid) {
    const auto found = sweep.results.find(row.key);
    results.push_back(found == sweep.results.end() ? std::nullopt : std::optional(found->second));
  }
  const std::string jobs = submitted_jobs(directory).text;
  fmt::print("{}: {}\n{}{}{}", sweep.name, counts_text(results), failure_reasons(results), jobs,
             jobs.empty() ? "" : "\n");
  return kExitOk;
}

int exit_code(const PointResults& results, bool strict) {
  const auto good = std::ranges::count_if(results, [](const auto& r) { return r && r->ok(); });
  const auto all = static_cast<std::ptrdiff_t>(results.size());
  return good == 0 || (strict && good < all) ? kExitNothingDone : kExitOk;
}

SweepShare share_of(const Options& options) {
  const std::string text = options.text("share").value_or("1/1");
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::int64_t number = 0, of = 0;
  if (!parse_integer(text.substr(0, slash), number) || slash == text.size() ||
      !parse_integer(text.substr(slash + 1), of) || number < 1 || of < number)
    options.fail("share", fmt::format("'{}', expected K/N with K from 1 to N", text));
  return {static_cast<std::size_t>(number), static_cast<std::size_t>(of)};
}

/// What a call is about, read and checked.
struct Sweep {
  SweepSpec spec;
  std::vector<SweepPoint> points;
  std::vector<PreparedPoint> prepared;
  fs::path file;
  fs::path directory;
  PoolOptions pool;
};

/// A share's points alone, into its own store; what the sweep's store has is not run again.
int run_share(const Options& options, const Sweep& sweep) {
  const SweepShare share = share_of(options);
  SweepStore store(share_store(sweep.directory, share), StoreStart::resume, StoreHosts::several);
  store.set_grid(sweep.spec.name, axis_names(sweep.spec),
                 grid_rows(sweep.spec, sweep.points, sweep.prepared));
  PointResults results = known_results(sweep.prepared, store);
  std::map<std::string, PointResult> before;
  if (fs::exists(store_file(sweep.directory))) before = read_results(store_file(sweep.directory));
  std::vector<PreparedPoint> mine;
  PointResults of_mine;
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (!share.has(i)) continue;
    const auto known = before.find(sweep.prepared[i].key);
    if (known != before.end() && known->second.is_final()) continue;
    mine.push_back(sweep.prepared[i]);
    of_mine.push_back(results[i]);
  }
  const auto todo = std::ranges::count_if(of_mine, [](const auto& r) { return !r; });
  Progress progress(static_cast<std::size_t>(todo), "point", say_progress(options));
  run_points(mine, sweep.pool, store, of_mine,
             [&](std::size_t ended, std::size_t bad) { progress.finished(ended, bad); });
  say(options, fmt::format("share {} of {}: {}\n{}", share.number, share.of, counts_text(of_mine),
                           failure_reasons(of_mine)));
  return kExitOk;
}

/// The table, where every point has a result, and what there is to say.
int finish(const Options& options, const Sweep& sweep, const PointResults& results,
           std::size_t kept) {
  const bool whole = std::ranges::all_of(results, [](const auto& r) { return r.has_value(); });
  const fs::path table = sweep.directory / "sweep.csv";
  if (whole) write_file(table, sweep_csv(sweep.spec, sweep.points, results));
  say(options, fmt::format("{}{}\n{}{}", counts_text(results),
                           kept > 0 ? fmt::format(", {} from the store", kept) : "",
                           failure_reasons(results),
                           whole ? fmt::format("written to {}\n", table.string())
                                 : "not whole yet: --resume runs the rest\n"));
  return whole ? exit_code(results, options.flag("strict")) : kExitNothingDone;
}

/// As far as the store has them, also those that would be tried again.
PointResults tried_results(const Sweep& sweep, const SweepStore& store) {
  PointResults results = known_results(sweep.prepared, store);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto found = store.results().find(sweep.prepared[i].key);
    if (!results[i] && found != store.results().end()) results[i] = found->second;
  }
  return results;
}

/// While jobs are in the queue nothing else may run their points.
bool wait_for_jobs(const Options& options, const Sweep& sweep, const PointResults& results) {
  const std::string jobs = queued_jobs(sweep.directory);
  if (jobs.empty()) return false;
  say(options, fmt::format("{}\n{}{}; nothing else is started before they have ended\n",
                           counts_text(results), failure_reasons(results), jobs));
  return true;
}

/// Of points that can't run: run_points() stores them otherwise.
std::vector<std::pair<std::string, PointResult>> refused_points(const Sweep& sweep,
                                                                const PointResults& results) {
  std::vector<std::pair<std::string, PointResult>> refused;
  for (std::size_t i = 0; i < results.size(); ++i)
    if (!sweep.prepared[i].run) refused.emplace_back(sweep.prepared[i].key, *results[i]);
  return refused;
}

int run_sweep(const Options& options, const Sweep& sweep) {
  const bool slurm = options.flag("slurm"), merge = options.flag("merge");
  const bool resume = options.flag("resume") || merge;
  if (!resume) {
    const std::string jobs = queued_jobs(sweep.directory);
    if (!jobs.empty())
      throw InputError(fmt::format("{}: {}, expected --resume, or another folder",
                                   sweep.directory.string(), jobs));
    remove_shares(sweep.directory);
  }
  const bool shared = slurm || merge || fs::exists(sweep.directory / "shares");
  SweepStore store(store_file(sweep.directory), resume ? StoreStart::resume : StoreStart::fresh,
                   shared ? StoreHosts::several : StoreHosts::one);
  store.set_grid(sweep.spec.name, axis_names(sweep.spec),
                 grid_rows(sweep.spec, sweep.points, sweep.prepared));
  merge_shares(sweep.directory, store);
  PointResults results = known_results(sweep.prepared, store);
  std::size_t todo = 0, kept = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    todo += results[i] ? 0 : 1;
    kept += results[i] && sweep.prepared[i].run ? 1 : 0;
  }
  if (shared) store.add(refused_points(sweep, results));
  if (todo > 0 && !merge && wait_for_jobs(options, sweep, results)) return kExitOk;
  if (merge) return finish(options, sweep, tried_results(sweep, store), kept);
  if (slurm && todo > 0) {
    say(options, submit_points(options, sweep.file, sweep.directory, sweep.spec.name, results));
    return kExitOk;
  }
  Progress progress(todo, "point", say_progress(options));
  run_points(sweep.prepared, sweep.pool, store, results,
             [&](std::size_t ended, std::size_t bad) { progress.finished(ended, bad); });
  return finish(options, sweep, results, kept);
}

/// Modes exclude one another, and some options take no effect in some of them.
void check_modes(const Options& options) {
  constexpr std::string_view kModes[] = {"list", "status", "share", "merge", "slurm"};
  struct Idle {
    std::string_view option;
    std::string_view mode;
  };
  constexpr Idle kIdle[] = {
      {"strict", "list"},        {"strict", "status"},        {"strict", "share"},
      {"jobs", "list"},          {"jobs", "status"},          {"jobs", "merge"},
      {"point-timeout", "list"}, {"point-timeout", "status"}, {"point-timeout", "merge"},
      {"resume", "list"},        {"resume", "status"}};
  std::optional<std::string_view> chosen;
  for (const std::string_view mode : kModes) {
    if (!options.given(mode)) continue;
    if (chosen)
      options.fail(mode, fmt::format("is given with --{}, expected one of --{}", *chosen,
                                     fmt::join(kModes, ", --")));
    chosen = mode;
  }
  for (const Idle& idle : kIdle)
    if (chosen == idle.mode && options.given(idle.option))
      options.fail(idle.option,
                   fmt::format("takes no effect with --{}, expected one of them", idle.mode));
  for (const char* name : {"tasks", "sbatch"})
    if (options.given(name) && chosen != "slurm")
      options.fail(name, "takes effect with --slurm only");
}

}  // namespace

CommandInterface sweep_interface() {
  return {kSweepHelp, {std::begin(kSweepOptions), std::end(kSweepOptions)}};
}

int sweep_command(const Options& options) {
  check_modes(options);
  Sweep sweep;
  sweep.file = find_input(Shipped::sweep, options.only());
  sweep.pool.jobs = static_cast<int>(options.required_integer("jobs", 1, 1024));
  sweep.pool.seconds = options.number("point-timeout", 0.001, 1e6);
  sweep.spec = parse_sweep(read_file(sweep.file), sweep.file);
  sweep.points = sweep_points(sweep.spec);
  sweep.directory = run_directory(options, sweep.spec.name);
  if (options.flag("list")) {
    list_points(sweep.spec, sweep.points);
    return kExitOk;
  }
  if (options.flag("status")) return show_status(sweep.directory);
  sweep.prepared = prepare(sweep.spec, sweep.points);
  return options.text("share") ? run_share(options, sweep) : run_sweep(options, sweep);
}

}  // namespace unna
