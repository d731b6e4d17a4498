// Orders by how many buffers each one is in the way of.

#include <algorithm>

#include "memmgr/placement/placement.h"
#include "memmgr/planners/conflict_sums.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/steps.h"

namespace unna {

std::vector<ConstructiveOrder> conflict_orders(const PlanProblem& problem) {
  Keys size;
  Keys degree;
  Keys pressure;
  Keys end;
  const ConflictSums conflicts = conflict_sums(problem);
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    size.push_back(static_cast<double>(problem.buffers[i].size));
    degree.push_back(static_cast<double>(conflicts.degree[i]));
    pressure.push_back(static_cast<double>(conflicts.pressure[i]));
    end.push_back(static_cast<double>(problem.index.last_overlap(i)));
  }
  std::vector<std::uint32_t> by_index(problem.size());
  for (std::uint32_t i = 0; i < problem.size(); ++i) by_index[i] = i;
  const std::vector<std::uint32_t> by_start(problem.sequence().begin(), problem.sequence().end());
  const std::vector<std::uint32_t> late_end = descending(by_index, end);

  std::vector<ConstructiveOrder> orders;
  const auto add = [&](std::string_view name, const std::vector<std::uint32_t>& ties,
                       const Keys& keys) {
    orders.push_back({name, descending(ties, keys)});
  };
  add("pressure x size in octaves, then late end", late_end, in_steps(times(pressure, size), 1));
  add("degree", by_index, degree);
  add("size in octaves, then late end", late_end, in_steps(size, 1));
  add("degree x size in steps, then start", by_start, in_steps(times(degree, size), 4));
  add("pressure in steps, then late end", late_end, in_steps(pressure, 4));
  add("degree, then late end", late_end, degree);
  add("degree, then start", by_start, degree);
  add("degree in steps, then late end", late_end, in_steps(degree, 2));
  add("pressure, then start", by_start, pressure);
  add("degree x size, then start", by_start, times(degree, size));
  add("degree x size", by_size(problem), times(degree, size));
  return orders;
}

}  // namespace unna
