#include "flow/sample_steps.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace unna {
namespace {

/// Divides the lengths; ends of parts are places among them.
class Sampler {
 public:
  Sampler(const std::vector<std::int64_t>& lengths, double tolerance,
          const std::function<StepFigures(std::int64_t)>& simulate)
      : lengths_(lengths), tolerance_(tolerance), simulate_(simulate) {}

  const StepFigures& at(std::size_t i) {
    const auto found = simulated.find(i);
    return found != simulated.end() ? found->second : simulated[i] = simulate_(lengths_[i]);
  }

  StepFigures on_line(std::size_t lo, std::size_t hi, std::size_t i) {
    const auto span = [&](std::size_t to) {
      return static_cast<double>(lengths_[to] - lengths_[lo]);
    };
    StepFigures s = interpolated(at(lo), at(hi), span(i) / span(hi));
    s.past = lengths_[i];
    s.simulated = false;
    return s;
  }

  /// Simulates the middle, and goes on on both sides of it where it is off the line, or `least`
  /// more times.
  void divide(std::size_t lo, std::size_t hi, int least) {
    if (hi - lo < 2) return;
    const std::size_t middle = lo + (hi - lo) / 2;
    const double cycles = at(middle).cycles;
    const double off = std::fabs(on_line(lo, hi, middle).cycles - cycles) / std::max(cycles, 1.0);
    if (least == 0 && tolerance_ > 0 && off <= tolerance_) {
      if (hi - lo > 2) deviation = std::max(deviation, off);
      return;
    }
    divide(lo, middle, std::max(0, least - 1));
    divide(middle, hi, std::max(0, least - 1));
  }

  std::map<std::size_t, StepFigures> simulated;
  double deviation = 0;

 private:
  const std::vector<std::int64_t>& lengths_;
  double tolerance_;
  const std::function<StepFigures(std::int64_t)>& simulate_;
};

}  // namespace

StepFigures interpolated(const StepFigures& a, const StepFigures& b, double share) {
  StepFigures s = a;
  for (const auto member :
       {&StepFigures::cycles, &StepFigures::dram_read, &StepFigures::dram_written,
        &StepFigures::energy_pj, &StepFigures::macs})
    s.*member = a.*member + (b.*member - a.*member) * share;
  return s;
}

std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
  std::iota(lengths.begin(), lengths.end(), first);
  return lengths;
}

SampledSteps sample_steps(const std::vector<std::int64_t>& lengths, double tolerance,
                          const std::function<StepFigures(std::int64_t length)>& simulate) {
  SampledSteps result;
  if (lengths.empty()) return result;
  Sampler sampler(lengths, tolerance, simulate);
  sampler.at(0);
  sampler.at(lengths.size() - 1);
  sampler.divide(0, lengths.size() - 1, 1);
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto next = sampler.simulated.lower_bound(i);
    result.steps.push_back(
        next->first == i ? next->second : sampler.on_line(std::prev(next)->first, next->first, i));
  }
  result.simulated = sampler.simulated.size();
  result.deviation = sampler.deviation;
  return result;
}

}  // namespace unna
