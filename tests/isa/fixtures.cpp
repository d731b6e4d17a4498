#include "tests/isa/fixtures.h"

#include <algorithm>

#include "base/rng.h"

namespace unna {
namespace {

constexpr std::string_view kSmallProgram =
    R"(.buffer b0 name="x" kind=input bytes=256 tensor="x"
.buffer b1 name="w" kind=weight bytes=288 tensor="w"
.buffer b2 name="y" kind=intermediate bytes=128 tensor="y"
.buffer b3 name="z" kind=output bytes=32 tensor="z"
.layer 0 name="fc" kind="gemm" macs=1024 compulsory_bytes=672 inputs=none
.layer 1 name="pool" kind="pool" macs=0 compulsory_bytes=160 inputs=0
.topology b2 writers=0 readers=1
.stream c0
  load.n signal(cp) op(0) out=nbin[0] buf=b0 off=0 run=32 n1=8 s1=32 d1=32 n2=1 s2=0 d2=0 LEVEL3
  load.s signal(cp) op(0) out=sb[0] buf=b1 off=0 run=288 LEVELS
  matmul wait(ln,ls) signal(st) op(0) in=nbin[0] wt=sb[0] bias=sb[256] out=nbout[0] rows=8 in_c=16 out_c=8 wt_rs=16 wt_cs=1 acc=bias post=relu alpha=0 beta=0 gamma=1 wt_bytes=0 wt_nz=0 pe_cycles=0 pe_wait=0 wt_bits=0 wt_group=0
  store wait(cp) op(0) in=nbout[0] buf=b2 off=0 run=128 LEVELS
  signal op(0) core=c1 sem=5
  barrier op(0) id=1 mask_lo=3 mask_hi=0
  halt op(1)
.stream c1
  wait op(1) core=c0 sem=5
  load.n signal(cp) op(1) out=nbin[0] buf=b2 off=0 run=128 LEVELS
  pool wait(ln) signal(st) op(1) in=nbin[0] out=nbout[0] in_h=4 in_w=2 in_c=8 out_h=2 out_w=1 kh=2 kw=2 sy=2 sx=2 dy=1 dx=1 pad_t=0 pad_l=0 fn=max acc=0 gamma=0
  store wait(cp) op(1) in=nbout[0] buf=b3 off=0 run=32 LEVELS
  barrier op(1) id=1 mask_lo=3 mask_hi=0
  halt op(1)
)";

std::string expand(std::string text) {
  constexpr std::string_view kLevel3 = "n3=1 s3=0 d3=0";
  constexpr std::string_view kLevels = "n1=1 s1=0 d1=0 n2=1 s2=0 d2=0 n3=1 s3=0 d3=0";
  for (std::size_t at; (at = text.find("LEVELS")) != std::string::npos;)
    text.replace(at, 6, kLevels);
  for (std::size_t at; (at = text.find("LEVEL3")) != std::string::npos;)
    text.replace(at, 6, kLevel3);
  return text;
}

/// Everything up to the first table, for the default core.
std::string header() {
  Object object;
  object.network = "net";
  return disassemble(object);
}

std::uint32_t random_word(Rng& rng, OperandKind kind) {
  const auto any = static_cast<std::uint32_t>(rng.next());
  if (rng.chance(1, 4)) return any;
  switch (kind) {
    case OperandKind::fn:
      return any % kFunctions.size();
    case OperandKind::flags:
      return any % 8;
    default:
      return any % 1000;
  }
}

Instruction random_instruction(Rng& rng) {
  Instruction i(static_cast<Opcode>(rng.below(kOpcodes.size())),
                OpId(static_cast<std::uint32_t>(rng.below(1000))));
  i.wait = static_cast<EngineMask>(rng.below(16));
  i.signal = static_cast<EngineMask>(rng.below(16));
  const OpcodeInfo& row = info(i.opcode);
  for (std::size_t k = 0; k < kMaxOperands && row.operands[k]; ++k)
    i.operands[k] = random_word(rng, info(*row.operands[k]).kind);
  return i;
}

std::vector<OpId> random_ids(Rng& rng) {
  std::vector<OpId> ids;
  for (std::uint64_t n = rng.below(4); n > 0; --n)
    ids.emplace_back(static_cast<std::uint32_t>(rng.next()));
  return ids;
}

BufferInfo random_buffer(Rng& rng) {
  return {random_name(rng), static_cast<BufferKind>(rng.below(4)),
          rng.between(0, rng.chance(1, 4) ? std::numeric_limits<std::int64_t>::max() - 1 : 1000),
          random_name(rng)};
}

void random_access(Rng& rng, const Trace& trace, TraceEvent& event) {
  const auto writable = [](const BufferInfo& b) {
    return b.kind == BufferKind::intermediate || b.kind == BufferKind::output;
  };
  const std::size_t buffer = rng.below(trace.buffers.size());
  const BufferInfo& info = trace.buffers[buffer];
  event.kind = writable(info) && rng.chance(1, 2) ? TraceKind::write : TraceKind::read;
  event.buffer = BufferId(buffer);
  event.begin = rng.between(0, info.size);
  event.end_byte = rng.between(event.begin, info.size);
}

TraceEvent random_event(Rng& rng, const Trace& trace) {
  TraceEvent event;
  const auto cores = static_cast<std::uint64_t>(trace.cores);
  event.core = CoreId(rng.below(cores));
  event.op = OpId(rng.below(trace.layers.size()));
  event.start = rng.between(0, rng.chance(1, 8) ? 1LL << 60 : 1000);
  event.end = event.start + rng.between(0, 1000);
  const Engine engine = static_cast<Engine>(rng.below(kEngines));
  event.kind = static_cast<TraceKind>(rng.below(kTraceKindNames.size()));
  const bool meets = event.kind == TraceKind::signal || event.kind == TraceKind::wait;
  if (meets && cores == 1) event.kind = TraceKind::compute;
  if (meets && cores > 1) {
    event.sync = static_cast<std::uint32_t>(rng.next());
    event.peer = CoreId((event.core.index() + 1 + rng.below(cores - 1)) % cores);
  }
  if (event.kind == TraceKind::read || event.kind == TraceKind::write)
    random_access(rng, trace, event);
  if (event.kind == TraceKind::barrier) {
    event.sync = static_cast<std::uint32_t>(rng.below(100));
    event.cores = rng.next() & (~0ULL >> (64 - cores));
    event.cores |= 1ULL << event.core.index();
  }
  if (event.kind == TraceKind::barrier || event.kind == TraceKind::halt) return event;
  event.engine = engine;
  event.wait = static_cast<EngineMask>(rng.below(16) & ~unsigned{engine_bit(engine)});
  event.signal = static_cast<EngineMask>(rng.below(16) & ~unsigned{engine_bit(engine)});
  return event;
}

}  // namespace

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  invariant(at != std::string::npos, "'{}' is not in the fixture", from);
  return text.replace(at, from.size(), to);
}

std::string small_program() {
  return header() + expand(std::string(kSmallProgram));
}

std::string small_program_with(std::string_view from, std::string_view to) {
  return header() + expand(replaced(std::string(kSmallProgram), from, to));
}

std::string random_name(Rng& rng) {
  std::string name;
  for (std::uint64_t n = rng.below(8); n > 0; --n)
    name += rng.chance(1, 2) ? static_cast<char>(rng.next()) : "\"\\\n\t #=x"[rng.below(8)];
  return name;
}

Object random_object(std::uint64_t seed, std::size_t instructions) {
  Rng rng(seed);
  Object object;
  object.network = random_name(rng);
  object.data_type = static_cast<DataType>(rng.below(std::size(kDataTypeNames)));
  object.core.pes = rng.between(1, 1024);
  object.core.sb_bytes = rng.between(64, 1 << 20);
  object.parallel_layers = rng.chance(1, 2);
  for (std::uint64_t n = rng.below(10); n > 0; --n) object.buffers.push_back(random_buffer(rng));
  for (std::uint64_t n = rng.below(10); n > 0; --n)
    object.layers.push_back({random_name(rng), random_name(rng), rng.between(1000, 1LL << 62),
                             rng.between(0, 1000), rng.chance(1, 2) ? 0 : rng.between(0, 1000)});
  if (rng.chance(3, 4))
    for (std::size_t n = object.layers.size(); n > 0; --n)
      object.layer_inputs.push_back(random_ids(rng));
  for (std::uint64_t n = rng.below(5); n > 0; --n)
    object.topology.push_back(
        {BufferId(static_cast<std::uint32_t>(rng.next())), random_ids(rng), random_ids(rng)});
  object.streams.resize(rng.chance(1, 8) ? 64 : rng.below(4) + 1);
  for (std::vector<Instruction>& stream : object.streams)
    for (std::uint64_t n = rng.below(instructions + 1); n > 0; --n)
      stream.push_back(random_instruction(rng));
  return object;
}

Trace random_trace(std::uint64_t seed, std::size_t events) {
  Rng rng(seed);
  Trace trace;
  trace.network = random_name(rng);
  trace.cores = rng.chance(1, 8) ? 64 : rng.between(1, 5);
  for (std::uint64_t n = rng.below(9) + 1; n > 0; --n) trace.buffers.push_back(random_buffer(rng));
  for (std::uint64_t n = rng.below(9) + 1; n > 0; --n) trace.layers.push_back(random_name(rng));
  std::vector<std::uint32_t> pc(static_cast<std::size_t>(trace.cores), 0);
  for (std::size_t n = rng.below(events + 1); n > 0; --n) {
    TraceEvent event = random_event(rng, trace);
    std::uint32_t& next = pc[event.core.index()];
    if (rng.chance(1, 8)) next += static_cast<std::uint32_t>(rng.below(1'000'000));
    event.pc = next++;
    trace.events.push_back(event);
  }
  return trace;
}

}  // namespace unna
