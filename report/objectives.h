#pragma once

// What `unnasim plan NETWORK --objective` chooses layouts by, and how it reports them
// (docs/planning.md, "By what the machine measures").

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "report/columns.h"
#include "report/pareto.h"
#include "report/run_report.h"
#include "sim/simulate.h"

namespace unna {

/// One program on one machine with `dram.model: banked`, with one layout.
struct LayoutFigures {
  Bytes peak = 0;  ///< highest end of an intermediate
  Cycle cycles = 0;
  std::int64_t row_hits = 0, row_accesses = 0;      ///< bursts
  std::int64_t cache_hits = 0, cache_accesses = 0;  ///< lines
  Bytes dram_bytes = 0;                             ///< on the data buses

  friend bool operator==(const LayoutFigures&, const LayoutFigures&) = default;
};
LayoutFigures layout_figures(const SimResult& result, Bytes peak);

struct Objective {
  std::string_view name;
  std::string_view title;  ///< of a table's column
  std::string_view unit;
  bool larger_is_better = false;
  bool needs_cache = false;
  double (*value)(const LayoutFigures&) = nullptr;
};
/// The one table of objectives.
std::span<const Objective> objectives();
/// Throws InputError, listing the names, for unknown ones and those given twice or not at all.
std::vector<const Objective*> objectives_named(std::span<const std::string> names);
Scores scores(std::span<const Objective* const> objectives, const LayoutFigures& figures);

/// A layout that was simulated.
struct LayoutRow {
  std::string name;               ///< where it comes from
  std::vector<std::string> also;  ///< planners that gave the same one
  LayoutFigures figures;
  std::vector<Bytes> offsets;  ///< by buffer of the problem
  bool front = false;          ///< no other one dominates it
  bool chosen = false;
};

struct LayoutReport {
  std::string version, network, machine;
  std::int64_t cores = 0;
  std::uint64_t seed = 0;
  double slack = 0;  ///< ratio
  std::vector<const Objective*> objectives;
  bool cache = false;  ///< the machine has one
  Bytes lower_bound = 0;
  std::size_t plans = 0;          ///< that planners gave
  std::size_t within_slack = 0;   ///< distinct ones of them that are within slack of the best peak
  LayoutFigures without_sharing;  ///< of the run without sharing
  std::vector<LayoutRow> rows;    ///< as they were simulated; the first is what others are held by
  std::vector<std::string> buffers;  ///< names, for offsets
  ValidationFigures validation;      ///< of those on the front
};

/// Indices of the rows on the front, best first.
std::vector<std::size_t> front_rows(const LayoutReport& report);

std::string layout_text(const LayoutReport& report);
std::string layout_json(const LayoutReport& report);

/// A row of layout_csv().
struct SimulatedLayoutRow {
  std::string_view name;
  const LayoutFigures& figures;
  bool cache;  ///< the machine has one
  bool front, chosen;
};
Columns<SimulatedLayoutRow> layout_columns();
/// The run without sharing, and then a row each simulated layout.
std::string layout_csv(const LayoutReport& report);

}  // namespace unna
