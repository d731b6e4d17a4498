#pragma once

#include <initializer_list>
#include <string_view>

#include "memmgr/problem.h"

namespace unna {

/// What a problem may ask for beyond sizes, lifetimes and alignment.
enum class Feature : std::uint8_t {
  fixed,     ///< fixed offsets
  reserved,  ///< reserved ranges
  apart,     ///< buffers kept apart
  in_place,  ///< in-place pairs: may be left unused, but not by who needs them
  windows,   ///< gaps that keep bytes: the same
};
inline constexpr std::string_view kFeatureNames[] = {"fixed offsets", "reserved ranges",
                                                     "buffers kept apart", "in-place pairs",
                                                     "gaps that keep bytes"};

bool asks_for(const PlanProblem& problem, Feature feature);

/// For planners that can't honour a feature: throws InputError that names planner and feature where
/// the problem asks for one of them.
void refuse(const PlanProblem& problem, std::string_view planner,
            std::initializer_list<Feature> features);

}  // namespace unna
