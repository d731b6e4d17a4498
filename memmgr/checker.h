#pragma once

// Says whether a layout is safe, without any code of liveness, of the problem or of the planners.

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"

namespace unna {

struct Violation {
  std::string message;  ///< one line: both buffers, their instructions or lifetimes, the byte range
  /// Of the problem (of check_layout(): of the trace) by index.
  std::vector<std::size_t> buffers = {};
};

/// Every pair of buffers of the problem that overlaps in memory must not conflict (in a gap, where
/// the bytes overlap that both keep), unless one is in place of the other at the same offset; those
/// to be kept apart are; reserved ranges are free; alignment and fixed offsets kept; offsets not
/// negative. At most `limit` violations are listed. A time sweep over intervals. Of a partial order
/// each buffer is held against its neighbours on a byte, n log n, and only where these are not in
/// order against all that share bytes with it.
std::vector<Violation> check_plan(const PlanProblem& problem, const Plan& plan,
                                  std::size_t limit = 10);

/// Of shared objects, which check_plan() looks at where a plan has them: every buffer is in one
/// that is large enough; buffers of one object do not conflict, unless one may take over the
/// other's bytes, and are not kept apart; with the plan's offsets, every member starts where its
/// object does and objects do not overlap.
std::vector<Violation> check_objects(const PlanProblem& problem, const Plan& plan,
                                     std::size_t limit = 10);

/// The same for several memories: every buffer in one of its pools, below that one's capacity, and
/// buffers of one pool as above. `pool` and `offsets` by buffer.
std::vector<Violation> check_pools(const PlanProblem& problem,
                                   const std::vector<std::uint32_t>& pool,
                                   const std::vector<Bytes>& offsets, std::size_t limit = 10);

/// What the pairs to avoid (PlanProblem::avoid) that share a byte cost together.
std::int64_t waits_cost(const PlanProblem& problem, const std::vector<Bytes>& offsets);

/// The problem's bound as a certificate: the buffers of its antichain need that many bytes each,
/// all at one time (or nothing orders any two of them), and none is in place of another.
std::vector<Violation> check_bound(const PlanProblem& problem, std::size_t limit = 10);

/// The same for the layout of an object against a trace: happens-before is recomputed from the
/// trace by plain graph search between the accesses of each pair of buffers that share bytes.
std::vector<Violation> check_layout(const Trace& trace, const Layout& layout,
                                    std::size_t limit = 10);

}  // namespace unna
