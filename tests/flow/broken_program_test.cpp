// One token, one barrier or one offset broken by hand is caught, and the culprit named.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "base/error.h"
#include "flow/pipeline.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

constexpr const char* kNetwork =
    "name: net\n"
    "inputs: {x: [1, 8, 16, 16]}\n"
    "ops:\n"
    "  - {op: conv, name: a, channels: 16, kernel: 3, pad: 1, act: relu}\n"
    "  - {op: conv, name: b, channels: 16, kernel: 3, pad: 1, act: relu}\n"
    "  - {op: conv, name: c, channels: 16, kernel: 3, pad: 1, act: relu}\n"
    "  - {op: conv, name: d, channels: 8, kernel: 1}\n";

class BrokenProgram : public ::testing::Test {
 protected:
  BrokenProgram()
      : compiled_(
            compile_graph(parse_workload(kNetwork, "net.yaml"), {machine(), std::nullopt}, {})),
        executed_(execute(compiled_)),
        problem_(problem_of(compiled_, executed_, LivenessKind::instruction)),
        planned_(plan_memory(compiled_, executed_, problem_, "greedy-by-size", {})) {}

  static MachineConfig machine() {
    MachineConfig machine;
    machine.cores = 2;
    return machine;
  }

  /// Findings of a replay with owners of all bytes, under some delay patterns.
  std::vector<ShadowViolation> replay(const Object& object, const Layout& layout) const {
    const Image image =
        link(std::make_shared<const Object>(object), layout, std::numeric_limits<Bytes>::max());
    SimOptions options;
    options.shadow = true;
    std::vector<ShadowViolation> found = simulate(image, machine(), options).violations;
    for (std::uint64_t seed = 1; seed <= 4 && found.empty(); ++seed) {
      options.perturb = seed;
      found = simulate(image, machine(), options).violations;
    }
    return found;
  }

  /// What the verifier, or else a replay, says about a program; "" where both let it pass.
  std::string finding(const Object& object, const Layout& layout) const {
    try {
      verify(object);
    } catch (const InputError& error) {
      return error.what();
    }
    const auto found = replay(object, layout);
    return found.empty() ? "" : found.front().message;
  }

  std::uint32_t first_barrier() const {
    for (const Instruction& i : compiled_.object->streams[0])
      if (i.opcode == Opcode::barrier) return i.get(Operand::id);
    throw InternalError("the program has no barrier");
  }

  Compiled compiled_;
  Executed executed_;
  PlanProblem problem_;
  Planned planned_;
};

TEST_F(BrokenProgram, the_whole_one_validates) {
  EXPECT_LT(planned_.plan.peak, executed_.without_sharing) << "nothing is shared";
  EXPECT_EQ(validate(compiled_, executed_, problem_, planned_, {3, 1}).figures.perturbed, 3);
}

TEST_F(BrokenProgram, an_offset_moved_onto_a_live_buffer_is_named_by_checker_and_replay) {
  std::size_t a = 0;
  while (compiled_.object->buffers[a].kind != BufferKind::intermediate) ++a;
  std::size_t b = a + 1;
  while (compiled_.object->buffers[b].kind != BufferKind::intermediate) ++b;
  Layout layout = planned_.layout;
  layout.base[b] = layout.base[a];

  const auto found = check_layout(executed_.trace, layout);
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].message.find(compiled_.object->buffers[a].name), std::string::npos);
  EXPECT_NE(found[0].message.find(compiled_.object->buffers[b].name), std::string::npos);
  EXPECT_NE(found[0].message.find("pc"), std::string::npos);

  const auto replayed = replay(*compiled_.object, layout);
  ASSERT_FALSE(replayed.empty());
  EXPECT_NE(replayed[0].message.find(compiled_.object->buffers[a].name), std::string::npos);
}

TEST_F(BrokenProgram, each_single_token_taken_away_is_refused) {
  std::size_t broken = 0;
  for (std::size_t core = 0; core < 2; ++core)
    for (std::size_t pc = 0; pc < compiled_.object->streams[core].size(); ++pc) {
      const Instruction& instruction = compiled_.object->streams[core][pc];
      for (const bool wait : {true, false}) {
        const EngineMask mask = wait ? instruction.wait : instruction.signal;
        if (mask == 0) continue;
        Object object = *compiled_.object;
        Instruction& target = object.streams[core][pc];
        (wait ? target.wait : target.signal) &=
            static_cast<EngineMask>(mask - 1);  // one token less
        try {
          verify(object);
          FAIL() << "core " << core << " pc " << pc << " lacks a token, and nobody minds";
        } catch (const InputError& error) {
          EXPECT_NE(std::string(error.what()).find("core"), std::string::npos) << error.what();
        }
        ++broken;
      }
    }
  EXPECT_GT(broken, 20U);
}

/// The program without the barrier of one serial number, on all cores.
Object without_barrier(const Object& whole, std::uint32_t id) {
  Object object = whole;
  for (auto& stream : object.streams)
    std::erase_if(stream, [&](const Instruction& i) {
      return i.opcode == Opcode::barrier && i.get(Operand::id) == id;
    });
  return object;
}

TEST_F(BrokenProgram, each_barrier_is_needed_and_its_absence_is_named) {
  std::set<std::uint32_t> ids;
  for (const Instruction& i : compiled_.object->streams[0])
    if (i.opcode == Opcode::barrier) ids.insert(i.get(Operand::id));
  ASSERT_FALSE(ids.empty());
  for (const std::uint32_t id : ids) {
    const Object object = without_barrier(*compiled_.object, id);
    const std::string named = finding(object, planned_.layout);
    ASSERT_NE(named, "") << "barrier " << id;
    EXPECT_NE(named.find("core"), std::string::npos) << named;
    EXPECT_NE(named.find("pc"), std::string::npos) << named;
  }
}

TEST_F(BrokenProgram, a_missing_barrier_is_found_by_replay_alone) {
  const auto found = replay(without_barrier(*compiled_.object, first_barrier()), planned_.layout);
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].message.find("load"), std::string::npos) << found[0].message;
}

TEST_F(BrokenProgram, a_barrier_that_one_core_misses_is_refused) {
  Object object = *compiled_.object;
  std::erase_if(object.streams[1],
                [](const Instruction& i) { return i.opcode == Opcode::barrier; });
  EXPECT_THROW(verify(object), InputError);
  const Image image = link(std::make_shared<const Object>(object), identity_layout(object, 64),
                           std::numeric_limits<Bytes>::max());
  EXPECT_THROW(simulate(image, machine(), {}), DeadlockError);
}

}  // namespace
}  // namespace unna
