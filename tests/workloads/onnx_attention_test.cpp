// Attention and rotary positions as imported compute what their definitions say, and what they
// leave behind is a state.

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>

#include "reference/reference.h"
#include "tests/workloads/onnx_builder.h"
#include "workloads/onnx/import.h"
#include "workloads/random_values.h"

namespace unna {
namespace {

using onnx_test::Builder;

using Outputs = std::map<std::string, std::vector<double>>;

InputValues random_inputs(const Graph& graph) {
  InputValues inputs;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].kind == TensorKind::input)
      inputs[TensorId(i)] = random_input(graph, TensorId(i), 1);
  return inputs;
}

Outputs outputs_of(const Graph& graph, const InputValues& inputs) {
  Outputs outputs;
  run_reference(graph, inputs, std::nullopt, [&](TensorId id, std::span<double> values) {
    const GraphTensor& t = graph.tensor(id);
    if (t.is_output) outputs[t.name] = {values.begin(), values.end()};
  });
  return outputs;
}

/// [heads][tokens][size], of a batch of one.
struct Heads {
  std::int64_t heads = 1, tokens = 1, size = 1;
  std::vector<double> values;

  double& at(std::int64_t h, std::int64_t t, std::int64_t e) {
    return values[static_cast<std::size_t>((h * tokens + t) * size + e)];
  }
  static Heads of(std::int64_t heads, std::int64_t tokens, std::int64_t size) {
    return {heads, tokens, size,
            std::vector<double>(static_cast<std::size_t>(heads * tokens * size))};
  }
};

std::vector<float> input_named(const Graph& graph, const InputValues& inputs, const char* name) {
  for (const auto& [id, values] : inputs)
    if (graph.tensor(id).name == name) return values;
  ADD_FAILURE() << "no input " << name;
  return {};
}

/// An input [1, heads, tokens, size], or [1, tokens, heads * size] where it is flat.
enum class Order { by_head, flat };
Heads heads_of(const std::vector<float>& values, std::int64_t heads, std::int64_t tokens,
               std::int64_t size, Order order) {
  Heads x = Heads::of(heads, tokens, size);
  for (std::int64_t h = 0; h < heads; ++h)
    for (std::int64_t t = 0; t < tokens; ++t)
      for (std::int64_t e = 0; e < size; ++e)
        x.at(h, t, e) = static_cast<double>(values[static_cast<std::size_t>(
            order == Order::flat ? (t * heads + h) * size + e : (h * tokens + t) * size + e)]);
  return x;
}

Heads joined(Heads past, Heads now) {
  Heads all = Heads::of(now.heads, past.tokens + now.tokens, now.size);
  for (std::int64_t h = 0; h < all.heads; ++h)
    for (std::int64_t t = 0; t < all.tokens; ++t)
      for (std::int64_t e = 0; e < all.size; ++e)
        all.at(h, t, e) = t < past.tokens ? past.at(h, t, e) : now.at(h, t - past.tokens, e);
  return all;
}

/// Token by token; `seen` keys of each.
Heads attention(Heads q, Heads k, Heads v, double scale,
                const std::function<std::int64_t(std::int64_t)>& seen) {
  Heads y = Heads::of(q.heads, q.tokens, v.size);
  for (std::int64_t h = 0; h < q.heads; ++h)
    for (std::int64_t t = 0; t < q.tokens; ++t) {
      const std::int64_t g = h / (q.heads / k.heads);
      std::vector<double> shares;
      double sum = 0;
      for (std::int64_t j = 0; j < seen(t); ++j) {
        double score = 0;
        for (std::int64_t e = 0; e < q.size; ++e) score += q.at(h, t, e) * k.at(g, j, e);
        shares.push_back(std::exp(score * scale));
        sum += shares.back();
      }
      for (std::int64_t e = 0; e < v.size; ++e)
        for (std::size_t j = 0; j < shares.size(); ++j)
          y.at(h, t, e) += shares[j] / sum * v.at(g, static_cast<std::int64_t>(j), e);
    }
  return y;
}

/// Pairs of elements turned by the angle of their token: (e, e + half), or (2 e, 2 e + 1).
Heads turned(Heads x, const std::vector<double>& cosines, const std::vector<double>& sines,
             std::int64_t half, bool interleaved) {
  Heads y = x;
  for (std::int64_t h = 0; h < x.heads; ++h)
    for (std::int64_t t = 0; t < x.tokens; ++t)
      for (std::int64_t e = 0; e < half; ++e) {
        const std::int64_t a = interleaved ? 2 * e : e, b = interleaved ? 2 * e + 1 : e + half;
        const auto at = static_cast<std::size_t>(t * half + e);
        y.at(h, t, a) = x.at(h, t, a) * cosines[at] - x.at(h, t, b) * sines[at];
        y.at(h, t, b) = x.at(h, t, a) * sines[at] + x.at(h, t, b) * cosines[at];
      }
  return y;
}

void expect_near(const std::vector<double>& got, Heads want, Order order) {
  ASSERT_EQ(got.size(), want.values.size());
  for (std::int64_t h = 0; h < want.heads; ++h)
    for (std::int64_t t = 0; t < want.tokens; ++t)
      for (std::int64_t e = 0; e < want.size; ++e)
        EXPECT_NEAR(got[static_cast<std::size_t>(order == Order::flat
                                                     ? (t * want.heads + h) * want.size + e
                                                     : (h * want.tokens + t) * want.size + e)],
                    want.at(h, t, e), 1e-6)
            << h << ' ' << t << ' ' << e;
}

TEST(OnnxAttention, of_four_dimensions_sees_everything) {
  Builder b(23);
  b.input("q", {1, 2, 3, 4}).input("k", {1, 2, 5, 4}).input("v", {1, 2, 5, 6});
  b.node("Attention", {"q", "k", "v"}, {"y"}).f("scale", 0.25F);
  b.output("y");
  const Graph graph = parse_onnx(b.bytes(), "net.onnx").graph;
  const InputValues inputs = random_inputs(graph);
  const auto in = [&](const char* name, std::int64_t tokens, std::int64_t size) {
    return heads_of(input_named(graph, inputs, name), 2, tokens, size, Order::by_head);
  };
  expect_near(
      outputs_of(graph, inputs)["y"],
      attention(in("q", 3, 4), in("k", 5, 4), in("v", 5, 6), 0.25, [](std::int64_t) { return 5; }),
      Order::by_head);
}

TEST(OnnxAttention, of_groups_with_a_past_is_causal_behind_it_and_grows_in_place) {
  Builder b(23);
  b.input("q", {1, 3, 16}).input("k", {1, 3, 8}).input("v", {1, 3, 8});
  b.input("past_key", {1, 2, 4, 4}).input("past_value", {1, 2, 4, 4});
  b.node("Attention", {"q", "k", "v", "", "past_key", "past_value"},
         {"y", "present_key", "present_value"})
      .i("q_num_heads", 4)
      .i("kv_num_heads", 2)
      .i("is_causal", 1);
  b.output("y").output("present_key").output("present_value");
  const Graph graph = parse_onnx(b.bytes(), "net.onnx").graph;
  ASSERT_EQ(graph.states.size(), 2U);
  EXPECT_EQ(graph.tensor(*graph.states[0].past).name, "past_key");
  EXPECT_EQ(graph.states[0].axis, 2U);
  const InputValues inputs = random_inputs(graph);
  const auto in = [&](const char* name, std::int64_t heads) {
    return heads_of(input_named(graph, inputs, name), heads, 3, 4, Order::flat);
  };
  const auto past = [&](const char* name) {
    return heads_of(input_named(graph, inputs, name), 2, 4, 4, Order::by_head);
  };
  const Heads k = joined(past("past_key"), in("k", 2));
  const Heads v = joined(past("past_value"), in("v", 2));
  Outputs outputs = outputs_of(graph, inputs);
  expect_near(outputs["present_key"], k, Order::by_head);
  expect_near(outputs["y"],
              attention(in("q", 4), k, v, 0.5, [](std::int64_t t) { return 4 + t + 1; }),
              Order::flat);
}

TEST(OnnxAttention, keys_that_exporters_repeat_for_their_queries_are_read_once) {
  Builder b(17);
  b.input("q", {1, 4, 3, 4}).input("k", {1, 2, 5, 4}).input("v", {1, 2, 5, 4});
  b.ints("two", {1}, {2}).ints("wide", {5}, {1, 2, 2, 5, 4}).ints("merged", {4}, {1, 4, 5, 4});
  for (const std::string name : {"k", "v"}) {
    b.node("Unsqueeze", {name, "two"}, {name + "_open"});
    b.node("Expand", {name + "_open", "wide"}, {name + "_wide"});
    b.node("Reshape", {name + "_wide", "merged"}, {name + "_all"});
  }
  b.node("Transpose", {"k_all"}, {"k_turned"}).is("perm", {0, 1, 3, 2});
  b.node("MatMul", {"q", "k_turned"}, {"scores"});
  b.node("Softmax", {"scores"}, {"shares"}).i("axis", -1);
  b.node("MatMul", {"shares", "v_all"}, {"y"});
  b.output("y");
  const Graph graph = parse_onnx(b.bytes(), "net.onnx").graph;
  for (const GraphOp& op : graph.ops)
    EXPECT_TRUE(op.kind == OpKind::reshape || op.kind == OpKind::matmul ||
                op.kind == OpKind::softmax)
        << op.name;
  const InputValues inputs = random_inputs(graph);
  const auto in = [&](const char* name, std::int64_t heads, std::int64_t tokens) {
    return heads_of(input_named(graph, inputs, name), heads, tokens, 4, Order::by_head);
  };
  expect_near(
      outputs_of(graph, inputs)["y"],
      attention(in("q", 4, 3), in("k", 2, 5), in("v", 2, 5), 1, [](std::int64_t) { return 5; }),
      Order::by_head);
}

TEST(OnnxAttention, adds_a_mask_of_booleans_that_the_host_has) {
  Builder b(23);
  b.input("q", {1, 1, 2, 4}).input("k", {1, 1, 3, 4}).input("v", {1, 1, 3, 4});
  b.input("positions", {1, 3}, true).ints("last", {}, {1});
  b.node("LessOrEqual", {"positions", "last"}, {"mask"});
  b.node("Attention", {"q", "k", "v", "mask"}, {"y"});
  b.output("y");
  const OnnxImport import = parse_onnx(b.bytes(), "net.onnx");
  InputValues inputs = random_inputs(import.graph);
  for (auto& [id, values] : inputs)
    if (import.graph.tensor(id).name == "mask.added") values = {0, 0, -1e4F};
  const auto in = [&](const char* name, std::int64_t tokens) {
    return heads_of(input_named(import.graph, inputs, name), 1, tokens, 4, Order::by_head);
  };
  expect_near(outputs_of(import.graph, inputs)["y"],
              attention(in("q", 2), in("k", 3), in("v", 3), 0.5, [](std::int64_t) { return 2; }),
              Order::by_head);
}

std::vector<double> wide(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

class Rotary : public ::testing::TestWithParam<bool> {};

TEST_P(Rotary, turns_pairs_of_each_head_and_leaves_the_rest) {
  const bool interleaved = GetParam();
  Builder b(23);
  b.input("x", {1, 2, 3, 6}).input("c", {1, 3, 2}).input("s", {1, 3, 2});
  b.node("RotaryEmbedding", {"x", "c", "s"}, {"y"})
      .i("interleaved", interleaved ? 1 : 0)
      .i("rotary_embedding_dim", 4);
  b.output("y");
  const Graph graph = parse_onnx(b.bytes(), "net.onnx").graph;
  const InputValues inputs = random_inputs(graph);
  const Heads x = heads_of(input_named(graph, inputs, "x"), 2, 3, 6, Order::by_head);
  expect_near(outputs_of(graph, inputs)["y"],
              turned(x, wide(input_named(graph, inputs, "c")),
                     wide(input_named(graph, inputs, "s")), 2, interleaved),
              Order::by_head);
}

TEST_P(Rotary, of_onnx_runtime_has_its_rows_looked_up_once_for_all_layers) {
  Builder b(17);
  b.input("x", {1, 3, 8}).input("z", {1, 3, 8}).input("positions", {1, 3}, true);
  b.weight("c", {9, 2}).weight("s", {9, 2});
  for (const std::string name : {"x", "z"}) {
    b.node("RotaryEmbedding", {name, "positions", "c", "s"}, {name + "_turned"})
        .i("interleaved", GetParam() ? 1 : 0);
    b.proto().mutable_graph()->mutable_node()->rbegin()->set_domain("com.microsoft");
  }
  b.node("Add", {"x_turned", "z_turned"}, {"y"});
  b.output("y");
  const Graph graph = parse_onnx(b.bytes(), "net.onnx").graph;
  int rows = 0;
  for (const GraphTensor& t : graph.tensors)
    rows += t.kind == TensorKind::input && t.name.ends_with("[positions]");
  EXPECT_EQ(rows, 2);
  const InputValues inputs = random_inputs(graph);
  const auto of = [&](const char* name) {
    return turned(heads_of(input_named(graph, inputs, name), 2, 3, 4, Order::flat),
                  wide(input_named(graph, inputs, "c[positions]")),
                  wide(input_named(graph, inputs, "s[positions]")), 2, GetParam());
  };
  Heads sum = of("x");
  const Heads other = of("z");
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += other.values[i];
  expect_near(outputs_of(graph, inputs)["y"], sum, Order::flat);
}

INSTANTIATE_TEST_SUITE_P(Pairs, Rotary, ::testing::Values(false, true));

TEST(GroupQueryAttention, turns_grows_and_attends) {
  Builder b(17);
  b.input("q", {1, 2, 16}).input("k", {1, 2, 8}).input("v", {1, 2, 8});
  b.input("past_key", {1, 2, 3, 4}).input("past_value", {1, 2, 3, 4});
  b.input("seqlens_k", {1}, true).input("total", {}, true);
  b.weight("c", {9, 2}).weight("s", {9, 2});
  b.node("GroupQueryAttention",
         {"q", "k", "v", "past_key", "past_value", "seqlens_k", "total", "c", "s"},
         {"y", "present_key", "present_value"})
      .i("num_heads", 4)
      .i("kv_num_heads", 2)
      .i("do_rotary", 1);
  b.proto().mutable_graph()->mutable_node()->rbegin()->set_domain("com.microsoft");
  b.output("y").output("present_key").output("present_value");
  const Graph graph = parse_onnx(b.bytes(), "net.onnx").graph;
  EXPECT_EQ(graph.states.size(), 2U);
  const InputValues inputs = random_inputs(graph);
  std::vector<double> table;  // rows 3 and 4 of 0, 1/8, 2/8, ...
  for (int i = 6; i < 10; ++i) table.push_back(i / 8.0);
  const auto in = [&](const char* name, std::int64_t heads) {
    return heads_of(input_named(graph, inputs, name), heads, 2, 4, Order::flat);
  };
  const auto past = [&](const char* name) {
    return heads_of(input_named(graph, inputs, name), 2, 3, 4, Order::by_head);
  };
  const Heads q = turned(in("q", 4), table, table, 2, false);
  const Heads k = joined(past("past_key"), turned(in("k", 2), table, table, 2, false));
  const Heads v = joined(past("past_value"), in("v", 2));
  Outputs outputs = outputs_of(graph, inputs);
  expect_near(outputs["present_key"], k, Order::by_head);
  expect_near(outputs["present_value"], v, Order::by_head);
  expect_near(outputs["y"], attention(q, k, v, 0.5, [](std::int64_t t) { return 3 + t + 1; }),
              Order::flat);
}

}  // namespace
}  // namespace unna
