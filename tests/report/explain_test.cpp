#include "report/explain.h"

#include <gtest/gtest.h>

#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

TraceEvent access(std::uint32_t pc, Engine engine, TraceKind kind, std::uint32_t buffer,
                  EngineMask wait, EngineMask signal) {
  TraceEvent event;
  event.pc = pc;
  event.engine = engine;
  event.kind = kind;
  event.wait = wait;
  event.signal = signal;
  event.buffer = BufferId(buffer);
  event.end_byte = 100;
  event.start = pc * 10;
  event.end = pc * 10 + 5;
  event.op = OpId(pc / 2);
  return event;
}

/// Two halves of one tensor: the first is read back before the second is written.
Trace halves() {
  const EngineMask ln = engine_bit(Engine::load_neuron);
  const EngineMask st = engine_bit(Engine::store);
  Trace trace;
  trace.network = "net";
  trace.cores = 1;
  trace.layers = {"first", "second"};
  for (const char* name : {"t.0", "t.1"})
    trace.buffers.push_back({name, BufferKind::intermediate, 100, "t"});
  trace.events = {access(0, Engine::store, TraceKind::write, 0, 0, ln),
                  access(1, Engine::load_neuron, TraceKind::read, 0, st, st),
                  access(2, Engine::store, TraceKind::write, 1, ln, ln),
                  access(3, Engine::load_neuron, TraceKind::read, 1, st, 0)};
  return trace;
}

Lifetimes one_tensor() {
  Lifetimes lifetimes;
  lifetimes.kind = LivenessKind::topology;
  LiveBuffer tensor;
  tensor.name = "t";
  tensor.size = 200;
  tensor.members = {BufferId(0), BufferId(1)};
  tensor.member_sizes = {100, 100};
  lifetimes.buffers = {tensor};
  lifetimes.intervals = {{0, 2}};
  return lifetimes;
}

TEST(Explain, parts_of_a_tensor_that_may_share_are_named_with_the_reason) {
  const Trace trace = halves();
  const PlanProblem topology = make_problem(one_tensor(), 1);
  const PlanProblem instruction = make_problem(instruction_liveness(trace), 1);
  Plan plan;
  plan.offsets = {0, 0};
  const auto gains = explain_gains(topology, instruction, plan, trace, 10);
  ASSERT_EQ(gains.size(), 2U);
  EXPECT_EQ(gains[0].buffer, "t.0");
  EXPECT_EQ(gains[0].topology_conflicts, 100);
  EXPECT_EQ(gains[0].instruction_conflicts, 0);
  EXPECT_EQ(gains[0].why,
            "shares bytes with t.1: t.0 last used in first (core 0, pc 1) before t.1 is first used "
            "in second (core 0, pc 2); both are parts of one tensor");
}

TEST(Explain, lists_no_more_than_asked_and_nothing_without_gain) {
  const Trace trace = halves();
  const PlanProblem topology = make_problem(one_tensor(), 1);
  const PlanProblem instruction = make_problem(instruction_liveness(trace), 1);
  Plan plan;
  plan.offsets = {0, 100};
  EXPECT_EQ(explain_gains(topology, instruction, plan, trace, 1).size(), 1U);
  EXPECT_TRUE(explain_gains(instruction, instruction, plan, trace, 10).empty());
}

}  // namespace
}  // namespace unna
