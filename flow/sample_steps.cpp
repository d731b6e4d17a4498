#include "flow/sample_steps.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace unna {
namespace {

using Simulated = std::map<std::int64_t, StepFigures>;

double between(double a, double b, double share) {
  return a + (b - a) * share;
}

StepFigures interpolated(const StepFigures& a, const StepFigures& b, std::int64_t past) {
  const double share = static_cast<double>(past - a.past) / static_cast<double>(b.past - a.past);
  StepFigures s = a;
  s.past = past;
  s.simulated = false;
  for (const auto member :
       {&StepFigures::cycles, &StepFigures::dram_read, &StepFigures::dram_written,
        &StepFigures::energy_pj, &StepFigures::macs})
    s.*member = between(a.*member, b.*member, share);
  return s;
}

class Sampler {
 public:
  Sampler(double tolerance, const std::function<StepFigures(std::int64_t)>& simulate)
      : tolerance_(tolerance), simulate_(simulate) {}

  const StepFigures& at(std::int64_t past) {
    const auto found = simulated.find(past);
    return found != simulated.end() ? found->second : simulated[past] = simulate_(past);
  }

  /// Simulates the middle, and goes on on both sides of it where it is off the line, or `least`
  /// more times.
  void divide(std::int64_t lo, std::int64_t hi, int least) {
    if (hi - lo < 2) return;
    const std::int64_t middle = lo + (hi - lo) / 2;
    const double cycles = at(middle).cycles;
    const double off =
        std::fabs(interpolated(at(lo), at(hi), middle).cycles - cycles) / std::max(cycles, 1.0);
    if (least == 0 && tolerance_ > 0 && off <= tolerance_) {
      if (hi - lo > 2) deviation = std::max(deviation, off);
      return;
    }
    divide(lo, middle, std::max(0, least - 1));
    divide(middle, hi, std::max(0, least - 1));
  }

  Simulated simulated;
  double deviation = 0;

 private:
  double tolerance_;
  const std::function<StepFigures(std::int64_t)>& simulate_;
};

}  // namespace

SampledSteps sample_steps(std::int64_t first, std::int64_t count, double tolerance,
                          const std::function<StepFigures(std::int64_t past)>& simulate) {
  SampledSteps result;
  if (count <= 0) return result;
  Sampler sampler(tolerance, simulate);
  sampler.at(first);
  sampler.at(first + count - 1);
  sampler.divide(first, first + count - 1, 1);
  for (std::int64_t past = first; past < first + count; ++past) {
    const auto next = sampler.simulated.lower_bound(past);
    if (next->first == past)
      result.steps.push_back(next->second);
    else
      result.steps.push_back(interpolated(std::prev(next)->second, next->second, past));
  }
  result.simulated = sampler.simulated.size();
  result.deviation = sampler.deviation;
  return result;
}

}  // namespace unna
