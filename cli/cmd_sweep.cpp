#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/progress.h"
#include "flow/sweep.h"
#include "flow/sweep_run.h"
#include "flow/sweep_store.h"
#include "text/table.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kHelp = {
    "sweep", "FILE",
    "Simulates every point of a grid (docs/sweeps.md), several at a time. Finished points are "
    "kept\n"
    "in sweep.db, an SQLite database, as they finish; sweep.csv, the table in the order of the "
    "grid,\n"
    "is the same whatever --jobs. A point that fails is a row with its error; exit code 1 where "
    "no\n"
    "point is good, with --strict also where one is not."};

constexpr OptionRow kOptions[] = {
    {"jobs,j", "N", "1", "points at a time"},
    {"point-timeout", "SECONDS", "", "end points that take longer; --resume tries them again"},
    {"resume", "", "",
     "go on where a sweep ended: keep what its store has, but for points that crashed, were killed "
     "or ran out of time"},
    {"strict", "", "", "exit code 1 unless every point is good"},
    {"list", "", "", "only list the points"},
    {"status", "", "", "only say how far the sweep is, also while it runs"},
    {"output,o", "DIR", "", "run directory (default: out/<name of the sweep>)"},
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
  const StoredSweep sweep = read_sweep_store(store_file(directory));
  PointResults results;
  for (const GridRow& row : sweep.grid) {
    const auto found = sweep.results.find(row.key);
    results.push_back(found == sweep.results.end() ? std::nullopt : std::optional(found->second));
  }
  fmt::print("{}: {}\n{}", sweep.name, counts_text(results), failure_reasons(results));
  return kExitOk;
}

int exit_code(const PointResults& results, bool strict) {
  const auto good = std::ranges::count_if(results, [](const auto& r) { return r->ok(); });
  const auto all = static_cast<std::ptrdiff_t>(results.size());
  return good == 0 || (strict && good < all) ? kExitNothingDone : kExitOk;
}

}  // namespace

CommandInterface sweep_interface() {
  return {kHelp, {std::begin(kOptions), std::end(kOptions)}};
}

int sweep_command(const Options& options) {
  const fs::path file = options.only();
  PoolOptions pool;
  pool.jobs = static_cast<int>(options.required_integer("jobs", 1, 1024));
  pool.seconds = options.number("point-timeout", 0.001, 1e6);
  const SweepSpec spec = parse_sweep(read_file(file), file);
  const std::vector<SweepPoint> points = sweep_points(spec);
  const fs::path directory = run_directory(options, spec.name);
  if (options.flag("list")) {
    list_points(spec, points);
    return kExitOk;
  }
  if (options.flag("status")) return show_status(directory);

  const std::vector<PreparedPoint> prepared = prepare(spec, points);
  SweepStore store(store_file(directory),
                   options.flag("resume") ? StoreStart::resume : StoreStart::fresh);
  store.set_grid(spec.name, axis_names(spec), grid_rows(spec, points, prepared));
  PointResults results = known_results(prepared, store);
  std::size_t todo = 0, kept = 0;
  for (std::size_t i = 0; i < results.size(); ++i) {
    todo += results[i] ? 0 : 1;
    kept += results[i] && prepared[i].run ? 1 : 0;
  }
  Progress progress(todo, "point");
  run_points(prepared, pool, store, results,
             [&](std::size_t ended, std::size_t bad) { progress.finished(ended, bad); });
  write_file(directory / "sweep.csv", sweep_csv(spec, points, results));
  fmt::print("{}{}\n{}written to {}\n", counts_text(results),
             kept > 0 ? fmt::format(", {} from the store", kept) : "", failure_reasons(results),
             (directory / "sweep.csv").string());
  return exit_code(results, options.flag("strict"));
}

}  // namespace unna
