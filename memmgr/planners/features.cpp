#include "memmgr/planners/features.h"

#include <algorithm>

#include "base/error.h"

namespace unna {

bool asks_for(const PlanProblem& problem, Feature feature) {
  switch (feature) {
    case Feature::fixed:
      return std::ranges::any_of(problem.buffers,
                                 [](const auto& b) { return b.fixed.has_value(); });
    case Feature::reserved:
      return !problem.reserved.empty();
    case Feature::apart:
      return !problem.apart.empty();
    case Feature::in_place:
      return !problem.in_place.empty();
    case Feature::windows:
      return problem.keeps_in_gaps();
  }
  return false;
}

void refuse(const PlanProblem& problem, std::string_view planner,
            std::initializer_list<Feature> features) {
  for (const Feature feature : features)
    if (asks_for(problem, feature))
      throw InputError(fmt::format("{} can't honour {}, expected another planner", planner,
                                   kFeatureNames[static_cast<std::size_t>(feature)]));
}

}  // namespace unna
