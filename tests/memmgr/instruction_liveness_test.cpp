#include <chrono>

#include "base/error.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

/// Every access of a before every access of b, by brute force.
bool brute_before(const Trace& t, const std::vector<std::vector<bool>>& order, BufferId a,
                  BufferId b) {
  const auto touches = [&](std::size_t v, BufferId id) {
    const TraceEvent& e = t.events[v];
    return (e.kind == TraceKind::read || e.kind == TraceKind::write) && e.buffer == id;
  };
  for (std::size_t u = 0; u < t.events.size(); ++u)
    for (std::size_t v = 0; v < t.events.size() && touches(u, a); ++v)
      if (touches(v, b) && !order[u][v]) return false;
  return true;
}

TEST(InstructionLiveness, VectorClocksAgreeWithReachabilityOnRandomTraces) {
  Rng rng(20240);
  std::size_t ordered = 0;
  std::size_t unordered = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::size_t cores = 1 + rng.below(4);
    const Trace trace = random_trace(rng, cores, 8, 30);
    const auto order = brute_force_order(trace);
    const Lifetimes lifetimes = instruction_liveness(trace);
    const PlanProblem problem = make_problem(lifetimes, 1);
    ASSERT_EQ(lifetimes.size(), trace.buffers.size());
    for (std::uint32_t a = 0; a < lifetimes.size(); ++a) {
      for (std::uint32_t b = 0; b < lifetimes.size(); ++b) {
        if (a == b) continue;
        const bool expected = brute_before(trace, order, BufferId(a), BufferId(b));
        ASSERT_EQ(lifetimes.before(a, b), expected) << "round " << round << ": " << a << ", " << b;
        const bool back = brute_before(trace, order, BufferId(b), BufferId(a));
        ASSERT_EQ(problem.conflict(a, b), !expected && !back) << "round " << round;
        ++(expected ? ordered : unordered);
      }
    }
  }
  EXPECT_GT(ordered, 10'000U);
  EXPECT_GT(unordered, 10'000U);
}

TEST(InstructionLiveness, ProgramOrderBetweenEnginesIsNoOrder) {
  TraceBuilder t(1);
  const BufferId a = t.buffer("a", 4);
  const BufferId b = t.buffer("b", 4);
  t.read(0, a);
  t.write(0, b);
  EXPECT_TRUE(instruction_liveness(t.finish()).conflict(0, 1));
}

TEST(InstructionLiveness, ATokenOrdersTwoEngines) {
  TraceBuilder t(1);
  const BufferId a = t.buffer("a", 4);
  const BufferId b = t.buffer("b", 4);
  t.read(0, a).signal = engine_bit(Engine::store);
  t.write(0, b).wait = engine_bit(Engine::load_neuron);
  const Lifetimes l = instruction_liveness(t.finish());
  EXPECT_TRUE(l.before(0, 1));
  EXPECT_FALSE(l.before(1, 0));
}

TEST(InstructionLiveness, ABarrierOrdersOnlyItsCores) {
  TraceBuilder t(3);
  const BufferId a = t.buffer("a", 4);
  const BufferId b = t.buffer("b", 4);
  const BufferId c = t.buffer("c", 4);
  t.write(0, a);
  t.barrier(0, 0b011);
  t.barrier(1, 0b011);
  t.write(1, b);
  t.write(2, c);
  const Lifetimes l = instruction_liveness(t.finish());
  EXPECT_TRUE(l.before(0, 1));
  EXPECT_TRUE(l.conflict(0, 2));
  EXPECT_TRUE(l.conflict(1, 2));
}

TEST(InstructionLiveness, TimeStampsAreNotLookedAt) {
  TraceBuilder t(2);
  const BufferId a = t.buffer("a", 4);
  const BufferId b = t.buffer("b", 4);
  t.write(0, a);
  TraceEvent& late = t.write(1, b);
  late.start = 1000;
  late.end = 1001;
  const Trace trace = t.finish();
  EXPECT_TRUE(instruction_liveness(trace).conflict(0, 1));
  EXPECT_FALSE(observed_liveness(trace).conflict(0, 1));
}

TEST(InstructionLiveness, WrittenButNeverReadStillNeedsItsBytes) {
  TraceBuilder t(2);
  const BufferId a = t.buffer("a", 5);
  const BufferId b = t.buffer("b", 4);
  t.write(0, a);
  t.write(1, b);
  EXPECT_EQ(make_problem(instruction_liveness(t.finish()), 1).lower_bound, 9);
}

TEST(InstructionLiveness, NeverAccessedConflictsWithNothingButHasItsSize) {
  TraceBuilder t(1);
  const BufferId a = t.buffer("a", 5);
  t.buffer("idle", 7);
  t.write(0, a);
  const PlanProblem p = make_problem(instruction_liveness(t.finish()), 1);
  EXPECT_FALSE(p.conflict(0, 1));
  EXPECT_EQ(p.lower_bound, 7);
  EXPECT_EQ(p.total(), 12);
}

TEST(InstructionLiveness, OnlyIntermediatesArePlanned) {
  TraceBuilder t(1);
  const BufferId in = t.buffer("in", 5, BufferKind::input);
  const BufferId a = t.buffer("a", 5);
  t.read(0, in);
  t.write(0, a);
  const Lifetimes l = instruction_liveness(t.finish());
  ASSERT_EQ(l.size(), 1U);
  EXPECT_EQ(l.buffers[0].name, "a");
  EXPECT_EQ(l.buffers[0].members, std::vector{BufferId(1)});
}

struct BadTrace {
  const char* name;
  void (*build)(TraceBuilder&);
  const char* message;
};

TEST(InstructionLiveness, TracesThatCannotRunAreRefusedWithTheEvent) {
  const BadTrace bad[] = {
      {"token never given", [](TraceBuilder& t) { t.compute(0).wait = engine_bit(Engine::store); },
       "by-hand: trace can't be executed: core 0 pc 0 (compute) takes a token from engine st that "
       "is never given before it"},
      {"barrier alone", [](TraceBuilder& t) { t.barrier(0, 0b11); },
       "by-hand: trace can't be executed: core 0 pc 0 (barrier) number 0 for cores 0x3 is never "
       "met by all of them"},
      {"barrier of others", [](TraceBuilder& t) { t.barrier(0, 0b10); },
       "by-hand: trace can't be executed: core 0 pc 0 (barrier) meets at a barrier that is not for "
       "it"},
      {"barrier of no one", [](TraceBuilder& t) { t.barrier(0, 0b101); },
       "by-hand: trace can't be executed: core 0 pc 0 (barrier) is for cores that do not exist: "
       "there are 2"},
      {"signal missing", [](TraceBuilder& t) { t.wait(1, 0, 7); },
       "by-hand: trace can't be executed: core 1 pc 0 (wait) waits for semaphore 7, which core 0 "
       "never signals then"},
      {"two signallers",
       [](TraceBuilder& t) {
         t.signal(0, 1, 7);
         t.signal(1, 1, 7);
       },
       "by-hand: trace can't be executed: core 1 pc 0 (signal) signals semaphore 7 of core 1, as "
       "core 0 pc 0 (signal) does; expected one signalling engine a semaphore"},
      {"no such buffer", [](TraceBuilder& t) { t.write(0, t.buffer("x", 4)).buffer = BufferId(9); },
       "by-hand: trace can't be executed: core 0 pc 0 (write) accesses buffer 9 of 1"},
      {"no engine", [](TraceBuilder& t) { t.write(0, t.buffer("x", 4)).engine.reset(); },
       "by-hand: trace can't be executed: core 0 pc 0 (write) has no engine, expected one"},
  };
  for (const BadTrace& b : bad) {
    TraceBuilder t(2);
    b.build(t);
    try {
      instruction_liveness(t.finish());
      ADD_FAILURE() << b.name << ": accepted";
    } catch (const InputError& e) {
      EXPECT_STREQ(e.what(), b.message) << b.name;
    }
  }
}

TEST(InstructionLiveness, ObservedLifetimesAreNotPlannedUnlessSaidToBeUnsafe) {
  TraceBuilder t(1);
  t.write(0, t.buffer("a", 4));
  const Lifetimes l = observed_liveness(t.finish());
  EXPECT_THROW(make_problem(l, 1), InternalError);
  EXPECT_EQ(make_problem(l, 1, true).lower_bound, 4);
}

}  // namespace
}  // namespace unna::test
