// Convolutions and matrix products: blocks of outputs, a loop over (kernel position, input
// channels) with partial sums in NBout.

#include <algorithm>

#include "compiler/emit.h"
#include "compiler/sb_rooms.h"
#include "compiler/synapses.h"

namespace unna {
namespace {

struct Chunk {  ///< one step of the reduction
  std::int64_t tap = 0, ky = 0, kx = 0, ci = 0, ci_end = 0;

  std::int64_t channels() const { return ci_end - ci; }
};

class MacEmitter {
 public:
  MacEmitter(Emitter& e, const MacTile& tile)
      : e_(e),
        k_(e.k),
        t_(tile),
        conv_(e.k.kind == KernelKind::conv),
        ci_(e.k.in[0].dims[kC] / e.k.groups),
        chunks_(make_chunks()),
        bias_bytes_(e.k.bias ? t_.co * e.channel_bytes() : 0),
        inputs_(Memory::nbin, 0, slot_bytes(e.c.core.nbin_bytes, t_.nbin_slots), t_.nbin_slots,
                e.turn(&SlotTurns::nbin)),
        synapses_(Memory::sb, e.sb.begin + 2 * bias_bytes_,
                  slot_bytes(e.sb.bytes() - 2 * bias_bytes_, t_.sb_slots), t_.sb_slots,
                  e.turn(&SlotTurns::synapses)),
        biases_(Memory::sb, e.sb.begin, bias_bytes_, 2, e.turn(&SlotTurns::biases)),
        region_(t_.block_h * t_.block_w * t_.co *
                (chunks_.size() > 1 ? e.c.core.accumulator_bytes : e.c.element)),
        outputs_(Memory::nbout, 0, region_, e.c.core.nbout_bytes / region_,
                 e.turn(&SlotTurns::nbout)) {}

  void run(const Box& box) {
    const std::int64_t per_group = k_.dims[kC] / k_.groups;
    for (std::int64_t b = box.lo[kB]; b < box.hi[kB]; ++b)
      for (std::int64_t n = box.lo[kN]; n < box.hi[kN]; ++n)
        for (std::int64_t g = box.lo[kC] / per_group; g * per_group < box.hi[kC]; ++g) {
          Box part = box;
          set(part, kB, b, b + 1);
          set(part, kN, n, n + 1);
          set(part, kC, std::max(box.lo[kC], g * per_group),
              std::min(box.hi[kC], (g + 1) * per_group));
          group_ = g;
          batch_ = part.lo;
          emit_group(part);
        }
    e_.stopped(&SlotTurns::nbin, inputs_);
    e_.stopped(&SlotTurns::nbout, outputs_);
    e_.stopped(&SlotTurns::synapses, synapses_);
    e_.stopped(&SlotTurns::biases, biases_);
  }

 private:
  /// A whole number of elements.
  Bytes slot_bytes(Bytes memory, std::int64_t slots) const {
    return memory / slots / e_.c.element * e_.c.element;
  }
  static void set(Box& box, std::size_t d, std::int64_t lo, std::int64_t hi) {
    box.lo[d] = lo;
    box.hi[d] = hi;
  }

  std::vector<Chunk> make_chunks() const {
    std::vector<Chunk> chunks;
    const std::int64_t rows = t_.per_tap ? k_.window.kernel_h : 1;
    const std::int64_t columns = t_.per_tap ? k_.window.kernel_w : 1;
    for (std::int64_t y = 0; y < rows; ++y)
      for (std::int64_t x = 0; x < columns; ++x)
        for (std::int64_t c = 0; c < ci_; c += t_.ci)
          chunks.push_back({y * columns + x, y, x, c, std::min(ci_, c + t_.ci)});
    return chunks;
  }

  std::vector<Box> blocks_of(const Box& part) const {
    std::vector<Box> blocks;
    for (std::int64_t h = part.lo[kH]; h < part.hi[kH]; h += t_.block_h)
      for (std::int64_t w = part.lo[kW]; w < part.hi[kW]; w += t_.block_w) {
        Box b = part;
        set(b, kH, h, std::min(part.hi[kH], h + t_.block_h));
        set(b, kW, w, std::min(part.hi[kW], w + t_.block_w));
        blocks.push_back(b);
      }
    return blocks;
  }

  void emit_group(const Box& part) {
    const std::vector<Box> blocks = blocks_of(part);
    const std::size_t step = static_cast<std::size_t>(t_.group);
    const auto channels = [&](const auto& body) {
      for (std::int64_t c = part.lo[kC]; c < part.hi[kC]; c += t_.co)
        body(c, std::min(part.hi[kC], c + t_.co));
    };
    const auto positions = [&](const auto& body) {
      for (std::size_t i = 0; i < blocks.size(); i += step)
        body(i, std::min(blocks.size(), i + step));
    };
    if (t_.co_outer) {
      channels([&](std::int64_t lo, std::int64_t hi) {
        positions([&](std::size_t i, std::size_t j) { emit_blocks(blocks, i, j, lo, hi); });
      });
    } else {
      positions([&](std::size_t i, std::size_t j) {
        channels([&](std::int64_t lo, std::int64_t hi) { emit_blocks(blocks, i, j, lo, hi); });
      });
    }
  }

  /// Blocks [from, to) of channels [lo, hi), all chunks.
  void emit_blocks(const std::vector<Box>& blocks, std::size_t from, std::size_t to,
                   std::int64_t lo, std::int64_t hi) {
    std::vector<LocalAddress> regions;
    for (std::size_t i = from; i < to; ++i) regions.push_back(outputs_.take(serial_++).address);
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
      const LocalAddress wt = load_synapses(chunks_[c], static_cast<std::int64_t>(c), lo, hi);
      const bool needed = c == 0 || (e_.scaled() && c + 1 == chunks_.size());
      const LocalAddress bias = needed ? load_bias(lo, hi) : LocalAddress{Memory::sb, 0};
      for (std::size_t i = from; i < to; ++i) {
        Box block = blocks[i];
        set(block, kC, lo, hi);
        compute(block, static_cast<std::int64_t>(i), c, wt, bias, regions[i - from]);
        if (c + 1 == chunks_.size()) store(block, regions[i - from]);
      }
    }
  }

  LocalAddress load_bias(std::int64_t lo, std::int64_t hi) {
    if (!k_.bias) return {Memory::sb, 0};
    if (e_.staying != nullptr) {
      StayingSynapses& s = *e_.staying;
      const StayingBytes before = staying_bytes(k_, s.last - s.first, e_.c.element, e_.c.core);
      const LocalAddress at{Memory::sb,
                            e_.sb.begin + before.synapses + (lo - s.first) * e_.channel_bytes()};
      if (s.biases.insert(lo).second) e_.load_constant(*k_.bias, lo, hi - lo, at);
      return at;
    }
    const Slots::Lease lease = biases_.take(lo);
    if (!lease.loaded) e_.load_constant(*k_.bias, lo, hi - lo, lease.address);
    return lease.address;
  }

  /// Synapses of a chunk stand packed, [output channel][kernel position][input channel], tile after
  /// tile in the order of emission: one contiguous run each.
  LocalAddress load_synapses(const Chunk& chunk, std::int64_t serial, std::int64_t lo,
                             std::int64_t hi) {
    const std::int64_t taps = k_.window.kernel_h * k_.window.kernel_w;
    const std::int64_t steps = static_cast<std::int64_t>(chunks_.size());
    if (k_.weights) {
      const std::int64_t width = hi - lo;
      const std::int64_t first =
          lo * ci_ * taps + width * (t_.per_tap ? chunk.tap * ci_ + chunk.ci : chunk.ci * taps);
      const std::int64_t count = width * chunk.channels() * (t_.per_tap ? 1 : taps);
      if (e_.staying != nullptr) {
        const std::int64_t begin = e_.staying->first * ci_ * taps;
        const LocalAddress at{Memory::sb, e_.sb.begin + (first - begin) * e_.c.element};
        if (e_.staying->tiles.insert(lo * steps + serial).second)
          e_.load_constant(*k_.weights, first, count, at);
        return at;
      }
      const Slots::Lease lease = synapses_.take(lo * steps + serial);
      if (lease.loaded) return lease.address;
      if (e_.synapses != nullptr) {
        const SynapseTable::Place& place = e_.synapses->at(lo, static_cast<std::size_t>(serial));
        e_.load_bytes(*k_.weights, place.begin, place.tile.bytes, lease.address);
        return lease.address;
      }
      e_.load_constant(*k_.weights, first, count, lease.address);
      return lease.address;
    }
    const KernelInput& b = k_.in[1];
    const std::int64_t batch = batch_index(b.access);
    const Slots::Lease lease = synapses_.take((batch * k_.dims[kC] + lo) * steps + serial);
    if (lease.loaded) return lease.address;
    Box box = batch_box(b);
    set(box, kH, lo, hi);
    set(box, kC, chunk.ci, chunk.ci_end);
    Dims chip{};
    chip[kH] = rows_are_outputs() ? chunk.channels() : 1;
    chip[kC] = rows_are_outputs() ? 1 : hi - lo;
    e_.transfer(Opcode::load_s, b.access, box, lease.address, chip);
    return lease.address;
  }

  /// Whether a computed right operand is contiguous along the reduction ([N][K]) or along the
  /// outputs ([K][N]).
  bool rows_are_outputs() const { return k_.in[1].access.stride[kC] == 1; }

  Box batch_box(const KernelInput& in) const {
    Box box;
    for (const std::size_t d : {kB, kN})
      if (in.dims[d] > 1) set(box, d, batch_[d], batch_[d] + 1);
    return box;
  }
  std::int64_t batch_index(const Access& a) const {
    return (a.stride[kB] != 0 ? batch_[kB] * k_.dims[kN] : 0) +
           (a.stride[kN] != 0 ? batch_[kN] : 0);
  }

  struct Input {
    LocalAddress address;
    Box box;
    WindowAttrs window;
  };

  Input load_input(const Box& block, std::int64_t index, std::size_t c) {
    const Chunk& chunk = chunks_[c];
    Input in;
    in.window = k_.window;
    if (t_.per_tap) {
      in.window.kernel_h = in.window.kernel_w = 1;
      in.window.dilation_h = in.window.dilation_w = 1;
      in.window.pad_top -= chunk.ky * k_.window.dilation_h;
      in.window.pad_left -= chunk.kx * k_.window.dilation_w;
    }
    in.box = window_input(in.window, block);
    set(in.box, kC, group_ * ci_ + chunk.ci, group_ * ci_ + chunk.ci_end);
    const std::int64_t batch = (block.lo[kB] * k_.dims[kN] + block.lo[kN]) * k_.groups + group_;
    const std::int64_t key =
        (batch * k_.dims[kH] * k_.dims[kW] + index) * static_cast<std::int64_t>(chunks_.size()) +
        static_cast<std::int64_t>(c);
    const Slots::Lease lease = inputs_.take(key);
    in.address = lease.address;
    if (!lease.loaded) {
      const Dims chip = dense_chip(in.box.extents());
      e_.transfer(Opcode::load_n, k_.in[0].access, in.box, lease.address, chip);
    }
    return in;
  }

  Box window_input(const WindowAttrs& window, const Box& block) const {
    if (!conv_) {
      Box box = block;
      for (const std::size_t d : {kB, kN, kH, kW})
        if (k_.in[0].dims[d] == 1) set(box, d, 0, 1);
      return box;
    }
    return window_box(window, k_.in[0].dims, block);
  }

  void compute(const Box& block, std::int64_t index, std::size_t c, LocalAddress wt,
               LocalAddress bias, LocalAddress out) {
    const Input in = load_input(block, index, c);
    const bool first = c == 0;
    const bool last = c + 1 == chunks_.size();
    std::uint32_t acc = first ? (k_.bias ? kBias : 0U) : kAccumulate;
    if (!last) acc |= kPartial;
    if (k_.bias && e_.scaled()) acc |= kScale;
    Instruction& i = e_.push(conv_ ? Opcode::conv : Opcode::matmul);
    i.set_local(Operand::in, in.address)
        .set_local(Operand::wt, wt)
        .set_local(Operand::bias, bias)
        .set_local(Operand::out, out)
        .set(Operand::acc, acc)
        .set_count(Operand::in_c, chunks_[c].channels())
        .set_count(Operand::out_c, block.extent(kC));
    if (last) e_.set_post(i);
    if (e_.synapses != nullptr) set_packed(i, e_.synapses->at(block.lo[kC], c).tile);
    if (conv_) {
      set_window(i, in, block);
    } else {
      const bool packed = k_.weights || rows_are_outputs();
      i.set_count(Operand::rows, block.extent(kH) * block.extent(kW))
          .set_count(Operand::wt_rs, packed ? chunks_[c].channels() : 1)
          .set_count(Operand::wt_cs, packed ? 1 : block.extent(kC))
          .set_real(Operand::gamma, k_.gamma);
    }
  }

  void set_packed(Instruction& i, const SynapseTile& tile) const {
    if (const std::optional<GroupFormat>& format = e_.synapses->format()) {
      i.set(Operand::acc, i.get(Operand::acc) | kGrouped | (format->zeros ? kZeros : 0U))
          .set_count(Operand::wt_bytes, tile.bytes)
          .set_count(Operand::wt_bits, format->bits)
          .set_count(Operand::wt_group, format->size);
      return;
    }
    i.set(Operand::acc, i.get(Operand::acc) | kIndexed)
        .set_count(Operand::wt_bytes, tile.bytes)
        .set_count(Operand::wt_nz, tile.synapses)
        .set_count(Operand::pe_cycles, tile.cycles)
        .set_count(Operand::pe_wait, tile.waiting);
  }

  void set_window(Instruction& i, const Input& in, const Box& block) const {
    const WindowAttrs& w = in.window;
    i.set_count(Operand::in_h, in.box.extent(kH))
        .set_count(Operand::in_w, in.box.extent(kW))
        .set_count(Operand::out_h, block.extent(kH))
        .set_count(Operand::out_w, block.extent(kW))
        .set_count(Operand::kh, w.kernel_h)
        .set_count(Operand::kw, w.kernel_w)
        .set_count(Operand::sy, w.stride_h)
        .set_count(Operand::sx, w.stride_w)
        .set_count(Operand::dy, w.dilation_h)
        .set_count(Operand::dx, w.dilation_w);
    set_padding(i, w, block, in.box);
  }

  void store(const Box& block, LocalAddress region) {
    e_.transfer(Opcode::store, k_.out, block, region, dense_chip(block.extents()));
  }

  Emitter& e_;
  const Kernel& k_;
  const MacTile& t_;
  bool conv_;
  std::int64_t ci_;  ///< input channels of a group
  std::vector<Chunk> chunks_;
  Bytes bias_bytes_;
  Slots inputs_, synapses_, biases_;
  Bytes region_;
  Slots outputs_;
  std::int64_t serial_ = 0;
  std::int64_t group_ = 0;
  Dims batch_{};
};

}  // namespace

void emit_mac(Emitter& e, const MacTile& tile, const Box& box) {
  MacEmitter(e, tile).run(box);
}

}  // namespace unna
