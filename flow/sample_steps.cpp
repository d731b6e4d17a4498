#include "flow/sample_steps.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace unna {
namespace {

/// Within a kind lines may be off by this many tolerances: jumps from kind to kind are none of
/// theirs, and what is left is mostly roughness, which more samples do not take away.
constexpr double kWithinKind = 1.5;
/// Off by this many tolerances over this many lengths is rough.
constexpr double kRough = 2;
constexpr std::int64_t kRoughSpan = 8;

/// Places among the lengths, ascending.
using Places = std::vector<std::size_t>;

class Sampler {
 public:
  Sampler(const std::vector<StepLength>& lengths, double tolerance,
          const std::function<StepFigures(std::int64_t)>& simulate)
      : lengths_(lengths), tolerance_(tolerance), simulate_(simulate), all_(lengths.size()) {
    std::iota(all_.begin(), all_.end(), std::size_t{0});
    for (const std::size_t i : all_) kinds_[lengths_[i].kind].push_back(i);
  }

  SampledSteps run() {
    result_.steps.resize(lengths_.size());
    result_.kinds = kinds_.size();
    if (tolerance_ <= 0) std::ranges::for_each(all_, [&](std::size_t i) { at(i); });
    if (tolerance_ <= 0 || one_line_serves_all()) {
      fill(all_);
    } else {
      result_.deviation = 0;
      for (const auto& kind : kinds_) {
        at(kind.second.front());
        at(kind.second.back());
        divide(kind.second, 0, kind.second.size() - 1);
        fill(kind.second);
      }
    }
    result_.simulated = simulated_.size();
    return std::move(result_);
  }

 private:
  const StepFigures& at(std::size_t i) {
    const auto found = simulated_.find(i);
    return found != simulated_.end() ? found->second
                                     : simulated_[i] = simulate_(lengths_[i].length);
  }

  StepFigures on_line(std::size_t lo, std::size_t hi, std::size_t i) {
    const auto span = [&](std::size_t to) {
      return static_cast<double>(lengths_[to].length - lengths_[lo].length);
    };
    StepFigures s = interpolated(at(lo), at(hi), span(i) / span(hi));
    s.past = lengths_[i].length;
    s.simulated = false;
    return s;
  }

  /// How far the line between two steps is off a third one, as a share of its cycles.
  double off_line(std::size_t lo, std::size_t hi, std::size_t i) {
    const double cycles = at(i).cycles;
    return std::fabs(on_line(lo, hi, i).cycles - cycles) / std::max(cycles, 1.0);
  }

  /// Whether a step is near the line between those around it that have been simulated.
  bool is_near(std::size_t i) {
    if (simulated_.contains(i)) return true;
    const auto above = simulated_.lower_bound(i);
    const double off = off_line(std::prev(above)->first, above->first, i);
    result_.deviation = std::max(result_.deviation, off);
    return off <= tolerance_;
  }

  bool one_line_serves_all() {
    const std::size_t last = all_.back();
    const std::size_t middle = last / 2;
    at(0);
    at(last);
    bool near = true;
    for (const std::size_t i : {middle, middle / 2, middle + (last - middle) / 2})
      near = is_near(i) && near;
    for (const auto& kind : kinds_) {
      const Places& places = kind.second;
      const bool seen =
          std::ranges::any_of(places, [&](std::size_t i) { return simulated_.contains(i); });
      near = near && (seen || is_near(places[places.size() / 2]));
    }
    return near;
  }

  /// The place in the middle between two of `places`, or rather one that has been simulated.
  std::size_t middle_of(const Places& places, std::size_t lo, std::size_t hi) const {
    const std::size_t middle = lo + (hi - lo) / 2;
    for (std::size_t away = 0; away < hi - lo; ++away)
      for (const std::size_t i : {middle - away, middle + away})
        if (i > lo && i < hi && simulated_.contains(places[i])) return i;
    return middle;
  }

  /// Looks at the middle, and goes on on both sides of it where it is off the line.
  void divide(const Places& places, std::size_t lo, std::size_t hi) {
    if (hi - lo < 2) return;
    const std::size_t middle = middle_of(places, lo, hi);
    const double off = off_line(places[lo], places[hi], places[middle]);
    const std::int64_t span = lengths_[places[hi]].length - lengths_[places[lo]].length;
    result_.rough |= off > kRough * tolerance_ && span <= kRoughSpan;
    if (off <= kWithinKind * tolerance_) {
      result_.deviation = std::max(result_.deviation, off);
      return;
    }
    divide(places, lo, middle);
    divide(places, middle, hi);
  }

  /// What has not been simulated lies on the line between those before and behind that have.
  void fill(const Places& places) {
    Places known;
    for (const std::size_t i : places)
      if (simulated_.contains(i)) known.push_back(i);
    for (const std::size_t i : places) {
      const auto next = std::ranges::lower_bound(known, i);
      result_.steps[i] = *next == i ? at(i) : on_line(*std::prev(next), *next, i);
    }
  }

  const std::vector<StepLength>& lengths_;
  double tolerance_;
  const std::function<StepFigures(std::int64_t)>& simulate_;
  Places all_;
  std::map<std::uint64_t, Places> kinds_;
  std::map<std::size_t, StepFigures> simulated_;
  SampledSteps result_;
};

}  // namespace

StepFigures interpolated(const StepFigures& a, const StepFigures& b, double share) {
  StepFigures s = a;
  for (const auto member :
       {&StepFigures::cycles, &StepFigures::dram_read, &StepFigures::dram_written,
        &StepFigures::energy_pj, &StepFigures::work_pj, &StepFigures::macs})
    s.*member = a.*member + (b.*member - a.*member) * share;
  return s;
}

std::vector<std::int64_t> consecutive(std::int64_t first, std::int64_t count) {
  std::vector<std::int64_t> lengths(static_cast<std::size_t>(std::max<std::int64_t>(count, 0)));
  std::iota(lengths.begin(), lengths.end(), first);
  return lengths;
}

std::vector<StepLength> of_one_kind(const std::vector<std::int64_t>& lengths) {
  std::vector<StepLength> steps;
  steps.reserve(lengths.size());
  for (const std::int64_t length : lengths) steps.push_back({length, 0});
  return steps;
}

SampledSteps sample_steps(const std::vector<StepLength>& lengths, double tolerance,
                          const std::function<StepFigures(std::int64_t length)>& simulate) {
  if (lengths.empty()) return {};
  return Sampler(lengths, tolerance, simulate).run();
}

}  // namespace unna
