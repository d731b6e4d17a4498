#include <gtest/gtest.h>

#include "tests/sim/program.h"

namespace unna::testing {
namespace {

std::string deadlock_of(const Program& program, const MachineConfig& machine) {
  try {
    simulate(program.image(), machine, {});
  } catch (const DeadlockError& error) {
    return error.what();
  }
  return "no deadlock";
}

TEST(Barrier, OpensWhenTheLastCoreHasArrived) {
  Program program(2);
  program.add(0, compute(50)).add(0, barrier(3)).add(0, compute(1));
  program.add(1, compute(10)).add(1, barrier(3)).add(1, compute(1));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(span(trace, 0, 1), "51-71");
  EXPECT_EQ(span(trace, 1, 1), "11-71");
  EXPECT_EQ(span(trace, 0, 2), "72-73");
  EXPECT_EQ(span(trace, 1, 2), "72-73");
}

TEST(Barrier, AwaitsAllEnginesOfTheCore) {
  Program program(2);
  const BufferId out = program.buffer("out", BufferKind::output, 1024);
  program.add(0, store(out, 160)).add(0, compute(1)).add(0, barrier(3));
  program.add(1, barrier(3));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(event(trace, 0, 2).start, 21);
  EXPECT_EQ(event(trace, 1, 0).end, 41);
}

TEST(Barrier, OfSomeCoresDoesNotHoldOthers) {
  Program program(3);
  program.add(0, compute(100)).add(0, barrier(0b101));
  program.add(1, compute(1));
  program.add(2, barrier(0b101));
  const SimResult result = simulate(program.image(), plain_machine(3), {});
  EXPECT_EQ(result.cores[1].end, 2);
  EXPECT_EQ(result.cores[2].end, 121);  // 101 + 20
  EXPECT_EQ(result.cores[0].barriers, 1);
  EXPECT_EQ(result.cores[1].barriers, 0);
}

TEST(Barrier, CanBeReusedAtOnce) {
  MachineConfig machine = plain_machine(2);
  machine.sync.barrier_cycles = 0;
  Program program(2);
  for (std::size_t core = 0; core < 2; ++core)
    for (int i = 0; i < 3; ++i) program.add(core, barrier(3));
  const Trace trace = trace_of(program.image(), machine, {});
  EXPECT_EQ(span(trace, 0, 0), "0-0");
  EXPECT_EQ(span(trace, 1, 1), "1-1");  // each takes its cycle of dispatch
  EXPECT_EQ(span(trace, 0, 2), "2-2");
}

TEST(Barrier, WorksForTheLastOf64Cores) {
  Program program(64);
  for (std::size_t core = 0; core < 64; ++core) program.add(core, barrier(~std::uint64_t{0}));
  EXPECT_EQ(simulate(program.image(), plain_machine(64), {}).cycles, 20);
}

TEST(Semaphore, WaitEndsSignalCyclesAfterTheSignal) {
  Program program(2);
  const BufferId in = program.buffer("in", BufferKind::input, 1024);
  program.add(0, compute(10).gives({kSt})).add(0, signal(1, 7).takes({kCp}));
  program.add(1, wait(0, 7)).add(1, load_n(in, 16)).add(1, compute(1));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(span(trace, 0, 1), "11-12");
  EXPECT_EQ(span(trace, 1, 0), "1-21");
  EXPECT_EQ(event(trace, 1, 1).start, 21);  // held
  EXPECT_EQ(event(trace, 1, 2).start, 3);   // another engine, not held
}

TEST(Semaphore, ThatIsUpAlreadyCostsTheWaitOneCycle) {
  Program program(2);
  program.add(0, signal(1, 0));
  program.add(1, compute(100).gives({kLn})).add(1, wait(0, 0).takes({kCp}));
  EXPECT_EQ(span(trace_of(program.image(), plain_machine(2), {}), 1, 1), "101-102");
}

TEST(Semaphore, CountsSignals) {
  Program program(2);
  program.add(0, signal(1, 0)).add(0, signal(1, 0));
  program.add(1, wait(0, 0)).add(1, wait(0, 0));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(span(trace, 1, 0), "1-11");
  EXPECT_EQ(span(trace, 1, 1), "11-12");
}

TEST(Semaphore, OthersOfTheSameCoreDoNotCount) {
  Program program(2);
  program.add(0, signal(1, 1)).add(0, compute(30).gives({kSt})).add(0, signal(1, 2).takes({kCp}));
  program.add(1, wait(0, 2)).add(1, wait(0, 1));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(event(trace, 1, 0).end, event(trace, 0, 2).start + 10);
}

TEST(Semaphore, SignalFollowsTheDataOfEarlierStores) {
  Program program(2);
  const BufferId out = program.buffer("out", BufferKind::output, 1024);
  program.add(0, store(out, 160)).add(0, signal(1, 0)).add(0, store(out, 160));
  program.add(1, wait(0, 0));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(span(trace, 0, 1), "21-22");
  EXPECT_EQ(event(trace, 0, 2).start, 22);  // and holds later ones
}

TEST(Semaphore, WaitFollowsTheDataOfEarlierLoads) {
  Program program(2);
  const BufferId in = program.buffer("in", BufferKind::input, 1024);
  program.add(0, signal(1, 0));
  program.add(1, load_n(in, 320)).add(1, wait(0, 0).gives({kCp})).add(1, compute(1).takes({kLn}));
  const Trace trace = trace_of(program.image(), plain_machine(2), {});
  EXPECT_EQ(span(trace, 1, 1), "31-32");
  EXPECT_EQ(event(trace, 1, 2).start, 32);
}

TEST(Deadlock, NamesWhatEveryCoreAndEngineWaitsFor) {
  Program program(3);
  const BufferId in = program.buffer("in", BufferKind::input, 1024);
  program.add(0, load_n(in, 16).gives({kCp}))
      .add(0, compute(5).takes({kLn, kSt}))
      .add(0, barrier(3, 9));
  program.add(1, wait(0, 5)).add(1, store(in, 16).takes({kCp, kLs})).add(1, barrier(3, 9));
  program.add(2, compute(3));
  EXPECT_EQ(deadlock_of(program, plain_machine(3)),
            "the program hangs at cycle 12: 1 of 3 cores have halted\n"
            "core 0: pc 2 `" +
                disassemble(barrier(3, 9).instruction) +
                "`: waits for 1 earlier instruction of the core\n"
                "  ln: idle\n"
                "  ls: idle\n"
                "  cp: pc 1 `" +
                disassemble(compute(5).takes({kLn, kSt}).instruction) +
                "`: waits for a token of st\n"
                "  st: idle\n"
                "core 1: pc 2 `" +
                disassemble(barrier(3, 9).instruction) +
                "`: waits for 2 earlier instructions of the core\n"
                "  ln: pc 0 `" +
                disassemble(wait(0, 5).instruction) +
                "`: waits for semaphore 5, which core 0 signals\n"
                "  ls: idle\n"
                "  cp: idle\n"
                "  st: pc 1 `" +
                disassemble(store(in, 16).takes({kCp, kLs}).instruction) +
                "`: waits for a token of ls, cp\n"
                "core 2: halted at cycle 4\n"
                "  ln: idle\n"
                "  ls: idle\n"
                "  cp: idle\n"
                "  st: idle");
}

TEST(Deadlock, NamesTheCoresThatABarrierAwaits) {
  Program program(4);
  program.add(0, barrier(0b1111)).add(1, barrier(0b0011)).add(2, compute(1)).add(3, compute(1));
  const std::string what = deadlock_of(program, plain_machine(4));
  EXPECT_NE(what.find("core 0: pc 0 `" + disassemble(barrier(15).instruction) +
                      "`: waits for cores 1, 2, 3 to arrive"),
            std::string::npos)
      << what;
}

TEST(Deadlock, NamesTheFullQueue) {
  MachineConfig machine = plain_machine();
  machine.core.queue_depth = 1;
  Program program;
  program.add(0, compute(1).takes({kLn})).add(0, compute(1));
  const std::string what = deadlock_of(program, machine);
  EXPECT_NE(what.find("waits for room in the queue of cp"), std::string::npos) << what;
}

TEST(Deadlock, LeavesTheNextSimulationUntouched) {
  Program hangs;
  hangs.add(0, compute(1).takes({kLn}));
  EXPECT_THROW(simulate(hangs.image(), plain_machine(), {}), DeadlockError);
  Program runs;
  runs.add(0, compute(1));
  EXPECT_EQ(simulate(runs.image(), plain_machine(), {}).cycles, 2);
}

}  // namespace
}  // namespace unna::testing
