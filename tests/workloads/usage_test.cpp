// Fusing of activations in usage records.

#include "workloads/usage.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

TEST(UsageRecords, AnActivationThatIsTheOnlyReaderIsPartOfItsProducer) {
  const Graph graph = parse_workload(R"(
name: net
inputs: {x: [1, 4, 4, 4]}
ops:
  - {op: conv, name: a, channels: 4, kernel: 1, act: relu}
  - {op: conv, name: b, channels: 3, kernel: 1}
  - {op: unary, name: c, fn: relu}
  - {op: concat, name: d, axis: 1, from: [b, c, a]}
  - {op: unary, name: e, fn: relu}
)",
                                     "net.yaml");
  const auto records = usage_records(graph);
  ASSERT_EQ(records.size(), 3U) << "a.relu, b (read twice), c; the output d is e's";
  EXPECT_EQ(graph.tensor(records[0].tensor).name, "a.relu");
  EXPECT_EQ(records[0].bytes, 256);
  EXPECT_EQ(records[0].first_op, 0U);
  EXPECT_EQ(records[0].last_op, 3U);
  EXPECT_EQ(graph.tensor(records[1].tensor).name, "b");
  EXPECT_EQ(records[1].last_op, 3U);
  EXPECT_EQ(records[2].first_op, 2U);
  EXPECT_EQ(fused_intermediate_bytes(graph), 256 + 192 + 192);
}

TEST(UsageRecords, SizesAreRoundedUpToTheAlignment) {
  const Graph graph = parse_workload(R"(
name: net
inputs: {x: [1, 17]}
ops:
  - {op: softmax, name: a}
  - {op: softmax, name: b}
)",
                                     "net.yaml");
  EXPECT_EQ(fused_intermediate_bytes(graph, {4, 64}), 128);
  EXPECT_EQ(fused_intermediate_bytes(graph, {4, 4}), 68);
  EXPECT_EQ(fused_intermediate_bytes(graph, {1, 1}), 17);
}

}  // namespace
}  // namespace unna
