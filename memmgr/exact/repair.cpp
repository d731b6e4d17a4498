#include "memmgr/exact/repair.h"

#include <algorithm>

#include "memmgr/exact/instance.h"
#include "memmgr/exact/search.h"
#include "memmgr/placement/placement.h"

namespace unna {
namespace {

constexpr std::size_t kLeast = 12;
constexpr std::size_t kMost = 160;

}  // namespace

Repair::Repair(const PlanProblem& problem, std::vector<Bytes> offsets, std::uint64_t seed)
    : problem_(problem),
      offsets_(std::move(offsets)),
      peak_(peak_of(problem, offsets_)),
      rng_(seed),
      is_free_(problem.size(), 0) {}

void Repair::offer(const std::vector<Bytes>& offsets) {
  const Bytes peak = peak_of(problem_, offsets);
  if (peak >= peak_) return;
  peak_ = peak;
  offsets_ = offsets;
}

void Repair::find_sticking_out(Bytes target) {
  out_.clear();
  for (std::uint32_t i = 0; i < problem_.size(); ++i)
    if (offsets_[i] + problem_.buffers[i].size > target && problem_.buffers[i].size > 0)
      out_.push_back(i);
}

/// The buffer and neighbours of it, then of those: at random, the ones that stick out always.
std::vector<std::uint32_t> Repair::around(std::uint32_t buffer, std::size_t wanted, Bytes target) {
  std::vector<std::uint32_t> free{buffer};
  std::vector<std::uint32_t> near;
  for (std::size_t centre = 0; centre < free.size() && free.size() < wanted; ++centre) {
    const auto span = problem_.neighbours(free[centre], scratch_);
    near.assign(span.begin(), span.end());
    std::ranges::sort(near);
    rng_.shuffle(near);
    const std::size_t share = centre == 0 ? wanted - wanted / 4 : wanted / 4;
    std::size_t taken = 0;
    for (const std::uint32_t j : near) {
      const bool out = offsets_[j] + problem_.buffers[j].size > target;
      if (free.size() >= wanted || (taken >= share && !out)) continue;
      if (problem_.buffers[j].fixed || std::ranges::find(free, j) != free.end()) continue;
      free.push_back(j);
      ++taken;
    }
  }
  std::ranges::sort(free);
  return free;
}

bool Repair::replan(const std::vector<std::uint32_t>& free, Bytes target, Budget& budget) {
  for (const std::uint32_t i : free) is_free_[i] = 1;
  const std::vector<PackingInstance> instances =
      packing_instances(problem_, free, is_free_, offsets_, target);
  for (const std::uint32_t i : free) is_free_[i] = 0;
  std::vector<std::pair<std::uint32_t, Bytes>> found;
  std::uint64_t look = 4000;
  for (const std::uint32_t i : free) look += 32 * problem_.neighbours(i, scratch_).size();
  for (const PackingInstance& in : instances) {
    for (const auto& ranges : in.blocked) look += 32 * ranges.size();
    SearchMemory memory(in, 8);
    const SearchStyle style{
        rng_.chance(1, 2) ? SearchStyle::First::size : SearchStyle::First::length,
        SearchStyle::Niche::choices, rng_.next() | 1U};
    PackingSearch search(in, target, style, memory);
    const SearchResult result = search.run(4 * in.count() + 40, budget.deadline);
    look += 2 * result.work;
    if (result.end != SearchEnd::found) {
      budget.work -= std::min(budget.work, look);
      return false;
    }
    for (std::uint32_t k = 0; k < in.count(); ++k)
      found.emplace_back(in.buffer[k], result.offsets[k]);
  }
  budget.work -= std::min(budget.work, look);
  for (const auto& [i, offset] : found) offsets_[i] = offset;
  return true;
}

void Repair::run(Bytes goal, Budget& budget) {
  std::size_t failures = 0;
  Bytes target = 0;
  while (peak_ > goal && budget.work > 0 && !budget.out_of_time()) {
    const Bytes wish = std::max(goal, peak_ - std::max<Bytes>(1, (peak_ - goal) >> caution_));
    if (wish != target) find_sticking_out(target = wish);
    if (out_.empty()) {
      const Bytes before = peak_;
      peak_ = peak_of(problem_, offsets_);
      if (peak_ == before) return;  // made by a buffer without bytes
      caution_ = std::max(0, caution_ - 1);
      continue;
    }
    const std::uint32_t buffer = out_[rng_.below(out_.size())];
    const std::size_t wanted = kLeast + rng_.below(reach_);
    if (replan(around(buffer, wanted, target), target, budget)) {
      std::erase_if(
          out_, [&](std::uint32_t i) { return offsets_[i] + problem_.buffers[i].size <= target; });
      failures = 0;
      reach_ = std::max(kLeast, reach_ - 1);
      continue;
    }
    if (++failures % 8 == 0) reach_ = std::min(kMost, reach_ + 2);
    if (failures % 64 == 0) caution_ = std::min(caution_ + 1, 20);
  }
  peak_ = peak_of(problem_, offsets_);
}

}  // namespace unna
