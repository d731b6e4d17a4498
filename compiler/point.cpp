#include "compiler/point.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "compiler/emit.h"
#include "cost/timing.h"
#include "isa/accesses.h"
#include "isa/dimensions.h"

namespace unna {
namespace {

bool whole_rows(KernelKind kind) {
  return kind == KernelKind::softmax || kind == KernelKind::norm || kind == KernelKind::lrn;
}

/// Inputs that `outputs` consecutive results of a resize read, at most.
std::int64_t resize_reach(std::int64_t outputs, const ResizeAxis& axis, std::int64_t size) {
  return std::min(size, (outputs - 1) * axis.step / axis.over + 3);
}

/// Dimensions in the order in which a tile grows: those that make long runs in DRAM first.
std::vector<std::size_t> growth_order(const Kernel& k) {
  std::vector<std::size_t> order = {kC, kW, kH, kN, kB};
  if (k.kind != KernelKind::copy) return order;
  const auto& stride = k.in[0].access.stride;
  std::size_t inner = kC;
  for (std::size_t d = 0; d < kDims; ++d)
    if (k.dims[d] > 1 && stride[d] == 1) inner = d;
  if (inner == kC) return order;
  std::erase(order, inner);
  order.insert(order.begin() + 1, inner);
  return order;
}

bool fits(const Kernel& k, const Dims& extents, const TileMachine& m, std::int64_t slots) {
  Bytes in = 0;
  for (std::size_t i = 0; i < k.in.size(); ++i)
    in += slots * operand_elements(k, i, extents) * m.element;
  const std::int64_t outputs = product(extents) * (k.out2 ? 2 : 1);
  const Bytes result = k.kind == KernelKind::reduce ? m.core->accumulator_bytes : m.element;
  if (k.kind == KernelKind::norm && round_up(k.dims[kC] * m.element, m.core->accumulator_bytes) +
                                            k.dims[kC] * m.core->accumulator_bytes >
                                        m.core->sb_bytes)
    return false;
  return in <= m.core->nbin_bytes && slots * outputs * result <= m.core->nbout_bytes;
}

/// Bytes of SB of a norm's constants for a piece: a slot of two.
Bytes norm_piece_bytes(std::int64_t piece, const TileMachine& m) {
  return round_up(piece * m.element, m.core->accumulator_bytes) + piece * m.core->accumulator_bytes;
}

/// The longest piece of a row with two slots each, beside two states.
std::int64_t longest_piece(const Kernel& k, const TileMachine& m) {
  std::int64_t piece =
      std::min(m.core->nbin_bytes, m.core->nbout_bytes - 2 * kRowStateBytes) / (2 * m.element);
  while (k.kind == KernelKind::norm && piece > 0 &&
         2 * norm_piece_bytes(piece, m) > m.core->sb_bytes)
    --piece;
  return piece;
}

/// Of a row in pieces, all passes; and its time, the passes loading it anew.
void cost_of_pieces(const Kernel& k, const Dims& unit, const TileMachine& m, PointTile& tile) {
  const std::int64_t row = unit[kC], piece = tile.extent[kC], rows = product(unit) / row;
  const std::int64_t pieces = ceil_div(row, piece);
  for (const RowPass& pass : row_passes(k.kind)) {
    Instruction i(pass.opcode, OpId(0));
    i.set_count(Operand::rows, 1).set_count(Operand::cols, piece);
    if (pass.opcode == Opcode::stats)
      i.set_fn(Operand::fn, pass.fn);
    else
      i.set(Operand::acc, kStates);
    tile.compute += rows * pieces * compute_cycles(i, *m.core);
  }
  const Bytes bytes = rows * row * m.element;
  const Bytes constants = k.kind == KernelKind::norm ? rows * norm_piece_bytes(row, m) : 0;
  tile.traffic = 4 * bytes + constants;
  const Cycle move =
      m.move_cycles(m.in_bursts(3 * bytes, piece), constants, m.in_bursts(bytes, piece));
  const Cycle requests = 3 * rows * pieces * ceil_div<Cycle>(m.latency, m.core->dma_outstanding);
  tile.time =
      std::max({tile.compute, move, requests}) + 2 * (m.latency + m.move_cycles(piece * m.element));
}

Cycle tile_cycles(const Kernel& k, const Dims& extents, const TileMachine& m) {
  const std::int64_t cols = k.kind == KernelKind::reduce ? k.in[0].dims[kC] : extents[kC];
  Instruction i = point_instruction(k, OpId(0), product(extents) / extents[kC], cols);
  if (k.kind == KernelKind::resize)
    i.set_count(Operand::out_h, extents[kH]).set_count(Operand::out_w, extents[kW]);
  return compute_cycles(i, *m.core);
}

}  // namespace

std::array<RowPass, 3> row_passes(KernelKind kind) {
  if (kind == KernelKind::softmax)
    return {{{Opcode::stats, Function::max},
             {Opcode::stats, Function::exp},
             {Opcode::softmax, Function::none}}};
  return {{{Opcode::stats, Function::sum},
           {Opcode::stats, Function::mul},
           {Opcode::norm, Function::none}}};
}

Dims operand_chip(const Kernel& k, std::size_t input, const Dims& extents) {
  if (k.kind != KernelKind::copy && k.kind != KernelKind::reduce) return dense_chip(extents);
  std::vector<std::size_t> order(kDims);
  std::iota(order.begin(), order.end(), std::size_t{0});
  const Dims& stride = k.in[input].access.stride;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return stride[a] > stride[b]; });
  Dims chip{};
  std::int64_t step = 1;
  for (std::size_t i = kDims; i-- > 0;) {
    chip[order[i]] = step;
    step *= extents[order[i]];
  }
  return chip;
}

Dims operand_extents(const Kernel& k, std::size_t input, const Dims& extents) {
  Dims e = extents;
  const Dims& in = k.in[input].dims;
  for (std::size_t d = 0; d < kDims; ++d)
    if (in[d] == 1) e[d] = 1;
  if (k.kind == KernelKind::reduce) e[kC] = in[kC];
  if (k.kind == KernelKind::lstm_cell && input == 0) e[kH] = 4;
  if (k.kind == KernelKind::resize) {
    e[kH] = resize_reach(extents[kH], k.resize.y, in[kH]);
    e[kW] = resize_reach(extents[kW], k.resize.x, in[kW]);
  }
  return e;
}

std::int64_t operand_elements(const Kernel& k, std::size_t input, const Dims& extents) {
  return product(operand_extents(k, input, extents));
}

Instruction point_instruction(const Kernel& k, OpId layer, std::int64_t rows, std::int64_t cols) {
  const auto sized = [&](Opcode opcode) {
    Instruction i(opcode, layer);
    i.set_count(Operand::rows, rows).set_count(Operand::cols, cols);
    return i;
  };
  switch (k.kind) {
    case KernelKind::binary:
      return sized(Opcode::ewise)
          .set_fn(Operand::fn, k.fn)
          .set_fn(Operand::post, k.post.fn)
          .set_real(Operand::alpha, k.post.alpha)
          .set_real(Operand::beta, k.post.beta);
    case KernelKind::unary:
      return sized(Opcode::act)
          .set_fn(Operand::fn, k.fn)
          .set_real(Operand::alpha, k.alpha)
          .set_real(Operand::beta, k.beta);
    case KernelKind::softmax:
      return sized(Opcode::softmax).set_real(Operand::gamma, k.gamma);
    case KernelKind::norm:
      return sized(Opcode::norm).set_real(Operand::alpha, k.alpha);
    case KernelKind::lrn:
      return sized(Opcode::lrn)
          .set_count(Operand::kw, k.lrn_size)
          .set_real(Operand::alpha, k.alpha)
          .set_real(Operand::beta, k.beta)
          .set_real(Operand::gamma, k.gamma);
    case KernelKind::reduce:
      return sized(Opcode::reduce).set_fn(Operand::fn, k.fn).set_real(Operand::gamma, k.gamma);
    case KernelKind::lstm_cell:
      return sized(Opcode::lstm);
    case KernelKind::resize:
      return Instruction(Opcode::resize, layer)
          .set_count(Operand::in_c, cols)
          .set_fn(Operand::fn, k.resize.bilinear ? Function::mean : Function::none);
    case KernelKind::copy: {
      Instruction i(Opcode::move, layer);
      Strided s;
      s.run = cols;
      s.n[0] = rows;
      s.put(i);
      return i;
    }
    default:
      throw InternalError("not a point kernel: " + k.name);
  }
}

PointTile choose_point_tile(const Kernel& k, const Dims& unit, const TileMachine& m) {
  PointTile tile;
  if (whole_rows(k.kind)) tile.extent[kC] = unit[kC];
  if (!fits(k, tile.extent, m, tile.slots) && whole_rows(k.kind)) tile.slots = 1;
  const bool long_rows = k.kind == KernelKind::softmax || k.kind == KernelKind::norm;
  if (long_rows && !fits(k, tile.extent, m, tile.slots) && longest_piece(k, m) > 0) {
    // As few pieces as possible, about equal.
    const std::int64_t pieces = ceil_div(unit[kC], longest_piece(k, m));
    tile = PointTile{};
    tile.extent[kC] = ceil_div(unit[kC], pieces);
    tile.pieces = true;
    cost_of_pieces(k, unit, m, tile);
    return tile;
  }
  if (!fits(k, tile.extent, m, tile.slots))
    throw CapacityError(fmt::format(
        "{}: a row of {} elements has to be on chip, with its constants, which NBin {} B, SB "
        "{} B "
        "and NBout {} B do not allow",
        k.name, k.in[0].dims[kC], m.core->nbin_bytes, m.core->sb_bytes, m.core->nbout_bytes));
  const std::vector<std::size_t> order = growth_order(k);
  const bool reorders = order[1] != kW;
  for (const std::size_t d : order) {
    // A resize instruction takes one image.
    if (k.kind == KernelKind::resize && (d == kB || d == kN)) continue;
    const std::int64_t limit = reorders && d == kC ? std::min<std::int64_t>(unit[d], 64) : unit[d];
    std::int64_t lo = tile.extent[d];
    std::int64_t hi = limit;
    while (lo < hi) {
      const std::int64_t mid = (lo + hi + 1) / 2;
      tile.extent[d] = mid;
      if (fits(k, tile.extent, m, tile.slots)) {
        lo = mid;
      } else {
        hi = mid - 1;
      }
    }
    tile.extent[d] = lo;
  }
  std::int64_t tiles = 1;
  for (std::size_t d = 0; d < kDims; ++d) tiles *= ceil_div(unit[d], tile.extent[d]);
  const Bytes results = product(unit) * (k.out2 ? 2 : 1) * m.element;
  Bytes neurons = 0;
  tile.traffic = results;
  for (std::size_t i = 0; i < k.in.size(); ++i) {
    const Bytes bytes = operand_elements(k, i, unit) * m.element;
    tile.traffic += bytes;
    const Dims extents = operand_extents(k, i, tile.extent);
    neurons += m.in_bursts(bytes, run_length(k.in[i].access.stride, extents));
  }
  const Cycle move =
      m.move_cycles(neurons, 0, m.in_bursts(results, run_length(k.out.stride, tile.extent)));
  tile.compute = tiles * tile_cycles(k, tile.extent, m);
  const std::int64_t transfers = tiles * static_cast<std::int64_t>(k.in.size());
  const Cycle requests = transfers * ceil_div<Cycle>(m.latency, m.core->dma_outstanding);
  const Cycle busy = tile.slots == 1 ? tile.compute + move + 2 * tiles * m.latency
                                     : std::max({tile.compute, move, requests});
  tile.time = busy + 2 * (m.latency + m.move_cycles(product(tile.extent) * m.element));
  return tile;
}

}  // namespace unna
