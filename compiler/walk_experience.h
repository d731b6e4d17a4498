#pragma once

// What simulated programs tell about the estimates that walks are searched by.

#include <array>
#include <cstddef>
#include <vector>

#include "compiler/unit_cost.h"

namespace unna {

/// Consecutive kernels [first, end) of the lowered order.
struct KernelRange {
  std::size_t first = 0, end = 0;
};

/// Corrects estimates of one quantity, time or traffic, by the ratios of what was measured to them.
/// A walk is expected to miss as its kernels did layer by layer, and besides as walks with the same
/// division that have these kernels did; where there are none, as all walks with that division.
class Correction {
 public:
  /// `layers`: the estimate of each kernel layer by layer.
  explicit Correction(std::vector<std::int64_t> layers);

  void layers_took(KernelRange kernels, std::int64_t estimate, std::int64_t measured);
  void walk_took(KernelRange kernels, Division division, std::int64_t estimate,
                 std::int64_t measured);

  std::int64_t layers(KernelRange kernels, std::int64_t estimate) const;
  std::int64_t walk(KernelRange kernels, Division division, std::int64_t estimate) const;

 private:
  /// Logarithms of ratios of walks with one division.
  struct Walks {
    std::vector<double> sums;  ///< by kernel, of the walks that have it
    std::vector<int> counts;
    double sum = 0, weight = 0;  ///< of all, by estimate
  };
  double mean_of_layers(KernelRange kernels) const;

  std::vector<double> weights_;     ///< by kernel
  std::vector<double> layer_logs_;  ///< by kernel: logarithm of the ratio
  std::array<Walks, std::size(kDivisionNames)> walks_;
};

/// Time and traffic of walks as simulated programs had them.
class WalkExperience {
 public:
  explicit WalkExperience(const std::vector<BandCost>& layers);

  void layers_took(KernelRange kernels, const BandCost& estimate, const BandCost& measured);
  void walk_took(KernelRange kernels, Division division, const BandCost& estimate,
                 const BandCost& measured);

  BandCost layers(KernelRange kernels, const BandCost& estimate) const;
  BandCost walk(KernelRange kernels, Division division, const BandCost& estimate) const;

 private:
  Correction time_, traffic_;
};

}  // namespace unna
