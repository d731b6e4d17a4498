// The ideal DRAM as programs see it: between the cores and engines of a machine.

#include <gtest/gtest.h>

#include "tests/sim/program.h"

namespace unna::testing {
namespace {

TEST(IdealDram, TwoCoresShareIt) {
  Program program(2);
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  program.add(0, load_n(in, 1600)).add(1, load_n(in, 800));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(event(trace, 1, 0).end, 111);  // 11 + 800 / 8
  EXPECT_EQ(event(trace, 0, 0).end, 161);  // 800 left at 111, then alone
}

TEST(IdealDram, EnginesOfOneCoreShareIt) {
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  program.add(0, load_n(in, 160)).add(0, load_s(in, 160));
  const Trace trace = trace_of(program.image(), plain_machine(), {});
  // Data from 11 and 12: 16 bytes alone, then 144 at half rate; the other's last 16 alone.
  EXPECT_EQ(event(trace, 0, 0).end, 30);
  EXPECT_EQ(event(trace, 0, 1).end, 31);
}

TEST(IdealDram, EqualCoresEndTogether) {
  Program program(16);
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  for (std::size_t c = 0; c < 16; ++c)
    for (int i = 0; i < 20; ++i) program.add(c, load_n(in, 100 + 7 * i));
  const SimResult result = simulate(program.image(), plain_machine(16), {});
  for (const CoreStats& core : result.cores) EXPECT_EQ(core.end, result.cycles);
}

TEST(IdealDram, StreamingReachesThePeak) {
  Program program(4);
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  for (std::size_t c = 0; c < 4; ++c)
    for (int i = 0; i < 500; ++i) program.add(c, load_n(in, 1000)).add(c, load_s(in, 1000));
  const SimResult result = simulate(program.image(), plain_machine(4), {});
  EXPECT_EQ(result.dram_read, 4'000'000);
  EXPECT_EQ(result.dram_busy, 250'000);
  EXPECT_EQ(result.cycles, 250'011);  // the first request's latency, and not a cycle more
}

TEST(IdealDram, IsNeverExceeded) {
  Program program(3);
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  const BufferId out = program.buffer("out", BufferKind::output, 4096);
  for (std::size_t c = 0; c < 3; ++c)
    for (int i = 0; i < 50; ++i)
      program.add(c, load_n(in, 1 + 37 * i)).add(c, store(out, 1 + 11 * i)).add(c, load_s(in, 3));
  MachineConfig machine = plain_machine(3);
  machine.dram.bandwidth_gbps = 38.4;
  const SimResult result = simulate(program.image(), machine, {});
  const Bytes bytes = result.dram_read + result.dram_written;
  EXPECT_LE(bytes * 65536, result.dram_busy * dram_bytes_per_cycle_q16(machine));
  EXPECT_GE(result.cycles, result.dram_busy);
}

TEST(IdealDram, ZeroLatencyWorks) {
  MachineConfig machine = plain_machine();
  machine.dram.latency_cycles = 0;
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  program.add(0, load_n(in, 160)).add(0, load_n(in, 160));
  const Trace trace = trace_of(program.image(), machine, {});
  EXPECT_EQ(span(trace, 0, 0), "1-11");
  EXPECT_EQ(span(trace, 0, 1), "2-21");
}

}  // namespace
}  // namespace unna::testing
