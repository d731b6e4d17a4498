#include "report/whole_network.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <set>
#include <string_view>

#include "base/error.h"
#include "isa/accesses.h"
#include "report/run_report.h"

namespace unna {
namespace {

using Names = std::set<std::string, std::less<>>;

/// The operator that a layer is, or is a part of; its name, and behind a dot or a tilde which part.
std::string_view operator_of(std::string_view layer, const Names& operators) {
  while (!operators.contains(layer)) {
    const std::size_t cut = layer.find_last_of(".~");
    if (cut == std::string_view::npos) return {};
    layer = layer.substr(0, cut);
  }
  return layer;
}

/// By buffer whether these layers alone make it or, of what outlives a program, use it.
std::vector<bool> owned(const Object& object, const std::vector<std::size_t>& layers) {
  std::vector<bool> within(object.layers.size());
  for (const std::size_t l : layers) within[l] = true;
  std::vector<bool> inside(object.buffers.size()), outside(object.buffers.size());
  for (const auto& stream : object.streams)
    for (const Instruction& instruction : stream) {
      const auto access = dram_access(instruction);
      if (!access) continue;
      const BufferKind kind = object.buffers[access->buffer.index()].kind;
      if (!access->write && (kind == BufferKind::intermediate || kind == BufferKind::output))
        continue;
      (within[instruction.op.index()] ? inside : outside)[access->buffer.index()] = true;
    }
  for (std::size_t b = 0; b < inside.size(); ++b) inside[b] = inside[b] && !outside[b];
  return inside;
}

}  // namespace

std::vector<LeftOut> left_out(const FoldedGraph& folded, const Object& object) {
  Names operators;
  for (const GraphOp& op : folded.graph.ops) operators.insert(op.name);
  std::vector<LeftOut> result;
  for (const EqualBlocks& row : folded.rows) {
    const Names middle(row.middle.begin(), row.middle.end());
    LeftOut left{row.count, kKeptBlocks, {}};
    for (std::size_t l = 0; l < object.layers.size(); ++l)
      if (middle.contains(operator_of(object.layers[l].name, operators))) left.layers.push_back(l);
    invariant(!left.layers.empty(), "a block of {} operators has no layer", row.middle.size());
    result.push_back(std::move(left));
  }
  return result;
}

Bytes LeftOutWork::outside() const {
  Bytes sum = 0;
  for (std::size_t k = 0; k < bytes.size(); ++k)
    if (static_cast<BufferKind>(k) != BufferKind::intermediate) sum += bytes[k];
  return sum;
}

LeftOutWork left_out_work(const std::vector<LeftOut>& rows, const Object& object, const Work& work,
                          Bytes alignment) {
  LeftOutWork result;
  for (const LeftOut& row : rows) {
    Activity block;
    for (const std::size_t l : row.layers) {
      for (const std::vector<LayerWork>& core : work.cores) block += core[l].activity;
      result.macs += row.times() * static_cast<double>(object.layers[l].executed_macs());
    }
    for (std::size_t i = row.simulated; i < row.blocks; ++i) result.activity += block;
    result.layers += row.times() * static_cast<double>(row.layers.size());
    const std::vector<bool> own = owned(object, row.layers);
    for (std::size_t b = 0; b < own.size(); ++b)
      if (own[b])
        result.bytes[static_cast<std::size_t>(object.buffers[b].kind)] +=
            static_cast<Bytes>(row.blocks - row.simulated) *
            round_up(object.buffers[b].size, alignment);
  }
  result.traffic = {result.activity.loaded_neurons + result.activity.loaded_synapses,
                    result.activity.stored};
  return result;
}

WholeNetwork whole_network(const RunReport& report, const Object& object,
                           const std::vector<LeftOut>& rows) {
  const LeftOutWork more =
      left_out_work(rows, object, report.work, report.machine.dram.alignment_bytes);
  const auto cycles = static_cast<double>(report.result.cycles);
  double more_cycles = 0;
  for (const LeftOut& row : rows)
    for (const std::size_t l : row.layers)
      more_cycles += row.times() * report.layer_times[l].cycles;
  const ByPart run = energy(report);
  WholeNetwork whole;
  whole.rows = rows;
  whole.cycles = std::round(cycles + more_cycles);
  whole.dram_read = static_cast<double>(report.result.dram_read + more.traffic.read);
  whole.dram_written = static_cast<double>(report.result.dram_written + more.traffic.written);
  whole.macs = static_cast<double>(report.result.macs) + more.macs;
  whole.energy_pj = run.total() + energy(report, more.activity).total() +
                    run[Part::idle] * (cycles > 0 ? more_cycles / cycles : 0);
  whole.layers = static_cast<double>(report.layers) + more.layers;
  whole.without_sharing = report.memory.without_sharing +
                          more.bytes[static_cast<std::size_t>(BufferKind::intermediate)];
  whole.total = report.memory.total + more.outside();
  return whole;
}

std::string left_out_text(const std::vector<LeftOut>& rows) {
  std::vector<std::string> texts;
  texts.reserve(rows.size());
  for (const LeftOut& row : rows)
    texts.push_back(fmt::format("{} of {} equal blocks of {} layers", row.simulated, row.blocks,
                                row.layers.size()));
  return fmt::format(
      "{} were compiled, simulated and validated; each that was left out counts as the middle one",
      fmt::join(texts, ", "));
}

}  // namespace unna
