#include "sim/shadow_checker.h"

#include <fmt/format.h>

#include <algorithm>

namespace unna {

ShadowChecker::ShadowChecker(const Image& image) : image_(image) {
  const auto& buffers = image.object->buffers;
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    const BufferId id(b);
    const BufferKind kind = buffers[b].kind;
    if (kind == BufferKind::input || kind == BufferKind::weight || kind == BufferKind::state)
      owners_.assign(base(id), base(id) + buffers[b].size, id);
  }
}

ShadowChecker::Access ShadowChecker::access_of(CoreId core, std::uint32_t pc) const {
  const Instruction& i = image_.object->streams[core.index()][pc];
  const BufferId id(i.get(Operand::buf));
  const bool write = i.opcode == Opcode::store;
  return {core,  pc,    id,
          write, false, StridedRuns(base(id) + i.count(Operand::off), Strided::of(i), write)};
}

void ShadowChecker::data_started(CoreId core, std::uint32_t pc) {
  Access access = access_of(core, pc);
  if (access.runs.end() > base(access.buffer) + buffer(access.buffer).size)
    report(fmt::format("{} outside of the buffer's {} bytes", describe(access),
                       buffer(access.buffer).size));
  if (access.write)
    check_write(access);
  else
    check_read(access);
  under_way_.push_back(std::move(access));
}

void ShadowChecker::data_ended(CoreId core, std::uint32_t pc) {
  const auto it = std::ranges::find_if(
      under_way_, [&](const Access& a) { return a.core == core && a.pc == pc; });
  invariant(it != under_way_.end(), "data of core {} pc {} end unstarted", core.value, pc);
  if (it->write) settle(*it);
  *it = std::move(under_way_.back());
  under_way_.pop_back();
}

void ShadowChecker::check_read(Access& read) {
  // Mostly even the gaps between the runs are the buffer's own.
  if (owners_.first_foreign(read.runs.begin(), read.runs.end(), read.buffer)) {
    read.runs.for_each([&](Bytes begin, Bytes end) {
      const auto foreign = owners_.first_foreign(begin, end, read.buffer);
      if (!foreign) return true;
      read.reported = true;
      report(fmt::format("{} bytes [{}, {}): {}", describe(read),
                         foreign->begin - base(read.buffer), foreign->end - base(read.buffer),
                         describe_owner(foreign->owner)));
      return false;
    });
  }
  for (const Access& other : under_way_)
    if (other.write && other.runs.touches(read.runs)) report_race(read, other);
}

void ShadowChecker::check_write(const Access& write) {
  for (Access& other : under_way_) {
    // Stores of one core leave it by one engine, and memory takes and ends them in that order.
    if (other.write && (other.buffer == write.buffer || other.core == write.core)) continue;
    if (other.runs.touches(write.runs)) report_race(other, write);
  }
}

void ShadowChecker::settle(const Access& write) {
  if (!owners_.first_foreign(write.runs.begin(), write.runs.end(), write.buffer)) return;
  write.runs.for_each([&](Bytes begin, Bytes end) {
    owners_.assign(begin, end, write.buffer);
    return true;
  });
}

void ShadowChecker::check_outputs() {
  const auto& buffers = image_.object->buffers;
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    if (buffers[b].kind != BufferKind::output && buffers[b].kind != BufferKind::state) continue;
    const BufferId id(b);
    const auto foreign = owners_.first_foreign(base(id), base(id) + buffers[b].size, id);
    if (!foreign) continue;
    report(fmt::format("at the end, {} {} bytes [{}, {}): {}",
                       kBufferKindNames[static_cast<std::size_t>(buffers[b].kind)], describe(id),
                       foreign->begin - base(id), foreign->end - base(id),
                       describe_owner(foreign->owner)));
  }
}

void ShadowChecker::report_race(Access& access, const Access& other) {
  if (access.reported) return;
  access.reported = true;
  const Bytes begin = std::max(access.runs.begin(), other.runs.begin());
  const Bytes end = std::min(access.runs.end(), other.runs.end());
  report(fmt::format("{} bytes within [{}, {}) while {}", describe(access),
                     begin - base(access.buffer), end - base(access.buffer), describe(other)));
}

void ShadowChecker::report(std::string message) {
  if (violations_.size() < kMaxViolations) violations_.push_back({std::move(message)});
}

std::string ShadowChecker::describe(const Access& access) const {
  const Instruction& i = image_.object->streams[access.core.index()][access.pc];
  return fmt::format("core {} pc {} `{}` {} {}", access.core.value, access.pc, disassemble(i),
                     access.write ? "writes" : "reads", describe(access.buffer));
}

std::string ShadowChecker::describe(BufferId id) const {
  return fmt::format("b{} '{}'", id.value, buffer(id).name);
}

std::string ShadowChecker::describe_owner(const std::optional<BufferId>& owner) const {
  return owner ? "last written for " + describe(*owner) : "never written";
}

}  // namespace unna
