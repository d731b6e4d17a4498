#pragma once

// `unnasim plan --check OFFSETS`.

#include <string>

#include "isa/trace.h"
#include "report/plan_report.h"

namespace unna {

struct CheckedPlan {
  PlanRun run;          ///< good where the plan is valid
  std::string invalid;  ///< what the plan breaks, a line each; empty: it is valid
};

/// Holds the offsets in a file (`-`: standard input) against a problem, which it does not copy.
/// Being larger than the capacity of the only memory is an answer, as a planner's may be; a pool's
/// capacity has to be kept. Throws InputError for a file that gives no plan of the problem.
/// `trace`: what the problem was made of, if it was; its instructions are named then.
CheckedPlan check_given(const std::string& problem_file, const PlanProblem& problem,
                        const Trace* trace, const std::string& offsets_file);

}  // namespace unna
