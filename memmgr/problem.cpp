#include "memmgr/problem.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "memmgr/antichain.h"

namespace unna {
namespace {

/// Gaps aside, neighbours are those that overlap.
template <class Body>
void for_each_conflict(const PlanProblem& p, std::uint32_t i, Body&& body) {
  const auto checked = [&](std::uint32_t j) {
    if (p.lifetimes.gaps.empty() || p.lifetimes.conflict(i, j)) body(j);
  };
  p.index.for_each_earlier(i, checked);
  p.index.for_each_later(i, checked);
}

void store_neighbours(PlanProblem& p) {
  const std::size_t n = p.size();
  p.row.assign(n + 1, 0);
  const auto each_pair = [&](auto&& body) {
    for (std::uint32_t i = 0; i < n; ++i)
      p.index.for_each_later(i, [&](std::uint32_t j) {
        if (p.lifetimes.gaps.empty() || p.lifetimes.conflict(i, j)) body(i, j);
      });
  };
  each_pair([&](std::uint32_t i, std::uint32_t j) {
    ++p.row[i + 1];
    ++p.row[j + 1];
  });
  for (std::size_t i = 0; i < n; ++i) p.row[i + 1] += p.row[i];
  p.column.resize(p.row.back());
  std::vector<std::uint64_t> fill(p.row.begin(), p.row.end() - 1);
  each_pair([&](std::uint32_t i, std::uint32_t j) {
    p.column[fill[i]++] = j;
    p.column[fill[j]++] = i;
  });
}

/// The antichain's bound, and what fixed offsets force.
void bound(PlanProblem& p) {
  std::vector<Bytes> weights;
  weights.reserve(p.size());
  for (const PlanBuffer& b : p.buffers) weights.push_back(b.size);
  Antichain chain = heaviest_antichain(p.lifetimes, p.index, weights);
  p.lower_bound = chain.weight;
  p.antichain = std::move(chain.members);
  for (const PlanBuffer& b : p.buffers)
    if (b.fixed) p.lower_bound = std::max(p.lower_bound, *b.fixed + b.size);
}

}  // namespace

std::span<const std::uint32_t> PlanProblem::neighbours(std::size_t i,
                                                       std::vector<std::uint32_t>& scratch) const {
  if (lists_stored()) return std::span(column).subspan(row[i], row[i + 1] - row[i]);
  scratch.clear();
  for_each_conflict(*this, static_cast<std::uint32_t>(i),
                    [&](std::uint32_t j) { scratch.push_back(j); });
  return scratch;
}

bool PlanProblem::plain() const {
  const auto keeps = [](const std::vector<Gap>& gaps) {
    return std::ranges::any_of(gaps, &Gap::keeps);
  };
  return in_place.empty() && std::ranges::none_of(lifetimes.gaps, keeps);
}

Bytes PlanProblem::total() const {
  Bytes sum = 0;
  for (const PlanBuffer& b : buffers) sum += b.size;
  return sum;
}

void complete_problem(PlanProblem& problem) {
  invariant(problem.buffers.size() == problem.lifetimes.size(), "{} buffers, {} lifetimes",
            problem.buffers.size(), problem.lifetimes.size());
  constexpr Bytes kLimit = std::numeric_limits<Bytes>::max() / 8;
  Bytes sum = 0;
  for (const PlanBuffer& b : problem.buffers) {
    if (b.size > kLimit - sum)
      throw InputError(
          fmt::format("sizes add up to more than {} bytes at buffer {}", kLimit, b.name));
    sum += b.size;
  }
  problem.index = OrderIndex(problem.lifetimes);
  if (problem.index.pairs() <= kStoredPairs) store_neighbours(problem);
  bound(problem);
}

PlanProblem make_problem(Lifetimes lifetimes, Bytes alignment, bool unsafe) {
  invariant(unsafe || lifetimes.kind != LivenessKind::observed,
            "observed lifetimes prove nothing and can't be planned for a valid layout");
  invariant(alignment > 0, "alignment {} is not positive", alignment);
  PlanProblem problem;
  for (const LiveBuffer& live : lifetimes.buffers) {
    Bytes size = live.members.empty() ? round_up(live.size, alignment) : 0;
    for (const Bytes member : live.member_sizes) size += round_up(member, alignment);
    problem.buffers.push_back({live.name, size, alignment, std::nullopt});
  }
  problem.lifetimes = std::move(lifetimes);
  complete_problem(problem);
  return problem;
}

std::vector<Bytes> member_offsets(const PlanProblem& problem, const Plan& plan,
                                  std::size_t buffer_count, const std::vector<BufferInfo>& buffers,
                                  Bytes alignment) {
  invariant(plan.offsets.size() == problem.size(), "plan of {} buffers for a problem of {}",
            plan.offsets.size(), problem.size());
  std::vector<Bytes> offsets(buffer_count, 0);
  for (std::size_t i = 0; i < problem.size(); ++i) {
    Bytes at = plan.offsets[i];
    for (const BufferId member : problem.lifetimes.buffers[i].members) {
      invariant(member.index() < buffer_count, "member {} of {} buffers", member.value,
                buffer_count);
      offsets[member.index()] = at;
      at += round_up(buffers[member.index()].size, alignment);
    }
    invariant(at <= plan.offsets[i] + problem.buffers[i].size ||
                  problem.lifetimes.buffers[i].members.empty(),
              "members of {} need more than its {} bytes", problem.buffers[i].name,
              problem.buffers[i].size);
  }
  return offsets;
}

}  // namespace unna
