#include "compiler/synapses.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "base/error.h"
#include "workloads/weight_groups.h"

namespace unna {
namespace {

std::int64_t inputs_of(const Kernel& k) {
  return k.in[0].dims[kC] / k.groups;
}
std::int64_t taps_of(const Kernel& k) {
  return k.window.kernel_h * k.window.kernel_w;
}

/// Calls f(element of the recipe, element of the tensor) for all of a term.
template <class F>
void for_each_element(const ParameterTerm& term, std::int64_t elements, F&& f) {
  std::vector<std::int64_t> index(term.dims.size());
  std::int64_t at = term.offset;
  for (std::int64_t i = 0; i < elements; ++i) {
    f(i, at);
    for (std::size_t d = index.size(); d-- > 0;) {
      at += term.strides[d];
      if (++index[d] < term.dims[d]) break;
      at -= term.dims[d] * term.strides[d];
      index[d] = 0;
    }
  }
}

/// The mask of a recipe's only term, in the recipe's order; null where nothing is pruned.
std::shared_ptr<const Bitmap> mask_of(const Graph& graph, const ParameterRecipe& recipe) {
  if (recipe.terms.size() != 1) return nullptr;
  const ParameterTerm& term = recipe.terms.front();
  const std::shared_ptr<const Bitmap>& kept = graph.tensor(term.tensor).kept;
  if (!kept) return nullptr;
  auto mask = std::make_shared<Bitmap>(recipe.elements);
  for_each_element(term, recipe.elements, [&](std::int64_t i, std::int64_t at) {
    if ((*kept)[at]) mask->insert(i);
  });
  return mask->count() == mask->size() ? nullptr : mask;
}

/// Channels [lo, hi) of the tiles of a kernel's output, ascending: those of all units, whose grids
/// agree on channels.
std::map<std::int64_t, std::int64_t> channel_tiles(const KernelPlan& plan, const Kernel& k) {
  const std::int64_t step = std::get<MacTile>(plan.tile).co;
  const std::int64_t per_group = k.dims[kC] / k.groups;
  std::map<std::int64_t, std::int64_t> tiles;
  for (const UnitOfWork& unit : plan.units)
    for (std::int64_t lo = unit.box.lo[kC]; lo < unit.box.hi[kC];) {
      const std::int64_t group_end = (lo / per_group + 1) * per_group;
      const std::int64_t hi = std::min({lo + step, group_end, unit.box.hi[kC]});
      const auto [at, made] = tiles.emplace(lo, hi);
      invariant(at->second == hi, "{}: channels from {} end at {} and at {}", k.name, lo,
                at->second, hi);
      lo = hi;
    }
  return tiles;
}

/// Replaces `positions` with those of the synapses that output `out` has in the block.
void row_positions(const Bitmap& kept, const SynapseBlock& b, std::int64_t out, std::int64_t inputs,
                   std::int64_t taps, std::vector<std::int64_t>& positions) {
  positions.clear();
  std::int64_t position = 0;
  for (std::int64_t tap = b.tap_lo; tap < b.tap_hi; ++tap)
    for (std::int64_t i = b.in_lo; i < b.in_hi; ++i, ++position)
      if (kept[(out * inputs + i) * taps + tap]) positions.push_back(position);
}

}  // namespace

void attach_masks(const Graph& graph, LoweredGraph& lowered) {
  for (const Kernel& k : lowered.kernels) {
    if (!k.weights || (k.kind != KernelKind::conv && k.kind != KernelKind::matmul)) continue;
    Storage& s = lowered.storages[k.weights->index()];
    if (!s.kept) s.kept = mask_of(graph, s.recipe);
  }
}

void attach_formats(const Graph& graph, LoweredGraph& lowered, Bytes element) {
  for (const Kernel& k : lowered.kernels) {
    if (!k.weights || (k.kind != KernelKind::conv && k.kind != KernelKind::matmul)) continue;
    Storage& s = lowered.storages[k.weights->index()];
    if (s.recipe.use != ParameterRecipe::Use::plain || s.recipe.terms.size() != 1) continue;
    const ParameterTerm& term = s.recipe.terms.front();
    const GraphTensor& weight = graph.tensor(term.tensor);
    if (weight.groups == nullptr || term.offset != 0 || term.dims[0] != weight.shape[0]) continue;
    const GroupFormat& format = weight.groups->format;
    const bool own_order = term.dims == weight.shape && taps_of(k) == 1;
    if (format.size != 0 && !own_order) continue;
    const std::int64_t row = inputs_of(k) * taps_of(k);
    if (grouped_row_bytes(format, row, element) < row * element) s.format = format;
  }
}

RowEstimate expected_row(std::int64_t positions, double density, std::int64_t index_bits) {
  // Between two synapses stand as many zeros as fit a geometric distribution; each run of
  // 2^index_bits of them needs one entry.
  double run = 1 - density;
  for (std::int64_t i = 0; i < index_bits; ++i) run *= run;
  const auto k = static_cast<double>(positions);
  // Before one synapse no more entries of padding fit than the row is long.
  const double most = 1 + std::floor(std::ldexp(k, -static_cast<int>(index_bits)));
  const double padding = run < 1 ? std::min(1 / (1 - run), most) : most;
  return {std::min(k, k * density * padding), padding * std::sqrt(k * density * (1 - density))};
}

double expected_cycles(const RowEstimate& row, std::int64_t positions, std::int64_t rows,
                       const CoreConfig& core) {
  // The largest of 1, 2, 4, ... normally distributed numbers, in standard deviations.
  constexpr std::array<double, 11> kLargest = {0,    0.56, 1.03, 1.42, 1.77, 2.07,
                                               2.34, 2.59, 2.82, 3.04, 3.25};
  const auto doublings =
      static_cast<std::size_t>(std::bit_width(static_cast<std::uint64_t>(rows - 1)));
  const double most = row.entries + kLargest[std::min(doublings, kLargest.size() - 1)] * row.spread;
  // Rounded up, so half a cycle more on average.
  const double products = most / static_cast<double>(products_per_cycle(core)) + 0.5;
  const double windows = static_cast<double>(ceil_div(positions, core.index_window));
  return std::max({1.0, products, windows});
}

std::vector<SynapseBlock> synapse_blocks(const KernelPlan& plan, const Kernel& k) {
  const MacTile& tile = std::get<MacTile>(plan.tile);
  const std::int64_t inputs = inputs_of(k);
  const std::int64_t taps = taps_of(k);
  std::vector<SynapseBlock> blocks;
  for (const auto& [lo, hi] : channel_tiles(plan, k))
    for (std::int64_t tap = 0; tap < (tile.per_tap ? taps : 1); ++tap)
      for (std::int64_t i = 0; i < inputs; i += tile.ci)
        blocks.push_back(
            {lo, hi, tap, tile.per_tap ? tap + 1 : taps, i, std::min(inputs, i + tile.ci)});
  return blocks;
}

PackedWeight packed_weight_of(const KernelPlan& plan, const Kernel& k) {
  const MacTile& tile = std::get<MacTile>(plan.tile);
  const Bytes largest = plan.synapses ? plan.synapses->largest() : 0;
  return {{tile.co, tile.ci, tile.per_tap, tile.form, largest},
          plan.grid.channels,
          synapse_blocks(plan, k),
          plan.synapses};
}

SynapseTable::SynapseTable(const Bitmap& kept, std::span<const SynapseBlock> blocks,
                           const Kernel& k, const CoreConfig& core, Bytes element) {
  std::vector<std::int64_t> positions;
  std::vector<SynapseEntry> entries;
  for (const SynapseBlock& b : blocks) {
    TileCounter counter(core, element);
    for (std::int64_t o = b.out_lo; o < b.out_hi; ++o) {
      row_positions(kept, b, o, inputs_of(k), taps_of(k), positions);
      index_row(positions, core.index_bits, entries);
      counter.add_row(entries);
    }
    add(b.out_lo, counter.finish());
  }
}

SynapseTable::SynapseTable(const GroupFormat& format, std::span<const SynapseBlock> blocks,
                           Bytes element)
    : format_(format) {
  for (const SynapseBlock& b : blocks) {
    const std::int64_t row = (b.tap_hi - b.tap_lo) * (b.in_hi - b.in_lo);
    SynapseTile tile;
    tile.bytes = (b.out_hi - b.out_lo) * grouped_row_bytes(format, row, element);
    tile.synapses = (b.out_hi - b.out_lo) * row;
    add(b.out_lo, tile);
  }
}

void SynapseTable::add(std::int64_t out_lo, const SynapseTile& tile) {
  first_.emplace(out_lo, places_.size());
  places_.push_back({bytes_, tile});
  bytes_ += tile.bytes;
  largest_ = std::max(largest_, tile.bytes);
  synapses_ += tile.synapses;
}

const SynapseTable::Place& SynapseTable::at(std::int64_t out_lo, std::size_t chunk) const {
  return places_.at(first_.at(out_lo) + chunk);
}

std::vector<std::byte> indexed_image(const Parameter& p, std::span<const std::byte> dense) {
  const auto element = static_cast<std::size_t>(p.indexing->element);
  std::vector<std::byte> image;
  std::vector<std::int64_t> positions;
  std::vector<std::byte> values;
  std::size_t row_begin = 0;
  for (const SynapseBlock& b : p.blocks) {
    const auto row_bytes =
        static_cast<std::size_t>((b.tap_hi - b.tap_lo) * (b.in_hi - b.in_lo)) * element;
    std::vector<std::vector<SynapseEntry>> rows;
    values.clear();
    for (std::int64_t o = b.out_lo; o < b.out_hi; ++o, row_begin += row_bytes) {
      row_positions(*p.indexing->kept, b, o, p.inputs, p.taps, positions);
      index_row(positions, p.indexing->index_bits, rows.emplace_back());
      for (const SynapseEntry& e : rows.back()) {
        const auto value =
            dense.subspan(row_begin + static_cast<std::size_t>(e.position) * element, element);
        values.insert(values.end(), value.begin(), value.end());
      }
    }
    append_tile(rows, values, p.indexing->index_bits, p.indexing->element, image);
  }
  return image;
}

namespace {

/// The part of a row that a block has. Groups of several a row begin where blocks do.
GroupedRow row_of(const WeightGroups& groups, std::span<const std::int8_t> codes,
                  const Parameter& p, const SynapseBlock& b, std::int64_t out) {
  const std::int64_t per_row = groups_of(groups.format, p.inputs * p.taps);
  GroupedRow row;
  for (std::int64_t tap = b.tap_lo; tap < b.tap_hi; ++tap)
    for (std::int64_t i = b.in_lo; i < b.in_hi; ++i)
      row.codes.push_back(codes[static_cast<std::size_t>((out * p.inputs + i) * p.taps + tap)]);
  const std::int64_t size = groups.format.size;
  const std::int64_t first = size == 0 ? 0 : b.in_lo / size;
  const std::int64_t count = groups_of(groups.format, static_cast<std::int64_t>(row.codes.size()));
  for (std::int64_t g = out * per_row + first; g < out * per_row + first + count; ++g) {
    row.scales.push_back(groups.stored[static_cast<std::size_t>(g)]);
    if (groups.format.zeros) row.zeros.push_back(groups.zeros[static_cast<std::size_t>(g)]);
  }
  return row;
}

}  // namespace

std::vector<std::byte> grouped_image(const Graph& graph, const Parameter& p) {
  const ParameterTerm& term = p.recipe.terms.front();
  const GraphTensor& weight = graph.tensor(term.tensor);
  invariant(weight.groups != nullptr && weight.groups->known(), "weight {} has no codes",
            weight.name);
  std::vector<std::int8_t> codes(static_cast<std::size_t>(p.recipe.elements));
  for_each_element(term, p.recipe.elements, [&](std::int64_t i, std::int64_t at) {
    codes[static_cast<std::size_t>(i)] = weight.groups->codes[static_cast<std::size_t>(at)];
  });
  std::vector<std::byte> image;
  for (const SynapseBlock& b : p.blocks)
    for (std::int64_t o = b.out_lo; o < b.out_hi; ++o)
      append_row(p.groups->format, row_of(*weight.groups, codes, p, b, o), p.groups->element,
                 image);
  return image;
}

}  // namespace unna
