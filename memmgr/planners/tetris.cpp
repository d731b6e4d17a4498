// Tetris: a genetic algorithm over allocation orders. Populations evolve on islands, each with its
// own generator, and meet at fixed points, so that neither threads nor their timing matter.

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "memmgr/exact/instance.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/constructive.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/planners/search_budget.h"
#include "memmgr/planners/starts.h"
#include "memmgr/planners/tetris_options.h"
#include "memmgr/planners/tetris_search.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

using Clock = std::chrono::steady_clock;

/// Why it ended; none: it may go on.
enum class End : std::uint8_t { none, bound, time, effort, patience, generations };

class Island {
 public:
  Island(const PlanProblem& problem, const Neighbourhoods& around, const TetrisOptions& options,
         std::uint64_t seed)
      : problem_(problem),
        around_(around),
        options_(options),
        rng_(seed),
        decoder_(problem, around) {}

  /// Adds a layout that was made from an order, or decodes the order where there is none.
  void found(std::vector<std::uint32_t> order, std::vector<Bytes> offsets = {});
  void take_in(const Genome& migrant) { select({migrant}); }
  void start_like(const Island& other) { population_ = other.population_; }
  const Genome& best() const { return population_.front(); }
  bool at_bound() const { return best().peak <= problem_.lower_bound; }

  /// Generations until so many neighbours have been looked at, or it ends.
  End evolve(std::uint64_t visits, std::uint64_t limit, const Deadline& deadline);
  std::int64_t generation() const { return generation_; }
  std::int64_t idle() const { return idle_; }
  std::uint64_t visits() const { return decoder_.visits(); }

 private:
  std::vector<Genome> breed();
  void select(std::vector<Genome> newcomers);
  const Genome& tournament();
  std::size_t brood(std::uint64_t limit) const;

  const PlanProblem& problem_;
  const Neighbourhoods& around_;
  const TetrisOptions& options_;
  Rng rng_;
  Decoder decoder_;
  std::vector<Genome> population_;  ///< best first
  std::size_t brood_ = 1;           ///< children of a generation
  std::int64_t generation_ = 0;
  std::int64_t idle_ = 0;
};

void Island::found(std::vector<std::uint32_t> order, std::vector<Bytes> offsets) {
  Genome g{std::move(order), std::move(offsets), 0, 0};
  const std::size_t kept = g.offsets.empty() ? 0 : g.order.size();
  g.offsets.resize(problem_.size(), 0);
  decoder_.decode(g, kept);
  population_.push_back(std::move(g));
  std::ranges::stable_sort(population_, better);
}

const Genome& Island::tournament() {
  std::size_t winner = population_.size();
  for (std::int64_t i = 0; i < options_.tournament; ++i)
    winner = std::min(winner, static_cast<std::size_t>(rng_.below(population_.size())));
  return population_[winner];  // sorted: the smallest index is the fittest
}

std::vector<Genome> Island::breed() {
  const Bytes cutoff = population_.back().peak;
  const bool local = options_.local != 0;
  std::vector<Genome> children;
  for (std::size_t c = 0; c < brood_; ++c) {
    // The elite are searched around; the others meet by tournament.
    const bool near_elite = local && c < (brood_ + 1) / 2;
    const auto elite = std::min(static_cast<std::size_t>(options_.elite), population_.size());
    const Genome& a = near_elite ? population_[c % elite] : tournament();
    const bool mutant =
        near_elite || rng_.chance(static_cast<std::uint64_t>(options_.mutation_percent), 100);
    Genome child;
    std::size_t kept = !mutant ? cross(a, tournament(), rng_, child)
                       : local ? mutate(problem_, around_, a, rng_, child)
                               : mutate_anywhere(a, rng_, child);
    if (options_.incremental == 0) kept = 0;
    if (kept == a.order.size() || !decoder_.decode(child, kept, cutoff)) continue;
    children.push_back(std::move(child));
  }
  return children;
}

/// The best of parents and newcomers.
void Island::select(std::vector<Genome> newcomers) {
  for (Genome& g : newcomers) population_.push_back(std::move(g));
  std::ranges::stable_sort(population_, better);
  if (population_.size() > static_cast<std::size_t>(options_.population))
    population_.resize(static_cast<std::size_t>(options_.population));
}

/// Where only few layouts can be decoded, many small generations beat few large ones.
std::size_t Island::brood(std::uint64_t limit) const {
  const std::uint64_t decodes = limit / (2 * around_.column.size() + 1);
  return static_cast<std::size_t>(
      std::clamp<std::uint64_t>(decodes / 64, 4, static_cast<std::uint64_t>(options_.population)));
}

End Island::evolve(std::uint64_t visits, std::uint64_t limit, const Deadline& deadline) {
  brood_ = brood(limit);
  const std::uint64_t until = std::min(limit, decoder_.visits() + visits);
  while (decoder_.visits() < until) {
    if (at_bound()) return End::bound;
    if (deadline && Clock::now() >= *deadline) return End::time;
    if (idle_ >= options_.patience) return End::patience;
    if (generation_ >= options_.generations) return End::generations;
    const Genome before = best();
    select(breed());
    ++generation_;
    ++idle_;
    if (better(best(), before)) idle_ = 0;
  }
  if (at_bound()) return End::bound;
  return decoder_.visits() >= limit ? End::effort : End::none;
}

class Tetris {
 public:
  Tetris(const PlanProblem& problem, const PlanOptions& options);

  Plan run();

 private:
  void seed_islands();
  End evolve();
  void migrate();
  Plan layout() const;
  std::string note(End end) const;

  const PlanProblem& problem_;
  const PlanOptions& options_;
  Deadline deadline_;
  std::vector<std::uint32_t> aside_;
  Neighbourhoods around_;
  std::vector<Island> islands_;
  std::size_t winner_ = 0;
};

std::vector<std::uint32_t> set_aside(const PlanProblem& problem, const TetrisOptions& options) {
  if (options.reduce == 0) return {};
  return always_placeable(problem, problem.lower_bound);
}

Tetris::Tetris(const PlanProblem& problem, const PlanOptions& options)
    : problem_(problem),
      options_(options),
      aside_(set_aside(problem, options.tetris)),
      around_(problem, aside_) {
  if (options.time_limit)
    deadline_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(*options.time_limit));
  for (std::int64_t k = 0; k < options.tetris.islands; ++k)
    islands_.emplace_back(problem_, around_, options_.tetris,
                          Rng(options.seed).fork(static_cast<std::uint64_t>(k)).next());
}

/// Greedy orders for everyone, or chance.
void Tetris::seed_islands() {
  std::vector<char> out(problem_.size(), 0);
  for (const std::uint32_t i : aside_) out[i] = 1;
  const auto kept = [&](std::vector<std::uint32_t> order) {
    std::erase_if(order, [&](std::uint32_t i) { return out[i] != 0; });
    return order;
  };
  if (options_.tetris.greedy_start == 0) {
    for (std::size_t k = 0; k < islands_.size(); ++k) {
      Rng rng = Rng(options_.seed).fork(1000 + k);
      for (std::int64_t g = 0; g < options_.tetris.population; ++g) {
        std::vector<std::uint32_t> order = kept(by_size(problem_));
        rng.shuffle(order);
        islands_[k].found(std::move(order));
      }
    }
    return;
  }
  const std::vector<ConstructiveOrder> orders = constructive_orders(problem_);
  for (const Fit fit : {Fit::lowest, Fit::best})
    for (std::size_t c = 0; c < orders.size(); ++c) {
      const std::vector<std::uint32_t> order = kept(orders[c].order);
      std::vector<Bytes> offsets;
      if (fit == Fit::best) offsets = place_in_order(problem_, order, fit);
      islands_[0].found(order, offsets);
      const bool enough = islands_[0].at_bound() || (deadline_ && Clock::now() >= *deadline_);
      if (enough || (fit == Fit::best && c + 1 == orders.size())) {
        for (std::size_t k = 1; k < islands_.size(); ++k) islands_[k].start_like(islands_[0]);
        return;
      }
    }
}

/// The best of each goes to the next.
void Tetris::migrate() {
  std::vector<Genome> best;
  for (const Island& island : islands_) best.push_back(island.best());
  for (std::size_t k = 0; k < islands_.size(); ++k)
    islands_[(k + 1) % islands_.size()].take_in(best[k]);
}

End Tetris::evolve() {
  constexpr std::uint64_t kBetweenMeetings = 5'000'000;
  const std::uint64_t limit =
      static_cast<std::uint64_t>(options_.tetris.effort) * 1'000'000 / islands_.size();
  std::vector<End> ends(islands_.size());
  for (;;) {
    parallel_for(islands_.size(), options_.threads, [&](std::size_t k) {
      ends[k] = islands_[k].evolve(kBetweenMeetings, limit, deadline_);
    });
    for (std::size_t k = 0; k < islands_.size(); ++k)
      if (better(islands_[k].best(), islands_[winner_].best())) winner_ = k;
    if (islands_[winner_].at_bound()) return End::bound;
    if (std::ranges::all_of(ends, [](End e) { return e != End::none; }))
      return std::ranges::max(ends);
    if (std::ranges::find(ends, End::time) != ends.end()) return End::time;
    migrate();
  }
}

/// Buffers set aside find room below the bound, whatever the layout of the others.
Plan Tetris::layout() const {
  Plan plan;
  plan.offsets = islands_[winner_].best().offsets;
  place_aside(problem_, aside_, plan.offsets);
  return plan;
}

std::string Tetris::note(End end) const {
  const std::int64_t generations = islands_[winner_].generation();
  switch (end) {
    case End::bound:
      return generations == 0 ? "lower bound met by a greedy order"
                              : fmt::format("lower bound met in generation {}", generations);
    case End::time:
      return fmt::format("time limit after {} generations", generations);
    case End::effort:
      return fmt::format("effort spent after {} generations", generations);
    case End::patience:
      return fmt::format("no progress in the last {} of {} generations", islands_[winner_].idle(),
                         generations);
    case End::generations:
    case End::none:
      break;
  }
  return fmt::format("{} generations", generations);
}

Plan Tetris::run() {
  seed_islands();
  const End end = islands_[0].at_bound() ? End::bound : evolve();
  Plan plan = layout();
  plan.note = note(end);
  return plan;
}

/// Too many pairs to decode orders quickly.
Plan greedy_orders_only(const PlanProblem& problem, const PlanOptions& options) {
  Budget budget = search_budget(options);
  Plan plan;
  plan.offsets = best_constructive(problem, budget);
  plan.note = fmt::format("greedy orders only: more than {} conflicting pairs", kStoredPairs);
  return plan;
}

}  // namespace

Plan plan_tetris(const PlanProblem& problem, const PlanOptions& options) {
  if (problem.size() == 0) return {};
  if (!problem.lists_stored()) return greedy_orders_only(problem, options);
  return Tetris(problem, options).run();
}

}  // namespace unna
