#pragma once

// Layouts that are smaller than the program's synchronisation allows, and programs that wait so
// that they are valid.

#include <cstdint>
#include <optional>
#include <vector>

#include "flow/pipeline.h"
#include "memmgr/planners/options.h"
#include "memmgr/problem.h"
#include "report/waits_report.h"

namespace unna {

struct WaitPlanOptions {
  CompileOptions compile;
  PlanOptions plan;
  std::optional<Bytes> capacity;  ///< none: several, from the least peak up
  std::int64_t perturbed = 1;
  ProgressSink progress = {};  ///< none: nobody wants to know
};

struct WaitPlans {
  WaitsReport report;
  /// Of problem_in_step().
  PlanProblem problem;
  Plan smallest;  ///< of the last row but one: after it comes the program with barriers
};

/// The intermediates of a program as if there were a barrier after each step of its schedule (units
/// of one step may run at the same time). Two buffers that only these barriers order are a pair to
/// avoid, whose weight is the number of cores whose last use of the first does not happen before
/// all uses of the second in the program as it is. Throws CapacityError where there are more than
/// five million such pairs.
PlanProblem problem_in_step(const Compiled& compiled, const PlanProblem& instruction);

/// Orders that make a layout valid: for each pair of buffers that shares bytes and that nothing
/// orders, the last use of the first on each core before the first write of the second on each.
std::vector<UnitOrder> waits_of(const Compiled& compiled, const PlanProblem& in_step,
                                const Plan& plan);

/// Beside them, for comparison, the program whose cores meet after each layer. Each layout is
/// simulated with the program compiled anew with its waits, and validated there as other plans are.
/// Throws CapacityError where none fits the capacity.
WaitPlans plan_with_waits(const NetworkChoice& network, const ChosenMachine& machine,
                          const WaitPlanOptions& options);

}  // namespace unna
