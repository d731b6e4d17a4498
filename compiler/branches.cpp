#include "compiler/branches.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace unna {
namespace {

/// For each kernel the kernels whose storages it reads, by whole storages and regions.
std::vector<std::vector<std::size_t>> producers(const LoweredGraph& g) {
  std::vector<std::vector<std::pair<StorageRegion, std::size_t>>> written(g.storages.size());
  std::vector<std::vector<std::size_t>> result(g.kernels.size());
  for (std::size_t i = 0; i < g.kernels.size(); ++i) {
    const Kernel& k = g.kernels[i];
    const Box all{{0, 0, 0, 0, 0}, k.dims};
    std::set<std::size_t> from;
    for (std::size_t in = 0; in < k.in.size(); ++in) {
      const StorageRegion read = region_of(g, k.in[in].access, input_box(k, in, all));
      for (const auto& [region, writer] : written[read.storage.index()])
        if (region.overlaps(read)) from.insert(writer);
    }
    result[i].assign(from.begin(), from.end());
    written[k.out.storage.index()].emplace_back(region_of(g, k.out, all), i);
    if (k.out2) written[k.out2->storage.index()].emplace_back(region_of(g, *k.out2, all), i);
  }
  return result;
}

/// Splits [from, to) into connected components; a kernel that reads several of them, and all that
/// depends on it, is the tail.
KernelRegion make_region(std::size_t from, std::size_t to,
                         const std::vector<std::vector<std::size_t>>& inputs) {
  KernelRegion region;
  std::vector<std::size_t> branch(to - from);  // component, or npos for the tail
  constexpr std::size_t kTail = static_cast<std::size_t>(-1);
  std::size_t count = 0;
  for (std::size_t i = from; i < to; ++i) {
    region.kernels.push_back(KernelId(i));
    std::set<std::size_t> reads;
    for (const std::size_t p : inputs[i])
      if (p >= from) reads.insert(branch[p - from]);
    if (reads.empty()) {
      branch[i - from] = count++;
    } else if (reads.size() == 1 && *reads.begin() != kTail) {
      branch[i - from] = *reads.begin();
    } else {
      branch[i - from] = kTail;
    }
  }
  region.branches.resize(count);
  for (std::size_t i = from; i < to; ++i) {
    auto& list = branch[i - from] == kTail ? region.tail : region.branches[branch[i - from]];
    list.push_back(KernelId(i));
  }
  return region;
}

/// Cores for each branch, at least one, in proportion to work.
std::vector<std::int64_t> share(const std::vector<double>& work, std::int64_t cores) {
  std::vector<std::int64_t> part(work.size(), 1);
  std::int64_t left = cores - static_cast<std::int64_t>(work.size());
  for (; left > 0; --left) {
    std::size_t most = 0;
    const auto load = [&](std::size_t b) { return work[b] / static_cast<double>(part[b]); };
    for (std::size_t b = 1; b < work.size(); ++b)
      if (load(b) > load(most)) most = b;
    ++part[most];
  }
  return part;
}

}  // namespace

std::vector<KernelRegion> find_regions(const LoweredGraph& graph) {
  const std::vector<std::vector<std::size_t>> inputs = producers(graph);
  const std::size_t n = graph.kernels.size();
  std::vector<std::size_t> last_reader(n);
  for (std::size_t i = 0; i < n; ++i) {
    last_reader[i] = i;
    for (const std::size_t p : inputs[i]) last_reader[p] = i;
  }
  // A cut stands behind kernel i where everything later depends on earlier kernels through i only.
  std::vector<KernelRegion> regions;
  std::size_t from = 0;
  std::size_t reach = 0;  // last reader of any kernel before i
  for (std::size_t i = 0; i < n; ++i) {
    const bool cut = reach <= i || i + 1 == n;
    if (cut) {
      regions.push_back(make_region(from, i + 1, inputs));
      from = i + 1;
    }
    reach = std::max(reach, last_reader[i]);
  }
  return regions;
}

std::vector<KernelPlan> plan_branches(const KernelRegion& region, std::int64_t cores,
                                      Partitioner& partitioner, const SyncCost& sync, bool forced) {
  const std::size_t n = region.branches.size();
  if (static_cast<std::int64_t>(n) > cores) return {};
  for (const auto& branch : region.branches)
    if (!partitioner.own_synapses(branch)) return {};
  const CoreGroup everyone{0, cores};
  Cycle together = 0;
  std::vector<double> work(n, 0);
  for (std::size_t b = 0; b < n; ++b)
    for (const KernelId k : region.branches[b]) {
      const Cycle estimate = partitioner.plan(k, everyone, cores, sync).estimate;
      together += estimate;
      work[b] += static_cast<double>(estimate);
    }
  const std::vector<std::int64_t> parts = share(work, cores);
  std::vector<KernelPlan> plans;
  Cycle slowest = 0;
  std::int64_t first = 0;
  for (std::size_t b = 0; b < n; ++b) {
    Cycle time = 0;
    for (const KernelId k : region.branches[b]) {
      std::optional<KernelPlan> plan = partitioner.find_plan(k, {first, parts[b]}, cores, sync);
      if (!plan) return {};
      plans.push_back(*std::move(plan));
      time += plans.back().estimate;
    }
    slowest = std::max(slowest, time);
    first += parts[b];
  }
  if (!forced && slowest >= together) return {};
  for (const KernelId k : region.tail) plans.push_back(partitioner.plan(k, everyone, cores, sync));
  return plans;
}

}  // namespace unna
