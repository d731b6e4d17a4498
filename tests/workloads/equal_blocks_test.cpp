// Rows of equal blocks, found and folded.

#include "workloads/equal_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace unna {
namespace {

Graph shipped(const std::string& name, const NetworkParams& params = {}) {
  return load_workload(UNNASIM_SOURCE_DIR "/workloads/" + name + ".yaml", params);
}

/// Kinds and shapes of the operators, in order.
std::vector<std::string> outline(const Graph& graph) {
  std::vector<std::string> lines;
  for (const GraphOp& op : graph.ops) {
    std::string line(name(op.kind));
    for (const TensorId id : op.inputs) line += " " + to_string(graph.tensor(id).shape);
    lines.push_back(std::move(line));
  }
  return lines;
}

void expect_whole(const Graph& graph) {
  std::vector<std::string> dumped(2);
  dumped[0] = dump_graph(graph);
  dumped[1] = dump_graph(fold_equal_blocks(graph).graph);
  EXPECT_EQ(dumped[0], dumped[1]);
  EXPECT_TRUE(fold_equal_blocks(graph).rows.empty());
}

/// Every tensor knows who makes and reads it.
void expect_linked(const Graph& graph) {
  for (std::size_t t = 0; t < graph.tensors.size(); ++t) {
    std::vector<OpId> readers;
    for (std::size_t i = 0; i < graph.ops.size(); ++i) {
      if (std::ranges::count(graph.ops[i].inputs, TensorId(t)) > 0) readers.emplace_back(i);
      if (std::ranges::count(graph.ops[i].outputs, TensorId(t)) > 0) {
        EXPECT_EQ(graph.tensors[t].producer, OpId(i)) << graph.tensors[t].name;
      }
    }
    EXPECT_EQ(graph.tensors[t].consumers, readers) << graph.tensors[t].name;
    EXPECT_TRUE(!readers.empty() || graph.tensors[t].is_output) << graph.tensors[t].name;
  }
}

TEST(EqualBlocks, of_a_transformer_are_its_layers) {
  const FoldedGraph folded = fold_equal_blocks(shipped("llama3_8b"));
  ASSERT_EQ(folded.rows.size(), 1U);
  EXPECT_EQ(folded.rows[0].count, 32U);
  const Graph three = shipped("llama3_8b", {{"layers", 3}});
  EXPECT_EQ(total_macs(folded.graph), total_macs(three));
  EXPECT_EQ(folded.graph.states.size(), three.states.size());
  EXPECT_EQ(folded.graph.ops.size(), three.ops.size());
  EXPECT_EQ(folded.rows[0].middle.size(),
            three.ops.size() - shipped("llama3_8b", {{"layers", 2}}).ops.size());
  expect_linked(folded.graph);
}

TEST(EqualBlocks, leave_a_network_that_computes_what_the_shorter_one_does) {
  const FoldedGraph folded = fold_equal_blocks(shipped("gpt2_cached"));
  ASSERT_EQ(folded.rows.size(), 1U);
  const Graph three = shipped("gpt2_cached", {{"layers", 3}});
  EXPECT_EQ(outline(folded.graph), outline(three));
  EXPECT_EQ(total_params(folded.graph), total_params(three));
  for (const char* model : {"vit_b_16", "bert_base", "opt_125m"}) {
    const FoldedGraph other = fold_equal_blocks(shipped(model));
    ASSERT_EQ(other.rows.size(), 1U) << model;
    EXPECT_EQ(other.rows[0].count, 12U) << model;
    expect_linked(other.graph);
  }
}

TEST(EqualBlocks, come_in_several_rows) {
  const Graph graph = shipped("resnet50");
  const FoldedGraph folded = fold_equal_blocks(graph);
  // Of its stages, the third has five blocks without a projection.
  ASSERT_EQ(folded.rows.size(), 1U);
  EXPECT_EQ(folded.rows[0].count, 5U);
  std::int64_t left_out = 0;
  for (const EqualBlocks& row : folded.rows)
    left_out += static_cast<std::int64_t>(row.left_out() * row.middle.size());
  EXPECT_EQ(graph.ops.size() - folded.graph.ops.size(), static_cast<std::size_t>(left_out));
  expect_linked(folded.graph);
}

constexpr const char* kChain =
    "name: chain\n"
    "inputs: {x: [1, 4, 8, 8]}\n"
    "ops:\n"
    "  - repeat: {i: 9}\n"
    "    ops: [{op: conv, name: conv$(i), channels: 4, kernel: 1}]\n";

TEST(EqualBlocks, of_a_chain_are_its_operators) {
  const FoldedGraph folded = fold_equal_blocks(parse_workload(kChain, "chain.yaml"));
  ASSERT_EQ(folded.rows.size(), 1U);
  EXPECT_EQ(folded.rows[0].count, 8U);  // the ninth one's result is an output
  EXPECT_EQ(folded.rows[0].middle, std::vector<std::string>{"conv1"});
  EXPECT_EQ(folded.graph.ops.size(), 4U);
  expect_linked(folded.graph);
}

TEST(EqualBlocks, stay_where_something_reads_one_amid_them) {
  expect_whole(parse_workload(
      std::string(kChain) + "  - {op: concat, name: all, axis: 1, from: [conv2, conv4, conv6]}\n"
                            "  - {op: concat, name: last, axis: 1, from: [all, conv8]}\n",
      "chain.yaml"));
}

TEST(EqualBlocks, are_found_in_long_networks) {
  const FoldedGraph folded = fold_equal_blocks(
      shipped("gpt2_cached", {{"layers", 1500}, {"width", 64}, {"heads", 2}, {"vocabulary", 100}}));
  ASSERT_EQ(folded.rows.size(), 1U);
  EXPECT_EQ(folded.rows[0].count, 1500U);
}

TEST(EqualBlocks, stay_where_three_are_all) {
  expect_whole(shipped("gpt2_cached", {{"layers", 3}}));
  expect_whole(shipped("lenet5"));
}

TEST(EqualBlocks, differ_by_an_attribute) {
  std::string text = kChain;
  text +=
      "  - {op: conv, name: strided, channels: 4, kernel: 1, stride: 2}\n"
      "  - repeat: {i: 5}\n"
      "    ops: [{op: conv, name: after$(i), channels: 4, kernel: 1}]\n";
  const FoldedGraph folded = fold_equal_blocks(parse_workload(text, "two.yaml"));
  ASSERT_EQ(folded.rows.size(), 2U);
  EXPECT_EQ(folded.rows[0].count, 9U);
  EXPECT_EQ(folded.rows[0].middle, std::vector<std::string>{"conv1"});
  EXPECT_EQ(folded.rows[1].count, 4U);
  EXPECT_EQ(folded.graph.ops.size(), 3U + 1 + 3 + 1);
}

}  // namespace
}  // namespace unna
