#pragma once

// Says whether a layout is safe, without any code of liveness or the planners: quadratic and dumb.

#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "memmgr/problem.h"

namespace unna {

struct Violation {
  std::string message;  ///< one line: both buffers, their instructions or lifetimes, the byte range
};

/// Every pair of buffers of the problem that overlaps in memory must not conflict; alignment and
/// fixed offsets kept; offsets not negative. At most `limit` violations are listed.
std::vector<Violation> check_plan(const PlanProblem& problem, const Plan& plan,
                                  std::size_t limit = 10);

/// Of shared objects, which check_plan() looks at where a plan has them: every buffer is in one
/// that is large enough; buffers of one object do not conflict, unless one may take over the
/// other's bytes, and are not kept apart; with the plan's offsets, every member starts where its
/// object does and objects do not overlap.
std::vector<Violation> check_objects(const PlanProblem& problem, const Plan& plan,
                                     std::size_t limit = 10);

/// The same for the layout of an object against a trace: happens-before is recomputed from the
/// trace by plain graph search between the accesses of each pair of buffers that share bytes.
std::vector<Violation> check_layout(const Trace& trace, const Layout& layout,
                                    std::size_t limit = 10);

}  // namespace unna
