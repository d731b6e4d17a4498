// The `.unt` file; docs/trace-format.md describes it.

#include <fmt/format.h>
#include <xxhash.h>

#include <array>
#include <limits>

#include "base/output_file.h"
#include "isa/trace.h"
#include "isa/trace_checks.h"
#include "isa/wire.h"

namespace unna {
namespace {

namespace fs = std::filesystem;
using wire::fail_at;
using wire::put_string;
using wire::put_varint;
using wire::unzigzag;
using wire::zigzag;

constexpr std::string_view kMagic = "\x7fUNT\r\n\x1a\n";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 12;
/// Raw bytes of the frame and XXH64 of everything before.
constexpr std::size_t kTrailerBytes = 16;
/// About 100 million events.
constexpr std::uint64_t kMaxRawBytes = 1ULL << 30U;
constexpr std::size_t kLongestEvent = 100;
constexpr std::size_t kPieceBytes = 1 << 16;

constexpr std::uint8_t kControl = kEngines;  ///< engine number of an event without an engine
constexpr std::uint8_t kNextPc = 64;         ///< pc is the core's last plus one
constexpr std::uint8_t kSameOp = 128;        ///< op is the core's last
constexpr std::uint8_t kEndOfEvents = 7 | (7 << 3);

/// What the next event of a core or of one of its engines is coded against. Unsigned: differences
/// wrap, and wrap back.
struct CoreHistory {
  struct EngineHistory {
    std::uint64_t start = 0;
    std::uint64_t byte = 0;  ///< end of the last access
  };
  std::uint64_t next_pc = 0;
  std::uint64_t op = 0;
  std::array<EngineHistory, kEngines + 1> engines;
};

std::uint64_t difference(std::uint64_t value, std::uint64_t base) {
  return zigzag(static_cast<std::int64_t>(value - base));
}

void put_header(std::string& out, const Trace& header) {
  put_string(out, header.network);
  put_varint(out, static_cast<std::uint64_t>(header.cores));
  put_varint(out, header.buffers.size());
  for (const BufferInfo& buffer : header.buffers) {
    put_string(out, buffer.name);
    put_varint(out, static_cast<std::uint64_t>(buffer.kind));
    put_varint(out, static_cast<std::uint64_t>(buffer.size));
    put_string(out, buffer.tensor);
  }
  put_varint(out, header.layers.size());
  for (const std::string& layer : header.layers) put_string(out, layer);
}

void put_event(std::string& out, const TraceEvent& event, CoreHistory& core) {
  const std::uint8_t engine = event.engine ? static_cast<std::uint8_t>(*event.engine) : kControl;
  const bool next_pc = event.pc == core.next_pc;
  const bool same_op = event.op.value == core.op;
  const auto kind = static_cast<unsigned>(event.kind);
  out += static_cast<char>(kind | static_cast<unsigned>(engine << 3U) | (next_pc ? kNextPc : 0U) |
                           (same_op ? kSameOp : 0U));
  out += static_cast<char>(event.wait | static_cast<unsigned>(event.signal << 4U));
  put_varint(out, event.core.value);
  if (!next_pc) put_varint(out, difference(event.pc, core.next_pc));
  if (!same_op) put_varint(out, difference(event.op.value, core.op));
  core.next_pc = event.pc + 1ULL;
  core.op = event.op.value;
  auto& last = core.engines[engine];
  const auto start = static_cast<std::uint64_t>(event.start);
  put_varint(out, difference(start, last.start));
  put_varint(out, static_cast<std::uint64_t>(event.end) - start);
  last.start = start;
  switch (event.kind) {
    case TraceKind::read:
    case TraceKind::write: {
      const auto begin = static_cast<std::uint64_t>(event.begin);
      put_varint(out, event.buffer.value);
      put_varint(out, difference(begin, last.byte));
      last.byte = static_cast<std::uint64_t>(event.end_byte);
      put_varint(out, last.byte - begin);
      return;
    }
    case TraceKind::barrier:
      put_varint(out, event.sync);
      put_varint(out, event.cores);
      return;
    case TraceKind::signal:
    case TraceKind::wait:
      put_varint(out, event.sync);
      put_varint(out, event.peer.value);
      return;
    case TraceKind::compute:
    case TraceKind::halt:
      return;
  }
}

constexpr std::uint64_t kMaxWord = std::numeric_limits<std::uint32_t>::max();

std::uint32_t get_word(wire::Reader& in, std::string_view what) {
  return static_cast<std::uint32_t>(in.varint(what, kMaxWord));
}

/// A word coded as a difference, which is not in the file where it is `zero`.
std::uint32_t get_difference(wire::Reader& in, std::string_view what, std::uint64_t base,
                             bool zero) {
  const std::uint64_t value =
      zero ? base : base + static_cast<std::uint64_t>(unzigzag(in.varint(what)));
  if (value > kMaxWord) in.fail(fmt::format("{} is {}, expected 32 bits", what, value));
  return static_cast<std::uint32_t>(value);
}

void get_header(wire::Reader& in, Trace& trace) {
  constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();
  trace.network = in.string("the network's name");
  trace.cores = static_cast<std::int64_t>(
      in.varint("number of cores", static_cast<std::uint64_t>(kMaxCores)));
  if (trace.cores == 0) in.fail("0 cores, expected 1 or more");
  trace.buffers.resize(in.length("number of buffers", 4));
  for (BufferInfo& buffer : trace.buffers) {
    buffer.name = in.string("a buffer's name");
    buffer.kind =
        static_cast<BufferKind>(in.varint("a buffer's kind", kBufferKindNames.size() - 1));
    buffer.size = static_cast<Bytes>(in.varint("a buffer's size", kMaxSize));
    buffer.tensor = in.string("a buffer's tensor");
  }
  trace.layers.resize(in.length("number of layers"));
  for (std::string& layer : trace.layers) layer = in.string("a layer's name");
}

void get_details(wire::Reader& in, TraceEvent& event, CoreHistory::EngineHistory& last) {
  switch (event.kind) {
    case TraceKind::read:
    case TraceKind::write: {
      event.buffer = BufferId(get_word(in, "buffer"));
      const std::uint64_t begin =
          last.byte + static_cast<std::uint64_t>(unzigzag(in.varint("first byte")));
      last.byte = begin + in.varint("number of bytes");
      event.begin = static_cast<Bytes>(begin);
      event.end_byte = static_cast<Bytes>(last.byte);
      return;
    }
    case TraceKind::barrier:
      event.sync = get_word(in, "barrier");
      event.cores = in.varint("set of cores");
      return;
    case TraceKind::signal:
    case TraceKind::wait:
      event.sync = get_word(in, "semaphore");
      event.peer = CoreId(get_word(in, "peer"));
      return;
    case TraceKind::compute:
    case TraceKind::halt:
      return;
  }
}

/// False at the end of the events.
bool get_event(wire::Reader& in, std::vector<CoreHistory>& cores, TraceEvent& event) {
  const std::uint8_t tag = in.byte("an event");
  if (tag == kEndOfEvents) return false;
  const unsigned kind = tag & 7U;
  const unsigned engine = tag >> 3U & 7U;
  if (kind >= kTraceKindNames.size() || engine > kControl)
    in.fail(fmt::format("event {:#x}, expected a known kind and engine", tag));
  event.kind = static_cast<TraceKind>(kind);
  if (engine < kControl) event.engine = static_cast<Engine>(engine);
  const std::uint8_t tokens = in.byte("tokens");
  event.wait = tokens & 15U;
  event.signal = static_cast<EngineMask>(tokens >> 4U);
  event.core = CoreId(static_cast<std::uint32_t>(in.varint("core", cores.size() - 1)));
  CoreHistory& core = cores[event.core.index()];
  event.pc = get_difference(in, "pc", core.next_pc, (tag & kNextPc) != 0);
  event.op = OpId(get_difference(in, "layer", core.op, (tag & kSameOp) != 0));
  core.next_pc = event.pc + 1ULL;
  core.op = event.op.value;
  auto& last = core.engines[engine];
  last.start += static_cast<std::uint64_t>(unzigzag(in.varint("start")));
  event.start = static_cast<Cycle>(last.start);
  event.end = static_cast<Cycle>(last.start + in.varint("duration"));
  get_details(in, event, last);
  return true;
}

void check_frame(const std::string& bytes, const std::string& file) {
  const std::size_t common = std::min(bytes.size(), kMagic.size());
  if (bytes.compare(0, common, kMagic.substr(0, common)) != 0 || bytes.empty())
    fail_at(file, 0, "is no trace file, expected one that begins with 7f 55 4e 54");
  if (bytes.size() < kHeaderBytes + kTrailerBytes)
    fail_at(file, bytes.size(), "ends within the header, expected at least 28 bytes");
  const std::uint32_t version = wire::get_u32(&bytes[kMagic.size()]);
  if (version != kVersion)
    fail_at(file, kMagic.size(), fmt::format("version {}, expected {}", version, kVersion));
  const std::size_t end = bytes.size() - 8;
  const std::uint64_t stored = wire::get_u64(&bytes[end]);
  const std::uint64_t found = XXH64(bytes.data(), end, 0);
  if (found != stored)
    fail_at(
        file, end,
        fmt::format("checksum is {:016x}, expected {:016x}: damaged or cut off", stored, found));
}

}  // namespace

namespace {

/// Puts events into the file's form, piece by piece.
struct TraceState {
  TraceState(std::function<void(std::string_view)> to, const Trace& header)
      : sink(std::move(to)),
        cores(static_cast<std::size_t>(header.cores)),
        compressor([this](std::string_view bytes) { write(bytes); }) {
    XXH64_reset(hash.get(), 0);
    std::string start(kMagic);
    wire::put_u32(start, kVersion);
    write(start);
    piece.reserve(kPieceBytes);
    put_header(piece, header);
  }

  void write(std::string_view bytes) {
    XXH64_update(hash.get(), bytes.data(), bytes.size());
    sink(bytes);
  }
  void add(const TraceEvent& event) {
    put_event(piece, event, cores.at(event.core.index()));
    if (piece.size() >= kPieceBytes - kLongestEvent) flush_piece();
  }
  void finish() {
    piece += static_cast<char>(kEndOfEvents);
    flush_piece();
    compressor.finish();
    std::string trailer;
    wire::put_u64(trailer, raw);
    write(trailer);
    trailer.clear();
    wire::put_u64(trailer, XXH64_digest(hash.get()));
    write(trailer);
  }
  void flush_piece() {
    raw += piece.size();
    compressor.add(piece);
    piece.clear();
  }

  std::function<void(std::string_view)> sink;
  std::unique_ptr<XXH64_state_t, decltype(&XXH64_freeState)> hash{XXH64_createState(),
                                                                  &XXH64_freeState};
  std::vector<CoreHistory> cores;
  wire::Compressor compressor;
  std::string piece;
  std::uint64_t raw = 0;
};

}  // namespace

struct TraceWriter::State : TraceState {
  using TraceState::TraceState;

  std::shared_ptr<OutputFile> out;  ///< the sink writes to it
};

TraceWriter::TraceWriter(const fs::path& path, const Trace& header) {
  auto out = std::make_shared<OutputFile>(path);
  state_ = std::make_unique<State>([out](std::string_view bytes) { out->write(bytes); }, header);
  state_->out = std::move(out);
}

TraceWriter::~TraceWriter() = default;

void TraceWriter::add(const TraceEvent& event) {
  invariant(state_ != nullptr, "event for a trace that is closed");
  state_->add(event);
}

void TraceWriter::close() {
  state_->finish();
  state_->out->finish();
  state_->out->publish();
  state_.reset();
}

std::string encode_trace(const Trace& trace) {
  std::string bytes;
  TraceState state([&bytes](std::string_view piece) { bytes += piece; }, trace);
  for (const TraceEvent& event : trace.events) state.add(event);
  state.finish();
  return bytes;
}

Trace decode_trace(const std::string& bytes, const std::string& file) {
  check_frame(bytes, file);
  const std::size_t end = bytes.size() - kTrailerBytes;
  const std::uint64_t raw_size = wire::get_u64(&bytes[end]);
  if (raw_size > kMaxRawBytes)
    fail_at(file, end,
            fmt::format("trace unpacks to {} bytes, expected at most {}", raw_size, kMaxRawBytes));
  std::string raw;
  wire::decompress(std::string_view(bytes).substr(kHeaderBytes, end - kHeaderBytes), raw_size, file,
                   kHeaderBytes, "trace", [&](std::string_view piece) { raw += piece; });
  wire::Reader in(raw, file, kHeaderBytes, "trace");
  Trace trace;
  get_header(in, trace);
  std::vector<CoreHistory> cores(static_cast<std::size_t>(trace.cores));
  for (TraceEvent event; get_event(in, cores, event); event = {}) {
    if (const auto fault = detail::fault_of(trace, event))
      in.fail(fmt::format("core {}, pc {}: {}", event.core.value, event.pc, *fault));
    trace.events.push_back(event);
  }
  in.finish();
  if (const auto twice = detail::order_events(trace))
    in.fail(fmt::format("core {} has two events at pc {}, expected one",
                        trace.events[*twice].core.value, trace.events[*twice].pc));
  return trace;
}

}  // namespace unna
