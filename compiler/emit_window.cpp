// Depthwise convolutions and pooling: every output channel reads a window of its own input channel.

#include <algorithm>

#include "compiler/emit.h"
#include "compiler/sb_rooms.h"

namespace unna {
namespace {

class WindowEmitter {
 public:
  WindowEmitter(Emitter& e, const WindowTile& tile)
      : e_(e),
        k_(e.k),
        t_(tile),
        depthwise_(e.k.kind == KernelKind::dwconv),
        parts_(ceil_div(e.k.window.kernel_h, tile.window_rows)),
        inputs_(Memory::nbin, 0, slot_bytes(e.c.core.nbin_bytes, tile.nbin_slots), tile.nbin_slots,
                e.turn(&SlotTurns::nbin)),
        constants_(Memory::sb, e.sb.begin, constant_bytes(), constant_slots(),
                   e.turn(&SlotTurns::synapses)),
        outputs_(Memory::nbout, 0, region_bytes(), tile.nbout_slots, e.turn(&SlotTurns::nbout)) {}

  void run(const Box& box) {
    for (std::int64_t c = box.lo[kC]; c < box.hi[kC]; c += t_.c) {
      Box slice = box;
      slice.lo[kC] = c;
      slice.hi[kC] = std::min(box.hi[kC], c + t_.c);
      if (depthwise_) load_weights(slice);
      for (std::int64_t b = box.lo[kB]; b < box.hi[kB]; ++b)
        for (std::int64_t n = box.lo[kN]; n < box.hi[kN]; ++n) {
          slice.lo[kB] = b;
          slice.hi[kB] = b + 1;
          slice.lo[kN] = n;
          slice.hi[kN] = n + 1;
          emit_slice(slice);
        }
    }
    e_.stopped(&SlotTurns::nbin, inputs_);
    e_.stopped(&SlotTurns::nbout, outputs_);
    e_.stopped(&SlotTurns::synapses, constants_);
  }

 private:
  Bytes slot_bytes(Bytes memory, std::int64_t slots) const {
    return memory / slots / e_.c.element * e_.c.element;
  }
  Bytes region_bytes() const {
    return t_.block_h * t_.block_w * t_.c *
           (parts_ > 1 ? e_.c.core.accumulator_bytes : e_.c.element);
  }

  Bytes constant_bytes() const {
    const std::int64_t window = k_.window.kernel_h * k_.window.kernel_w;
    return window_constants(t_.c, window, e_.c.element, e_.c.core.accumulator_bytes);
  }
  /// Two slices have room in SB, so that the next one's synapses are loaded while this one
  /// computes; in a walk as many as there is room for.
  std::int64_t constant_slots() const {
    return e_.turns == nullptr ? 2 : std::max<std::int64_t>(1, e_.sb.bytes() / constant_bytes());
  }

  /// Synapses and biases of a channel slice.
  void load_weights(const Box& slice) {
    const std::int64_t window = k_.window.kernel_h * k_.window.kernel_w;
    if (e_.staying != nullptr) return load_staying(slice, window);
    weights_ = constants_.take(slice.lo[kC]).address;
    bias_ = weights_;
    bias_.offset += constant_bytes() - t_.c * e_.channel_bytes();
    e_.load_constant(*k_.weights, slice.lo[kC] * window, slice.extent(kC) * window, weights_);
    if (k_.bias) e_.load_constant(*k_.bias, slice.lo[kC], slice.extent(kC), bias_);
  }

  /// All channels of the core at once, the first time.
  void load_staying(const Box& slice, std::int64_t window) {
    StayingSynapses& s = *e_.staying;
    const std::int64_t channels = s.last - s.first;
    weights_ = {Memory::sb, e_.sb.begin};
    bias_ = weights_;
    bias_.offset += staying_bytes(k_, channels, e_.c.element, e_.c.core).synapses;
    if (s.tiles.insert(s.first).second) {
      e_.load_constant(*k_.weights, s.first * window, channels * window, weights_);
      if (k_.bias) e_.load_constant(*k_.bias, s.first, channels, bias_);
    }
    weights_.offset += (slice.lo[kC] - s.first) * window * e_.c.element;
    bias_.offset += (slice.lo[kC] - s.first) * e_.channel_bytes();
  }

  void emit_slice(const Box& slice) {
    for (std::int64_t h = slice.lo[kH]; h < slice.hi[kH]; h += t_.block_h)
      for (std::int64_t w = slice.lo[kW]; w < slice.hi[kW]; w += t_.block_w) {
        Box block = slice;
        block.lo[kH] = h;
        block.hi[kH] = std::min(slice.hi[kH], h + t_.block_h);
        block.lo[kW] = w;
        block.hi[kW] = std::min(slice.hi[kW], w + t_.block_w);
        const LocalAddress out = outputs_.take(serial_++).address;
        for (std::int64_t part = 0; part < parts_; ++part) emit_part(block, part, out);
        e_.transfer(Opcode::store, k_.out, block, out, dense_chip(block.extents()));
      }
  }

  void emit_part(const Box& block, std::int64_t part, LocalAddress out) {
    WindowAttrs window = k_.window;
    const std::int64_t row = part * t_.window_rows;
    window.kernel_h = std::min(k_.window.kernel_h - row, t_.window_rows);
    window.pad_top -= row * window.dilation_h;
    const Box in = window_box(window, k_.in[0].dims, block);
    const LocalAddress slot = inputs_.take(loads_++).address;
    e_.transfer(Opcode::load_n, k_.in[0].access, in, slot, dense_chip(in.extents()));

    std::uint32_t acc = part > 0 ? kAccumulate : 0U;
    if (part + 1 < parts_) acc |= kPartial;
    Instruction& i = e_.push(depthwise_ ? Opcode::dwconv : Opcode::pool);
    i.set_local(Operand::in, slot)
        .set_local(Operand::out, out)
        .set_count(Operand::in_h, in.extent(kH))
        .set_count(Operand::in_w, in.extent(kW))
        .set_count(Operand::in_c, block.extent(kC))
        .set_count(Operand::out_h, block.extent(kH))
        .set_count(Operand::out_w, block.extent(kW))
        .set_count(Operand::kh, window.kernel_h)
        .set_count(Operand::kw, window.kernel_w)
        .set_count(Operand::sy, window.stride_h)
        .set_count(Operand::sx, window.stride_w)
        .set_count(Operand::dy, window.dilation_h)
        .set_count(Operand::dx, window.dilation_w);
    set_padding(i, window, block, in);
    if (depthwise_) {
      i.set_local(Operand::wt, weights_).set_local(Operand::bias, bias_);
      i.set(Operand::acc, (k_.bias ? kBias : 0U) | (k_.bias && e_.scaled() ? kScale : 0U));
      e_.set_post(i);
    } else {
      i.set_fn(Operand::fn, k_.fn).set(Operand::acc, acc).set_real(Operand::gamma, k_.gamma);
    }
  }

  Emitter& e_;
  const Kernel& k_;
  const WindowTile& t_;
  bool depthwise_;
  std::int64_t parts_;  ///< groups of window rows
  Slots inputs_, constants_, outputs_;
  LocalAddress weights_{Memory::sb, 0}, bias_{Memory::sb, 0};
  std::int64_t serial_ = 0, loads_ = 0;
};

}  // namespace

void emit_window(Emitter& e, const WindowTile& tile, const Box& box) {
  WindowEmitter(e, tile).run(box);
}

}  // namespace unna
