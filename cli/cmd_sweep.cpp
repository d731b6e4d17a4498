#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/progress.h"
#include "flow/process_pool.h"
#include "flow/sweep.h"
#include "flow/sweep_journal.h"
#include "text/csv.h"
#include "text/table.h"

namespace unna {

namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kHelp = {
    "sweep", "FILE",
    "Simulates every point of a grid (docs/sweeps.md), several at a time. Finished points are "
    "kept\n"
    "in journal.csv as they finish; sweep.csv, the table in the order of the grid, is the same\n"
    "whatever --jobs. A point that fails is a row with its error; exit code 1 where all do."};

constexpr OptionRow kOptions[] = {
    {"jobs,j", "N", "1", "points at a time"},
    {"resume", "", "", "go on where a killed sweep was: keep what its journal has"},
    {"list", "", "", "only list the points"},
    {"output,o", "DIR", "", "run directory (default: out/<name of the sweep>)"},
};

std::vector<std::string> run_point(const SweepRun& run) {
  try {
    return result_cells(run_network(run.network, run.machine, run.options, false).report);
  } catch (const InternalError& error) {
    throw InternalError(fmt::format("internal error: {}", error.what()));  // a row says so
  }
}

/// A point's run, or why there is none (a machine field out of range together with others).
struct Prepared {
  std::optional<SweepRun> run;
  std::string key;
  std::string error;
};

Prepared prepare(const SweepSpec& spec, const SweepPoint& point) {
  Prepared prepared;
  try {
    prepared.run = resolve(spec, point);
    prepared.key = point_key(*prepared.run);
  } catch (const InputError& error) {
    prepared.error = error.what();
  }
  return prepared;
}

using Rows = std::vector<std::optional<std::vector<std::string>>>;

/// Runs what has no row yet.
void fill_rows(const std::vector<Prepared>& prepared, int jobs, SweepJournal& journal, Rows& rows) {
  std::vector<std::size_t> todo;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!rows[i]) todo.push_back(i);
  Progress progress(todo.size(), "points");
  std::size_t done = 0;
  std::size_t failed = 0;
  run_in_children(
      todo.size(), jobs, [&](std::size_t i) { return csv_line(run_point(*prepared[todo[i]].run)); },
      [&](std::size_t i, const ChildOutcome& outcome) {
        const std::size_t point = todo[i];
        rows[point] = outcome.ok ? split_csv_line(outcome.text) : failure_cells(outcome.text);
        journal.add(prepared[point].key, *rows[point]);
        failed += outcome.ok ? 0 : 1;
        progress.finished(++done, failed);
      });
}

std::string table_csv(const SweepSpec& spec, const std::vector<SweepPoint>& points,
                      const Rows& rows) {
  std::string text = csv_line(sweep_columns(spec)) + "\n";
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<std::string> cells = {fmt::format("{}", i)};
    for (const auto& part : {axis_cells(spec, points[i]), *rows[i]})
      cells.insert(cells.end(), part.begin(), part.end());
    text += csv_line(cells) + "\n";
  }
  return text;
}

void list_points(const SweepSpec& spec, const std::vector<SweepPoint>& points) {
  std::vector<std::string> titles = {"index"};
  for (const SweepAxis& axis : spec.axes) titles.push_back(axis.name);
  TextTable table(titles);
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<std::string> cells = axis_cells(spec, points[i]);
    cells.insert(cells.begin(), fmt::format("{}", i));
    table.add(std::move(cells));
  }
  fmt::print("{}", table.str());
}

/// A line for each of the first distinct errors, in the order of the grid.
std::string failure_reasons(const Rows& rows) {
  constexpr std::size_t kShown = 4;
  std::vector<std::pair<std::string, std::size_t>> reasons;  // error, points
  for (const auto& row : rows) {
    if (row->front() == "ok") continue;
    const auto known =
        std::ranges::find(reasons, row->at(1), [](const auto& r) { return r.first; });
    if (known == reasons.end())
      reasons.emplace_back(row->at(1), 1);
    else
      ++known->second;
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(kShown, reasons.size()); ++i)
    text += fmt::format("  {} failed: {}\n", reasons[i].second, reasons[i].first);
  if (reasons.size() > kShown)
    text += fmt::format("  and {} more, see column 'error'\n", reasons.size() - kShown);
  return text;
}

}  // namespace

CommandInterface sweep_interface() {
  return {kHelp, {std::begin(kOptions), std::end(kOptions)}};
}

int sweep_command(const Options& options) {
  const fs::path file = options.only();
  const int jobs = static_cast<int>(options.required_integer("jobs", 1, 1024));
  const SweepSpec spec = parse_sweep(read_file(file), file);
  const std::vector<SweepPoint> points = sweep_points(spec);
  if (options.flag("list")) {
    list_points(spec, points);
    return kExitOk;
  }

  const fs::path directory = run_directory(options, spec.name);
  SweepJournal journal(directory / "journal.csv", options.flag("resume"), result_cell_count());
  std::vector<Prepared> prepared;
  Rows rows(points.size());
  std::size_t resumed = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    prepared.push_back(prepare(spec, points[i]));
    if (!prepared[i].run) rows[i] = failure_cells(prepared[i].error);
    const auto found = journal.finished().find(prepared[i].key);
    if (found == journal.finished().end()) continue;
    rows[i] = found->second;
    ++resumed;
  }
  fill_rows(prepared, jobs, journal, rows);
  write_file(directory / "sweep.csv", table_csv(spec, points, rows));
  const auto failed =
      std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row->front() != "ok"; });
  fmt::print("{} points, {} failed{}\n{}written to {}\n", points.size(), failed,
             resumed > 0 ? fmt::format(", {} from the journal", resumed) : "",
             failure_reasons(rows), (directory / "sweep.csv").string());
  const bool nothing = !rows.empty() && static_cast<std::size_t>(failed) == rows.size();
  return nothing ? kExitNothingDone : kExitOk;
}

}  // namespace unna
