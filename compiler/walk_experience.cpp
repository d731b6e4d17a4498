#include "compiler/walk_experience.h"

#include <algorithm>
#include <cmath>

namespace unna {
namespace {

double log_ratio(std::int64_t measured, std::int64_t estimate) {
  return std::log(static_cast<double>(std::max<std::int64_t>(1, measured)) /
                  static_cast<double>(std::max<std::int64_t>(1, estimate)));
}

std::int64_t times(std::int64_t estimate, double log_factor) {
  return std::llround(static_cast<double>(estimate) * std::exp(log_factor));
}

std::vector<std::int64_t> times_of(const std::vector<BandCost>& layers) {
  std::vector<std::int64_t> all;
  all.reserve(layers.size());
  for (const BandCost& c : layers) all.push_back(c.time);
  return all;
}

std::vector<std::int64_t> traffics_of(const std::vector<BandCost>& layers) {
  std::vector<std::int64_t> all;
  all.reserve(layers.size());
  for (const BandCost& c : layers) all.push_back(c.traffic);
  return all;
}

}  // namespace

Correction::Correction(std::vector<std::int64_t> layers)
    : weights_(layers.begin(), layers.end()), layer_logs_(layers.size(), 0) {
  for (double& w : weights_) w = std::max(w, 1.0);
  for (Walks& w : walks_) {
    w.sums.resize(layers.size(), 0);
    w.counts.resize(layers.size(), 0);
  }
}

void Correction::layers_took(KernelRange kernels, std::int64_t estimate, std::int64_t measured) {
  for (std::size_t k = kernels.first; k < kernels.end; ++k)
    layer_logs_[k] = log_ratio(measured, estimate);
}

void Correction::walk_took(KernelRange kernels, Division division, std::int64_t estimate,
                           std::int64_t measured) {
  Walks& walks = walks_[static_cast<std::size_t>(division)];
  const double missed = log_ratio(measured, layers(kernels, estimate));
  for (std::size_t k = kernels.first; k < kernels.end; ++k) {
    walks.sums[k] += missed;
    ++walks.counts[k];
  }
  walks.sum += missed * static_cast<double>(estimate);
  walks.weight += static_cast<double>(estimate);
}

double Correction::mean_of_layers(KernelRange kernels) const {
  double sum = 0, weight = 0;
  for (std::size_t k = kernels.first; k < kernels.end; ++k) {
    sum += weights_[k] * layer_logs_[k];
    weight += weights_[k];
  }
  return sum / weight;
}

std::int64_t Correction::layers(KernelRange kernels, std::int64_t estimate) const {
  return times(estimate, mean_of_layers(kernels));
}

std::int64_t Correction::walk(KernelRange kernels, Division division, std::int64_t estimate) const {
  const Walks& walks = walks_[static_cast<std::size_t>(division)];
  const double of_all = walks.weight > 0 ? walks.sum / walks.weight : 0;
  double sum = 0, weight = 0;
  for (std::size_t k = kernels.first; k < kernels.end; ++k) {
    // The mean of all counts as one walk more.
    sum += weights_[k] * (walks.sums[k] + of_all) / (walks.counts[k] + 1);
    weight += weights_[k];
  }
  return times(estimate, mean_of_layers(kernels) + sum / weight);
}

WalkExperience::WalkExperience(const std::vector<BandCost>& layers)
    : time_(times_of(layers)), traffic_(traffics_of(layers)) {}

void WalkExperience::layers_took(KernelRange kernels, const BandCost& estimate,
                                 const BandCost& measured) {
  time_.layers_took(kernels, estimate.time, measured.time);
  traffic_.layers_took(kernels, estimate.traffic, measured.traffic);
}

void WalkExperience::walk_took(KernelRange kernels, Division division, const BandCost& estimate,
                               const BandCost& measured) {
  time_.walk_took(kernels, division, estimate.time, measured.time);
  traffic_.walk_took(kernels, division, estimate.traffic, measured.traffic);
}

BandCost WalkExperience::layers(KernelRange kernels, const BandCost& estimate) const {
  return {time_.layers(kernels, estimate.time), traffic_.layers(kernels, estimate.traffic)};
}

BandCost WalkExperience::walk(KernelRange kernels, Division division,
                              const BandCost& estimate) const {
  return {time_.walk(kernels, division, estimate.time),
          traffic_.walk(kernels, division, estimate.traffic)};
}

}  // namespace unna
