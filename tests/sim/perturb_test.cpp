// Random delays: what is ordered by tokens, barriers and signals survives all of them; what only
// happens to be in order does not.

#include <gtest/gtest.h>

#include "tests/sim/program.h"

namespace unna::testing {
namespace {

/// Violations over some seeds.
std::size_t violations(const Image& image, const MachineConfig& machine, int seeds = 20) {
  std::size_t count = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    SimOptions options;
    options.shadow = true;
    options.perturb = static_cast<std::uint64_t>(seed);
    count += simulate(image, machine, options).violations.size();
  }
  return count;
}

/// Two buffers in one place: the second is written after a token says that the first was read.
Image reuse(bool token) {
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 64);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  const BufferId out = program.buffer("out", BufferKind::output, 64);
  program.add(0, load_n(in, 64).gives({kCp})).add(0, compute(4).takes({kLn}).gives({kSt}));
  program.add(0, store(a, 64).takes({kCp}).gives({kLn}));
  program.add(0, load_n(a, 64).takes({kSt}).gives({kCp}));
  if (token)
    program.add(0, compute(4).takes({kLn}).gives({kSt})).add(0, store(out, 64).takes({kCp}));
  else
    program.add(0, compute(4).takes({kLn})).add(0, store(out, 64));
  return program.image({0, 64, 64});
}

TEST(Perturb, ReuseOrderedByATokenSurvives) {
  EXPECT_EQ(violations(reuse(true), plain_machine()), 0U);
}

TEST(Perturb, MissingTokenIsCaught) {
  EXPECT_GT(violations(reuse(false), plain_machine()), 0U);
}

/// One core writes, a barrier, another reads.
Image exchange(bool with_barrier) {
  Program program(2);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  program.add(0, store(a, 64));
  // Without the barrier the reader comes later by chance.
  program.add(1, compute(300).gives({kLn}));
  if (with_barrier) program.add(0, barrier(3)).add(1, barrier(3));
  program.add(1, load_n(a, 64).takes({kCp}));
  return program.image();
}

TEST(Perturb, ExchangeOverABarrierSurvives) {
  EXPECT_EQ(violations(exchange(true), plain_machine(2)), 0U);
}

TEST(Perturb, MissingBarrierIsCaughtThoughTheUndisturbedRunIsClean) {
  SimOptions shadow;
  shadow.shadow = true;
  EXPECT_TRUE(simulate(exchange(false), plain_machine(2), shadow).violations.empty());
  EXPECT_GT(violations(exchange(false), plain_machine(2)), 0U);
}

Image hand_over(bool with_signal) {
  Program program(2);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  program.add(0, store(a, 64));
  program.add(1, compute(300).gives({kLn}));
  if (with_signal) program.add(0, signal(1, 0)).add(1, wait(0, 0));
  program.add(1, load_n(a, 64).takes({kCp}));
  return program.image();
}

TEST(Perturb, HandOverBySignalSurvives) {
  EXPECT_EQ(violations(hand_over(true), plain_machine(2)), 0U);
}

TEST(Perturb, MissingSignalIsCaught) {
  EXPECT_GT(violations(hand_over(false), plain_machine(2)), 0U);
}

TEST(Perturb, SameSeedSameRunOtherSeedOtherRun) {
  SimOptions one;
  one.perturb = 1;
  SimOptions two;
  two.perturb = 2;
  const Image image = reuse(true);
  EXPECT_EQ(trace_of(image, plain_machine(), one), trace_of(image, plain_machine(), one));
  EXPECT_NE(trace_of(image, plain_machine(), one), trace_of(image, plain_machine(), two));
  EXPECT_NE(trace_of(image, plain_machine(), one), trace_of(image, plain_machine(), {}));
}

TEST(Perturb, DelaysStayWithinTheirBound) {
  SimOptions options;
  options.perturb = 1;
  options.perturb_cycles = 3;
  const Trace trace = trace_of(exchange(true), plain_machine(2), options);
  for (const TraceEvent& e : trace.events)
    if (e.kind == TraceKind::compute) {
      EXPECT_GE(e.end - e.start, 300);
      EXPECT_LE(e.end - e.start, 303);
    }
  options.perturb_cycles = 0;
  EXPECT_EQ(trace_of(exchange(true), plain_machine(2), options),
            trace_of(exchange(true), plain_machine(2), {}));
}

}  // namespace
}  // namespace unna::testing
