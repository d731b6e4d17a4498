#include "compiler/emit.h"

#include <algorithm>
#include <limits>

namespace unna {

StayingSynapses StayingSynapses::of(const KernelPlan& plan, CoreId core) {
  StayingSynapses staying{std::numeric_limits<std::int64_t>::max(), 0, {}, {}};
  for (const UnitOfWork& u : plan.units) {
    if (u.core != core) continue;
    staying.first = std::min(staying.first, u.box.lo[kC]);
    staying.last = std::max(staying.last, u.box.hi[kC]);
  }
  return staying;
}

Dims dense_chip(const Dims& extents) {
  Dims chip{};
  std::int64_t step = 1;
  for (std::size_t d = kDims; d-- > 0;) {
    chip[d] = step;
    step *= extents[d];
  }
  return chip;
}

void set_padding(Instruction& i, const WindowAttrs& w, const Box& block, const Box& loaded) {
  const auto padding = [](std::int64_t first, std::int64_t at, std::int64_t reach) {
    return first <= at ? at - first : reach;
  };
  i.set_count(Operand::pad_t, padding(block.lo[kH] * w.stride_h - w.pad_top, loaded.lo[kH],
                                      block.extent(kH) * w.stride_h + w.kernel_h * w.dilation_h));
  i.set_count(Operand::pad_l, padding(block.lo[kW] * w.stride_w - w.pad_left, loaded.lo[kW],
                                      block.extent(kW) * w.stride_w + w.kernel_w * w.dilation_w));
}

void emit_unit(Emitter& e, const Tile& tile, const Box& box) {
  if (e.scaled() && e.k.kind != KernelKind::copy) e.set_scales();
  if (const auto* mac = std::get_if<MacTile>(&tile)) return emit_mac(e, *mac, box);
  if (const auto* window = std::get_if<WindowTile>(&tile)) return emit_window(e, *window, box);
  emit_point(e, std::get<PointTile>(tile), box);
}

/// `in2` is a second operand, synapses or a norm's factors; `mid` is what a fused function
/// is applied to, or a second result.
void Emitter::set_scales() {
  const auto of = [&](const Access& a) { return c.graph.storage(a.storage).quantisation; };
  const Quantisation in = of(k.in[0].access), out = of(k.out);
  Quantisation in2 = k.in.size() > 1 ? of(k.in[1].access) : Quantisation{};
  if (k.weights) in2 = c.graph.storage(*k.weights).quantisation;
  Quantisation mid = k.post.fn == Function::none ? out : k.post.quantisation;
  if (k.kind == KernelKind::unary) mid = in;
  if (k.out2) mid = of(*k.out2);
  const auto word = [](std::int32_t zero) { return static_cast<std::uint32_t>(zero); };
  push(Opcode::quant)
      .set_real(Operand::s_in, in.scale)
      .set_real(Operand::s_in2, in2.scale)
      .set_real(Operand::s_mid, mid.scale)
      .set_real(Operand::s_out, out.scale)
      .set(Operand::z_in, word(in.zero))
      .set(Operand::z_in2, word(in2.zero))
      .set(Operand::z_mid, word(mid.zero))
      .set(Operand::z_out, word(out.zero));
}

void Emitter::transfer(Opcode opcode, const Access& access, const Box& box, LocalAddress local,
                       const Dims& chip) {
  const Bytes element = c.graph.storage(access.storage).element;
  for (const BufferPart& part : c.pieces.parts(access, box, chip))
    transfer_part(opcode, part, local, element);
}

namespace {

/// Joins dimensions that one level of a descriptor can walk.
void merge(std::vector<CopyDim>& dims) {
  for (std::size_t i = dims.size(); i-- > 1;) {
    CopyDim& outer = dims[i - 1];
    const CopyDim& inner = dims[i];
    if (outer.dram == inner.dram * inner.extent && outer.chip == inner.chip * inner.extent) {
      outer = {outer.extent * inner.extent, inner.dram, inner.chip};
      dims.erase(dims.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace

void Emitter::transfer_part(Opcode opcode, const BufferPart& part, LocalAddress local,
                            Bytes element) {
  std::vector<CopyDim> dims = part.dims;
  merge(dims);
  std::int64_t run = 1;
  if (!dims.empty() && dims.back().dram == 1 && dims.back().chip == 1) {
    run = dims.back().extent;
    dims.pop_back();
  }
  if (dims.size() > 3) {
    BufferPart slice = part;
    const CopyDim outer = dims.front();
    slice.dims.assign(dims.begin() + 1, dims.end());
    if (run > 1) slice.dims.push_back({run, 1, 1});
    for (std::int64_t i = 0; i < outer.extent; ++i) {
      slice.start = part.start + i * outer.dram;
      slice.chip = part.chip + i * outer.chip;
      transfer_part(opcode, slice, local, element);
    }
    return;
  }
  const bool store = opcode == Opcode::store;
  Strided s;
  s.run = run * element;
  for (std::size_t level = 0; level < dims.size(); ++level) {
    const CopyDim& d = dims[dims.size() - 1 - level];
    s.n[level] = d.extent;
    s.source[level] = (store ? d.chip : d.dram) * element;
    s.destination[level] = (store ? d.dram : d.chip) * element;
  }
  local.offset += part.chip * element;
  Instruction& i = push(opcode);
  i.set_local(store ? Operand::in : Operand::out, local);
  i.set(Operand::buf, part.buffer.value);
  i.set_count(Operand::off, part.start * element);
  s.put(i);
}

void Emitter::load_constant(StorageId storage, std::int64_t first, std::int64_t count,
                            LocalAddress local) {
  const Bytes element = c.graph.storage(storage).element;
  const BufferId buffer = c.pieces.cuts(storage).first();
  transfer_part(Opcode::load_s, {buffer, first, 0, {{count, 1, 1}}}, local, element);
}

void Emitter::load_bytes(StorageId storage, Bytes first, Bytes count, LocalAddress local) {
  const BufferId buffer = c.pieces.cuts(storage).first();
  transfer_part(Opcode::load_s, {buffer, first, 0, {{count, 1, 1}}}, local, 1);
}

}  // namespace unna
