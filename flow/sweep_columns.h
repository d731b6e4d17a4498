#pragma once

// The columns of a sweep's results, one row of the table a column: what a finished point keeps, in
// the order in which sweep.csv has them behind the axes.

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "flow/process_pool.h"
#include "report/columns.h"
#include "report/run_report.h"

namespace unna {

/// How a point ended, by WorkEnd, as tables name it.
inline constexpr std::array<std::string_view, 5> kPointStatusNames = {"ok", "failed", "crashed",
                                                                      "killed", "timeout"};
std::string_view status_name(WorkEnd end);

/// What is kept of a point that ended.
struct PointResult {
  WorkEnd end = WorkEnd::done;
  std::string error;          ///< one line; empty where it ran
  std::vector<Cell> figures;  ///< by sweep_figures() where it ran, else none

  bool ok() const { return end == WorkEnd::done; }
  /// The same input would end in the same way again.
  bool is_final() const { return end == WorkEnd::done || end == WorkEnd::failed; }

  friend bool operator==(const PointResult&, const PointResult&) = default;
};
PointResult failed_point(WorkEnd end, std::string error);

/// Whether the point ran: `status` and `error`, which every point has.
inline constexpr ColumnInfo kSweepOutcomeColumns[] = {
    {"status", "",
     "`ok`; `failed` by its input; `crashed`, `killed` from outside or out of time (`timeout`): "
     "`--resume` tries these three again"},
    {"error", "", "why there are no figures; empty where there are"},
};

/// Figures of a point that ran; a failed point has none of them. None depends on the host.
Columns<RunReport> sweep_figures();

/// Names of the outcome's columns and the figures'.
std::vector<std::string> result_columns();
/// The cells of those.
std::vector<std::string> result_cells(const PointResult& result);

}  // namespace unna
