#include "bench/instances.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/rng.h"

namespace unna::bench {
namespace {

struct Rect {
  std::int64_t lower, upper;
  Bytes bottom, top;
};

class Cutter {
 public:
  explicit Cutter(const PerfectPacking& kind) : kind_(kind), rng_(kind.seed) {}

  std::vector<Rect> run() {
    rects_ = {{0, kind_.horizon, 0, kind_.height}};
    for (int tries = 0; rects_.size() < kind_.count && tries < 100'000; ++tries) {
      const std::size_t at = choose();
      const Rect r = rects_[at];
      if (rng_.below(100) < kind_.pinwheel_percent)
        pinwheel(at, r);
      else if (rng_.chance(1, 2))
        cut_time(at, r);
      else
        cut_height(at, r);
    }
    rng_.shuffle(rects_);
    return rects_;
  }

 private:
  /// Mostly large ones: the best of a few by area.
  std::size_t choose() {
    const auto area = [&](std::size_t i) {
      return static_cast<double>(rects_[i].upper - rects_[i].lower) *
             static_cast<double>(rects_[i].top - rects_[i].bottom);
    };
    std::size_t best = rng_.below(rects_.size());
    for (int k = 0; k < 3; ++k) {
      const std::size_t other = rng_.below(rects_.size());
      if (area(other) > area(best)) best = other;
    }
    return best;
  }
  std::int64_t units(const Rect& r) const { return (r.top - r.bottom) / kind_.unit; }

  void cut_time(std::size_t at, Rect r) {
    if (r.upper - r.lower < 2) return;
    const std::int64_t x = rng_.between(r.lower + 1, r.upper - 1);
    rects_[at].upper = x;
    rects_.push_back({x, r.upper, r.bottom, r.top});
  }
  void cut_height(std::size_t at, Rect r) {
    if (units(r) < 2) return;
    const Bytes y = r.bottom + kind_.unit * rng_.between(1, units(r) - 1);
    rects_[at].top = y;
    rects_.push_back({r.lower, r.upper, y, r.top});
  }
  void pinwheel(std::size_t at, Rect r) {
    if (r.upper - r.lower < 3 || units(r) < 3) return;
    const std::int64_t x1 = rng_.between(r.lower + 1, r.upper - 2);
    const std::int64_t x2 = rng_.between(x1 + 1, r.upper - 1);
    const std::int64_t u1 = rng_.between(1, units(r) - 2);
    const Bytes y1 = r.bottom + kind_.unit * u1;
    const Bytes y2 = r.bottom + kind_.unit * rng_.between(u1 + 1, units(r) - 1);
    rects_[at] = {r.lower, x2, r.bottom, y1};
    rects_.push_back({x2, r.upper, r.bottom, y2});
    rects_.push_back({x1, r.upper, y2, r.top});
    rects_.push_back({r.lower, x1, y1, r.top});
    rects_.push_back({x1, x2, y1, y2});
  }

  const PerfectPacking& kind_;
  Rng rng_;
  std::vector<Rect> rects_;
};

class Network {
 public:
  explicit Network(const NetworkLike& kind) : kind_(kind), rng_(kind.seed) {}

  Lifetimes run() {
    const std::size_t per_layer = kind_.training ? 24 : 8;
    layers_ = static_cast<std::int64_t>(std::max<std::size_t>(kind_.count / per_layer, 2));
    hidden_ = 1024 * rng_.between(8, 64);
    for (std::int64_t layer = 0; buffers_.size() < kind_.count; layer = (layer + 1) % layers_) {
      if (kind_.training)
        training_layer(layer);
      else
        inference_layer(layer);
    }
    Lifetimes result;
    result.buffers = std::move(buffers_);
    result.intervals = std::move(intervals_);
    return result;
  }

 private:
  static constexpr std::int64_t kStep = 16;  ///< places in time of a layer

  void add(std::int64_t lower, std::int64_t upper, Bytes size) {
    if (buffers_.size() == kind_.count) return;
    const std::string name = fmt::format("b{}", buffers_.size());
    buffers_.push_back({name, round_up(size, Bytes{512}), {}, {}});
    intervals_.push_back({lower, std::max(upper, lower + 1)});
  }
  Bytes tensor() {
    constexpr std::int64_t kShapes[] = {1, 1, 1, 2, 3, 4, 4, 8};
    return hidden_ * kShapes[rng_.below(std::size(kShapes))];
  }
  void training_layer(std::int64_t layer) {
    const std::int64_t there = layer * kStep;
    const std::int64_t back = (2 * layers_ - layer) * kStep;
    for (int k = 0; k < 6; ++k)  // kept for the backward pass
      add(there + rng_.between(0, kStep - 1), back + rng_.between(0, kStep - 1), tensor());
    for (int k = 0; k < 8; ++k) {
      const std::int64_t at = (rng_.chance(1, 2) ? there : back) + rng_.between(0, kStep - 1);
      add(at, at + rng_.between(1, 3), tensor() * (rng_.chance(1, 6) ? 4 : 1));
    }
    for (int k = 0; k < 4; ++k)  // gradients that flow to the layer before
      add(back + rng_.between(0, 8), back + kStep + rng_.between(0, 8), tensor());
    for (int k = 0; k < 4; ++k)  // sums of small things, weight gradients until the end
      add(back + rng_.between(0, 8), rng_.chance(1, 8) ? 2 * (layers_ + 1) * kStep : back + kStep,
          hidden_ / 16 * rng_.between(1, 8));
    add(there, there + kStep * rng_.between(1, 6), hidden_ / 64);
    if (rng_.chance(1, 20)) add(0, 2 * (layers_ + 1) * kStep, hidden_ * rng_.between(1, 4));
  }
  void inference_layer(std::int64_t layer) {
    const std::int64_t there = layer * kStep;
    const std::int64_t stage = 4 * layer / layers_;  // feature maps shrink
    const auto size = [&] { return std::max<Bytes>(tensor() >> stage, 64); };
    for (int k = 0; k < 4; ++k) {
      const std::int64_t at = there + rng_.between(0, kStep - 1);
      add(at, at + rng_.between(2, kStep), size());
    }
    for (int k = 0; k < 2; ++k) {
      const std::int64_t at = there + rng_.between(0, kStep - 1);
      add(at, at + 1, size() * 2);
    }
    add(there, there + kStep * rng_.between(2, 4), size());                           // residual
    if (rng_.chance(1, 12)) add(there, there + kStep * rng_.between(8, 64), size());  // skip
    if (rng_.chance(1, 50)) add(there, there + kStep * layers_ / rng_.between(1, 4), size());
  }

  const NetworkLike& kind_;
  Rng rng_;
  std::int64_t layers_ = 0;
  Bytes hidden_ = 0;
  std::vector<LiveBuffer> buffers_;
  std::vector<Interval> intervals_;
};

}  // namespace

std::string to_csv(const Lifetimes& lifetimes) {
  std::string text = "id,lower,upper,size\n";
  for (std::size_t i = 0; i < lifetimes.size(); ++i)
    text += fmt::format("{},{},{},{}\n", lifetimes.buffers[i].name, (*lifetimes.intervals)[i].lower,
                        (*lifetimes.intervals)[i].upper, lifetimes.buffers[i].size);
  return text;
}

Lifetimes make(const PerfectPacking& kind) {
  Lifetimes result;
  result.intervals.emplace();
  for (const Rect& r : Cutter(kind).run()) {
    result.buffers.push_back({fmt::format("b{}", result.size()), r.top - r.bottom, {}, {}});
    result.intervals->push_back({r.lower, r.upper});
  }
  return result;
}

PerfectPacking packing_of(std::uint64_t seed) {
  Rng rng(seed);
  constexpr std::int64_t kHorizons[] = {60, 100, 200, 400, 1000};
  constexpr Bytes kUnits[] = {1, 512, 4096, 16384};
  PerfectPacking kind;
  kind.seed = seed;
  kind.count = 120 + rng.below(121);
  kind.horizon = kHorizons[rng.below(std::size(kHorizons))];
  kind.unit = kUnits[rng.below(std::size(kUnits))];
  kind.pinwheel_percent = 15 * rng.below(3);
  return kind;
}

Lifetimes make(const NetworkLike& kind) {
  return Network(kind).run();
}

}  // namespace unna::bench
