// Tetris: a genetic algorithm over allocation orders. Children are made and decoded in parallel,
// each from its own generator, so that neither their number of threads nor their timing matters.

#include <algorithm>
#include <chrono>
#include <memory>

#include "base/error.h"
#include "base/parallel.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/placement.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/tetris_search.h"

namespace unna {
namespace {

using Clock = std::chrono::steady_clock;

class Tetris {
 public:
  Tetris(const PlanProblem& problem, const PlanOptions& options)
      : problem_(problem), options_(options), start_(Clock::now()) {}

  Plan run();

 private:
  bool out_of_time() const {
    return options_.time_limit &&
           std::chrono::duration<double>(Clock::now() - start_).count() >= *options_.time_limit;
  }
  std::uint64_t effort_limit() const {
    return static_cast<std::uint64_t>(options_.tetris.effort) * 1'000'000;
  }
  bool at_bound() const { return best_.peak == problem_.lower_bound; }

  void seed_with_greedy_orders();
  void keep(std::vector<Bytes> offsets, std::vector<std::uint32_t> order);
  std::string evolve();
  std::vector<Genome> breed(std::uint64_t generation);
  const Genome& tournament(Rng& rng) const;
  void select(std::vector<Genome> children);

  const PlanProblem& problem_;
  const PlanOptions& options_;
  Clock::time_point start_;
  std::vector<Genome> population_;  ///< best first
  Genome best_;
  std::vector<std::unique_ptr<Decoder>> decoders_;
  std::uint64_t spent_ = 0;  ///< on greedy orders
  std::size_t brood_ = 1;    ///< children of a generation
  int threads_ = 1;
};

void Tetris::keep(std::vector<Bytes> offsets, std::vector<std::uint32_t> order) {
  Genome g{std::move(order), std::move(offsets), 0, 0};
  g.peak = peak_of(problem_, g.offsets);
  for (std::size_t i = 0; i < problem_.size(); ++i)
    g.excess += std::max<Bytes>(g.offsets[i] + problem_.buffers[i].size - problem_.lower_bound, 0);
  if (problem_.lists_stored()) {
    if (decoders_.empty()) decoders_.push_back(std::make_unique<Decoder>(problem_));
    if (g.peak > problem_.lower_bound) decoders_[0]->settle(g);
  }
  if (best_.order.empty() || better(g, best_)) best_ = g;
  if (problem_.lists_stored()) population_.push_back(std::move(g));
}

void Tetris::seed_with_greedy_orders() {
  for (const Fit fit : {Fit::lowest, Fit::best}) {
    for (ConstructiveOrder& c : constructive_orders(problem_)) {
      if (!best_.order.empty() && (at_bound() || out_of_time() || spent_ >= effort_limit())) return;
      spent_ += 2 * problem_.index.pairs() + problem_.size() * problem_.size() / 32;
      std::vector<Bytes> offsets = place_in_order(problem_, c.order, fit);
      keep(std::move(offsets), std::move(c.order));
    }
  }
}

const Genome& Tetris::tournament(Rng& rng) const {
  std::size_t winner = population_.size();
  for (std::int64_t i = 0; i < options_.tetris.tournament; ++i)
    winner = std::min(winner, static_cast<std::size_t>(rng.below(population_.size())));
  return population_[winner];  // sorted: the smallest index is the fittest
}

std::vector<Genome> Tetris::breed(std::uint64_t generation) {
  const std::size_t wanted = brood_;
  const Bytes cutoff = population_.back().peak;
  const Rng family = Rng(options_.seed).fork(generation);
  std::vector<Genome> children(wanted);
  std::vector<char> alive(wanted, 0);
  const auto lanes = static_cast<std::size_t>(threads_);
  parallel_for(lanes, threads_, [&](std::size_t lane) {
    Decoder& decoder = *decoders_[lane];
    for (std::size_t c = lane; c < wanted; c += lanes) {
      Rng rng = family.fork(c + 1);
      // The elite are searched around; the others meet by tournament.
      const bool local = c < (wanted + 1) / 2;
      const auto elite =
          std::min(static_cast<std::size_t>(options_.tetris.elite), population_.size());
      const Genome& a = local ? population_[c % elite] : tournament(rng);
      const bool mutant =
          local || rng.chance(static_cast<std::uint64_t>(options_.tetris.mutation_percent), 100);
      const std::size_t kept = mutant ? mutate(problem_, a, rng, children[c])
                                      : cross(a, tournament(rng), rng, children[c]);
      if (kept == a.order.size() || !decoder.decode(children[c], kept, cutoff)) continue;
      if (better(children[c], population_.back())) decoder.settle(children[c]);
      alive[c] = 1;
    }
  });
  std::vector<Genome> result;
  for (std::size_t c = 0; c < wanted; ++c)
    if (alive[c] != 0) result.push_back(std::move(children[c]));
  return result;
}

/// The best of parents and children; of those that are equally good, one: they are nearly always
/// the same layout.
void Tetris::select(std::vector<Genome> children) {
  for (Genome& child : children) population_.push_back(std::move(child));
  std::ranges::stable_sort(population_, better);
  const auto equal = [](const Genome& a, const Genome& b) {
    return a.peak == b.peak && a.excess == b.excess;
  };
  population_.erase(std::unique(population_.begin(), population_.end(), equal), population_.end());
  if (population_.size() > static_cast<std::size_t>(options_.tetris.population))
    population_.resize(static_cast<std::size_t>(options_.tetris.population));
}

std::string Tetris::evolve() {
  const std::uint64_t limit = effort_limit();
  // Where only few layouts can be decoded, many small generations beat few large ones.
  const std::uint64_t decodes = limit / (2 * problem_.column.size() + 1);
  brood_ = static_cast<std::size_t>(std::clamp<std::uint64_t>(
      decodes / 64, 4, static_cast<std::uint64_t>(options_.tetris.population)));
  // Threads pay where a generation's decoding takes longer than starting them.
  if (problem_.column.size() * brood_ > 400'000) threads_ = std::max(options_.threads, 1);
  while (decoders_.size() < static_cast<std::size_t>(threads_))
    decoders_.push_back(std::make_unique<Decoder>(problem_));
  const auto effort = [&] {
    std::uint64_t sum = spent_;
    for (const auto& d : decoders_) sum += d->visits();
    return sum;
  };
  select({});
  std::int64_t idle = 0;
  for (std::int64_t generation = 0; generation < options_.tetris.generations; ++generation) {
    if (out_of_time()) return fmt::format("time limit after {} generations", generation);
    if (effort() >= limit) return fmt::format("effort spent after {} generations", generation);
    if (idle >= options_.tetris.patience)
      return fmt::format("no progress in the last {} of {} generations", idle, generation);
    select(breed(static_cast<std::uint64_t>(generation) + 1));
    ++idle;
    if (!better(population_.front(), best_)) continue;
    best_ = population_.front();
    idle = 0;
    if (at_bound()) return fmt::format("lower bound met in generation {}", generation + 1);
  }
  return fmt::format("{} generations", options_.tetris.generations);
}

Plan Tetris::run() {
  Plan plan;
  if (problem_.size() == 0) return plan;
  seed_with_greedy_orders();
  if (at_bound())
    plan.note = "lower bound met by a greedy order";
  else if (!problem_.lists_stored())
    plan.note = fmt::format("greedy orders only: more than {} conflicting pairs", kStoredPairs);
  else
    plan.note = evolve();
  plan.offsets = std::move(best_.offsets);
  return plan;
}

}  // namespace

Plan plan_tetris(const PlanProblem& problem, const PlanOptions& options) {
  return Tetris(problem, options).run();
}

}  // namespace unna
