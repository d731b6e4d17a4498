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
  std::size_t dimension = 0;  ///< of the grid; linked axes share one
};

/// Matches a point where each axis it names has one of the values it lists.
struct SweepCondition {
  std::vector<std::pair<std::size_t, std::vector<std::string>>> wanted;  ///< axis, values
};

struct SweepSpec {
  std::string name;
  std::filesystem::path file;  ///< networks and machines are relative to its folder
  std::optional<std::filesystem::path> machine;
  std::vector<std::string> set;
  std::int64_t perturbed = 1;
  std::vector<SweepAxis> axes;
  std::vector<std::size_t> dimensions;  ///< extents of the grid; the first varies slowest
  std::vector<SweepCondition> include;  ///< none: everything
  std::vector<SweepCondition> exclude;

  std::filesystem::path beside(const std::string& path) const { return file.parent_path() / path; }
};

/// Throws InputError with line and column for unknown axes, values that do not suit them, axes
/// without values or with one twice, linked axes of different lengths, conditions on no axis or on
/// values an axis does not have.
SweepSpec parse_sweep(const std::string& yaml, const std::filesystem::path& file);

/// A point of the grid: one value (index) an axis.
using SweepPoint = std::vector<std::size_t>;
/// Those that the conditions let through, in order. Throws InputError where they leave none.
std::vector<SweepPoint> sweep_points(const SweepSpec& spec);

/// What a point runs.
struct SweepRun {
  NetworkChoice network;
  ChosenMachine machine;
  RunOptions options;
};
SweepRun resolve(const SweepSpec& spec, const SweepPoint& point);

std::vector<std::string> axis_names(const SweepSpec& spec);
/// Cells of the axes' columns.
std::vector<std::string> axis_cells(const SweepSpec& spec, const SweepPoint& point);

}  // namespace unna
