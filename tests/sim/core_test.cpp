// Dispatch, queues, tokens and DMA windows of one core; times reckoned by hand on plain_machine().
// An instruction that is dispatched in cycle t can start in t + 1; a transfer of n bytes that is
// requested at t and alone ends at t + 10 + ceil(n / 16).

#include <gtest/gtest.h>

#include "tests/sim/program.h"

namespace unna::testing {
namespace {

class Core : public ::testing::Test {
 protected:
  Trace run() { return trace_of(program_.image(), machine_, {}, &result_); }

  MachineConfig machine_ = plain_machine();
  Program program_;
  BufferId in_ = program_.buffer("in", BufferKind::input, 65536);
  BufferId weights_ = program_.buffer("weights", BufferKind::weight, 65536);
  BufferId out_ = program_.buffer("out", BufferKind::output, 65536);
  SimResult result_;
};

TEST_F(Core, EmptyProgramHaltsInItsFirstCycle) {
  run();
  EXPECT_EQ(result_.cycles, 0);
  EXPECT_EQ(result_.instructions, 1);
}

TEST_F(Core, DispatchesOneInstructionACycle) {
  program_.add(0, compute(1)).add(0, load_n(in_, 16)).add(0, load_s(weights_, 16));
  const Trace trace = run();
  EXPECT_EQ(event(trace, 0, 0).start, 1);
  EXPECT_EQ(event(trace, 0, 1).start, 2);
  EXPECT_EQ(event(trace, 0, 2).start, 3);
}

TEST_F(Core, DispatchesSeveralACycleWhereTheMachineDoes) {
  machine_.core.dispatch_per_cycle = 2;
  program_.add(0, compute(1)).add(0, load_n(in_, 16)).add(0, load_s(weights_, 16));
  const Trace trace = run();
  EXPECT_EQ(event(trace, 0, 0).start, 1);
  EXPECT_EQ(event(trace, 0, 1).start, 1);
  EXPECT_EQ(event(trace, 0, 2).start, 2);
}

TEST_F(Core, LoadTakesLatencyAndBytesOverRate) {
  program_.add(0, load_n(in_, 161));
  EXPECT_EQ(span(run(), 0, 0), "1-22");  // 1 + 10 + ceil(161 / 16)
  EXPECT_EQ(result_.cycles, 22);
  EXPECT_EQ(result_.dram_read, 161);
  EXPECT_EQ(result_.dram_busy, 11);
}

TEST_F(Core, TokensCarryDataFromLoadToComputeToStore) {
  program_.add(0, load_n(in_, 160).gives({kCp}))
      .add(0, compute(5).takes({kLn}).gives({kSt}))
      .add(0, store(out_, 160).takes({kCp}));
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 0), "1-21");
  EXPECT_EQ(span(trace, 0, 1), "21-26");
  EXPECT_EQ(span(trace, 0, 2), "26-46");
  EXPECT_EQ(span(trace, 0, 3), "46-46");
}

TEST_F(Core, ComputeWithoutTokenDoesNotWait) {
  program_.add(0, load_n(in_, 160)).add(0, compute(5));
  EXPECT_EQ(span(run(), 0, 1), "2-7");
}

TEST_F(Core, EveryTokenOfAMaskIsAwaited) {
  program_.add(0, load_n(in_, 16).gives({kCp}))
      .add(0, load_s(weights_, 1600).gives({kCp}))
      .add(0, compute(5).takes({kLn, kLs}));
  const Trace trace = run();
  EXPECT_EQ(event(trace, 0, 2).start, event(trace, 0, 1).end);
}

TEST_F(Core, TokensAreCountedNotFlagged) {
  program_.add(0, compute(1).gives({kSt}))
      .add(0, compute(1).gives({kSt}))
      .add(0, store(out_, 16).takes({kCp}))
      .add(0, store(out_, 16).takes({kCp}));
  const Trace trace = run();
  EXPECT_EQ(event(trace, 0, 2).start, 3);
  EXPECT_EQ(event(trace, 0, 3).start, 4);
}

TEST_F(Core, ComputeIsOneAtATime) {
  program_.add(0, compute(7)).add(0, compute(3));
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 0), "1-8");
  EXPECT_EQ(span(trace, 0, 1), "8-11");
}

TEST_F(Core, TransfersPassThePortOfTheirBufferInOrder) {
  const BufferId x = program_.buffer("x", BufferKind::input, 256);
  program_.add(0, load_n(x, 64)).add(0, load_n(x, 64, 64)).add(0, load_s(x, 64));
  machine_.dram.latency_cycles = 0;
  machine_.dram.bandwidth_gbps = 64;
  EXPECT_EQ(span(run(), 0, 1), "2-3");
  machine_.core.dma_port_bytes = 4;
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 0), "1-17");
  EXPECT_EQ(span(trace, 0, 1), "2-33");
  EXPECT_EQ(span(trace, 0, 2), "3-19");  // a port of its own
}

TEST_F(Core, StartupIsPaidByEveryComputeInstruction) {
  machine_.core.startup_cycles = 8;
  program_.add(0, compute(7)).add(0, compute(3));
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 0), "1-16");
  EXPECT_EQ(span(trace, 0, 1), "16-27");
}

TEST_F(Core, OutstandingRequestsHideTheLatency) {
  machine_.core.dma_outstanding = 2;
  program_.add(0, load_n(in_, 160)).add(0, load_n(in_, 160));
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 0), "1-21");
  EXPECT_EQ(span(trace, 0, 1), "2-31");  // data right behind the first one's
}

TEST_F(Core, OneOutstandingRequestPaysTheLatencyEachTime) {
  machine_.core.dma_outstanding = 1;
  program_.add(0, load_n(in_, 160)).add(0, load_n(in_, 160));
  EXPECT_EQ(span(run(), 0, 1), "21-41");
}

TEST_F(Core, WindowOpensWhenTheOldestRequestEnds) {
  machine_.core.dma_outstanding = 2;
  for (int i = 0; i < 3; ++i) program_.add(0, load_n(in_, 160));
  EXPECT_EQ(span(run(), 0, 2), "21-41");  // requested at 21; data at max(31, 31)
}

TEST_F(Core, DataOfOneEngineStayInOrderThoughALaterRequestIsSmaller) {
  program_.add(0, load_n(in_, 1600)).add(0, load_n(in_, 16));
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 0), "1-111");
  EXPECT_EQ(span(trace, 0, 1), "2-112");
}

TEST_F(Core, DoubleBufferingHidesLoadsBehindCompute) {
  // Four tiles in two slots: each load needs the slot of two tiles before.
  for (int t = 0; t < 4; ++t) {
    if (t < 2)
      program_.add(0, load_n(in_, 160).gives({kCp}));
    else
      program_.add(0, load_n(in_, 160).takes({kCp}).gives({kCp}));
    program_.add(0, compute(40).takes({kLn}).gives({kLn}));
  }
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 1), "21-61");
  EXPECT_EQ(span(trace, 0, 3), "61-101");
  EXPECT_EQ(span(trace, 0, 4), "61-81");  // third load, when its slot is free
  EXPECT_EQ(span(trace, 0, 5), "101-141");
  EXPECT_EQ(span(trace, 0, 7), "141-181");
}

TEST_F(Core, FullQueueHoldsTheControlProcessor) {
  machine_.core.queue_depth = 1;
  program_.add(0, compute(10)).add(0, compute(10)).add(0, compute(10)).add(0, load_n(in_, 16));
  // The third is dispatched in cycle 11, when the second leaves the queue; the load a cycle later.
  EXPECT_EQ(event(run(), 0, 3).start, 13);
}

TEST_F(Core, QueueWithOneMoreEntryDoesNot) {
  machine_.core.queue_depth = 2;
  program_.add(0, compute(10)).add(0, compute(10)).add(0, compute(10)).add(0, load_n(in_, 16));
  EXPECT_EQ(event(run(), 0, 3).start, 4);
}

TEST_F(Core, FullQueueOfOneEngineDoesNotStopOthersAlreadyQueued) {
  machine_.core.queue_depth = 1;
  program_.add(0, load_n(in_, 160)).add(0, compute(10)).add(0, compute(10)).add(0, compute(10));
  EXPECT_EQ(span(run(), 0, 0), "1-21");
}

TEST_F(Core, HaltWaitsForEverythingEarlier) {
  program_.add(0, store(out_, 1600));
  const Trace trace = run();
  EXPECT_EQ(span(trace, 0, 1), "111-111");
}

}  // namespace
}  // namespace unna::testing
