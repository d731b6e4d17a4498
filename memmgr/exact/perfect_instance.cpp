#include "memmgr/exact/perfect_instance.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace unna {
namespace {

/// A search keeps a bit for each pair of buffers.
constexpr std::size_t kLargestPerfect = 20'000;

bool free_to_lie_anywhere(const PlanProblem& problem) {
  if (!problem.lifetimes.intervals || !problem.plain() || !problem.apart.empty() ||
      !problem.reserved.empty() || !problem.lifetimes.gaps.empty())
    return false;
  Bytes unit = 0;
  for (const PlanBuffer& b : problem.buffers) unit = std::gcd(unit, b.size);
  return std::ranges::none_of(problem.buffers, [&](const PlanBuffer& b) {
    return b.fixed || (b.alignment != 1 && unit % b.alignment != 0);
  });
}

/// Buffers by the slot that `key` names, in rows.
Rows by_slot(const std::vector<std::uint32_t>& key, std::uint32_t slots) {
  std::vector<std::vector<std::uint32_t>> lists(slots + 1);
  for (std::uint32_t k = 0; k < key.size(); ++k) lists[key[k]].push_back(k);
  Rows rows;
  for (const auto& list : lists) {
    for (const std::uint32_t k : list) rows.push(k);
    rows.close();
  }
  return rows;
}

std::vector<std::uint32_t> twins(const PerfectInstance& in) {
  std::vector<std::uint32_t> order(in.count());
  std::iota(order.begin(), order.end(), 0U);
  const auto key = [&](std::uint32_t k) { return std::tuple(in.begin[k], in.end[k], in.size[k]); };
  std::ranges::stable_sort(order, {}, key);
  std::vector<std::uint32_t> twin(in.count());
  for (std::size_t x = 0; x < order.size(); ++x)
    twin[order[x]] = x > 0 && key(order[x]) == key(order[x - 1]) ? twin[order[x - 1]] : order[x];
  return twin;
}

bool fills(const PerfectInstance& in) {
  std::vector<Bytes> change(in.slots + 1, 0);
  for (std::size_t k = 0; k < in.count(); ++k) {
    change[in.begin[k]] += in.size[k];
    change[in.end[k]] -= in.size[k];
  }
  Bytes load = 0;
  for (std::uint32_t s = 0; s < in.slots; ++s)
    if ((load += change[s]) != in.height) return false;
  return true;
}

}  // namespace

std::optional<PerfectInstance> perfect_instance(const PlanProblem& problem, Bytes capacity) {
  if (!free_to_lie_anywhere(problem)) return std::nullopt;
  PerfectInstance in;
  in.height = capacity;
  std::vector<std::int64_t> times;
  const std::vector<Interval>& lives = *problem.lifetimes.intervals;
  for (std::uint32_t i = 0; i < problem.size(); ++i) {
    if (lives[i].lower >= lives[i].upper || problem.buffers[i].size == 0) continue;
    in.buffer.push_back(i);
    in.size.push_back(problem.buffers[i].size);
    times.push_back(lives[i].lower);
    times.push_back(lives[i].upper);
  }
  if (in.count() == 0 || in.count() > kLargestPerfect) return std::nullopt;
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  in.slots = static_cast<std::uint32_t>(times.size() - 1);
  const auto slot = [&](std::int64_t t) {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(times, t) - times.begin());
  };
  for (const std::uint32_t i : in.buffer) {
    in.begin.push_back(slot(lives[i].lower));
    in.end.push_back(slot(lives[i].upper));
  }
  if (!fills(in)) return std::nullopt;
  in.starting = by_slot(in.begin, in.slots);
  in.ending = by_slot(in.end, in.slots);
  in.twin = twins(in);
  in.contacts = find_contacts(in.size, in.ending, in.starting);
  return in;
}

}  // namespace unna
