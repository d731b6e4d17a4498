// Partial orders: threads that do not wait, and cores that walk layers together.

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/rng.h"
#include "bench/instances.h"

namespace unna::bench {
namespace {

/// Uses of a buffer: its first's clock, and the last of each core.
struct Uses {
  Bytes size = 0;
  std::vector<std::uint32_t> first;
  std::vector<ChainOrder::Mark> last;
};

Lifetimes shuffled(std::vector<Uses> all, std::size_t chains, std::uint64_t seed) {
  Rng(seed).shuffle(all);
  Lifetimes lifetimes;
  lifetimes.kind = LivenessKind::instruction;
  lifetimes.order.emplace(chains);
  for (const Uses& uses : all) {
    lifetimes.buffers.push_back({fmt::format("b{}", lifetimes.buffers.size()), uses.size, {}, {}});
    lifetimes.order->add(uses.last, uses.first);
  }
  return lifetimes;
}

/// Each step of a core is one position of its chain for each layer, and one more to wait.
class Walk {
 public:
  explicit Walk(const WalkLike& kind)
      : kind_(kind), rng_(kind.seed), clock_(kind.cores, Clock(kind.cores, 0)) {}

  std::vector<Uses> run() {
    input_.assign(kind_.cores * kind_.steps, {});
    Bytes line = 64 * rng_.between(4, 40);
    for (Uses& uses : input_) uses = {line, Clock(kind_.cores, 0), {}};
    for (std::size_t walk = 0; walk < kind_.walks; ++walk) one_walk();
    finish(input_);
    return std::move(done_);
  }

 private:
  using Clock = std::vector<std::uint32_t>;

  void one_walk() {
    std::vector<std::vector<Uses>> made(kind_.layers, std::vector<Uses>(input_.size()));
    std::vector<Bytes> sizes;
    for (std::size_t layer = 0; layer < kind_.layers; ++layer)
      sizes.push_back(64 * rng_.between(2, layer % 3 == 1 ? 120 : 30));
    for (std::size_t step = 0; step < kind_.steps; ++step) {
      for (std::size_t layer = 0; layer < kind_.layers; ++layer)
        for (std::size_t core = 0; core < kind_.cores; ++core)
          make_line(made, layer, step, core, sizes[layer]);
      meet();
    }
    finish(input_);
    for (std::size_t layer = 0; layer + 1 < kind_.layers; ++layer) finish(made[layer]);
    input_ = std::move(made.back());
  }

  /// Reads the lines of this step of its own, and of the step before of its neighbours.
  void make_line(std::vector<std::vector<Uses>>& made, std::size_t layer, std::size_t step,
                 std::size_t core, Bytes size) {
    const std::uint32_t position = ++clock_[core][core];
    made[layer][step * kind_.cores + core] = {size, before(core), {{index(core), position}}};
    std::vector<Uses>& read = layer == 0 ? input_ : made[layer - 1];
    use(read[step * kind_.cores + core], core, position);
    if (step == 0) return;
    for (std::size_t near = core == 0 ? 0 : core - 1; near <= core + 1; ++near)
      if (near < kind_.cores) use(read[(step - 1) * kind_.cores + near], core, position);
  }

  /// Each core waits for its neighbours' steps.
  void meet() {
    const std::vector<Clock> old = clock_;
    for (std::size_t core = 0; core < kind_.cores; ++core) {
      for (const std::size_t near : {core - 1, core + 1})
        if (near < kind_.cores)
          for (std::size_t k = 0; k < kind_.cores; ++k)
            clock_[core][k] = std::max(clock_[core][k], old[near][k]);
    }
  }

  Clock before(std::size_t core) const {
    Clock clock = clock_[core];
    --clock[core];
    return clock;
  }
  static std::uint32_t index(std::size_t core) { return static_cast<std::uint32_t>(core); }

  void use(Uses& uses, std::size_t core, std::uint32_t position) {
    const Clock now = before(core);
    for (std::size_t k = 0; k < now.size(); ++k) uses.first[k] = std::min(uses.first[k], now[k]);
    const auto mark = std::ranges::find(uses.last, index(core), &ChainOrder::Mark::chain);
    if (mark == uses.last.end())
      uses.last.push_back({index(core), position});
    else
      mark->position = position;
  }

  void finish(std::vector<Uses>& all) {
    for (Uses& uses : all) {
      std::ranges::sort(uses.last, {}, &ChainOrder::Mark::chain);
      done_.push_back(std::move(uses));
    }
    all.clear();
  }

  const WalkLike& kind_;
  Rng rng_;
  std::vector<Clock> clock_;
  std::vector<Uses> input_;
  std::vector<Uses> done_;
};

}  // namespace

Lifetimes make(const ConcurrentPackings& kind) {
  std::vector<Uses> all;
  for (std::size_t thread = 0; thread < kind.threads; ++thread) {
    PerfectPacking part;
    part.seed = kind.seed * 100 + thread;
    part.count = kind.count / kind.threads;
    part.height = kind.height;
    const Lifetimes packing = make(part);
    for (std::size_t i = 0; i < packing.size(); ++i) {
      const Interval time = (*packing.intervals)[i];
      std::vector<std::uint32_t> first(kind.threads, 0);
      first[thread] = static_cast<std::uint32_t>(time.lower);
      all.push_back(
          {packing.buffers[i].size,
           first,
           {{static_cast<std::uint32_t>(thread), static_cast<std::uint32_t>(time.upper)}}});
    }
  }
  return shuffled(std::move(all), kind.threads, kind.seed);
}

Lifetimes make(const Strands& kind) {
  Rng rng(kind.seed);
  std::vector<std::uint32_t> name(kind.count);
  std::iota(name.begin(), name.end(), 0U);
  rng.shuffle(name);
  std::vector<BufferPair> edges;
  for (std::size_t i = kind.strands; i < kind.count; ++i) {
    edges.push_back({name[i - kind.strands], name[i]});
    const std::size_t back = 1 + rng.below(std::min(3 * kind.strands, i));
    if (rng.below(100) < kind.waits && back % kind.strands != 0)
      edges.push_back({name[i - back], name[i]});
  }
  rng.shuffle(edges);
  Lifetimes lives;
  lives.kind = LivenessKind::edges;
  for (std::size_t i = 0; i < kind.count; ++i)
    lives.buffers.push_back({fmt::format("b{}", i), 64 * rng.between(1, 64), {}, {}});
  lives.order = order_of_edges(kind.count, edges);
  return lives;
}

Lifetimes make(const WalkLike& kind) {
  return shuffled(Walk(kind).run(), kind.cores, kind.seed);
}

}  // namespace unna::bench
