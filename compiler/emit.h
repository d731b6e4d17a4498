#pragma once

// Emission: a unit of work becomes instructions of one core, without any synchronisation; tokens
// and barriers are derived afterwards from what the instructions touch.

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "compiler/pieces.h"
#include "compiler/plan.h"
#include "isa/accesses.h"
#include "isa/instruction.h"

namespace unna {

struct EmitContext {
  const LoweredGraph& graph;
  const Pieces& pieces;
  const CoreConfig& core;
  Bytes element;
};

/// First in, first out slots of equal size in one on-chip memory.
class Slots {
 public:
  /// The first slot taken is the first one that begins at `from` or behind it, if there is one.
  Slots(Memory memory, Bytes base, Bytes size, std::int64_t count, Bytes from = 0)
      : memory_(memory), base_(base), size_(size), keys_(static_cast<std::size_t>(count)) {
    const std::int64_t slot = size_ > 0 ? ceil_div(std::max<Bytes>(0, from - base_), size_) : 0;
    next_ = slot < count ? static_cast<std::size_t>(slot) : 0;
  }

  struct Lease {
    LocalAddress address;
    bool loaded;  ///< the slot held the key already
  };
  /// The slot of `key`, displacing the oldest one where it is not there.
  Lease take(std::int64_t key) {
    for (std::size_t i = 0; i < keys_.size(); ++i)
      if (keys_[i] == key) return {address(i), true};
    const std::size_t slot = next_;
    next_ = (next_ + 1) % keys_.size();
    keys_[slot] = key;
    end_ = base_ + static_cast<Bytes>(slot + 1) * size_;
    return {address(slot), false};
  }
  /// Behind the slot that was displaced last; nothing where none was.
  std::optional<Bytes> end() const { return end_; }

 private:
  LocalAddress address(std::size_t slot) const {
    return {memory_, base_ + static_cast<Bytes>(slot) * size_};
  }

  Memory memory_;
  Bytes base_;
  Bytes size_;
  std::vector<std::optional<std::int64_t>> keys_;
  std::size_t next_ = 0;
  std::optional<Bytes> end_;
};

/// Where the next unit of a walk begins in each on-chip memory of a core: behind what the unit
/// before it took last, so that its first loads need not wait until that one has computed.
struct SlotTurns {
  Bytes nbin = 0, nbout = 0;
  Bytes synapses = 0, biases = 0;  ///< in SB
};

/// Synapses and biases of a kernel that stay in a core's SB (compiler/sb_rooms.h): those of output
/// channels [first, last), at their places from the beginning of the kernel's room on.
struct StayingSynapses {
  std::int64_t first = 0, last = 0;
  std::set<std::int64_t> tiles, biases;  ///< loaded already, by the keys of their slots

  /// What the plan's units on `core` need, nothing loaded yet.
  static StayingSynapses of(const KernelPlan& plan, CoreId core);
};

/// Appends the instructions of one kernel's units to one core's stream.
class Emitter {
 public:
  Emitter(const EmitContext& context, const Kernel& kernel, OpId layer,
          std::vector<Instruction>& out, const KernelPlan& plan)
      : c(context),
        k(kernel),
        synapses(plan.synapses.get()),
        sb(plan.sb),
        layer_(layer),
        out_(out) {}

  const EmitContext& c;
  const Kernel& k;
  const SynapseTable* synapses;  ///< null: dense

  /// int8: the scale registers for all that follows.
  void set_scales();
  /// What of SB the kernel has.
  SbRoom sb;
  /// Null: each unit loads its synapses.
  StayingSynapses* staying = nullptr;
  /// Units of a walk go on where the one before stopped; without it each begins at address 0.
  SlotTurns* turns = nullptr;
  Bytes turn(Bytes SlotTurns::*memory) const { return turns == nullptr ? 0 : turns->*memory; }
  void stopped(Bytes SlotTurns::*memory, const Slots& slots) {
    if (turns != nullptr) turns->*memory = slots.end().value_or(turns->*memory);
  }
  /// Bytes of a channel's constants, and whether products are scaled by them.
  Bytes channel_bytes() const { return unna::channel_bytes(c.element, c.core.accumulator_bytes); }
  bool scaled() const { return c.element == 1; }
  /// load.n, load.s or store of the box of an access; `chip` has on-chip element strides by role.
  void transfer(Opcode opcode, const Access& access, const Box& box, LocalAddress local,
                const Dims& chip);
  /// load.s of contiguous elements of a constant.
  void load_constant(StorageId storage, std::int64_t first, std::int64_t count, LocalAddress local);
  /// load.s of contiguous bytes of a constant.
  void load_bytes(StorageId storage, Bytes first, Bytes count, LocalAddress local);
  Instruction& push(Opcode opcode) {
    out_.emplace_back(opcode, layer_);
    return out_.back();
  }
  void set_post(Instruction& i) const {
    i.set_fn(Operand::post, k.post.fn)
        .set_real(Operand::alpha, k.post.alpha)
        .set_real(Operand::beta, k.post.beta);
  }

 private:
  void transfer_part(Opcode opcode, const BufferPart& part, LocalAddress local, Bytes element);

  OpId layer_;
  std::vector<Instruction>& out_;
};

/// Emits `box` of the kernel's output with the given tile.
void emit_unit(Emitter& e, const Tile& tile, const Box& box);

// One a class of kernels (emit_mac.cpp, emit_window.cpp, emit_point.cpp).
void emit_mac(Emitter& e, const MacTile& tile, const Box& box);
void emit_window(Emitter& e, const WindowTile& tile, const Box& box);
void emit_point(Emitter& e, const PointTile& tile, const Box& box);

/// On-chip strides of a dense tile with these extents, C innermost.
Dims dense_chip(const Dims& extents);

/// pad_t and pad_l of an instruction that makes `block` from the inputs `loaded`. A window that
/// lies beyond the end of the tensor altogether is moved above it: outside is outside.
void set_padding(Instruction& i, const WindowAttrs& window, const Box& block, const Box& loaded);

}  // namespace unna
