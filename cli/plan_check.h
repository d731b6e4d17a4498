#pragma once

// `unnasim plan --check OFFSETS`.

#include <string>

#include "report/plan_report.h"

namespace unna {

struct CheckedPlan {
  PlanRun run;          ///< good where the plan is valid
  std::string invalid;  ///< what the plan breaks, a line each; empty: it is valid
};

/// Holds the offsets in a file (`-`: standard input) against a problem, which it does not copy.
/// Being larger than the capacity of the only memory is an answer, as a planner's may be; a pool's
/// capacity has to be kept. Throws InputError for a file that gives no plan of the problem.
CheckedPlan check_given(const std::string& problem_file, const PlanProblem& problem,
                        const std::string& offsets_file);

}  // namespace unna
