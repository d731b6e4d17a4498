#pragma once

// The columns of numbers that a report page has of a run. Private to report's sources.

#include <vector>

#include "configs/machine.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"
#include "report/packing.h"
#include "report/report_page.h"

namespace unna {

/// Events by core and, within it, by lane (the four engines, then the control processor); `lanes`
/// counts them.
std::vector<PackedColumn> event_columns(const PageRun& run);

/// Why engines were idle when, by lane of an engine (`idle.lanes` counts the spans of each), and
/// which events make arrows, as places in event_columns(): signals in pairs, barriers as meetings.
std::vector<PackedColumn> sync_columns(const PageRun& run, const CoreConfig& core);

/// Buffers by id, with the offsets of plan.csv.
std::vector<PackedColumn> buffer_columns(const PageRun& run);

/// Intermediates by their index in the problem: which buffer, from where to where in the sequence,
/// and the vector clocks that say which conflict (left out where there are too many numbers).
std::vector<PackedColumn> lifetime_columns(const PageRun& run, const PlanProblem& problem);

/// Tensors under topology liveness, with a plan's offsets.
std::vector<PackedColumn> topology_columns(const PlanProblem& problem, const Plan& plan);

}  // namespace unna
