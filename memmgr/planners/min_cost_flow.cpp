// Lee et al. 2019, "On-Device Neural Net Inference with Mobile GPUs" (arXiv 1907.01989), memory
// management by minimum-cost flow, as in TFLite's GPU delegate: every buffer either opens an
// object, at the cost of its size, or takes over the object of one buffer that it comes after, at
// the cost of what it is larger by. Every buffer is taken over once at most. The cost stands for
// the bytes that objects grow by; it is never less than they need, and more where a buffer in
// between was smaller than those around it.
//
// A flow of that shape is an assignment of buffers (rows) to predecessors (columns): solved by
// successive shortest paths with potentials (Kuhn 1955; Jonker & Volgenant 1987), a row at a time.

#include <algorithm>
#include <limits>
#include <optional>

#include "base/error.h"
#include "memmgr/plan.h"
#include "memmgr/planners/features.h"
#include "memmgr/planners/objects.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

/// Beyond, the search for paths takes too long.
constexpr std::size_t kFlowBuffers = 1'500;

class Assignment {
 public:
  explicit Assignment(const PlanProblem& problem)
      : problem_(problem),
        n_(static_cast<std::uint32_t>(problem.size())),
        row_potential_(n_, 0),
        column_potential_(n_, 0),
        row_of_(n_),
        column_of_(n_),
        distance_(n_),
        reached_from_(n_) {
    for (const std::uint32_t row : problem.sequence()) add(row);
  }

  /// Whose object buffer i takes over.
  std::optional<std::uint32_t> predecessor(std::uint32_t i) const { return column_of_[i]; }

  Bytes cost() const {
    Bytes sum = 0;
    for (std::uint32_t i = 0; i < n_; ++i)
      sum += column_of_[i] ? *cost_of(i, *column_of_[i]) : problem_.buffers[i].size;
    return sum;
  }

 private:
  std::optional<Bytes> cost_of(std::uint32_t row, std::uint32_t column) const {
    if (problem_.index.position(column) >= problem_.index.position(row)) return std::nullopt;
    if (problem_.index.overlap(column, row)) return std::nullopt;
    return std::max<Bytes>(problem_.buffers[row].size - problem_.buffers[column].size, 0);
  }

  /// Where the shortest path ends: at a free column, or at a row that opens an object.
  struct End {
    Bytes distance = std::numeric_limits<Bytes>::max();
    std::optional<std::uint32_t> column;
    std::uint32_t row = 0;
  };

  void add(std::uint32_t row) {
    std::ranges::fill(distance_, kUnreached);
    settled_.clear();
    open_.clear();
    for (std::uint32_t c = 0; c < n_; ++c) open_.push_back(c);
    End end;
    Bytes so_far = 0;
    for (std::uint32_t at = row;;) {
      relax(at, so_far, end);
      const auto next = std::ranges::min_element(open_, {}, [&](auto c) { return distance_[c]; });
      if (next == open_.end() || distance_[*next] >= end.distance) break;
      const std::uint32_t column = *next;
      so_far = distance_[column];
      if (!row_of_[column]) {
        end = {so_far, column, reached_from_[column]};
        break;
      }
      settled_.push_back(column);
      *next = open_.back();
      open_.pop_back();
      at = *row_of_[column];
    }
    adjust_potentials(row, end.distance);
    augment(row, end);
  }

  void relax(std::uint32_t row, Bytes so_far, End& end) {
    const Bytes base = so_far - row_potential_[row];
    if (base + problem_.buffers[row].size < end.distance)
      end = {base + problem_.buffers[row].size, std::nullopt, row};
    for (const std::uint32_t c : open_) {
      const auto cost = cost_of(row, c);
      if (!cost) continue;
      const Bytes through = base + *cost - column_potential_[c];
      if (through >= distance_[c]) continue;
      distance_[c] = through;
      reached_from_[c] = row;
    }
  }

  void adjust_potentials(std::uint32_t row, Bytes length) {
    row_potential_[row] += length;
    for (const std::uint32_t c : settled_) {
      row_potential_[*row_of_[c]] += length - distance_[c];
      column_potential_[c] -= length - distance_[c];
    }
  }

  void augment(std::uint32_t row, const End& end) {
    std::optional<std::uint32_t> column = end.column;
    for (std::uint32_t at = end.row;;) {
      const std::optional<std::uint32_t> given_up = column_of_[at];
      column_of_[at] = column;
      if (column) row_of_[*column] = at;
      if (at == row) return;
      column = given_up;
      at = reached_from_[*column];
    }
  }

  static constexpr Bytes kUnreached = std::numeric_limits<Bytes>::max();

  const PlanProblem& problem_;
  std::uint32_t n_;
  std::vector<Bytes> row_potential_;
  std::vector<Bytes> column_potential_;
  std::vector<std::optional<std::uint32_t>> row_of_;     ///< by column: who takes it over
  std::vector<std::optional<std::uint32_t>> column_of_;  ///< by row
  std::vector<Bytes> distance_;                          ///< by column, of the path searched for
  std::vector<std::uint32_t> reached_from_;
  std::vector<std::uint32_t> settled_;
  std::vector<std::uint32_t> open_;
};

}  // namespace

Plan plan_min_cost_flow(const PlanProblem& problem, const PlanOptions& options) {
  refuse(problem, "min-cost-flow", {Feature::apart});
  if (problem.size() > kFlowBuffers) {
    Plan plan = plan_greedy_in_order(problem, options);
    plan.note = fmt::format("more than {} buffers: as greedy-in-order", kFlowBuffers);
    return plan;
  }
  const Assignment flow(problem);
  ObjectPool pool(problem, "min-cost-flow");
  for (const std::uint32_t i : problem.sequence()) {
    const auto before = flow.predecessor(i);
    if (before)
      pool.assign(i, *pool.object_of(*before));
    else
      pool.open(i);
  }
  Plan plan = pool.plan();
  plan.note = fmt::format("cost of the flow {}", flow.cost());
  return plan;
}

}  // namespace unna
