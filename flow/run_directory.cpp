#include "flow/run_directory.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "flow/files.h"
#include "flow/run_manifest.h"
#include "flow/sweep_store.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

constexpr const char* kStore = "sweep.db";

/// What a report reads of a run, in this order, and what it reads where `fit` wrote it.
constexpr const char* kNeeded[] = {"summary.json", "layers.csv", "plan.csv", "program.uno",
                                   "trace.unt"};
constexpr const char* kOfFit[] = {"front.csv", "schedule.txt"};

void check_complete(const fs::path& directory) {
  std::error_code ec;
  if (!fs::is_directory(directory, ec))
    throw InputError(
        fmt::format("{}: no such directory, expected one that simulate, fit or sweep wrote",
                    directory.string()));
  std::vector<std::string> names(std::begin(kNeeded), std::end(kNeeded));
  names.emplace_back(kRunManifest);
  for (const std::string& name : names)
    if (!fs::is_regular_file(directory / name, ec))
      throw InputError(fmt::format(
          "{}: has no {}, expected the directory of a run of this version, or of a sweep",
          directory.string(), name));
}

/// The files of the run in the order of kNeeded, then those of `fit`, if it was one. What another
/// run has left is not looked at.
std::vector<RunFile> read_files(const fs::path& directory) {
  const fs::path list = directory / kRunManifest;
  const RunManifest manifest(read_file(list), list.string());
  std::vector<RunFile> files;
  for (const char* name : kNeeded) files.push_back({name, read_file(directory / name)});
  for (const char* name : kOfFit)
    if (manifest.has(name)) files.push_back({name, read_file(directory / name)});
  manifest.check(files);
  return files;
}

}  // namespace

bool is_sweep_directory(const fs::path& directory) {
  std::error_code ec;
  return fs::is_regular_file(directory / kStore, ec);
}

PageRun read_run_directory(const fs::path& directory) {
  check_complete(directory);
  std::vector<RunFile> files = read_files(directory);
  PageRun run;
  run.path = directory.string();
  run.summary = std::move(files[0].content);
  run.layers = std::move(files[1].content);
  run.plan = std::move(files[2].content);
  run.object = decode_object(files[3].content, (directory / files[3].name).string());
  run.trace = read_plannable_trace(files[4].content, (directory / files[4].name).string());
  if (files.size() > 5) run.front = std::move(files[5].content);
  if (files.size() > 6) run.schedule = std::move(files[6].content);
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
    row.resize(row.size() + 2);
    if (ran) {
      row[row.size() - 2] = std::string(status_name(found->second.end));
      row.back() = found->second.error;
      row.insert(row.end(), found->second.figures.begin(), found->second.figures.end());
    }
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
