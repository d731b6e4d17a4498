#include "sim/functional.h"

#include <algorithm>

#include "isa/accesses.h"

namespace unna {

Functional::Functional(const Image& image, const MachineConfig& machine,
                       const FunctionalOptions& options)
    : image_(image),
      options_(options),
      unit_(make_compute_unit(machine)),
      dram_(static_cast<std::size_t>(image.layout.total_bytes), kPoison),
      saturated_(image.object->layers.size()),
      uses_left_(image.object->buffers.size()) {
  invariant(image.object->data_type == machine.data_type, "a program of {} on a machine of {}",
            kDataTypeNames[static_cast<std::size_t>(image.object->data_type)],
            kDataTypeNames[static_cast<std::size_t>(machine.data_type)]);
  cores_.reserve(image.object->streams.size());
  for (std::size_t core = 0; core < image.object->streams.size(); ++core)
    cores_.emplace_back(machine.core);
  for (const auto& stream : image.object->streams)
    for (const Instruction& i : stream)
      if (const auto access = dram_access(i)) ++uses_left_[access->buffer.index()];
}

std::span<std::byte> Functional::buffer(BufferId id) {
  return std::span(dram_).subspan(
      static_cast<std::size_t>(image_.layout.base[id.index()]),
      static_cast<std::size_t>(image_.object->buffers[id.index()].size));
}
std::span<const std::byte> Functional::buffer(BufferId id) const {
  return std::span(dram_).subspan(
      static_cast<std::size_t>(image_.layout.base[id.index()]),
      static_cast<std::size_t>(image_.object->buffers[id.index()].size));
}

/// Where the instruction's descriptor begins.
std::byte* Functional::dram(const Instruction& i) {
  const DramAccess access = *dram_access(i);
  const std::span<std::byte> all = buffer(access.buffer);
  invariant(access.begin >= 0 && access.end <= static_cast<Bytes>(all.size()),
            "a transfer leaves buffer {}", access.buffer.value);
  return all.data() + access.begin;
}

void Functional::started(CoreId core, const Instruction& i) {
  if (i.opcode != Opcode::load_n && i.opcode != Opcode::load_s) return;
  const Strided s = Strided::of(i);
  std::byte* to = cores_[core.index()].at(i.local(Operand::out), s.destination_extent()).data();
  for (std::int64_t c = 0; c < s.n[2]; ++c)
    for (std::int64_t b = 0; b < s.n[1]; ++b)
      for (std::int64_t a = 0; a < s.n[0]; ++a)
        std::fill_n(to + c * s.destination[2] + b * s.destination[1] + a * s.destination[0], s.run,
                    kPoison);
}

void Functional::ended(CoreId core, const Instruction& i) {
  CoreMemory& memory = cores_[core.index()];
  if (i.opcode == Opcode::load_n || i.opcode == Opcode::load_s) {
    const Strided s = Strided::of(i);
    copy_strided(s, dram(i), memory.at(i.local(Operand::out), s.destination_extent()).data());
    touch(BufferId(i.get(Operand::buf)));
  } else if (i.opcode == Opcode::store) {
    const Strided s = Strided::of(i);
    copy_strided(s, memory.at(i.local(Operand::in), s.source_extent()).data(), dram(i));
    touch(BufferId(i.get(Operand::buf)));
  } else if (engine_of(i.opcode) == Engine::compute) {
    unit_->execute(i, memory);
    if (const std::int64_t count = unit_->take_saturated(); count > 0)
      saturated_.at(i.op.index()) += count;
  }
}

void Functional::touch(BufferId id) {
  if (--uses_left_[id.index()] > 0 || !options_.poison_dead) return;
  if (image_.object->buffers[id.index()].kind == BufferKind::intermediate)
    std::ranges::fill(buffer(id), kPoison);
}

}  // namespace unna
