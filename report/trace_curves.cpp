#include "report/trace_curves.h"

#include <algorithm>
#include <map>
#include <optional>

#include "configs/dram_address.h"
#include "isa/accesses.h"

namespace unna {
namespace {

/// Adds the bytes [address, address + bytes) to the channels that have them.
void add_run(const DramAddressMap& map, Bytes address, Bytes bytes, std::vector<Bytes>& channels) {
  const Bytes together = map.channel_bytes();
  while (bytes > 0) {
    const Bytes part = std::min(bytes, together - address % together);
    channels[map.channel_of(address)] += part;
    address += part;
    bytes -= part;
  }
}

std::vector<Bytes> by_channel(const DramAddressMap& map, std::size_t channels, const Strided& copy,
                              bool write, Bytes address) {
  std::vector<Bytes> bytes(channels, 0);
  const StridedSide side = copy.side(write);
  if (side.run == 0) return bytes;
  std::array<std::int64_t, 3> n{1, 1, 1};
  std::array<Bytes, 3> stride{};
  for (std::size_t level = 0; level < side.levels; ++level) {
    n[level] = side.n[level];
    stride[level] = side.stride[level];
  }
  for (std::int64_t c = 0; c < n[2]; ++c)
    for (std::int64_t b = 0; b < n[1]; ++b)
      for (std::int64_t a = 0; a < n[0]; ++a)
        add_run(map, address + a * stride[0] + b * stride[1] + c * stride[2], side.run, bytes);
  return bytes;
}

/// The share of a transfer in each step, into a curve of bytes.
void spread(const Transfer& t, double bytes, Cycle step, std::vector<double>& curve) {
  const auto at = [&](Cycle cycle) {
    return std::min(static_cast<std::size_t>(cycle / step), curve.size() - 1);
  };
  if (t.end <= t.start) {
    curve[at(t.start)] += bytes;
    return;
  }
  const double rate = bytes / static_cast<double>(t.end - t.start);
  for (std::size_t k = at(t.start); k <= at(t.end - 1); ++k) {
    const Cycle from = std::max(t.start, static_cast<Cycle>(k) * step);
    const Cycle until = std::min(t.end, static_cast<Cycle>(k + 1) * step);
    curve[k] += rate * static_cast<double>(until - from);
  }
}

std::vector<double> most_open(std::span<const Transfer> transfers, Cycle step, std::size_t steps) {
  std::map<Cycle, std::int64_t> changes;
  for (const Transfer& t : transfers) {
    if (t.end <= t.start) continue;
    ++changes[t.start];
    --changes[t.end];
  }
  std::vector<double> most(steps, 0);
  std::int64_t open = 0;
  std::size_t k = 0;
  for (const auto& [cycle, change] : changes) {
    const auto here = std::min(static_cast<std::size_t>(cycle / step), steps - 1);
    while (k < here) most[++k] = static_cast<double>(open);
    open += change;
    most[k] = std::max(most[k], static_cast<double>(open));
  }
  return most;
}

}  // namespace

std::vector<Transfer> spans_of(const Trace& trace) {
  std::vector<Transfer> all;
  for (const TraceEvent& e : trace.events)
    if (e.kind == TraceKind::read || e.kind == TraceKind::write)
      all.push_back({e.start, e.end, e.kind == TraceKind::write, {e.end_byte - e.begin}});
  return all;
}

std::vector<Transfer> transfers_of(const Trace& trace, const Object& object, const Layout& layout,
                                   const MachineConfig& machine) {
  const bool banked = machine.dram.model != DramModel::bandwidth;
  std::optional<DramAddressMap> map;
  if (banked) map.emplace(machine.dram.device, machine.dram.layout);
  const auto channels = static_cast<std::size_t>(machine.dram.layout.channels);
  std::vector<Transfer> all;
  for (const TraceEvent& e : trace.events) {
    const Instruction& instruction = object.streams[e.core.index()][e.pc];
    const auto access = dram_access(instruction);
    if (!access) continue;
    Transfer& t = all.emplace_back(Transfer{e.start, e.end, access->write, {access->bytes}});
    if (map)
      t.bytes = by_channel(*map, channels, Strided::of(instruction), access->write,
                           layout.base[access->buffer.index()] + access->begin);
  }
  return all;
}

DramCurves dram_curves(std::span<const Transfer> transfers, Cycle cycles, std::size_t steps) {
  DramCurves curves;
  const auto wanted = static_cast<Cycle>(steps);
  curves.step = std::max<Cycle>(1, (cycles + wanted - 1) / wanted);
  const auto size = static_cast<std::size_t>(std::max<Cycle>(cycles, 1) / curves.step + 1);
  curves.read.assign(size, 0);
  curves.written.assign(size, 0);
  const std::size_t channels = transfers.empty() ? 1 : transfers.front().bytes.size();
  if (channels > 1) curves.channels.assign(channels, curves.read);
  for (const Transfer& t : transfers) {
    double all = 0;
    for (std::size_t c = 0; c < t.bytes.size(); ++c) {
      const auto bytes = static_cast<double>(t.bytes[c]);
      all += bytes;
      if (channels > 1 && bytes > 0) spread(t, bytes, curves.step, curves.channels[c]);
    }
    spread(t, all, curves.step, t.write ? curves.written : curves.read);
  }
  const auto per_cycle = [&](std::vector<double>& curve) {
    for (double& value : curve) value /= static_cast<double>(curves.step);
  };
  per_cycle(curves.read);
  per_cycle(curves.written);
  for (auto& channel : curves.channels) per_cycle(channel);
  curves.open = most_open(transfers, curves.step, size);
  return curves;
}

std::vector<std::pair<Cycle, Bytes>> live_bytes(const Trace& trace) {
  struct Life {
    Cycle first = 0;
    Cycle last = 0;
    bool used = false;
  };
  std::vector<Life> lives(trace.buffers.size());
  for (const TraceEvent& e : trace.events) {
    if (e.kind != TraceKind::read && e.kind != TraceKind::write) continue;
    Life& life = lives[e.buffer.index()];
    life.first = life.used ? std::min(life.first, e.start) : e.start;
    life.last = std::max(life.last, e.end);
    life.used = true;
  }
  std::map<Cycle, Bytes> changes;
  for (std::size_t b = 0; b < lives.size(); ++b) {
    if (!lives[b].used || trace.buffers[b].kind != BufferKind::intermediate) continue;
    changes[lives[b].first] += trace.buffers[b].size;
    changes[lives[b].last] -= trace.buffers[b].size;
  }
  std::vector<std::pair<Cycle, Bytes>> curve;
  Bytes live = 0;
  for (const auto& [cycle, change] : changes) {
    live += change;
    curve.emplace_back(cycle, live);
  }
  return curve;
}

Cycle trace_end(const Trace& trace) {
  Cycle end = 0;
  for (const TraceEvent& e : trace.events) end = std::max(end, e.end);
  return end;
}

}  // namespace unna
