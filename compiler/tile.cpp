#include "compiler/tile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "compiler/synapses.h"
#include "cost/timing.h"
#include "isa/accesses.h"

namespace unna {
namespace {

/// Sizes worth trying for a dimension: the powers of two, the even divisions, and all of it.
std::vector<std::int64_t> candidates(std::int64_t extent, std::int64_t granule) {
  std::vector<std::int64_t> sizes;
  for (std::int64_t s = granule; s < extent; s *= 2) sizes.push_back(s);
  for (std::int64_t parts = 1; parts <= 8 && parts <= extent; ++parts) {
    const std::int64_t s = round_up(ceil_div(extent, parts), granule);
    sizes.push_back(std::min(s, extent));
  }
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

/// Channels that the PEs make at a time, and where these are more than a burst holds, bursts.
std::vector<std::int64_t> channel_candidates(std::int64_t extent, const TileMachine& m) {
  const std::int64_t pes = m.core->pes;
  std::vector<std::int64_t> sizes = candidates(extent, std::min(pes, extent));
  const std::int64_t fewest = channel_granule(pes, m.burst, m.element);
  if (fewest == pes) return sizes;
  const std::vector<std::int64_t> bursts = candidates(extent, std::min(fewest, extent));
  sizes.insert(sizes.end(), bursts.begin(), bursts.end());
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

/// Sum over the blocks of one dimension of the inputs they read, and the most that one reads.
struct Spans {
  std::int64_t blocks = 0, total = 0, most = 0;
};
Spans input_spans(std::int64_t extent, std::int64_t block, std::int64_t stride, std::int64_t kernel,
                  std::int64_t dilation, std::int64_t in) {
  const auto span = [&](std::int64_t b) {
    return std::min(in, (b - 1) * stride + (kernel - 1) * dilation + 1);
  };
  Spans s;
  s.blocks = ceil_div(extent, block);
  const std::int64_t rest = extent - (s.blocks - 1) * block;
  s.total = (s.blocks - 1) * span(block) + span(rest);
  s.most = span(std::min(block, extent));
  return s;
}

/// Sum of ceil(tile / granule) over the tiles of a dimension.
std::int64_t granules(std::int64_t extent, std::int64_t tile, std::int64_t granule) {
  const std::int64_t full = extent / tile;
  const std::int64_t rest = extent % tile;
  return full * ceil_div(tile, granule) + ceil_div(rest, granule);
}

/// Added to the estimate for every instruction, so that among tiles of about the same speed the one
/// with the shorter program wins. Covers dispatch, and descriptors that the DRAM rate does not see.
constexpr Cycle kInstructionCost = 8;

std::int64_t block_run(const BlockStrides& strides, std::int64_t lines, std::int64_t columns,
                       std::int64_t channels) {
  return run_length(strides, BlockStrides{lines, columns, channels});
}

class MacSearch {
 public:
  MacSearch(const MacShape& shape, const TileMachine& machine, SynapseForm form)
      : s_(shape), m_(machine), form_(form) {}

  std::optional<MacTile> run() {
    const std::vector<std::int64_t> heights = candidates(s_.out_h, 1);
    const std::vector<std::int64_t> widths = candidates(s_.out_w, 1);
    for (const bool per_tap : {false, true}) {
      if (s_.packing ? per_tap != s_.packing->per_tap : per_tap && s_.kh * s_.kw == 1) continue;
      for (const std::int64_t ci : input_channels())
        for (const std::int64_t co : output_channels())
          for (const std::int64_t h : heights)
            for (const std::int64_t w : widths) {
              MacTile tile;
              tile.form = form_;
              tile.block_h = h;
              tile.block_w = w;
              tile.co = co;
              tile.ci = ci;
              tile.per_tap = per_tap;
              consider(tile);
            }
    }
    return best_;
  }

 private:
  std::vector<std::int64_t> output_channels() const {
    if (s_.packing) return {s_.packing->co};
    return channel_candidates(s_.co, m_);
  }

  std::vector<std::int64_t> input_channels() const {
    if (s_.packing) return {s_.packing->ci};
    std::vector<std::int64_t> sizes = candidates(s_.ci, std::min(m_.core->multipliers, s_.ci));
    for (std::int64_t c = 1; c < std::min(m_.core->multipliers, s_.ci); c *= 2) sizes.push_back(c);
    if (form_ == SynapseForm::grouped && s_.format->size != 0) {  // whole groups
      for (std::int64_t& c : sizes) c = std::min(round_up(c, s_.format->size), s_.ci);
      std::ranges::sort(sizes);
      sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    }
    return sizes;
  }

  void consider(MacTile tile) {
    const std::int64_t taps = s_.kh * s_.kw;
    const std::int64_t kh = tile.per_tap ? 1 : s_.kh;
    const std::int64_t kw = tile.per_tap ? 1 : s_.kw;
    const Spans in_h = input_spans(s_.out_h, tile.block_h, s_.stride_h, kh, s_.dilation_h, s_.in_h);
    const Spans in_w = input_spans(s_.out_w, tile.block_w, s_.stride_w, kw, s_.dilation_w, s_.in_w);
    const Bytes x_tile = in_h.most * in_w.most * tile.ci * m_.element;
    const std::int64_t row = kh * kw * tile.ci;
    if (form_ == SynapseForm::indexed && row > kMaxIndexedRow) return;
    const Bytes w_tile = largest_tile(tile.co, row);
    const Bytes bias =
        s_.bias ? 2 * tile.co * channel_bytes(m_.element, m_.core->accumulator_bytes) : 0;
    tile.nbin_slots = m_.core->nbin_bytes / x_tile;
    // What stays has a place of its own each.
    tile.sb_slots = s_.synapses_stay
                        ? ceil_div(s_.co, tile.co) * ceil_div(s_.ci, tile.ci) * s_.groups * taps
                        : std::max<Bytes>(m_.core->sb_bytes - bias, 0) / w_tile;
    if (tile.nbin_slots < 1 || tile.sb_slots < 1) return;

    const std::int64_t n_k = ceil_div(s_.ci, tile.ci) * (tile.per_tap ? taps : 1);
    const Bytes region =
        tile.block_h * tile.block_w * tile.co * (n_k > 1 ? m_.core->accumulator_bytes : m_.element);
    const std::int64_t regions = m_.core->nbout_bytes / region;
    if (regions < 1) return;
    const std::int64_t blocks = in_h.blocks * in_w.blocks;
    // As many blocks as NBout holds, or so few that NBin keeps their inputs for all channels.
    const std::int64_t most = n_k > 1 ? std::min(regions, blocks) : 1;
    const std::int64_t staying = std::clamp<std::int64_t>(tile.nbin_slots / n_k, 1, most);
    const Loads loads{in_h.total * in_w.total,
                      in_h.blocks * in_w.blocks,
                      n_k,
                      kh * kw,
                      x_tile,
                      w_tile,
                      region,
                      regions,
                      block_run(s_.in_strides, in_h.most, in_w.most, tile.ci),
                      block_run(s_.out_strides, tile.block_h, tile.block_w, tile.co)};
    for (const bool co_outer : {false, true}) {
      if (co_outer && tile.co >= s_.co) continue;
      tile.co_outer = co_outer;
      for (const std::int64_t group : {most, staying}) {
        tile.group = group;
        estimate(tile, loads);
        // Fewer channels than the PEs make at a time are worth it where they are clearly faster:
        // the estimate does not see what their shorter runs of results cost.
        const auto key = [&](const MacTile& t) {
          const bool few = t.co < std::min(m_.core->pes, s_.co);
          return std::tuple(few ? t.time + t.time / 32 : t.time, t.traffic);
        };
        if (!best_ || key(tile) < key(*best_)) best_ = tile;
      }
    }
  }

  struct Loads {
    std::int64_t in_positions;  ///< input positions of all blocks, halos counted as often as read
    std::int64_t blocks, n_k, taps;
    Bytes x_tile, w_tile, region;
    std::int64_t regions;
    std::int64_t x_run, out_run;  ///< elements that lie one behind the other in DRAM
  };

  /// Bytes of a tile of `co` rows; of indexed ones those that it hardly ever exceeds.
  Bytes largest_tile(std::int64_t co, std::int64_t row) const {
    if (form_ == SynapseForm::dense) return co * row * m_.element;
    if (form_ == SynapseForm::grouped) return co * grouped_row_bytes(*s_.format, row, m_.element);
    if (s_.packing) return s_.packing->largest;
    const RowEstimate e = expected_row(row, s_.density, m_.core->index_bits);
    const auto rows = static_cast<double>(co);
    const double entries = rows * e.entries + 3 * std::sqrt(rows) * e.spread;
    const auto most = static_cast<std::int64_t>(std::ceil(s_.margin * entries));
    return indexed_bytes(co, std::min(most, co * row), m_.core->index_bits, m_.element);
  }

  /// Synapses of a unit, each once. Indexed: of `n_co` x `n_k` tiles with rows of `row` positions.
  Bytes synapse_bytes(std::int64_t row, std::int64_t n_k) const {
    const std::int64_t all = s_.co * s_.ci * s_.kh * s_.kw;
    if (form_ == SynapseForm::dense) return all * m_.element;
    if (form_ == SynapseForm::grouped)
      return s_.co * n_k *
             grouped_row_bytes(*s_.format, ceil_div(s_.ci * s_.kh * s_.kw, n_k), m_.element);
    const RowEstimate e = expected_row(row, s_.density, m_.core->index_bits);
    const auto rows = static_cast<double>(s_.co * n_k);
    return indexed_bytes(s_.co * n_k, std::min<std::int64_t>(all, std::llround(rows * e.entries)),
                         m_.core->index_bits, m_.element);
  }

  /// Cycles of an output position, all channels of a unit.
  Cycle position_cycles(const MacTile& tile, std::int64_t taps, std::int64_t repeat) const {
    const std::int64_t co_groups = granules(s_.co, tile.co, m_.core->pes);
    if (form_ != SynapseForm::indexed) {
      const Cycle whole = dense_row_cycles(tile.ci, taps, *m_.core);
      const std::int64_t rest = s_.ci % tile.ci;
      const Cycle last = rest > 0 ? dense_row_cycles(rest, taps, *m_.core) : 0;
      return repeat * co_groups * (s_.ci / tile.ci * whole + last);
    }
    const auto cycles = [&](std::int64_t channels) {
      const std::int64_t row = channels * taps;
      return channels == 0 ? 0
                           : expected_cycles(expected_row(row, s_.density, m_.core->index_bits),
                                             row, std::min(tile.co, m_.core->pes), *m_.core);
    };
    const std::int64_t whole = s_.ci / tile.ci;
    const double all = static_cast<double>(whole) * cycles(tile.ci) + cycles(s_.ci % tile.ci);
    return std::llround(std::ceil(all * static_cast<double>(repeat * co_groups)));
  }

  void estimate(MacTile& tile, const Loads& l) const {
    const std::int64_t n_co = ceil_div(s_.co, tile.co);
    const std::int64_t n_groups = ceil_div(l.blocks, tile.group);
    const std::int64_t all_taps = tile.per_tap ? s_.kh * s_.kw : 1;
    // How often each input and each synapse is loaded: slots are first in, first out.
    const bool x_stays = l.n_k * tile.group <= tile.nbin_slots;
    const bool all_x_stays = l.n_k * l.blocks <= tile.nbin_slots;
    const bool w_stays = l.n_k <= tile.sb_slots;
    const bool all_w_stays = l.n_k * n_co <= tile.sb_slots;
    const std::int64_t x_times = n_co == 1 || (tile.co_outer ? all_x_stays : x_stays) ? 1 : n_co;
    const std::int64_t w_times =
        n_groups == 1 || (tile.co_outer ? w_stays : all_w_stays) ? 1 : n_groups;
    const std::int64_t w_batches = s_.weights_per_batch || !all_w_stays || n_groups == 0 ? s_.n : 1;

    const std::int64_t repeat = s_.n * s_.groups;
    const Bytes x_bytes = repeat * l.in_positions * all_taps * s_.ci * m_.element * x_times;
    const Bytes w_bytes =
        s_.synapses_stay ? 0
                         : w_batches * s_.groups * synapse_bytes(l.taps * tile.ci, l.n_k) * w_times;
    const Bytes out_bytes = repeat * s_.out_h * s_.out_w * s_.co * m_.element;
    tile.traffic = x_bytes + w_bytes + out_bytes;

    const std::int64_t instructions = repeat * l.blocks * n_co * l.n_k;
    // Every result or partial sum passes the stage behind the tree.
    const Cycle stage =
        l.n_k * elementwise_cycles(repeat * s_.out_h * s_.out_w * s_.co, Function::none, *m_.core);
    const Cycle sums = repeat * s_.out_h * s_.out_w * position_cycles(tile, l.taps, all_taps);
    tile.compute = std::max(sums, stage) + instructions * pipeline_cycles(*m_.core);

    // Compute and transfers overlap, but for the first loads, the last store, and where a single
    // slot leaves nothing to overlap with.
    const Cycle move =
        m_.move_cycles(m_.in_bursts(x_bytes, l.x_run), w_bytes, m_.in_bursts(out_bytes, l.out_run));
    Cycle serial = 2 * m_.latency + m_.move_cycles(l.x_tile) + m_.move_cycles(l.region);
    if (!s_.synapses_stay) serial += m_.move_cycles(l.w_tile);
    const Cycle store = m_.latency + m_.move_cycles(l.region);
    if (tile.nbin_slots < 2 && l.blocks * l.n_k > 1)
      serial += m_.move_cycles(x_bytes) + instructions * m_.latency;
    if (tile.sb_slots < 2 && n_co * l.n_k > 1)
      serial += m_.move_cycles(w_bytes) + n_co * l.n_k * w_times * m_.latency;
    if (l.n_k > 1 ? tile.group < 2 : l.regions < 2) serial += repeat * n_groups * n_co * store;
    // A DMA request holds its slot for the latency, however short its data is.
    const std::int64_t loads = repeat * l.blocks * l.n_k * x_times;
    const Cycle requests = loads * ceil_div<Cycle>(m_.latency, m_.core->dma_outstanding);
    const std::int64_t synapse_loads =
        s_.synapses_stay ? 0 : w_batches * s_.groups * n_co * l.n_k * w_times;
    const std::int64_t stores = repeat * l.blocks * n_co;
    tile.time = std::max({tile.compute, move, requests}) + serial +
                kInstructionCost * (instructions + loads + synapse_loads + stores);
  }

  MacShape s_;
  TileMachine m_;
  SynapseForm form_;
  std::optional<MacTile> best_;
};

class WindowSearch {
 public:
  WindowSearch(const WindowShape& shape, const TileMachine& machine) : s_(shape), m_(machine) {}

  WindowTile run() {
    for (const std::int64_t c : channel_candidates(s_.c, m_))
      for (const std::int64_t h : candidates(s_.out_h, 1))
        for (const std::int64_t w : candidates(s_.out_w, 1)) consider(h, w, c, s_.kh);
    if (!best_ && s_.splittable)
      for (const std::int64_t c : candidates(s_.c, 1))
        for (const std::int64_t rows : candidates(s_.kh, 1)) consider(1, 1, c, rows);
    if (!best_)
      throw CapacityError(fmt::format(
          "no tile of a {}x{} window (dilation {}x{}) fits NBin {} B, SB {} B and NBout {} B",
          s_.kh, s_.kw, s_.dilation_h, s_.dilation_w, m_.core->nbin_bytes, m_.core->sb_bytes,
          m_.core->nbout_bytes));
    return *best_;
  }

 private:
  void consider(std::int64_t h, std::int64_t w, std::int64_t c, std::int64_t rows) {
    const bool split = rows < s_.kh;
    const Spans in_h = input_spans(s_.out_h, h, s_.stride_h, rows, s_.dilation_h, s_.in_h);
    const Spans in_w = input_spans(s_.out_w, w, s_.stride_w, s_.kw, s_.dilation_w, s_.in_w);
    const Bytes x_tile = in_h.most * in_w.most * c * m_.element;
    const Bytes region = h * w * c * (split ? m_.core->accumulator_bytes : m_.element);
    const Bytes weights =
        s_.weights ? window_constants(c, s_.kh * s_.kw, m_.element, m_.core->accumulator_bytes) : 0;
    const std::int64_t x_slots = m_.core->nbin_bytes / x_tile;
    const std::int64_t out_slots = m_.core->nbout_bytes / region;
    if (x_slots < 1 || out_slots < 1) return;
    if (!s_.synapses_stay && (c < s_.c ? 2 : 1) * weights > m_.core->sb_bytes) return;

    WindowTile tile{h, w, c, rows, x_slots, out_slots, 0, 0, 0};
    const std::int64_t parts = ceil_div(s_.kh, rows);
    const std::int64_t n_c = ceil_div(s_.c, c);
    const std::int64_t blocks = s_.n * in_h.blocks * in_w.blocks * n_c * parts;
    const Bytes x_bytes = s_.n * in_h.total * in_w.total * s_.c * m_.element * parts;
    const Bytes out_bytes = s_.n * s_.out_h * s_.out_w * s_.c * m_.element;
    const Bytes w_bytes = s_.weights && !s_.synapses_stay ? s_.c * s_.kh * s_.kw * m_.element : 0;
    tile.traffic = x_bytes + out_bytes + w_bytes;
    tile.compute = s_.n * s_.out_h * s_.out_w * granules(s_.c, c, m_.core->pes) * parts *
                       window_group_cycles(c, rows * s_.kw, s_.weights, *m_.core) +
                   blocks * pipeline_cycles(*m_.core);
    Cycle serial = 2 * m_.latency + m_.move_cycles(x_tile) + m_.move_cycles(region);
    const Cycle move =
        m_.move_cycles(m_.in_bursts(x_bytes, block_run(s_.in_strides, in_h.most, in_w.most, c)),
                       w_bytes, m_.in_bursts(out_bytes, block_run(s_.out_strides, h, w, c)));
    // A single slot is filled, computed on and emptied in turns; loads and stores share the rate.
    const std::int64_t single = (x_slots < 2 ? 1 : 0) + (out_slots < 2 ? 1 : 0);
    const Cycle turns =
        single == 0 ? tile.compute : tile.compute + move + single * blocks * m_.latency;
    // A DMA request costs about a request slot even when its data is short.
    const Cycle requests = 2 * blocks * ceil_div<Cycle>(m_.latency, m_.core->dma_outstanding);
    tile.time = std::max({turns, move, requests}) + serial;
    // The estimate does not see what short runs of inputs cost the memory beyond their bursts:
    // fewer channels than the PEs make at a time have to be faster by an eighth.
    const auto key = [&](const WindowTile& t) {
      const bool few = t.c < std::min(m_.core->pes, s_.c);
      return std::tuple(few ? t.time + t.time / 8 : t.time, t.traffic);
    };
    if (!best_ || key(tile) < key(*best_)) best_ = tile;
  }

  WindowShape s_;
  TileMachine m_;
  std::optional<WindowTile> best_;
};

}  // namespace

Bytes window_constants(std::int64_t channels, std::int64_t window, Bytes element,
                       Bytes accumulator) {
  return round_up(channels * window * element, accumulator) +
         channels * channel_bytes(element, accumulator);
}

MacTile choose_mac_tile(const MacShape& shape, const TileMachine& machine) {
  const CoreConfig& core = *machine.core;
  const auto search = [&](SynapseForm form) { return MacSearch(shape, machine, form).run(); };
  std::optional<MacTile> best;
  if (!shape.packing && shape.format) best = search(SynapseForm::grouped);
  if (!best) best = search(shape.packing ? shape.packing->form : SynapseForm::dense);
  if (!shape.packing && shape.density < 1 && core.indexing == Indexing::step) {
    const std::optional<MacTile> indexed = search(SynapseForm::indexed);
    if (indexed && (!best || indexed->time < best->time)) best = indexed;
  }
  if (!best)
    throw CapacityError(fmt::format(
        "no tile of a {}x{} window over {} channels fits NBin {} B, SB {} B, NBout {} B", shape.kh,
        shape.kw, shape.ci, core.nbin_bytes, core.sb_bytes, core.nbout_bytes));
  return *best;
}

WindowTile choose_window_tile(const WindowShape& shape, const TileMachine& machine) {
  return WindowSearch(shape, machine).run();
}

std::string describe(const MacTile& t) {
  static constexpr std::string_view kForms[] = {"", " indexed", " grouped"};
  return fmt::format(
      "block {}x{} co {} ci {}{}{}, {} blocks a group, {} outer, slots {}/{}, "
      "compute {} traffic {} time {}",
      t.block_h, t.block_w, t.co, t.ci, t.per_tap ? " by tap" : "",
      kForms[static_cast<std::size_t>(t.form)], t.group, t.co_outer ? "channels" : "positions",
      t.nbin_slots, t.sb_slots, t.compute, t.traffic, t.time);
}

std::string describe(const WindowTile& t) {
  return fmt::format("block {}x{} c {} window rows {}, compute {} traffic {} time {}", t.block_h,
                     t.block_w, t.c, t.window_rows, t.compute, t.traffic, t.time);
}

}  // namespace unna
