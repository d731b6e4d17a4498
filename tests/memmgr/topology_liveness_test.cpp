#include "base/error.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/problem.h"
#include "tests/memmgr/fixtures.h"

namespace unna::test {
namespace {

TEST(TopologyLiveness, LivesFromTheWriterToTheLastReader) {
  const OpGraph graph{4, {{"t", 0, {1, 3}, 8}, {"u", 1, {2}, 4}, {"v", 2, {}, 2}}};
  const Lifetimes l = topology_liveness(object_of(graph, false));
  EXPECT_EQ((*l.intervals)[0], (Interval{0, 4}));
  EXPECT_EQ((*l.intervals)[1], (Interval{1, 3}));
  EXPECT_EQ((*l.intervals)[2], (Interval{2, 3})) << "never read, but written";
}

TEST(TopologyLiveness, BuffersOfATensorLieSideBySide) {
  Object object =
      object_of({2, {{"t.0", 0, {1}, 100}, {"t.1", 0, {1}, 30}, {"u", 0, {1}, 5}}}, false);
  for (std::size_t b = 0; b < 2; ++b) object.buffers[b].tensor = std::string("t");
  const Lifetimes l = topology_liveness(object);
  ASSERT_EQ(l.size(), 2U);
  EXPECT_EQ(l.buffers[0].name, "t");
  EXPECT_EQ(l.buffers[0].members, (std::vector<BufferId>{BufferId(0), BufferId(1)}));
  const PlanProblem p = make_problem(l, 64);
  EXPECT_EQ(p.buffers[0].size, 192) << "each member aligned";
  Plan plan;
  plan.offsets = {64, 0};
  EXPECT_EQ(member_offsets(p, plan, 3, object.buffers, 64), (std::vector<Bytes>{64, 192, 0}));
}

TEST(TopologyLiveness, ParallelLayersAreOrderedByReachabilityAlone) {
  const OpGraph graph{5, {{"a", 0, {1}, 8}, {"b", 1, {4}, 8}, {"c", 2, {3}, 8}, {"d", 3, {4}, 8}}};
  const Lifetimes serial = topology_liveness(object_of(graph, false));
  const Lifetimes parallel = topology_liveness(object_of(graph, true));
  EXPECT_TRUE(serial.before(0, 2)) << "a is dead when layer 2 writes c";
  EXPECT_TRUE(parallel.conflict(0, 2)) << "nothing orders layers 1 and 2";
  EXPECT_TRUE(parallel.conflict(0, 1)) << "layer 1 reads a while it writes b";
}

TEST(TopologyLiveness, DamagedTablesAreRefused) {
  Object object = object_of({3, {{"a", 0, {1}, 8}, {"b", 1, {2}, 8}}}, true);
  object.layer_inputs[1] = {OpId(2)};
  EXPECT_THROW(topology_liveness(object), InputError);
  object = object_of({3, {{"a", 0, {1}, 8}, {"b", 1, {2}, 8}}}, false);
  object.topology[0].readers = {OpId(7)};
  EXPECT_THROW(topology_liveness(object), InputError);
}

}  // namespace
}  // namespace unna::test
