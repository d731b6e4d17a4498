// What the network language means: names, defaults, blocks, repeats, expressions.

#include <gtest/gtest.h>

#include "workloads/expression.h"
#include "workloads/graph.h"
#include "workloads/yaml_writer.h"

namespace unna {
namespace {

Graph parse(const std::string& yaml) {
  return parse_workload(yaml, "net.yaml");
}

std::vector<std::string> op_names(const Graph& graph) {
  std::vector<std::string> names;
  for (const GraphOp& op : graph.ops) names.push_back(op.name);
  return names;
}

/// Names of the tensors that an op reads, without weights.
std::vector<std::string> reads(const Graph& graph, std::string_view op_name) {
  std::vector<std::string> names;
  for (const GraphOp& op : graph.ops)
    for (const TensorId id : op.inputs)
      if (op.name == op_name && graph.tensor(id).kind != TensorKind::weight)
        names.push_back(graph.tensor(id).name);
  return names;
}

const GraphOp& find(const Graph& graph, std::string_view name) {
  for (const GraphOp& op : graph.ops)
    if (op.name == name) return op;
  throw InternalError(fmt::format("no op {}", name));
}

using Names = std::vector<std::string>;

TEST(Language, AnOpReadsThePreviousOneUnlessItSaysFrom) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 4, 4, 4]}
ops:
  - {op: conv, name: a, channels: 4, kernel: 1}
  - {op: conv, name: b, channels: 4, kernel: 1}
  - {op: conv, name: c, from: a, channels: 4, kernel: 1}
  - {op: binary, name: d, fn: add, from: [b, c]}
)");
  EXPECT_EQ(reads(graph, "a"), Names{"x"});
  EXPECT_EQ(reads(graph, "b"), Names{"a"});
  EXPECT_EQ(reads(graph, "c"), Names{"a"});
  EXPECT_EQ(reads(graph, "d"), (Names{"b", "c"}));
  EXPECT_TRUE(graph.tensors.back().is_output) << "the last value is the default output";
}

TEST(Language, ANameMeansTheValueAfterBatchNormAndActivation) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 4, 4, 4]}
ops:
  - {op: conv, name: a, channels: 4, kernel: 1, bias: false, batch_norm: true, act: relu}
  - {op: max_pool, name: b, kernel: 2}
  - {op: global_avg_pool, name: c, from: a}
outputs: [b, c]
)");
  EXPECT_EQ(op_names(graph), (Names{"a", "a.bn", "a.relu", "b", "c"}));
  EXPECT_EQ(reads(graph, "b"), Names{"a.relu"});
  EXPECT_EQ(reads(graph, "c"), Names{"a.relu"});
  EXPECT_EQ(total_params(graph), 16 + 4 * 4);
}

TEST(Language, ParamsOfAFileCanBeGivenFromOutside) {
  const std::string text = R"(
name: net
params: {length: 4, twice: $(2*length)}
inputs: {x: [1, $(twice)]}
ops:
  - {op: softmax, name: a}
)";
  EXPECT_EQ(parse_workload(text, "net.yaml").tensors[0].shape, (Shape{1, 8}));
  EXPECT_EQ(parse_workload(text, "net.yaml", {{"length", 5}}).tensors[0].shape, (Shape{1, 10}));
  EXPECT_EQ(parse_workload(text, "net.yaml", {{"twice", 7}}).tensors[0].shape, (Shape{1, 7}));
  try {
    parse_workload(text, "net.yaml", {{"width", 5}});
    ADD_FAILURE() << "a param that the file does not have";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "net.yaml: has no param 'width', expected one of: length, twice");
  }
}

TEST(Language, ACacheIsWhatThereIsWithNewRowsBehindIt) {
  const std::string text = R"(
name: net
params: {past: 3}
inputs: {x: [2, 1, 4]}
ops:
  - {op: unary, name: new, fn: relu}
  - {op: cache, name: keys, axis: 1, past: $(past), capacity: 16}
  - {op: softmax, name: a}
)";
  const Graph graph = parse(text);
  ASSERT_EQ(graph.states.size(), 1U);
  const GraphState& state = graph.states[0];
  EXPECT_EQ(state.axis, 1U);
  EXPECT_EQ(state.capacity, 16);
  EXPECT_EQ(graph.tensor(*state.past).name, "keys.past");
  EXPECT_EQ(graph.tensor(*state.past).shape, (Shape{2, 3, 4}));
  EXPECT_EQ(graph.tensor(state.present).shape, (Shape{2, 4, 4}));
  EXPECT_TRUE(graph.tensor(state.present).is_output);
  EXPECT_TRUE(graph.tensors.back().is_output) << "and so is the last value";
  const Graph first = parse_workload(text, "net.yaml", {{"past", 0}});
  EXPECT_FALSE(first.states.at(0).past) << "there is nothing yet";
  EXPECT_EQ(first.tensor(first.states[0].present).shape, (Shape{2, 1, 4}));
}

TEST(Language, StatesNameConcatsThatGrowInPlace) {
  const Graph graph = parse(R"(
name: net
inputs: {past: [3, 4], x: [1, 4]}
ops:
  - {op: concat, name: all, axis: 0, from: [past, x]}
  - {op: softmax, name: a}
outputs: [a, all]
states: {all: 9}
)");
  ASSERT_EQ(graph.states.size(), 1U);
  EXPECT_EQ(graph.states[0].capacity, 9);
  EXPECT_EQ(graph.tensor(*graph.states[0].past).name, "past");
  EXPECT_EQ(dump_graph(parse(write_workload(graph))), dump_graph(graph));
}

TEST(Language, StatesThatAreNoneAreRefused) {
  const auto message = [](const std::string& ops) -> std::string {
    try {
      parse(
          "name: net\ninputs: {past: [3, 4], x: [1, 4]}\nops:\n"
          "  - {op: concat, name: all, axis: 0, from: [past, x]}\n" +
          ops);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message("states: {all: 3}\n"),
            "net.yaml:5:10: state 'all' has room for 3, expected at least its 4");
  EXPECT_EQ(message("  - {op: softmax, name: a}\nstates: {a: 9}\n"),
            "net.yaml:6:10: state 'a' is not made by a concat, expected one of what there is and "
            "new rows");
  EXPECT_EQ(message("  - {op: concat, name: b, axis: 0, from: [past, all]}\n"
                    "states: {all: 9, b: 9}\n"),
            "net.yaml:6:18: 'past' is the past of two states, expected one");
  EXPECT_EQ(message("  - {op: cache, name: c, axis: 2, past: 0, capacity: 9}\n"),
            "net.yaml:5:32: axis is 2, out of range, expected 0 to 1");
}

TEST(Language, UnnamedOpsGetNamesThatCannotClash) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 4]}
ops:
  - {op: softmax}
  - {op: softmax}
)");
  EXPECT_EQ(op_names(graph), (Names{"softmax#0", "softmax#1"}));
}

TEST(Language, ABlockSeesItsInputsParamsAndTheFilesParamsOnly) {
  const Graph graph = parse(R"(
name: net
params: {width: 8}
inputs: {image: [1, 4, 4, 4]}
blocks:
  two:
    params: {first, second: $(2*first)}
    ops:
      - {op: conv, name: a, channels: $(first), kernel: 1}
      - {op: conv, name: b, channels: $(second+width), kernel: 1}
ops:
  - {use: two, name: one, with: {first: 3}}
  - {use: two, name: other, with: {first: 3, second: 1}}
)");
  EXPECT_EQ(op_names(graph), (Names{"one.a", "one.b", "other.a", "other.b"}));
  EXPECT_EQ(graph.tensor(find(graph, "one.b").outputs[0]).shape[1], 14);
  EXPECT_EQ(graph.tensor(find(graph, "other.b").outputs[0]).shape[1], 9);
  EXPECT_EQ(reads(graph, "other.a"), Names{"one.b"});
}

TEST(Language, ABlockMayHaveSeveralInputsAndOutputs) {
  const Graph graph = parse(R"(
name: net
inputs: {p: [1, 4], q: [1, 4]}
blocks:
  swap:
    inputs: [first, second]
    ops:
      - {op: unary, name: a, fn: relu, from: second}
      - {op: unary, name: b, fn: tanh, from: first}
    outputs: [a, b]
ops:
  - {use: swap, name: s, from: [p, q]}
  - {op: binary, name: sum, fn: sub, from: [s.a, s.b]}
)");
  EXPECT_EQ(reads(graph, "s.a"), Names{"q"});
  EXPECT_EQ(reads(graph, "sum"), (Names{"s.a", "s.b"}));
}

TEST(Language, BlocksNestAndPrefixTheirNames) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 4]}
blocks:
  inner:
    ops: [{op: unary, name: f, fn: relu}]
  outer:
    ops:
      - {use: inner, name: left}
      - {use: inner, name: right, from: x}
      - {op: binary, name: sum, fn: add, from: [left, right]}
ops:
  - {use: outer, name: a}
)");
  EXPECT_EQ(op_names(graph), (Names{"a.left.f", "a.right.f", "a.sum"}));
}

/// A chain of blocks b1, b2, ..., each using the next; the last is an op.
std::string nested_blocks(int depth) {
  std::string yaml = "name: net\ninputs: {x: [1]}\nblocks:\n";
  for (int i = 1; i < depth; ++i) yaml += fmt::format("  b{}: {{ops: [{{use: b{}}}]}}\n", i, i + 1);
  return yaml + fmt::format("  b{}: {{ops: [{{op: softmax}}]}}\nops:\n  - {{use: b1}}\n", depth);
}

TEST(Language, BlocksNestAHundredDeepAndNoDeeper) {
  EXPECT_EQ(parse(nested_blocks(100)).ops.size(), 1U);
  EXPECT_THROW(parse(nested_blocks(101)), InputError);
  EXPECT_THROW(parse(nested_blocks(5'000)), InputError);
}

TEST(Language, RepeatCountsFromZeroOrWalksListsTogether) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 4, 8, 8]}
ops:
  - repeat: {n: [a, b], channels: [2, 6], more: [0, 2]}
    ops:
      - {op: conv, name: $(n), channels: $(channels), kernel: 1}
      - repeat: {i: $(more)}
        ops:
          - {op: conv, name: $(n)_$(i+1), channels: $(channels * (i + 1)), kernel: 1}
)");
  EXPECT_EQ(op_names(graph), (Names{"a", "b", "b_1", "b_2"}));
  EXPECT_EQ(graph.tensor(find(graph, "b_2").outputs[0]).shape[1], 12);
}

TEST(Language, SamePaddingPutsTheOddRowBehind) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 4, 224, 7]}
ops:
  - {op: conv, name: a, groups: depthwise, kernel: 3, stride: 2, pad: same}
)");
  const auto& a = find(graph, "a").as<ConvAttrs>();
  EXPECT_EQ(a.groups, 4);
  EXPECT_EQ(a.window.pad_top, 0);
  EXPECT_EQ(a.window.pad_bottom, 1);
  EXPECT_EQ(a.window.pad_left, 1);
  EXPECT_EQ(a.window.pad_right, 1);
  EXPECT_EQ(graph.tensors.back().shape, (Shape{1, 4, 112, 4}));
}

TEST(Language, DeclaredWeightsAreParametersAndReadLikeInputs) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 4, 8]}
weights: {position: [4, 8]}
ops:
  - {op: binary, name: sum, fn: add, from: [x, position]}
)");
  EXPECT_EQ(total_params(graph), 32);
  EXPECT_EQ(graph.tensors.back().shape, (Shape{1, 4, 8}));
}

TEST(Language, EveryKindOfOperatorCanBeWritten) {
  const Graph graph = parse(R"(
name: net
inputs: {x: [1, 8, 8, 8], s: [4, 1, 8]}
ops:
  - {op: conv, from: x, channels: 8, kernel: 3, pad: [0, 1, 2, 1], dilation: 1, groups: 2}
  - {op: max_pool, kernel: 2, stride: 1, dilation: 2, ceil_mode: true}
  - {op: avg_pool, kernel: [2, 1], pad: [1, 0], count_include_pad: true, act: tanh}
  - {op: lrn, size: 3, alpha: 0.001, beta: 0.5, bias: 2}
  - {op: batch_norm, epsilon: 0.001}
  - {op: unary, fn: clip, min: -1, max: 1}
  - {op: unary, fn: leaky_relu, slope: 0.1}
  - {op: resize, mode: nearest, scale: 2}
  - {op: pad, before: [0, 0, 1, 0], after: [0, 0, 0, 3]}
  - {op: slice, starts: [0, 2, 0, 0], ends: [1, 6, 8, 8], steps: [1, 1, 2, 2]}
  - {op: split, name: parts, axis: 1, sizes: [1, 3]}
  - {op: concat, name: again, axis: 1, from: [parts.1, parts.0]}
  - {op: reshape, shape: [4, -1]}
  - {op: gemm, features: 8, bias: false, act: {fn: pow, exponent: 2}}
  - {op: reshape, name: a, shape: [1, 4, 8]}
  - {op: matmul, name: aa, from: [a, a], transpose_b: true, scale: 0.5}
  - {op: softmax}
  - {op: log_softmax}
  - {op: gather, axis: 2, indices: [3, 0]}
  - {op: layer_norm, epsilon: 0.01}
  - {op: reduce, name: r, fn: max, axes: [0, 2], keep_dims: false}
  - {op: global_avg_pool, name: g, from: x}
  - {op: lstm, from: s, hidden: 2, bidirectional: true}
  - {op: transpose, name: t, perm: [1, 0, 3, 2]}
outputs: [r, g, t]
)");
  std::vector<bool> seen(kOpKinds);
  for (const GraphOp& op : graph.ops) seen[static_cast<std::size_t>(op.kind)] = true;
  seen[static_cast<std::size_t>(OpKind::binary)] = true;  // in the tests above
  for (std::size_t i = 0; i < kOpKinds; ++i) EXPECT_TRUE(seen[i]) << op_kind_names()[i];
  EXPECT_EQ(graph.tensors.back().shape, (Shape{2, 4, 2, 1}));
}

TEST(Language, AFileThatIsNotThereIsNamed) {
  try {
    load_workload("no/such/net.yaml");
    FAIL() << "loaded";
  } catch (const InputError& e) {
    EXPECT_STREQ(e.what(), "no/such/net.yaml: cannot be read: No such file or directory");
  }
}

struct ExpressionCase {
  std::string text, value;
};

TEST(Expression, Values) {
  const Variables variables = {{"w", "64"}, {"act", "relu"}, {"zero", "0"}};
  const ExpressionCase cases[] = {
      {"plain", "plain"},
      {"$(w)", "64"},
      {"$( act )", "relu"},
      {"a$(w)b$(w+1)", "a64b65"},
      {"$(2+3*4)", "14"},
      {"$((2+3)*4)", "20"},
      {"$(7-2-1)", "4"},
      {"$(w/3)", "21"},
      {"$(-7/2)", "-4"},
      {"$(-7%2)", "1"},
      {"$(7%3)", "1"},
      {"$(-(w-1))", "-63"},
      {"$(9223372036854775807)", "9223372036854775807"},
      {"$", "$"},
  };
  for (const ExpressionCase& c : cases)
    EXPECT_EQ(expand(c.text, variables, SourcePos{"f", 1, 1}), c.value) << c.text;
}

TEST(Expression, ErrorsStandAtTheCharacter) {
  const Variables variables = {{"act", "relu"}, {"w", "64"}};
  const ExpressionCase cases[] = {
      {"$(", "f:2:12: '$(' ends early, expected a number, a variable or '('"},
      {"$(1", "f:2:13: '$(' ends early, expected an operator or ')'"},
      {"$()", "f:2:12: ')' in an expression, expected a number, a variable or '('"},
      {"$(1 2)", "f:2:14: '2' in an expression, expected an operator or ')'"},
      {"$(h)", "f:2:12: unknown variable 'h', expected one of: act, w"},
      {"$(1+h)", "f:2:14: unknown variable 'h', expected one of: act, w"},
      {"$(1+act)", "f:2:14: variable 'act' is 'relu', expected an integer"},
      {"$(w/0)", "f:2:13: 64 / 0, expected a positive divisor"},
      {"$(07)", "f:2:12: number is '07', expected an integer"},
      {"$(9223372036854775807+1)", "f:2:31: 9223372036854775807 + 1 overflows, expected 64 bits"},
  };
  for (const ExpressionCase& c : cases) {
    try {
      const std::string value = expand(c.text, variables, SourcePos{"f", 2, 10});
      ADD_FAILURE() << c.text << " gave " << value;
    } catch (const InputError& e) {
      EXPECT_EQ(std::string(e.what()), c.value) << c.text;
    }
  }
}

TEST(Expression, NestingIsBounded) {
  const std::string deep = "$(" + std::string(100'000, '(') + "1";
  EXPECT_THROW(expand(deep, {}, SourcePos{"f", 1, 1}), InputError);
}

}  // namespace
}  // namespace unna
