#pragma once

// For the message of a plan that does not fit: what is in use together when most is.

#include <cstddef>
#include <string>

#include "memmgr/problem.h"

namespace unna {

/// `name (size), ...` of the buffers that make the lower bound, largest first (ties by index): at
/// most `limit` of them, and how many more there are.
std::string peak_text(const PlanProblem& problem, std::size_t limit = 8);

}  // namespace unna
