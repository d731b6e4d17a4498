#pragma once

// A sweep: a grid of runs described in one YAML file (docs/sweeps.md).

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flow/pipeline.h"
#include "text/yaml.h"

namespace unna {

struct SweepValue {
  std::string text;
  SourcePos pos;
};
struct SweepAxis {
  std::string name;  ///< "network", "cores", ..., "machine.<field>" or "input_shape.<input>"
  std::vector<SweepValue> values;
};

/// Matches a point where each axis it names has one of the values it lists.
struct SweepCondition {
  std::vector<std::pair<std::size_t, std::vector<std::string>>> wanted;  ///< axis, values
};

struct SweepSpec {
  std::string name;
  std::filesystem::path directory;  ///< of the file: networks and machines are relative to it
  std::optional<std::filesystem::path> machine;
  std::vector<std::string> set;
  std::int64_t perturbed = 1;
  std::vector<SweepAxis> axes;          ///< the first varies slowest
  std::vector<SweepCondition> include;  ///< none: everything
  std::vector<SweepCondition> exclude;
};

/// Throws InputError with line and column for unknown axes, values that do not suit them, axes
/// without values or with one twice, conditions on no axis or on values an axis does not have.
SweepSpec parse_sweep(const std::string& yaml, const std::filesystem::path& file);

/// A point of the grid: one value (index) an axis.
using SweepPoint = std::vector<std::size_t>;
/// Those that the conditions let through, in order.
std::vector<SweepPoint> sweep_points(const SweepSpec& spec);

/// What a point runs.
struct SweepRun {
  NetworkChoice network;
  ChosenMachine machine;
  RunOptions options;
};
SweepRun resolve(const SweepSpec& spec, const SweepPoint& point);
/// Changes whenever the result could: hash of program version, network file, machine and options.
std::string point_key(const SweepRun& run);

/// Columns of the table: index, one an axis, then the results.
std::vector<std::string> sweep_columns(const SweepSpec& spec);
/// Cells of the axes' columns.
std::vector<std::string> axis_cells(const SweepSpec& spec, const SweepPoint& point);
/// Cells of the result columns, for a run and for a failure. None depends on the host.
std::vector<std::string> result_cells(const RunReport& report);
std::vector<std::string> failure_cells(const std::string& error);
std::size_t result_cell_count();

}  // namespace unna
