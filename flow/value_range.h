#pragma once

// Which values of a tensor matter: networks mask attention with numbers that are far below all
// others (-1e4, -3.4e38, minus infinity), whose size means nothing.

#include <limits>
#include <span>
#include <vector>

#include "workloads/graph.h"

namespace unna {

/// What a run has seen of a tensor.
struct SeenRange {
  double lowest = 0, highest = 0;     ///< of the finite values, and 0
  bool lower = false, upper = false;  ///< whether there were infinities below or above
  /// The smallest of the largest values of the rows along the last dimension, without rows that
  /// are far below all others.
  double row_top = 0;

  static SeenRange of(std::span<const double> values, const Shape& shape);
};

/// Bounds within which a tensor's values matter: what is beyond may as well stand at the bound.
struct Relevant {
  double floor = -std::numeric_limits<double>::infinity();
  double ceiling = std::numeric_limits<double>::infinity();
};

/// By tensor. A softmax does not tell values apart that are far below their row's largest; sums,
/// maxima, minima and operators that only move elements hand that on to their operands.
std::vector<Relevant> relevant_ranges(const Graph& graph, const std::vector<SeenRange>& seen);

/// The largest magnitude that a tensor has to hold: of all values, but only of the relevant ones
/// where others are so large that these would be lost.
double magnitude_to_hold(const SeenRange& seen, const Relevant& relevant);

}  // namespace unna
