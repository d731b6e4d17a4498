// Element-wise, row-wise and copying kernels: tile by tile, load, compute, store.

#include <algorithm>
#include <functional>

#include "compiler/emit.h"
#include "compiler/point.h"
#include "isa/accesses.h"

namespace unna {
namespace {

/// One dimension of an on-chip loop nest with the strides of up to three operands (the last one is
/// the result), outermost first.
struct ChipDim {
  std::int64_t extent = 1;
  std::array<std::int64_t, 3> stride{};
};

std::vector<ChipDim> merged(const Dims& extents, const std::array<Dims, 3>& strides) {
  std::vector<ChipDim> dims;
  for (std::size_t d = 0; d < kDims; ++d) {
    if (extents[d] == 1) continue;
    const ChipDim dim{extents[d], {strides[0][d], strides[1][d], strides[2][d]}};
    if (!dims.empty()) {
      ChipDim& outer = dims.back();
      bool joins = true;
      for (std::size_t o = 0; o < 3; ++o)
        joins = joins && outer.stride[o] == dim.stride[o] * dim.extent;
      if (joins) {
        outer = {outer.extent * dim.extent, dim.stride};
        continue;
      }
    }
    dims.push_back(dim);
  }
  return dims;
}

class PointEmitter {
 public:
  PointEmitter(Emitter& e, const PointTile& tile) : e_(e), k_(e.k), t_(tile) {
    if (t_.pieces) return;
    Bytes base = 0;
    for (std::size_t i = 0; i < k_.in.size(); ++i) {
      const Bytes size = operand_elements(k_, i, t_.extent) * e.c.element;
      inputs_.emplace_back(Memory::nbin, base, size, t_.slots, e.turn(&SlotTurns::nbin));
      base += t_.slots * size;
    }
    const Bytes result = product(t_.extent) *
                         (k_.kind == KernelKind::reduce ? e.c.core.accumulator_bytes : e.c.element);
    const Bytes from = e.turn(&SlotTurns::nbout);
    outputs_.emplace_back(Memory::nbout, 0, result, t_.slots, from);
    if (k_.out2) outputs_.emplace_back(Memory::nbout, t_.slots * result, result, t_.slots, from);
  }

  void run(const Box& box) {
    if (t_.pieces) return emit_rows(box);
    if (k_.kind == KernelKind::norm) load_norm();
    walk(box, box, 0);
    e_.stopped(&SlotTurns::nbin, inputs_.front());
    e_.stopped(&SlotTurns::nbout, outputs_.front());
  }

 private:
  /// Tiles of `box` in row-major order.
  void walk(const Box& box, Box tile, std::size_t d) {
    if (d == kDims) return emit_tile(tile);
    for (std::int64_t at = box.lo[d]; at < box.hi[d]; at += t_.extent[d]) {
      tile.lo[d] = at;
      tile.hi[d] = std::min(box.hi[d], at + t_.extent[d]);
      walk(box, tile, d + 1);
    }
  }

  void load_norm() {
    const std::int64_t count = k_.dims[kC];
    gamma_ = {Memory::sb, e_.sb.begin};
    beta_ = {Memory::sb, e_.sb.begin + round_up(count * e_.c.element, e_.c.core.accumulator_bytes)};
    e_.load_constant(*k_.weights, 0, count, gamma_);
    e_.load_constant(*k_.bias, 0, count, beta_);
  }

  void emit_tile(const Box& tile) {
    std::vector<LocalAddress> in;
    std::vector<Box> boxes;
    std::vector<Dims> chips;
    for (std::size_t i = 0; i < k_.in.size(); ++i) {
      boxes.push_back(input_box(k_, i, tile));
      chips.push_back(operand_chip(k_, i, boxes[i].extents()));
      in.push_back(inputs_[i].take(serial_).address);
      e_.transfer(Opcode::load_n, k_.in[i].access, boxes[i], in[i], chips[i]);
    }
    const LocalAddress out = outputs_[0].take(serial_).address;
    if (k_.kind == KernelKind::binary || k_.kind == KernelKind::unary ||
        k_.kind == KernelKind::copy) {
      elementwise(tile, in, chips, out);
    } else if (k_.kind == KernelKind::resize) {
      resize(tile, boxes[0], in[0], out);
    } else if (k_.kind == KernelKind::reduce) {
      reduce(tile, in[0], chips[0], out);
    } else {
      rows(tile, in, out);
    }
    e_.transfer(Opcode::store, k_.out, tile, out, dense_chip(tile.extents()));
    if (k_.out2)
      e_.transfer(Opcode::store, *k_.out2, tile, outputs_[1].take(serial_).address,
                  dense_chip(tile.extents()));
    ++serial_;
  }

  /// Where pieces of rows lie: states before results, constants of a norm in SB.
  struct PieceSlots {
    Slots inputs, states, outputs, constants;
  };

  /// Row by row; in three passes, each piece by piece.
  void emit_rows(const Box& box) {
    const std::int64_t piece = t_.extent[kC];
    const Bytes element = e_.c.element, accumulator = e_.c.core.accumulator_bytes;
    const Bytes from = e_.turn(&SlotTurns::nbout);
    PieceSlots slots{{Memory::nbin, 0, piece * element, 2, e_.turn(&SlotTurns::nbin)},
                     {Memory::nbout, 0, kRowStateBytes, 2, 0},
                     {Memory::nbout, 2 * kRowStateBytes, piece * element, 2, from},
                     {Memory::sb, e_.sb.begin,
                      round_up(piece * element, accumulator) + piece * accumulator, 2, 0}};
    for_each_row(box, box, 0, [&](const Box& row) {
      const LocalAddress state = slots.states.take(rows_++).address;
      for (const RowPass& pass : row_passes(k_.kind))
        for (std::int64_t at = box.lo[kC]; at < box.hi[kC]; at += piece) {
          Box part = row;
          part.lo[kC] = at;
          part.hi[kC] = std::min(box.hi[kC], at + piece);
          emit_piece(pass, part, at == box.lo[kC], state, slots);
        }
    });
    e_.stopped(&SlotTurns::nbin, slots.inputs);
    e_.stopped(&SlotTurns::nbout, slots.outputs);
  }

  template <class F>
  void for_each_row(const Box& box, Box row, std::size_t d, F&& f) {
    if (d == kC) return f(row);
    for (std::int64_t at = box.lo[d]; at < box.hi[d]; ++at) {
      row.lo[d] = at;
      row.hi[d] = at + 1;
      for_each_row(box, row, d + 1, f);
    }
  }

  void emit_piece(const RowPass& pass, const Box& part, bool first, LocalAddress state,
                  PieceSlots& slots) {
    const std::int64_t length = part.extent(kC);
    const LocalAddress from = slots.inputs.take(serial_++).address;
    const Box read = input_box(k_, 0, part);
    e_.transfer(Opcode::load_n, k_.in[0].access, read, from, dense_chip(read.extents()));
    const bool looks = pass.opcode == Opcode::stats;
    LocalAddress gamma{}, beta{}, to = state;
    if (!looks) to = slots.outputs.take(results_++).address;
    if (pass.opcode == Opcode::norm) {
      gamma = slots.constants.take(results_).address;
      beta = {gamma.memory,
              gamma.offset + round_up(length * e_.c.element, e_.c.core.accumulator_bytes)};
      e_.load_constant(*k_.weights, part.lo[kC], length, gamma);
      e_.load_constant(*k_.bias, part.lo[kC], length, beta);
    }
    Instruction& i = e_.push(pass.opcode);
    i.set_count(Operand::rows, 1).set_count(Operand::cols, length);
    i.set_local(Operand::in, from).set_local(Operand::out, to);
    if (looks) i.set_fn(Operand::fn, pass.fn);
    const bool begins = pass.fn == Function::max || pass.fn == Function::sum;
    if (looks && !(first && begins)) i.set(Operand::acc, kAccumulate);
    if (!looks) i.set(Operand::acc, kStates).set_local(Operand::in2, state);
    if (pass.opcode == Opcode::norm)
      i.set_local(Operand::wt, gamma)
          .set_local(Operand::bias, beta)
          .set_real(Operand::alpha, k_.alpha);
    else
      i.set_real(Operand::gamma, k_.kind == KernelKind::softmax ? k_.gamma : 1);
    if (!looks) e_.transfer(Opcode::store, k_.out, part, to, dense_chip(part.extents()));
  }

  void elementwise(const Box& tile, const std::vector<LocalAddress>& in,
                   const std::vector<Dims>& chips, LocalAddress out) {
    std::array<Dims, 3> strides{};
    for (std::size_t i = 0; i < in.size(); ++i)
      for (std::size_t d = 0; d < kDims; ++d)
        strides[i][d] = k_.in[i].dims[d] == 1 ? 0 : chips[i][d];
    strides[2] = dense_chip(tile.extents());
    std::vector<LocalAddress> at = in;
    at.resize(2, in[0]);
    const std::vector<ChipDim> dims = merged(tile.extents(), strides);
    if (k_.kind == KernelKind::copy) return peel(dims, 4, at, out, &PointEmitter::move);
    peel(dims, 2, at, out, &PointEmitter::function);
  }

  using Body = void (PointEmitter::*)(const std::vector<ChipDim>&, const std::vector<LocalAddress>&,
                                      LocalAddress);

  /// Calls `body` for the innermost `levels` dimensions at each position of the outer ones.
  void peel(const std::vector<ChipDim>& dims, std::size_t levels, std::vector<LocalAddress> in,
            LocalAddress out, Body body) {
    if (dims.size() <= levels) return (this->*body)(dims, in, out);
    const ChipDim outer = dims.front();
    const std::vector<ChipDim> inner(dims.begin() + 1, dims.end());
    for (std::int64_t i = 0; i < outer.extent; ++i) {
      peel(inner, levels, in, out, body);
      for (std::size_t o = 0; o < 2; ++o) in[o].offset += outer.stride[o] * e_.c.element;
      out.offset += outer.stride[2] * e_.c.element;
    }
  }

  void function(const std::vector<ChipDim>& dims, const std::vector<LocalAddress>& in,
                LocalAddress out) {
    const ChipDim none{};
    const ChipDim& column = dims.empty() ? none : dims.back();
    const ChipDim& row = dims.size() < 2 ? none : dims.front();
    Instruction& i = e_.push(Opcode::halt);
    i = point_instruction(k_, i.op, row.extent, column.extent);
    i.set_local(Operand::in, in[0])
        .set_local(Operand::out, out)
        .set_count(Operand::a_rs, row.stride[0])
        .set_count(Operand::a_cs, column.stride[0]);
    if (k_.kind == KernelKind::binary)
      i.set_local(Operand::in2, in[1])
          .set_count(Operand::b_rs, row.stride[1])
          .set_count(Operand::b_cs, column.stride[1]);
  }

  void move(const std::vector<ChipDim>& dims, const std::vector<LocalAddress>& in,
            LocalAddress out) {
    std::vector<ChipDim> levels = dims;
    Strided s;
    s.run = e_.c.element;
    if (!levels.empty() && levels.back().stride[0] == 1 && levels.back().stride[2] == 1) {
      s.run *= levels.back().extent;
      levels.pop_back();
    }
    if (levels.size() > 3) return peel(dims, 3, in, out, &PointEmitter::move);
    for (std::size_t l = 0; l < levels.size(); ++l) {
      const ChipDim& d = levels[levels.size() - 1 - l];
      s.n[l] = d.extent;
      s.source[l] = d.stride[0] * e_.c.element;
      s.destination[l] = d.stride[2] * e_.c.element;
    }
    Instruction& i = e_.push(Opcode::move);
    i.set_local(Operand::in, in[0]).set_local(Operand::out, out);
    s.put(i);
  }

  void resize(const Box& tile, const Box& in, LocalAddress from, LocalAddress out) {
    const ResizeMap& m = k_.resize;
    Instruction& i = e_.push(Opcode::halt);
    i = point_instruction(k_, i.op, 1, tile.extent(kC));
    const auto start = [](const ResizeAxis& axis, std::int64_t tile_lo, std::int64_t in_lo) {
      return static_cast<std::uint32_t>(axis.first + tile_lo * axis.step - in_lo * axis.over);
    };
    i.set_local(Operand::in, from)
        .set_local(Operand::out, out)
        .set_count(Operand::in_h, in.extent(kH))
        .set_count(Operand::in_w, in.extent(kW))
        .set_count(Operand::out_h, tile.extent(kH))
        .set_count(Operand::out_w, tile.extent(kW))
        .set(Operand::y0, start(m.y, tile.lo[kH], in.lo[kH]))
        .set_count(Operand::ys, m.y.step)
        .set_count(Operand::yd, m.y.over)
        .set(Operand::x0, start(m.x, tile.lo[kW], in.lo[kW]))
        .set_count(Operand::xs, m.x.step)
        .set_count(Operand::xd, m.x.over);
  }

  /// Rows are the kept dimensions; they are walked one by one where they don't merge on chip.
  void reduce(const Box& tile, LocalAddress in, const Dims& chip, LocalAddress out) {
    std::array<Dims, 3> strides{};
    strides[0] = chip;
    strides[2] = dense_chip(tile.extents());
    reduce_stride_ = chip[kC];
    peel(merged(tile.extents(), strides), 1, {in, in}, out, &PointEmitter::reduce_rows);
  }

  void reduce_rows(const std::vector<ChipDim>& dims, const std::vector<LocalAddress>& in,
                   LocalAddress out) {
    const ChipDim row = dims.empty() ? ChipDim{} : dims.front();
    Instruction& i = e_.push(Opcode::halt);
    i = point_instruction(k_, i.op, row.extent, k_.in[0].dims[kC]);
    i.set_local(Operand::in, in[0])
        .set_local(Operand::out, out)
        .set_count(Operand::a_rs, row.stride[0])
        .set_count(Operand::a_cs, reduce_stride_);
  }

  void rows(const Box& tile, const std::vector<LocalAddress>& in, LocalAddress out) {
    Instruction& i = e_.push(Opcode::halt);
    i = point_instruction(k_, i.op, tile.elements() / tile.extent(kC), tile.extent(kC));
    i.set_local(Operand::in, in[0]).set_local(Operand::out, out);
    if (k_.kind == KernelKind::norm)
      i.set_local(Operand::wt, gamma_).set_local(Operand::bias, beta_);
    if (k_.kind == KernelKind::lstm_cell)
      i.set_local(Operand::in2, in[1]).set_local(Operand::out2, outputs_[1].take(serial_).address);
  }

  Emitter& e_;
  const Kernel& k_;
  const PointTile& t_;
  std::vector<Slots> inputs_, outputs_;
  LocalAddress gamma_{}, beta_{};
  std::int64_t serial_ = 0;
  std::int64_t rows_ = 0, results_ = 0;  ///< in pieces
  std::int64_t reduce_stride_ = 1;
};

}  // namespace

void emit_point(Emitter& e, const PointTile& tile, const Box& box) {
  PointEmitter(e, tile).run(box);
}

}  // namespace unna
