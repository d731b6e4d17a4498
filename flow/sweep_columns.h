#pragma once

// The columns of a sweep's results, one row of the table a column: what a finished point keeps, in
// the order in which sweep.csv has them behind the axes.

#include "report/columns.h"
#include "report/run_report.h"

namespace unna {

/// Whether the point ran: `status` and `error`, which every point has.
inline constexpr ColumnInfo kSweepOutcomeColumns[] = {
    {"status", "", "`ok`, or `failed`"},
    {"error", "", "why the point failed; empty where it did not"},
};

/// Figures of a point that ran; a failed point has none of them. None depends on the host.
Columns<RunReport> sweep_figures();

}  // namespace unna
