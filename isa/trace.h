#pragma once

// What each engine executed, in which order, synchronised how, touching what. The memory manager
// needs nothing else: another simulator that writes such a trace can have its memory planned
// (docs/trace-format.md).

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.h"
#include "base/units.h"
#include "isa/instruction.h"
#include "isa/object.h"

namespace unna {

enum class TraceKind : std::uint8_t {
  compute,  ///< touches no DRAM
  read,     ///< DRAM -> chip, bytes [begin, end) of `buffer`
  write,    ///< chip -> DRAM, bytes [begin, end) of `buffer`
  barrier,  ///< control processor; `cores` meet; waits for all earlier events of its core
  signal,   ///< increments semaphore `sync` of core `peer`
  wait,     ///< takes one from semaphore `sync` of its own core, which core `peer` signals
  halt,     ///< control processor; waits for all earlier events of its core
};
inline constexpr std::array<std::string_view, 7> kTraceKindNames = {
    "compute", "read", "write", "barrier", "signal", "wait", "halt"};

/// One executed instruction. Events of a core are numbered by `pc` in program order. An event
/// without an engine (barrier, halt) is ordered after all earlier events of its core and before all
/// later ones; events of one engine are ordered by pc; tokens order the rest (Instruction).
struct TraceEvent {
  CoreId core;
  std::uint32_t pc = 0;
  std::optional<Engine> engine;  ///< none: control processor
  TraceKind kind = TraceKind::compute;
  EngineMask wait = 0;    ///< tokens taken, as in Instruction
  EngineMask signal = 0;  ///< tokens given
  OpId op;
  Cycle start = 0;          ///< tokens taken, execution (or request) begins
  Cycle end = 0;            ///< completed, tokens given
  BufferId buffer;          ///< read, write
  Bytes begin = 0;          ///< read, write
  Bytes end_byte = 0;       ///< read, write
  std::uint32_t sync = 0;   ///< barrier: serial number; signal, wait: semaphore
  CoreId peer;              ///< signal, wait
  std::uint64_t cores = 0;  ///< barrier: set of cores

  friend bool operator==(const TraceEvent&, const TraceEvent&) = default;
};

struct Trace {
  std::string network;
  std::int64_t cores = 0;
  std::vector<BufferInfo> buffers;
  std::vector<std::string> layers;
  /// Any order in which events of one core are by ascending pc.
  std::vector<TraceEvent> events;

  friend bool operator==(const Trace&, const Trace&) = default;
};

/// Streams a compact binary file (`.unt`, zstd) without holding the events, as an OutputFile: it
/// appears under its name when close() succeeds; a writer destroyed before that leaves nothing
/// behind.
class TraceWriter {
 public:
  /// `header` gives network, cores, buffers and layers; its events are ignored.
  TraceWriter(const std::filesystem::path& path, const Trace& header);
  ~TraceWriter();
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  void add(const TraceEvent& event);
  void close();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The same bytes, in memory.
std::string encode_trace(const Trace& trace);

/// Throws InputError("file:0x<offset>: what, expected") for anything that is not a whole trace.
Trace decode_trace(const std::string& bytes, const std::string& file);

/// Text form, a line an event; parse_trace(format_trace(t)) == t.
std::string format_trace(const Trace& trace);
Trace parse_trace(const std::string& text, const std::string& file);

/// The event that instruction `pc` of core `core` makes, with start and end still 0.
TraceEvent trace_event(const Instruction& instruction, CoreId core, std::uint32_t pc);

}  // namespace unna
