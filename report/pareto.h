#pragma once

// Choosing among points that are measured by several figures at once.

#include <cstddef>
#include <span>
#include <vector>

namespace unna {

/// A point's figures, the most important first; smaller is better in each.
using Scores = std::vector<double>;

/// Nowhere worse, and better somewhere. Of as many figures each.
bool dominates(const Scores& a, const Scores& b);

/// Indices of the points that none dominates, ascending; of equal points the first only.
std::vector<std::size_t> pareto_front(std::span<const Scores> points);

/// Lexicographic with slack: of the points within `slack` (a ratio) of the best first figure those
/// within it of their best second one, and so on, but the last figure without slack; ties by the
/// figures themselves, then by index. The point is on the front. There is at least one.
std::size_t lexicographic_choice(std::span<const Scores> points, double slack);

}  // namespace unna
