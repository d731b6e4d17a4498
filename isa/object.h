#pragma once

// What the compiler emits (Object: relocatable, addresses are (buffer, offset)), what a memory
// manager decides (Layout) and what the machine runs (Image). As elsewhere: compile, lay out, link,
// run.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/units.h"
#include "configs/machine.h"
#include "isa/instruction.h"

namespace unna {

enum class BufferKind : std::uint8_t {
  input,         ///< written before the program starts
  output,        ///< read after the program ends
  weight,        ///< constant: live throughout
  intermediate,  ///< the memory manager's: may share bytes with others
  /// Outlives the program: earlier ones have written a part, this one reads that and adds to it.
  state,
};
inline constexpr std::array<std::string_view, 5> kBufferKindNames = {"input", "output", "weight",
                                                                     "intermediate", "state"};

/// A piece of DRAM that instructions address. A tensor is stored as one or more of them.
struct BufferInfo {
  std::string name;  ///< unique in the object
  BufferKind kind = BufferKind::intermediate;
  Bytes size = 0;
  std::string tensor;  ///< the tensor that it is (part of)

  friend bool operator==(const BufferInfo&, const BufferInfo&) = default;
};

/// An operator as the compiler lowered it; instructions name it for attribution.
struct LayerInfo {
  std::string name;
  std::string kind;            ///< "conv", "pool", ...
  Macs macs = 0;               ///< of the graph's operator: what the instructions have to add up to
  Bytes compulsory_bytes = 0;  ///< its inputs, weights and outputs, each moved once
  Macs pruned_macs = 0;        ///< of `macs`, those that are skipped as their synapse is pruned

  Macs executed_macs() const { return macs - pruned_macs; }

  friend bool operator==(const LayerInfo&, const LayerInfo&) = default;
};

/// Lifetime of a buffer in the network's topology (positions in the executed operator order), for
/// `topology` liveness. Only intermediates are listed.
struct TopologyUse {
  BufferId buffer;
  std::vector<OpId> writers;  ///< layers that write it, ascending
  std::vector<OpId> readers;  ///< layers that read it, ascending

  friend bool operator==(const TopologyUse&, const TopologyUse&) = default;
};

/// Per-core instruction streams with their symbol tables.
struct Object {
  std::string network;
  DataType data_type = DataType::int16;
  CoreConfig core;  ///< the core it was compiled for: verify() holds operands against its buffers
  std::vector<BufferInfo> buffers;
  std::vector<LayerInfo> layers;
  /// For each layer the layers whose results it reads (data-flow edges), ascending.
  std::vector<std::vector<OpId>> layer_inputs;
  std::vector<TopologyUse> topology;
  /// Layers run on different cores at the same time, ordered only by data flow; otherwise all
  /// cores execute the layers in ascending order.
  bool parallel_layers = false;
  std::vector<std::vector<Instruction>> streams;  ///< one a core; the last instruction is halt

  friend bool operator==(const Object&, const Object&) = default;
};

/// Base address of every buffer of an object.
struct Layout {
  std::vector<Bytes> base;  ///< by BufferId
  Bytes arena_bytes = 0;    ///< of the intermediates' region, which starts at address 0
  Bytes total_bytes = 0;    ///< with all other buffers, which follow it
};

/// An object whose addresses are resolved: buffer b of an instruction is at layout.base[b].
struct Image {
  std::shared_ptr<const Object> object;
  Layout layout;
};

/// No two buffers share a byte.
Layout identity_layout(const Object& object, Bytes alignment);

/// Intermediates at `offsets` (indexed by BufferId; others ignored), the rest behind them.
Layout layout_from_offsets(const Object& object, const std::vector<Bytes>& offsets,
                           Bytes alignment);

/// Resolves addresses. Throws CapacityError where the image is larger than `capacity`.
Image link(std::shared_ptr<const Object> object, Layout layout, Bytes capacity);

/// Rejects what can't run, with core, pc and disassembly of the first culprit (InputError):
/// operands out of their buffer or memory, wrong memory for an operand, functions an opcode does
/// not take, streams without halt, tokens taken before they are given (in program order) or left
/// over at a halt, barriers whose cores do not meet in one order, waits that nobody signals,
/// on-chip bytes that two engines touch, one of them writing, with no token between them.
void verify(const Object& object);

/// `.uno`: magic, version, section lengths, sections (zstd), XXH64. Deterministic.
std::string encode_object(const Object& object);
/// Throws InputError("file:0x<offset>: what, expected") for anything that is not such a file.
Object decode_object(const std::string& bytes, const std::string& file);

/// Assembly text of the whole object (tables and streams); assemble(disassemble(o)) == o.
std::string disassemble(const Object& object);
/// One instruction, without newline: `conv wait(ln,ls) signal(st) op(3) in=nbin[0] ...`.
std::string disassemble(const Instruction& instruction);
/// Throws InputError with line and column.
Object assemble(const std::string& text, const std::string& file);

/// docs/isa.md, generated from the tables.
std::string isa_markdown();

}  // namespace unna
