#include "compiler/walk_search.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "base/error.h"
#include "base/parallel.h"
#include "compiler/tile_memo.h"
#include "cost/timing.h"

namespace unna {
namespace {

/// Lines of the kernels that end a walk, made in each step.
constexpr std::int64_t kHeights[] = {1, 2, 3, 4, 5, 7, 8, 10, 14, 16, 19, 28, 37, 56, 75, 112};

/// Walks of programs that do not compile count as so many times as expensive as estimated.
constexpr std::int64_t kOfFailures = 4;

std::vector<KernelId> run_of(std::size_t first, std::size_t count) {
  std::vector<KernelId> kernels;
  for (std::size_t k = first; k < first + count; ++k) kernels.push_back(KernelId(k));
  return kernels;
}

std::span<const Division> divisions(std::int64_t cores) {
  static constexpr Division kAll[] = {Division::columns, Division::rows, Division::channels,
                                      Division::fastest, Division::balanced};
  return std::span(kAll).first(cores == 1 ? 1 : std::size(kAll));
}

}  // namespace

WalkSearch::WalkSearch(const LoweredGraph& graph, const MachineConfig& machine, Partition partition,
                       int threads, std::size_t longest)
    : graph_(graph),
      machine_(machine),
      table_(graph),
      longest_(longest),
      side_by_side_(graph.kernels.size(), 0),
      may_branch_(graph.kernels.size(), false),
      options_(graph.kernels.size()),
      experience_({}),
      footprints_(std::vector<std::int64_t>(graph.kernels.size(), 1)),
      tiles_(std::make_shared<TileMemo>()) {
  std::vector<BandCost> layers(graph.kernels.size());
  // What is near has the same bands: each thread finds out what they cost for a stretch.
  const auto stretches = static_cast<std::size_t>(std::max(threads, 1));
  const std::size_t stretch = ceil_div(graph.kernels.size(), stretches);
  std::vector<std::shared_ptr<TileMemo>> tiles(stretches);
  parallel_for(stretches, threads, [&](std::size_t t) {
    tiles[t] = std::make_shared<TileMemo>();
    Partitioner partitioner(graph, machine, partition, nullptr, tiles[t]);
    UnitCosts costs(graph, machine, partition, partitioner);
    WalkRunner runner(table_);
    const std::size_t end = std::min((t + 1) * stretch, graph.kernels.size());
    for (std::size_t first = t * stretch; first < end; ++first) {
      find_options(runner, costs, first);
      layers[first] = costs.layer(KernelId(first));
    }
  });
  experience_ = WalkExperience(layers);
  for (const std::shared_ptr<TileMemo>& found : tiles) tiles_->merge(std::move(*found));
  if (machine.cores == 1) return;
  Partitioner partitioner(graph, machine, partition, nullptr, tiles_);
  UnitCosts costs(graph, machine, partition, partitioner);
  WalkRunner runner(table_);
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
  side_by_side_[first] = count;
  for (const KernelId k : region.kernels) may_branch_[k.index()] = true;
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
      if (kernels.size() == 1 && option->steps == 1 && !may_branch_[first])
        walk.sync = Sync::barriers;
      result.plan.walks.push_back(std::move(walk));
    }
    result.footprint = std::max(result.footprint, option->expected_footprint);
    result.cost += option->expected;
    first = end;
  }
  return result;
}

std::vector<WalkSearch::Piece> WalkSearch::pieces_of(const WalkPlan& plan) {
  const auto is_layer = [&](std::size_t w) {
    return w < plan.walks.size() && plan.walks[w].kernels.size() == 1 && plan.walks[w].steps == 1 &&
           plan.walks[w].sync == Sync::barriers;
  };
  std::vector<Piece> pieces;
  std::size_t first = 0;
  for (std::size_t w = 0; w < plan.walks.size();) {
    const std::size_t layers = side_by_side_[first];
    bool branches = layers > 0;
    for (std::size_t i = 0; i < layers; ++i) branches = branches && is_layer(w + i);
    const Walk& walk = plan.walks[w];
    const std::size_t count = branches ? layers : walk.kernels.size();
    for (Option& o : options_[first][count - 1])
      if (branches ? o.side_by_side
                   : !o.side_by_side && o.steps == walk.steps && o.skew == walk.skew &&
                         (o.layers() || o.division == walk.division))
        pieces.push_back({{first, first + count}, &o});
    first += count;
    w += branches ? layers : 1;
  }
  return pieces;
}

void WalkSearch::learn(const WalkPlan& plan, const MeasuredProgram& measured) {
  Cycle before = 0;
  for (const Piece& piece : pieces_of(plan)) {
    BandCost took;
    Cycle end = before;
    for (std::size_t k = piece.range.first; k < piece.range.end; ++k) {
      end = std::max(end, measured.kernels[k].end);
      took.traffic += measured.kernels[k].traffic;
    }
    took.time = end - before;
    before = end;
    learn_footprint(piece, measured);
    Option& option = *piece.option;
    // Of layers, what they take among layers counts.
    if (option.layers() && option.known) continue;
    if (option.layers()) {
      experience_.layers_took(piece.range, option.cost, took);
    } else {
      experience_.walk_took(piece.range, option.division, option.cost, took);
    }
    option.known = true;
    option.expected = took;
  }
  learnt_ = true;
}

/// The walk that ran when most was alive needed that much, all others no more.
void WalkSearch::learn_footprint(const Piece& piece, const MeasuredProgram& measured) {
  Option& option = *piece.option;
  const std::size_t peak = measured.peak_kernel.index();
  if (peak >= piece.range.first && peak < piece.range.end) {
    option.known_footprint = true;
    option.expected_footprint = measured.footprint;
    if (!option.layers())
      footprints_.walk_took(piece.range, option.division, option.footprint, measured.footprint);
  } else if (option.expected_footprint > measured.footprint) {
    option.known_footprint = true;
    option.expected_footprint = measured.footprint;
  }
}

void WalkSearch::learn_failure(const WalkPlan& plan) {
  for (const Piece& piece : pieces_of(plan)) {
    if (piece.option->known) continue;
    piece.option->known = true;
    piece.option->expected = piece.option->cost * kOfFailures;
  }
}

/// What all options are expected to cost after what was learnt.
void WalkSearch::expect() {
  if (!learnt_) return;
  for (std::size_t first = 0; first < options_.size(); ++first)
    for (std::size_t count = 1; count <= options_[first].size(); ++count)
      for (Option& o : options_[first][count - 1]) {
        const KernelRange range{first, first + count};
        if (!o.known)
          o.expected = o.layers() ? experience_.layers(range, o.cost)
                                  : experience_.walk(range, o.division, o.cost);
        if (!o.known_footprint)
          o.expected_footprint =
              o.layers() ? o.footprint : footprints_.walk(range, o.division, o.footprint);
      }
  learnt_ = false;
}

/// By first kernel, the options that no other one of the same kernels beats.
std::vector<std::vector<WalkSearch::Step>> WalkSearch::steps_by(const WalkWeights& weights) const {
  std::vector<std::vector<Step>> all(options_.size());
  std::vector<Step> same;
  for (std::size_t first = 0; first < options_.size(); ++first)
    for (std::size_t count = 1; count <= options_[first].size(); ++count) {
      same.clear();
      for (const Option& o : options_[first][count - 1])
        same.push_back({first + count, o.expected_footprint,
                        weights.cycles * static_cast<double>(o.expected.time) +
                            weights.bytes * static_cast<double>(o.expected.traffic),
                        &o});
      std::ranges::stable_sort(same, [](const Step& a, const Step& b) {
        return std::pair(a.footprint, a.weight) < std::pair(b.footprint, b.weight);
      });
      double least = std::numeric_limits<double>::infinity();
      for (const Step& s : same) {
        if (s.weight >= least) continue;
        least = s.weight;
        all[first].push_back(s);
      }
    }
  return all;
}

std::vector<EstimatedWalk> WalkSearch::front(const WalkWeights& weights) {
  constexpr double kUnreached = std::numeric_limits<double>::infinity();
  expect();
  const std::vector<std::vector<Step>> steps = steps_by(weights);
  const std::size_t n = options_.size();
  std::vector<EstimatedWalk> front;
  Bytes budget = std::numeric_limits<Bytes>::max();
  while (true) {
    std::vector<double> best(n + 1, kUnreached);
    std::vector<std::pair<std::size_t, const Option*>> from(n + 1);
    best[0] = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (best[i] == kUnreached) continue;
      for (const Step& s : steps[i]) {
        if (s.footprint > budget) continue;
        const double w = best[i] + s.weight;
        if (w < best[s.end]) {
          best[s.end] = w;
          from[s.end] = {i, s.option};
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
