#include "compiler/walk_search.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "base/error.h"
#include "cost/timing.h"

namespace unna {
namespace {

/// Lines of the kernels that end a walk, made in each step.
constexpr std::int64_t kHeights[] = {1, 2, 3, 4, 5, 7, 8, 10, 14, 16, 19, 28, 37, 56, 75, 112};

std::vector<KernelId> run_of(std::size_t first, std::size_t count) {
  std::vector<KernelId> kernels;
  for (std::size_t k = first; k < first + count; ++k) kernels.push_back(KernelId(k));
  return kernels;
}

std::span<const Division> divisions(std::int64_t cores) {
  static constexpr Division kAll[] = {Division::columns, Division::rows, Division::channels};
  return std::span(kAll).first(cores == 1 ? 1 : std::size(kAll));
}

}  // namespace

WalkSearch::WalkSearch(const LoweredGraph& graph, const MachineConfig& machine, Partition partition,
                       std::size_t longest)
    : graph_(graph),
      machine_(machine),
      table_(graph),
      longest_(longest),
      side_by_side_(graph.kernels.size(), false),
      options_(graph.kernels.size()) {
  UnitCosts costs(graph, machine, partition);
  WalkRunner runner(table_);
  for (std::size_t first = 0; first < graph.kernels.size(); ++first)
    find_options(runner, costs, first);
  if (machine.cores == 1) return;
  for (const KernelRegion& region : find_regions(graph)) add_side_by_side(runner, costs, region);
}

/// Branches side by side may all be where they need the most at the same time.
void WalkSearch::add_side_by_side(WalkRunner& runner, UnitCosts& costs,
                                  const KernelRegion& region) {
  const std::size_t first = region.kernels.front().index();
  const std::size_t count = region.kernels.size();
  if (count > options_[first].size()) return;
  const std::optional<BandCost> cost = costs.side_by_side(region);
  if (!cost) return;
  for (const KernelId k : region.kernels) side_by_side_[k.index()] = true;
  runner.begin(KernelId(first));
  const Bytes before = runner.footprint({}, {});
  const auto whole = [&](const std::vector<KernelId>& kernels) {
    return runner.footprint(kernels, runner.bands(kernels, 1));
  };
  Bytes together = before;
  for (const auto& branch : region.branches) together += whole(branch) - before;
  const Bytes footprint = std::max(together, whole(region.kernels));
  options_[first][count - 1].push_back({1, 0, Division::fastest, footprint, *cost, true});
}

void WalkSearch::find_options(WalkRunner& runner, UnitCosts& costs, std::size_t first) {
  runner.begin(KernelId(first));
  const std::size_t most = std::min(longest_, graph_.kernels.size() - first);
  options_[first].resize(most);
  for (std::size_t count = 1; count <= most; ++count) {
    std::vector<Option>& options = options_[first][count - 1];
    const std::vector<KernelId> kernels = run_of(first, count);
    if (count == 1) {
      const std::vector<Band> bands = runner.bands(kernels, 1);
      options.push_back({1, 0, Division::fastest, runner.footprint(kernels, bands),
                         costs.layer(kernels.front())});
    }
    const std::int64_t last_lines = table_.lines(kernels.back());
    if (last_lines == 1) continue;
    std::set<std::int64_t> steps;
    for (const std::int64_t h : kHeights)
      if (const std::int64_t n = ceil_div(last_lines, h); n > 1) steps.insert(n);
    for (const std::int64_t n : steps) {
      add_options(runner, costs, kernels, n, 0, options);
      if (count > 1) add_options(runner, costs, kernels, n, 1, options);
    }
  }
}

void WalkSearch::add_options(WalkRunner& runner, UnitCosts& costs,
                             const std::vector<KernelId>& kernels, std::int64_t steps,
                             std::int64_t skew, std::vector<Option>& options) const {
  const std::vector<Band> bands = runner.bands(kernels, steps, skew);
  const Bytes footprint = runner.footprint(kernels, bands);
  Heights heights;
  for (const Band& b : bands) ++heights[{b.kernel, b.hi - b.lo}];
  for (const Division division : divisions(machine_.cores)) {
    Option option{steps, skew, division, footprint, {}};
    option.cost = cost_of(costs, kernels, heights, division);
    // Each band begins when what it reads, just made, is in memory.
    if (skew == 0 && kernels.size() > 1)
      option.cost.time += static_cast<Cycle>(bands.size()) * dram_latency(machine_);
    options.push_back(option);
  }
}

/// Of all bands of a walk, without waiting.
BandCost WalkSearch::cost_of(UnitCosts& costs, const std::vector<KernelId>& kernels,
                             const Heights& heights, Division division) const {
  std::vector<std::int64_t> common;  // by kernel, the lines of most of its bands
  std::vector<SbWish> wishes;
  for (const KernelId k : kernels) {
    std::int64_t bands = 0, most = 0, lines = 1;
    for (auto h = heights.lower_bound({k, 0}); h != heights.end() && h->first.first == k; ++h) {
      bands += h->second;
      if (h->second > most) std::tie(lines, most) = std::pair(h->first.second, h->second);
    }
    common.push_back(lines);
    wishes.push_back(costs.wish(k, lines, bands, division));
  }
  const std::size_t first = kernels.front().index();
  const auto sum_in = [&](const std::vector<SbRoom>& rooms) {
    BandCost sum;
    for (const auto& [band, times] : heights)
      sum +=
          costs.band(band.first, band.second, division, rooms[band.first.index() - first]) * times;
    for (std::size_t i = 0; i < kernels.size(); ++i)
      if (rooms[i].stay) sum += costs.staying(kernels[i], common[i], division);
    return sum;
  };
  try {
    return sum_in(share_sb(wishes, machine_.core));
  } catch (const CapacityError&) {
    // As it is scheduled then: none stay.
    return sum_in(std::vector(kernels.size(), SbRoom{0, machine_.core.sb_bytes, false}));
  }
}

EstimatedWalk WalkSearch::assemble(
    const std::vector<std::pair<std::size_t, const Option*>>& cuts) const {
  EstimatedWalk result;
  std::size_t first = 0;
  for (const auto& [end, option] : cuts) {
    const std::vector<KernelId> kernels = run_of(first, end - first);
    if (option->side_by_side) {
      for (const KernelId k : kernels)
        result.plan.walks.push_back({{k}, 1, Division::fastest, Sync::barriers});
    } else {
      Walk walk{kernels, option->steps, option->division, Sync::acknowledged, option->skew};
      // With barriers, branches would run side by side.
      if (kernels.size() == 1 && option->steps == 1 && !side_by_side_[first])
        walk.sync = Sync::barriers;
      result.plan.walks.push_back(std::move(walk));
    }
    result.footprint = std::max(result.footprint, option->footprint);
    result.cost += option->cost;
    first = end;
  }
  return result;
}

std::vector<EstimatedWalk> WalkSearch::front(const WalkWeights& weights) const {
  constexpr double kUnreached = std::numeric_limits<double>::infinity();
  const std::size_t n = options_.size();
  const auto weight = [&](const Option& o) {
    return weights.cycles * static_cast<double>(o.cost.time) +
           weights.bytes * static_cast<double>(o.cost.traffic);
  };
  std::vector<EstimatedWalk> front;
  Bytes budget = std::numeric_limits<Bytes>::max();
  while (true) {
    std::vector<double> best(n + 1, kUnreached);
    std::vector<std::pair<std::size_t, const Option*>> from(n + 1);
    best[0] = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (best[i] == kUnreached) continue;
      for (std::size_t count = 1; count <= options_[i].size(); ++count)
        for (const Option& o : options_[i][count - 1]) {
          if (o.footprint > budget) continue;
          const double w = best[i] + weight(o);
          if (w < best[i + count]) {
            best[i + count] = w;
            from[i + count] = {i, &o};
          }
        }
    }
    if (best[n] == kUnreached) return front;
    std::vector<std::pair<std::size_t, const Option*>> cuts;
    for (std::size_t j = n; j > 0; j = from[j].first) cuts.emplace_back(j, from[j].second);
    std::reverse(cuts.begin(), cuts.end());
    front.push_back(assemble(cuts));
    // Two percent less each time: the steps of the front that matter.
    budget = front.back().footprint - std::max<Bytes>(1, front.back().footprint / 50);
  }
}

}  // namespace unna
