#include <gtest/gtest.h>

#include <numeric>

#include "tests/sim/program.h"

namespace unna::testing {
namespace {

std::array<Cycle, kStalls> stalls(std::initializer_list<std::pair<Stall, Cycle>> list) {
  std::array<Cycle, kStalls> result{};
  for (const auto& [cause, cycles] : list) result[static_cast<std::size_t>(cause)] = cycles;
  return result;
}

const EngineStats& of(const SimResult& result, std::size_t core, Engine e) {
  return result.cores[core].engines[static_cast<std::size_t>(e)];
}

void expect_every_cycle_once(const SimResult& result) {
  for (std::size_t c = 0; c < result.cores.size(); ++c)
    for (const EngineStats& e : result.cores[c].engines)
      EXPECT_EQ(e.busy + std::accumulate(e.stall.begin(), e.stall.end(), Cycle{0}), result.cycles)
          << "core " << c;
}

TEST(Stalls, EachCycleOfAHandshakeHasItsCause) {
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 1024);
  const BufferId out = program.buffer("out", BufferKind::output, 1024);
  program.add(0, load_n(in, 160).gives({kCp}))
      .add(0, compute(5).takes({kLn}).gives({kSt}))
      .add(0, store(out, 160).takes({kCp}));
  const SimResult result = simulate(program.image(), plain_machine(), {});
  ASSERT_EQ(result.cycles, 46);
  EXPECT_EQ(of(result, 0, kLn).busy, 20);  // 1-21, then nothing is left for it
  EXPECT_EQ(of(result, 0, kLn).stall, stalls({{Stall::dispatch, 1}, {Stall::drain, 25}}));
  EXPECT_EQ(of(result, 0, kCp).busy, 5);
  EXPECT_EQ(of(result, 0, kCp).stall,
            stalls({{Stall::dispatch, 2}, {Stall::token_ln, 19}, {Stall::drain, 20}}));
  EXPECT_EQ(of(result, 0, kSt).busy, 20);
  EXPECT_EQ(of(result, 0, kSt).stall, stalls({{Stall::dispatch, 3}, {Stall::token_cp, 23}}));
  EXPECT_EQ(of(result, 0, kLs).stall, stalls({{Stall::dispatch, 3}, {Stall::drain, 43}}));
  expect_every_cycle_once(result);
}

TEST(Stalls, FirstMissingTokenIsTheCauseAndChangesAsTokensCome) {
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 4096);
  program.add(0, load_n(in, 16).gives({kCp}))
      .add(0, load_s(in, 320).gives({kCp}))
      .add(0, compute(5).takes({kLn, kLs}));
  const SimResult result = simulate(program.image(), plain_machine(), {});
  // ln: data from 11, alone for one cycle, ends at 12; ls: data 12-32.
  EXPECT_EQ(of(result, 0, kCp).stall,
            stalls({{Stall::dispatch, 3}, {Stall::token_ln, 9}, {Stall::token_ls, 20}}));
}

TEST(Stalls, BeforeABarrierOwnEnginesDrainAndAtItOthersAreAwaited) {
  Program program(2);
  program.add(0, compute(50)).add(0, barrier(3)).add(0, compute(1));
  program.add(1, compute(10)).add(1, barrier(3)).add(1, compute(1));
  const SimResult result = simulate(program.image(), plain_machine(2), {});
  ASSERT_EQ(result.cycles, 73);  // released at 71, dispatched then, 72-73
  EXPECT_EQ(of(result, 1, kCp).stall, stalls({{Stall::dispatch, 2}, {Stall::sync, 60}}));
  EXPECT_EQ(of(result, 1, kSt).stall,
            stalls({{Stall::dispatch, 2}, {Stall::drain, 11}, {Stall::sync, 60}}));
  // Core 0 comes last: its other engines wait for its compute engine, then all for the release.
  EXPECT_EQ(of(result, 0, kSt).stall,
            stalls({{Stall::dispatch, 2}, {Stall::drain, 51}, {Stall::sync, 20}}));
  expect_every_cycle_once(result);
}

TEST(Stalls, WaitIsSyncAndSignalIsBusy) {
  Program program(2);
  program.add(0, compute(30).gives({kSt})).add(0, signal(1, 4).takes({kCp}));
  program.add(1, wait(0, 4));
  const SimResult result = simulate(program.image(), plain_machine(2), {});
  ASSERT_EQ(result.cycles, 41);  // signalled at 31, up at 41
  EXPECT_EQ(of(result, 1, kLn).busy, 0);
  EXPECT_EQ(of(result, 1, kLn).stall, stalls({{Stall::dispatch, 1}, {Stall::sync, 40}}));
  EXPECT_EQ(of(result, 0, kSt).busy, 1);
  expect_every_cycle_once(result);
}

TEST(Stalls, FullQueueOfAnotherEngineIsDispatch) {
  MachineConfig machine = plain_machine();
  machine.core.queue_depth = 1;
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 1024);
  program.add(0, compute(10)).add(0, compute(10)).add(0, compute(10)).add(0, load_n(in, 16));
  const SimResult result = simulate(program.image(), machine, {});
  EXPECT_EQ(of(result, 0, kLn).stall[static_cast<std::size_t>(Stall::dispatch)], 13);
  expect_every_cycle_once(result);
}

TEST(Stalls, LayersShareOutTheComputeEnginesCycles) {
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 1024);
  program.layer("first");
  program.add(0, load_n(in, 160).gives({kCp})).add(0, compute(5).takes({kLn}));
  program.layer("second");
  program.add(0, load_n(in, 160).gives({kCp})).add(0, compute(7).takes({kLn}));
  const SimResult result = simulate(program.image(), plain_machine(), {});
  const auto& layers = result.cores[0].layers;
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[0].compute_busy, 5);
  EXPECT_EQ(layers[0].compute_stall, stalls({{Stall::dispatch, 2}, {Stall::token_ln, 19}}));
  EXPECT_EQ(layers[0].start, 1);
  EXPECT_EQ(layers[0].end, 26);
  EXPECT_EQ(layers[0].dram_read, 160);
  EXPECT_EQ(layers[1].compute_busy, 7);
  EXPECT_EQ(layers[1].compute_stall, stalls({{Stall::token_ln, 5}}));  // 26-31
  EXPECT_EQ(layers[1].start, 3);
  EXPECT_EQ(layers[1].end, 38);
  EXPECT_EQ(layers[1].instructions, 2);
}

}  // namespace
}  // namespace unna::testing
