#pragma once

// Which buffers profit from knowing the instructions instead of the topology, and why.

#include <cstddef>
#include <string>
#include <vector>

#include "base/units.h"
#include "isa/trace.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"

namespace unna {

struct Gain {
  std::string buffer;
  Bytes size = 0;
  Bytes topology_conflicts = 0;     ///< bytes of other buffers that it may not share with
  Bytes instruction_conflicts = 0;  ///< the same under instruction liveness
  std::string why;                  ///< one sentence about the largest partner gained
};

/// The `limit` buffers whose conflicts shrink most (bytes freed times their own size), largest
/// first, ties by index. `plan` is the one under instruction liveness.
std::vector<Gain> explain_gains(const PlanProblem& topology, const PlanProblem& instruction,
                                const Plan& plan, const Trace& trace, std::size_t limit);

std::string gains_text(const std::vector<Gain>& gains);

}  // namespace unna
