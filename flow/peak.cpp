#include "flow/peak.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "text/units.h"

namespace unna {

std::string peak_text(const PlanProblem& problem, std::size_t limit) {
  std::vector<std::uint32_t> alive = problem.antichain;
  std::sort(alive.begin(), alive.end());
  std::stable_sort(alive.begin(), alive.end(), [&](std::uint32_t a, std::uint32_t b) {
    return problem.buffers[a].size > problem.buffers[b].size;
  });
  std::string text;
  for (std::size_t i = 0; i < std::min(limit, alive.size()); ++i) {
    const PlanBuffer& buffer = problem.buffers[alive[i]];
    text += fmt::format("{}{} ({})", i > 0 ? ", " : "", buffer.name, readable_bytes(buffer.size));
  }
  if (alive.size() > limit) text += fmt::format(" and {} more", alive.size() - limit);
  return text;
}

}  // namespace unna
