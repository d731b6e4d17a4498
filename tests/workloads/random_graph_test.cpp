// The random networks are valid, repeatable, bounded, and of all kinds.

#include "workloads/random_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace unna {
namespace {

TEST(RandomGraph, TheSameSeedGivesTheSameGraph) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(dump_graph(random_graph(seed)), dump_graph(random_graph(seed)));
    EXPECT_NE(dump_graph(random_graph(seed)), dump_graph(random_graph(seed + 1)));
  }
}

TEST(RandomGraph, ShapesAgreeWithInferenceAndStayWithinBounds) {
  const RandomGraphOptions options;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Graph graph = random_graph(seed, options);
    EXPECT_GE(graph.ops.size(), static_cast<std::size_t>(options.ops));
    for (const GraphOp& op : graph.ops) {
      std::vector<Shape> inputs;
      for (const TensorId id : op.inputs) inputs.push_back(graph.tensor(id).shape);
      const std::vector<Shape> outputs = infer_shapes(op, inputs);
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        EXPECT_EQ(graph.tensor(op.outputs[i]).shape, outputs[i]);
        EXPECT_LE(element_count(outputs[i]), options.max_elements) << seed << ' ' << op.name;
      }
    }
  }
}

TEST(RandomGraph, CoversEveryKindAndTheAwkwardCases) {
  std::set<OpKind> kinds;
  bool reads_twice = false, grouped = false, depthwise = false, dilated = false, batch = false;
  bool read_output = false, several_outputs = false, uneven_pad = false;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    const Graph graph = random_graph(seed);
    int outputs = 0;
    for (const GraphTensor& tensor : graph.tensors) {
      outputs += tensor.is_output ? 1 : 0;
      read_output = read_output || (tensor.is_output && !tensor.consumers.empty());
    }
    several_outputs = several_outputs || outputs > 1;
    for (const GraphOp& op : graph.ops) {
      kinds.insert(op.kind);
      reads_twice = reads_twice || (op.inputs.size() > 1 && op.inputs[0] == op.inputs[1]);
      if (op.kind != OpKind::conv) continue;
      const auto& a = op.as<ConvAttrs>();
      const Shape& x = graph.tensor(op.inputs[0]).shape;
      depthwise = depthwise || (a.groups > 1 && a.groups == x[1]);
      grouped = grouped || (a.groups > 1 && a.groups < x[1]);
      dilated = dilated || a.window.dilation_h > 1;
      uneven_pad = uneven_pad || a.window.pad_top != a.window.pad_bottom;
      batch = batch || x[0] > 1;
    }
  }
  EXPECT_EQ(kinds.size(), kOpKinds);
  EXPECT_TRUE(reads_twice && grouped && depthwise && dilated && batch);
  EXPECT_TRUE(read_output && several_outputs && uneven_pad);
}

TEST(RandomGraph, DrawsOnlyTheKindsAsked) {
  for (std::size_t kind = 0; kind < kOpKinds; ++kind) {
    RandomGraphOptions options;
    options.kinds = {static_cast<OpKind>(kind), OpKind::conv};
    for (std::uint64_t seed = 0; seed < 20; ++seed)
      for (const GraphOp& op : random_graph(seed, options).ops)
        EXPECT_NE(std::find(options.kinds.begin(), options.kinds.end(), op.kind),
                  options.kinds.end())
            << name(op.kind);
  }
}

}  // namespace
}  // namespace unna
