// Nothing here calls liveness, index or planners: lifetimes are read as data.

#include "memmgr/checker.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "base/error.h"
#include "memmgr/plan.h"

namespace unna {
namespace {

/// Bytes that a buffer needs for a while, at their place in memory.
struct Piece {
  std::size_t buffer = 0;
  std::int64_t from = 0;
  std::int64_t until = 0;
  Bytes begin = 0;
  Bytes end = 0;
};

/// Pieces that come and go, asked for those that touch a range: a tree of the greatest ends over
/// the pieces by begin.
class LivePieces {
 public:
  explicit LivePieces(std::span<const Piece> by_begin)
      : pieces_(by_begin), leaves_(std::bit_ceil(by_begin.size() + 1)), end_(2 * leaves_, kDead) {}

  void enter(std::size_t p) { set(p, pieces_[p].end); }
  void leave(std::size_t p) { set(p, kDead); }
  template <class Body>
  void for_each_in(Bytes begin, Bytes end, Body&& body) const {
    const auto behind = std::ranges::lower_bound(pieces_, end, {}, &Piece::begin);
    visit(1, 0, leaves_, static_cast<std::size_t>(behind - pieces_.begin()), begin, body);
  }

 private:
  static constexpr Bytes kDead = std::numeric_limits<Bytes>::min();

  void set(std::size_t p, Bytes end) {
    std::size_t node = leaves_ + p;
    end_[node] = end;
    while (node /= 2) end_[node] = std::max(end_[2 * node], end_[2 * node + 1]);
  }
  template <class Body>
  void visit(std::size_t node, std::size_t first, std::size_t width, std::size_t count, Bytes above,
             Body& body) const {
    if (first >= count || end_[node] <= above) return;
    if (width == 1) return body(first);
    visit(2 * node, first, width / 2, count, above, body);
    visit(2 * node + 1, first + width / 2, width / 2, count, above, body);
  }

  std::span<const Piece> pieces_;
  std::size_t leaves_;
  std::vector<Bytes> end_;
};

class PlanChecker {
 public:
  PlanChecker(const PlanProblem& problem, const std::vector<Bytes>& offsets,
              std::optional<Bytes> peak, std::size_t limit)
      : problem_(problem), offsets_(offsets), peak_(peak), limit_(limit) {
    for (const BufferPair pair : problem.in_place)
      in_place_.insert(std::minmax(pair.first, pair.second));
  }

  /// Several memories, one behind the other: what lies in different ones can't meet.
  void use_pools(const std::vector<std::uint32_t>& pool) {
    pool_ = &pool;
    base_.assign(problem_.pools.size() + 1, 0);
    for (std::size_t i = 0; i < pool.size(); ++i)
      base_[pool[i] + 1] = std::max(base_[pool[i] + 1], offsets_[i] + problem_.buffers[i].size);
    for (std::size_t p = 1; p < base_.size(); ++p) base_[p] += base_[p - 1];
  }

  std::vector<Violation> run() {
    if (offsets_.size() != problem_.buffers.size()) {
      report(fmt::format("plan has {} offsets for {} buffers", offsets_.size(),
                         problem_.buffers.size()));
      return std::move(found_);
    }
    for (std::size_t i = 0; i < offsets_.size(); ++i) check_buffer(i);
    for (const BufferPair pair : problem_.apart)
      if (touch(pair.first, pair.second))
        report_pair(pair.first, pair.second, "they are to be kept apart");
    if (problem_.lifetimes.intervals)
      sweep_time();
    else
      sweep_addresses();
    return std::move(found_);
  }

 private:
  Bytes base(std::size_t i) const { return pool_ == nullptr ? 0 : base_[(*pool_)[i]]; }
  Bytes begin(std::size_t i) const { return base(i) + offsets_[i]; }
  Bytes end(std::size_t i) const { return begin(i) + problem_.buffers[i].size; }
  bool empty(std::size_t i) const { return problem_.buffers[i].size == 0; }
  bool touch(std::size_t a, std::size_t b) const {
    return !empty(a) && !empty(b) && begin(a) < end(b) && begin(b) < end(a);
  }
  bool share_in_place(std::size_t a, std::size_t b) const {
    return begin(a) == begin(b) && in_place_.contains({static_cast<std::uint32_t>(std::min(a, b)),
                                                       static_cast<std::uint32_t>(std::max(a, b))});
  }
  bool full() const { return found_.size() >= limit_; }
  void report(std::string message, std::vector<std::size_t> buffers = {}) {
    if (!full()) found_.push_back({std::move(message), std::move(buffers)});
  }

  void check_buffer(std::size_t i) {
    const PlanBuffer& b = problem_.buffers[i];
    const Bytes at = offsets_[i];
    const Bytes until = at + b.size;
    const auto wrong = [&](std::string message) { report(std::move(message), {i}); };
    if (at < 0) wrong(fmt::format("{} is at negative offset {}", b.name, at));
    if (at % b.alignment != 0)
      wrong(
          fmt::format("{} is at {}, not a multiple of its alignment {}", b.name, at, b.alignment));
    if (b.fixed && at != *b.fixed)
      wrong(fmt::format("{} is at {}, expected its fixed offset {}", b.name, at, *b.fixed));
    if (peak_ && until > *peak_)
      wrong(fmt::format("{} ends at {}, above the plan's peak {}", b.name, until, *peak_));
    const auto& capacity =
        pool_ == nullptr ? problem_.capacity : problem_.pools[(*pool_)[i]].capacity;
    if (capacity && until > *capacity)
      wrong(fmt::format("{} ends at {}, above the capacity {}", b.name, until, *capacity));
    if (b.size > 0) check_reserved(i, at, until);
    if (pool_ != nullptr) check_choice(i);
  }

  void check_reserved(std::size_t i, Bytes at, Bytes until) {
    const auto& reserved =
        pool_ == nullptr ? problem_.reserved : problem_.pools[(*pool_)[i]].reserved;
    for (const ByteRange& r : reserved)
      if (at < r.end && r.begin < until)
        report(fmt::format("{} is at [{}, {}), in the reserved range [{}, {})",
                           problem_.buffers[i].name, at, until, r.begin, r.end),
               {i});
  }

  void check_choice(std::size_t i) {
    const PlanBuffer& b = problem_.buffers[i];
    const std::uint32_t pool = (*pool_)[i];
    if (!b.pools.empty() && std::ranges::count(b.pools, pool) == 0)
      report(fmt::format("{} is in pool {}, which is none of its own", b.name,
                         problem_.pools[pool].name),
             {i});
  }

  void report_pair(std::size_t a, std::size_t b, const std::string& why) {
    report_bytes(a, b, std::max(begin(a), begin(b)), std::min(end(a), end(b)), why);
  }
  void report_bytes(std::size_t a, std::size_t b, Bytes from, Bytes until, const std::string& why) {
    report(fmt::format("{} and {} share bytes [{}, {}): {}", problem_.buffers[a].name,
                       problem_.buffers[b].name, from - base(a), until - base(a), why),
           {a, b});
  }

  std::vector<Piece> pieces() const {
    std::vector<Piece> all;
    for (std::size_t i = 0; i < problem_.buffers.size(); ++i) {
      const Interval life = (*problem_.lifetimes.intervals)[i];
      std::int64_t from = life.lower;
      const auto need = [&](std::int64_t lower, std::int64_t upper, Bytes first, Bytes last) {
        if (lower < upper && first < last)
          all.push_back({i, lower, upper, begin(i) + first, begin(i) + last});
      };
      if (!problem_.lifetimes.gaps.empty()) {
        for (const Gap& gap : problem_.lifetimes.gaps[i]) {
          need(from, gap.time.lower, 0, problem_.buffers[i].size);
          need(gap.time.lower, gap.time.upper, gap.kept_begin, gap.kept_end);
          from = gap.time.upper;
        }
      }
      need(from, life.upper, 0, problem_.buffers[i].size);
    }
    return all;
  }

  /// Walks through time: whoever enters may touch no one there, but those that it is in place of.
  void sweep_time() {
    std::vector<Piece> all = pieces();
    std::ranges::stable_sort(all, {}, &Piece::begin);
    std::vector<std::tuple<std::int64_t, bool, std::size_t>> events;  // time, enters, piece
    for (std::size_t p = 0; p < all.size(); ++p) {
      events.emplace_back(all[p].from, true, p);
      events.emplace_back(all[p].until, false, p);
    }
    std::ranges::sort(events);
    LivePieces live(all);
    for (const auto& [time, enters, p] : events) {
      if (full()) return;
      if (!enters) {
        live.leave(p);
        continue;
      }
      const Piece& mine = all[p];
      live.for_each_in(mine.begin, mine.end, [&, when = time](std::size_t other) {
        const Piece& theirs = all[other];
        if (!share_in_place(mine.buffer, theirs.buffer))
          report_bytes(mine.buffer, theirs.buffer, std::max(mine.begin, theirs.begin),
                       std::min(mine.end, theirs.end),
                       fmt::format("both are in use at time {}", when));
      });
      live.enter(p);
    }
  }

  /// Why a is not before b: a use of a that b's uses need not wait for.
  std::optional<std::string> not_before(std::size_t a, std::size_t b) const {
    const ChainOrder& order = *problem_.lifetimes.order;
    for (const auto& last : order.last(a)) {
      const std::uint32_t known = order.first(b)[last.chain];
      if (last.position <= known) continue;
      return fmt::format("{} is used at place {} of chain {}, {} waits only for place {}",
                         problem_.buffers[a].name, last.position, last.chain,
                         problem_.buffers[b].name, known);
    }
    return std::nullopt;
  }

  /// Numbers that grow along the order. What is known before every use of a is known before every
  /// use of b, where a is before b; and of a's last use only b knows.
  std::vector<std::uint64_t> places() const {
    const ChainOrder& order = *problem_.lifetimes.order;
    std::vector<std::uint64_t> place(order.size(), 0);
    for (std::size_t i = 0; i < order.size(); ++i)
      for (const std::uint32_t known : order.first(i)) place[i] += known;
    return place;
  }
  bool precedes(std::size_t a, std::size_t b) const {
    const ChainOrder& order = *problem_.lifetimes.order;
    const auto known = order.first(b);
    return std::ranges::all_of(order.last(a), [&](const ChainOrder::Mark& last) {
      return last.position <= known[last.chain];
    });
  }

  bool neighbours_in_order() const;

  void check_order(std::size_t a, std::size_t b) {
    if (precedes(a, b) || precedes(b, a) || share_in_place(a, b)) return;
    if (problem_.lifetimes.kind == LivenessKind::edges)
      return report_pair(a, b, "no edges of the order lead from either to the other");
    report_pair(a, b, *not_before(a, b) + "; " + *not_before(b, a));
  }

  /// Walks through memory: only buffers that share bytes are held against each other. "Before" is
  /// transitive, so that those on a byte are all in order where each is in order with its
  /// neighbours; the others are needed only to name what is wrong.
  void sweep_addresses() {
    if (in_place_.empty() && neighbours_in_order()) return;
    std::vector<std::size_t> by_begin;
    for (std::size_t i = 0; i < problem_.buffers.size(); ++i)
      if (!empty(i)) by_begin.push_back(i);
    std::ranges::stable_sort(by_begin, {}, [&](std::size_t i) { return begin(i); });
    std::vector<std::size_t> here;
    for (const std::size_t i : by_begin) {
      std::erase_if(here, [&](std::size_t j) { return end(j) <= begin(i); });
      for (const std::size_t j : here) {
        if (full()) return;
        check_order(std::min(i, j), std::max(i, j));
      }
      here.push_back(i);
    }
  }

  const PlanProblem& problem_;
  const std::vector<Bytes>& offsets_;
  std::optional<Bytes> peak_;
  const std::vector<std::uint32_t>* pool_ = nullptr;  ///< by buffer; null: one memory
  std::vector<Bytes> base_;                           ///< of each pool
  std::size_t limit_;
  std::set<std::pair<std::uint32_t, std::uint32_t>> in_place_;
  std::vector<Violation> found_;
};

bool PlanChecker::neighbours_in_order() const {
  using Turn = std::pair<std::uint64_t, std::size_t>;
  const std::vector<std::uint64_t> place = places();
  std::vector<std::tuple<Bytes, bool, Turn>> edges;  // address, begins, whose; ends go first
  for (std::size_t i = 0; i < place.size(); ++i) {
    if (empty(i) || problem_.lifetimes.order->unused(i)) continue;
    edges.emplace_back(begin(i), true, Turn{place[i], i});
    edges.emplace_back(end(i), false, Turn{place[i], i});
  }
  std::ranges::sort(edges);
  std::set<Turn> here;
  for (const auto& [at, begins, turn] : edges) {
    const auto mine = begins ? here.insert(turn).first : here.find(turn);
    const auto next = std::next(mine);
    const bool has_last = mine != here.begin();
    const bool has_next = next != here.end();
    if (begins && has_last && !precedes(std::prev(mine)->second, turn.second)) return false;
    if (begins && has_next && !precedes(turn.second, next->second)) return false;
    if (begins) continue;
    if (has_last && has_next && !precedes(std::prev(mine)->second, next->second)) return false;
    here.erase(mine);
  }
  return true;
}

}  // namespace

std::vector<Violation> check_plan(const PlanProblem& problem, const Plan& plan, std::size_t limit) {
  std::vector<Violation> found = PlanChecker(problem, plan.offsets, plan.peak, limit).run();
  if (found.empty() && plan.objects) found = check_objects(problem, plan, limit);
  return found;
}

std::vector<Violation> check_pools(const PlanProblem& problem,
                                   const std::vector<std::uint32_t>& pool,
                                   const std::vector<Bytes>& offsets, std::size_t limit) {
  const auto wrong =
      std::ranges::find_if(pool, [&](std::uint32_t p) { return p >= problem.pools.size(); });
  if (pool.size() != offsets.size() || wrong != pool.end())
    return {{fmt::format("{} buffers have a pool, {} an offset, and there are {} pools",
                         pool.size(), offsets.size(), problem.pools.size())}};
  PlanChecker checker(problem, offsets, std::nullopt, limit);
  if (offsets.size() == problem.buffers.size()) checker.use_pools(pool);
  return checker.run();
}

std::int64_t waits_cost(const PlanProblem& problem, const std::vector<Bytes>& offsets) {
  std::int64_t cost = 0;
  for (const AvoidPair& a : problem.avoid) {
    const Bytes first = offsets[a.pair.first];
    const Bytes second = offsets[a.pair.second];
    const Bytes begin = std::max(first, second);
    const Bytes end = std::min(first + problem.buffers[a.pair.first].size,
                               second + problem.buffers[a.pair.second].size);
    if (begin < end) cost += a.weight;
  }
  return cost;
}

}  // namespace unna
