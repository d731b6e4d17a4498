#pragma once

// One row of `unnasim compare`: a network on a machine, planned from what frameworks know, from
// what the instructions say, and as it would have to be synchronised for the former to be right.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flow/pipeline.h"
#include "report/compare_report.h"

namespace unna {

struct CompareOptions {
  std::vector<std::string> planners;
  std::string summary;  ///< of these: the one that averages and explanations are about
  PlanOptions plan;
  CompileOptions compile;
  /// Also the walk that needs the least memory among those that take at most so many percent more
  /// cycles, and move so many percent more DRAM bytes, than layer by layer.
  std::optional<double> walks;
  int jobs = 1;                ///< simulations at a time in the search for walks
  std::int64_t perturbed = 1;  ///< replays under random delays, of each plan
  bool explain = false;
  bool timing = true;
};

/// Every plan is validated, or marked as unsafe. Throws CapacityError where a plan does not fit.
CompareCase compare_network(const NetworkChoice& network, const ChosenMachine& machine,
                            const CompareOptions& options);

}  // namespace unna
