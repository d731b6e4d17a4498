#include "flow/run_directory.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "flow/files.h"
#include "flow/sweep_store.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStore = "sweep.db";

void check_complete(const fs::path& directory) {
  std::error_code ec;
  if (!fs::is_directory(directory, ec))
    throw InputError(
        fmt::format("{}: no such directory, expected one that simulate, fit or sweep wrote",
                    directory.string()));
  for (const char* name : {"summary.json", "layers.csv", "plan.csv", "program.uno", "trace.unt"})
    if (!fs::is_regular_file(directory / name, ec))
      throw InputError(fmt::format(
          "{}: has no {}, expected the directory of a run of this version, or of a sweep",
          directory.string(), name));
}

std::optional<std::string> optional_file(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return std::nullopt;
  return read_file(file);
}

}  // namespace

bool is_sweep_directory(const fs::path& directory) {
  std::error_code ec;
  return fs::is_regular_file(directory / kStore, ec);
}

PageRun read_run_directory(const fs::path& directory) {
  check_complete(directory);
  PageRun run;
  run.path = directory.string();
  run.summary = read_file(directory / "summary.json");
  run.layers = read_file(directory / "layers.csv");
  run.plan = read_file(directory / "plan.csv");
  run.object = load_object(directory / "program.uno");
  const fs::path trace = directory / "trace.unt";
  run.trace = read_plannable_trace(read_file(trace), trace.string());
  run.front = optional_file(directory / "front.csv");
  if (run.front) run.schedule = optional_file(directory / "schedule.txt");
  return run;
}

PageSweep read_sweep_directory(const fs::path& directory) {
  static const std::vector<ColumnInfo> kFigures = infos(sweep_figures());
  const StoredSweep stored = read_sweep_store(directory / kStore);
  PageSweep sweep;
  sweep.path = directory.string();
  sweep.name = stored.name;
  sweep.axes = stored.axes;
  sweep.figures.assign(std::begin(kSweepOutcomeColumns), std::end(kSweepOutcomeColumns));
  sweep.figures.insert(sweep.figures.end(), kFigures.begin(), kFigures.end());
  for (const GridRow& point : stored.grid) {
    std::vector<Cell> row = point.axes;
    const auto found = stored.results.find(point.key);
    const bool ran = found != stored.results.end();
    row.emplace_back(ran ? Cell(std::string(status_name(found->second.end))) : Cell());
    row.emplace_back(ran ? Cell(found->second.error) : Cell());
    if (ran) row.insert(row.end(), found->second.figures.begin(), found->second.figures.end());
    row.resize(stored.axes.size() + sweep.figures.size());
    sweep.rows.push_back(std::move(row));
  }
  return sweep;
}

std::string packed_directory(const fs::path& directory) {
  return is_sweep_directory(directory) ? packed_sweep(read_sweep_directory(directory))
                                       : packed_run(read_run_directory(directory));
}

}  // namespace unna
