// Networks that come quantised to 8 bits, on int8 machines, against ONNX's definitions of their
// operators: real numbers that are rounded to steps, computed here in double precision.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "compiler/adapt.h"
#include "flow/host.h"
#include "tests/functional/run.h"
#include "tests/workloads/onnx_builder.h"

namespace unna {
namespace {

using onnx_test::Builder;
using Eight = Builder::Eight;
using Values = std::vector<double>;

/// Scale, zero point and range of a quantised tensor.
struct Grid {
  double scale = 1;
  int zero = 0;
  Eight kind = Eight::without_sign;

  double lowest() const { return kind == Eight::with_sign ? -128 : 0; }
  /// The real number that x becomes (QuantizeLinear, then DequantizeLinear).
  double of(double x) const {
    const double q = std::clamp(std::nearbyint(x / scale) + zero, lowest(), lowest() + 255);
    return (q - zero) * scale;
  }
  Values of(Values all) const {
    for (double& x : all) x = of(x);
    return all;
  }
};

/// Deterministic numbers in [-1, 1).
Values numbers(std::size_t count, unsigned seed) {
  Values all;
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 1664525U + 1013904223U;
    all.push_back(static_cast<double>(seed >> 8U) / 8388608.0 - 1);
  }
  return all;
}
Values scaled(Values all, double factor) {
  for (double& x : all) x *= factor;
  return all;
}

/// The scale and zero point of a grid as constants `name`.s and `name`.z of a model.
void add(Builder& b, const std::string& name, const Grid& g) {
  b.reals(name + ".s", {}, {static_cast<float>(g.scale)});
  b.eights(name + ".z", {}, {g.zero}, g.kind);
}
/// x, quantised and back: the tensors x.<grid>.q and x.<grid>.
std::string stepped(Builder& b, const std::string& x, const std::string& grid) {
  const std::string y = x + "." + grid;
  b.node("QuantizeLinear", {x, grid + ".s", grid + ".z"}, {y + ".q"});
  b.node("DequantizeLinear", {y + ".q", grid + ".s", grid + ".z"}, {y});
  return y;
}

Grid single(double scale, int zero, Eight kind = Eight::without_sign) {
  return {static_cast<double>(static_cast<float>(scale)), zero, kind};
}

/// The machine's output `name`, which is also held against the reference.
Values on_machine(const Builder& b, const std::map<std::string, Values>& inputs,
                  const std::string& name, std::int64_t cores, DataType type = DataType::int8) {
  OnnxOptions options;
  options.execute = reference_executor();
  OnnxImport import = parse_onnx(b.bytes(), "model.onnx", options);
  MachineConfig machine = preset_machine(cores);
  machine.data_type = type;
  Loaded l;
  Graph graph = adapted(std::move(import.graph), machine);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].kind == TensorKind::input) {
      const Values& given = inputs.at(graph.tensors[i].name);
      l.inputs[TensorId(i)] = {given.begin(), given.end()};
    }
  if (type == DataType::int8) l.exact = calibrate(graph, l.inputs);
  l.compiled = compile_graph(std::move(graph), {machine, {}}, {});
  l.memory = initial_memory(l.compiled, l.inputs);
  const FunctionalRun r = run(l);
  const Check check = check_against_reference(l.compiled, l.inputs, *r.memory);
  EXPECT_FALSE(check.difference) << *check.difference;
  for (const PlacedTensor& place : l.compiled.placement.tensors)
    if (l.compiled.graph.tensor(place.tensor).name == name)
      return read_tensor(l.compiled, *r.memory, place);
  ADD_FAILURE() << "no " << name;
  return {};
}

/// Within a step everywhere, and the same but for one element and one of twenty.
void expect_steps(const Values& got, const Values& expected, double step) {
  ASSERT_EQ(got.size(), expected.size());
  std::size_t same = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1.001 * step) << "element " << i;
    same += std::fabs(got[i] - expected[i]) < 0.01 * step;
  }
  EXPECT_GE(same + 1 + got.size() / 20, got.size());
}

void check(const Builder& b, const std::map<std::string, Values>& inputs, const Values& expected,
           double step) {
  for (const std::int64_t cores : {1, 4}) {
    SCOPED_TRACE(fmt::format("{} cores", cores));
    expect_steps(on_machine(b, inputs, "y", cores), expected, step);
  }
  SCOPED_TRACE("fp32");
  expect_steps(on_machine(b, inputs, "y", 1, DataType::fp32), expected, step);
}

/// Weights as whole numbers, with a scale each output channel.
struct Weights {
  std::vector<int> whole;
  std::vector<float> scales;
  int zero = 0;
  Eight kind = Eight::with_sign;

  static Weights of(std::size_t channels, std::size_t each, Eight kind, int zero) {
    Weights w{{}, {}, zero, kind};
    const int lowest = kind == Eight::with_sign ? -128 : 0;
    for (const double v : numbers(channels * each, 7))
      w.whole.push_back(lowest + static_cast<int>((v + 1) * 127.99));
    for (std::size_t c = 0; c < channels; ++c)
      w.scales.push_back(0.004F * static_cast<float>(c + 1));
    return w;
  }
  double real(std::size_t i) const {
    const std::size_t each = whole.size() / scales.size();
    return (whole[i] - zero) * static_cast<double>(scales[i / each]);
  }
};

/// A convolution of one image with padding of 1 and a stride of 2, by the definition.
Values convolved(const Values& x, std::int64_t channels, std::int64_t size, const Weights& w,
                 std::int64_t groups, const Values& bias) {
  const auto outs = static_cast<std::int64_t>(w.scales.size());
  const std::int64_t inputs = channels / groups, out = (size - 1) / 2 + 1;
  Values y;
  for (std::int64_t o = 0; o < outs; ++o)
    for (std::int64_t r = 0; r < out; ++r)
      for (std::int64_t c = 0; c < out; ++c) {
        double sum = bias.empty() ? 0 : bias[static_cast<std::size_t>(o)];
        for (std::int64_t i = 0; i < inputs; ++i)
          for (std::int64_t k = 0; k < 9; ++k) {
            const std::int64_t row = r * 2 - 1 + k / 3, column = c * 2 - 1 + k % 3;
            if (row < 0 || row >= size || column < 0 || column >= size) continue;
            const std::int64_t from = o / (outs / groups) * inputs + i;
            sum += x[static_cast<std::size_t>((from * size + row) * size + column)] *
                   w.real(static_cast<std::size_t>((o * inputs + i) * 9 + k));
          }
        y.push_back(sum);
      }
  return y;
}

struct ConvCase {
  const char* name;
  std::int64_t channels, outs, groups;
  Grid in, out;
  Eight weights;
  int weight_zero;
};
std::ostream& operator<<(std::ostream& out, const ConvCase& c) {
  return out << c.name;
}
const ConvCase kConvs[] = {
    {"unsigned", 3, 4, 1, single(0.0079, 77), single(0.031, 140), Eight::with_sign, 0},
    {"signed", 3, 4, 1, single(0.0079, -9, Eight::with_sign), single(0.031, 20, Eight::with_sign),
     Eight::with_sign, 0},
    {"unsigned_weights", 3, 4, 1, single(0.0079, 0), single(0.031, 255), Eight::without_sign, 131},
    {"depthwise", 4, 4, 4, single(0.0079, 200), single(0.02, 90), Eight::with_sign, 0},
    {"grouped", 4, 6, 2, single(0.0079, 128), single(0.02, 3), Eight::without_sign, 100},
    {"relu_by_zero_point", 3, 4, 1, single(0.0079, 77), single(0.016, 0), Eight::with_sign, 0}};

class QuantisedConv : public ::testing::TestWithParam<ConvCase> {
 protected:
  static constexpr std::int64_t kSize = 9;

  void SetUp() override {
    const ConvCase& c = GetParam();
    w_ = Weights::of(static_cast<std::size_t>(c.outs),
                     static_cast<std::size_t>(c.channels / c.groups * 9), c.weights, c.weight_zero);
    x_ = numbers(static_cast<std::size_t>(c.channels * kSize * kSize), 3);
    b_.input("x", {1, c.channels, kSize, kSize}).output("y");
    add(b_, "in", c.in);
    add(b_, "out", c.out);
    b_.eights("w", {c.outs, c.channels / c.groups, 3, 3}, w_.whole, c.weights);
    b_.reals("w.s", {c.outs}, w_.scales);
    b_.eights("w.z", {c.outs}, std::vector<int>(static_cast<std::size_t>(c.outs), c.weight_zero),
              c.weights);
  }
  void attributes(onnx_test::NodeRef node) const {
    node.is("pads", {1, 1, 1, 1}).is("strides", {2, 2}).i("group", GetParam().groups);
  }

  Weights w_;
  Values x_;
  Builder b_;
};

TEST_P(QuantisedConv, of_whole_numbers_has_the_models_steps) {
  const ConvCase& c = GetParam();
  b_.node("QuantizeLinear", {"x", "in.s", "in.z"}, {"q"});
  attributes(
      b_.node("QLinearConv", {"q", "in.s", "in.z", "w", "w.s", "w.z", "out.s", "out.z"}, {"p"}));
  b_.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
  const Values products = convolved(c.in.of(x_), c.channels, kSize, w_, c.groups, {});
  check(b_, {{"x", x_}}, c.out.of(products), c.out.scale);
}

TEST_P(QuantisedConv, between_quantisations_is_one_kernel_with_its_function) {
  const ConvCase& c = GetParam();
  const std::string x = stepped(b_, "x", "in");
  b_.node("DequantizeLinear", {"w", "w.s", "w.z"}, {"w.real"}).i("axis", 0);
  std::vector<float> bias;
  for (std::int64_t o = 0; o < c.outs; ++o) bias.push_back(0.3F * static_cast<float>(o) - 0.5F);
  b_.reals("bias", {c.outs}, bias);
  attributes(b_.node("Conv", {x, "w.real", "bias"}, {"products"}));
  b_.node("Relu", {"products"}, {"r"});
  b_.node("QuantizeLinear", {"r", "out.s", "out.z"}, {"p"});
  b_.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
  Values r = convolved(c.in.of(x_), c.channels, kSize, w_, c.groups, {bias.begin(), bias.end()});
  for (double& v : r) v = std::max(v, 0.0);
  check(b_, {{"x", x_}}, c.out.of(r), c.out.scale);

  MachineConfig machine = preset_machine(1);
  machine.data_type = DataType::int8;
  OnnxImport import = parse_onnx(b_.bytes(), "model.onnx");
  const Compiled compiled =
      compile_graph(adapted(std::move(import.graph), machine), {machine, {}}, {});
  EXPECT_EQ(compiled.object->layers.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Grids, QuantisedConv, ::testing::ValuesIn(kConvs),
                         [](const auto& given) { return std::string(given.param.name); });

TEST(QuantisedModel, products_of_constants_and_of_results) {
  const Grid a = single(0.008, 100), b = single(0.009, 140), y = single(0.05, 111);
  const Values x = numbers(24, 1), z = numbers(40, 2);
  const Weights w = Weights::of(1, 40, Eight::without_sign, 120);
  for (const bool constant : {true, false}) {
    SCOPED_TRACE(constant);
    Builder m;
    m.input("x", {3, 8}).output("y");
    add(m, "a", a);
    add(m, "b", b);
    add(m, "out", y);
    m.node("QuantizeLinear", {"x", "a.s", "a.z"}, {"q"});
    if (constant) {
      m.eights("w", {8, 5}, w.whole);
      m.reals("w.s", {}, {w.scales[0]});
      m.eights("w.z", {}, {w.zero});
      m.node("QLinearMatMul", {"q", "a.s", "a.z", "w", "w.s", "w.z", "out.s", "out.z"}, {"p"});
    } else {
      m.input("z", {8, 5});
      m.node("QuantizeLinear", {"z", "b.s", "b.z"}, {"v"});
      m.node("QLinearMatMul", {"q", "a.s", "a.z", "v", "b.s", "b.z", "out.s", "out.z"}, {"p"});
    }
    m.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
    const Values left = a.of(x), right = b.of(z);
    Values expected;
    for (std::size_t r = 0; r < 3; ++r)
      for (std::size_t c = 0; c < 5; ++c) {
        double sum = 0;
        for (std::size_t k = 0; k < 8; ++k)
          sum += left[r * 8 + k] * (constant ? w.real(k * 5 + c) : right[k * 5 + c]);
        expected.push_back(y.of(sum));
      }
    check(m, {{"x", x}, {"z", z}}, expected, y.scale);
  }
}

TEST(QuantisedModel, sums_and_products_of_two_scales) {
  const Grid a = single(0.008, 100), b = single(0.013, -20, Eight::with_sign);
  const Grid y = single(0.011, 131);
  const Values x = numbers(60, 1), z = scaled(numbers(60, 2), 1.5);
  for (const bool sum : {true, false}) {
    SCOPED_TRACE(sum);
    Builder m(20);
    m.input("x", {1, 60}).input("z", {1, 60}).output("y");
    add(m, "a", a);
    add(m, "b", b);
    add(m, "out", y);
    m.node("QuantizeLinear", {"x", "a.s", "a.z"}, {"q"});
    m.node("QuantizeLinear", {"z", "b.s", "b.z"}, {"v"});
    m.node(sum ? "QLinearAdd" : "QLinearMul",
           {"q", "a.s", "a.z", "v", "b.s", "b.z", "out.s", "out.z"}, {"p"});
    m.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
    Values expected;
    for (std::size_t i = 0; i < 60; ++i)
      expected.push_back(y.of(sum ? a.of(x[i]) + b.of(z[i]) : a.of(x[i]) * b.of(z[i])));
    check(m, {{"x", x}, {"z", z}}, expected, y.scale);
  }
}

/// One operator between x in `in` and y in `out`.
void check_between(const Shape& shape, const Values& x, const Grid& in, const Grid& out,
                   const std::function<void(Builder&)>& op, const Values& expected) {
  Builder m;
  m.input("x", shape).output("y");
  add(m, "in", in);
  add(m, "out", out);
  stepped(m, "x", "in");
  op(m);
  m.node("QuantizeLinear", {"r", "out.s", "out.z"}, {"p"});
  m.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
  check(m, {{"x", x}}, out.of(expected), out.scale);
}

TEST(QuantisedModel, averages_of_windows_and_of_images) {
  const Grid in = single(0.008, 60), out = single(0.004, 150);
  const Values x = numbers(2 * 6 * 6, 5), q = in.of(x);
  const auto mean = [&](std::size_t c, int top, int left, int size, bool padding) {
    double sum = 0;
    int count = 0;
    for (int r = top; r < top + size; ++r)
      for (int k = left; k < left + size; ++k) {
        const bool inside = r >= 0 && r < 6 && k >= 0 && k < 6;
        if (inside) sum += q[c * 36 + static_cast<std::size_t>(r * 6 + k)];
        count += inside || padding ? 1 : 0;
      }
    return sum / count;
  };
  for (const bool padding : {false, true}) {
    Values windows;
    for (std::size_t c = 0; c < 2; ++c)
      for (int r = 0; r < 3; ++r)
        for (int k = 0; k < 3; ++k) windows.push_back(mean(c, 2 * r - 1, 2 * k - 1, 3, padding));
    check_between(
        {1, 2, 6, 6}, x, in, out,
        [&](Builder& m) {
          m.node("AveragePool", {"x.in"}, {"r"})
              .is("kernel_shape", {3, 3})
              .is("strides", {2, 2})
              .is("pads", {1, 1, 1, 1})
              .i("count_include_pad", padding ? 1 : 0);
        },
        windows);
  }
  check_between({1, 2, 6, 6}, x, in, out,
                [](Builder& m) { m.node("GlobalAveragePool", {"x.in"}, {"r"}); },
                {mean(0, 0, 0, 6, false), mean(1, 0, 0, 6, false)});
}

TEST(QuantisedModel, largest_elements_and_padding_with_the_zero_point) {
  const Grid in = single(0.008, 60), out = single(0.006, 150);
  const Values x = numbers(2 * 6 * 6, 5);
  const auto at = [&](std::size_t c, int r, int k) {
    const bool inside = r >= 0 && r < 6 && k >= 0 && k < 6;
    return inside ? in.of(x[c * 36 + static_cast<std::size_t>(r * 6 + k)])
                  : -std::numeric_limits<double>::infinity();
  };
  Values most, padded;
  for (std::size_t c = 0; c < 2; ++c) {
    for (int r = 0; r < 3; ++r)
      for (int k = 0; k < 3; ++k) {
        double largest = -std::numeric_limits<double>::infinity();
        for (int i = 0; i < 9; ++i)
          largest = std::max(largest, at(c, 2 * r - 1 + i / 3, 2 * k - 1 + i % 3));
        most.push_back(largest);
      }
    for (int r = -1; r < 8; ++r)
      for (int k = 0; k < 7; ++k) padded.push_back(std::isinf(at(c, r, k)) ? 0 : at(c, r, k));
  }
  check_between(
      {1, 2, 6, 6}, x, in, out,
      [&](Builder& m) {
        m.node("MaxPool", {"x.in"}, {"r"})
            .is("kernel_shape", {3, 3})
            .is("strides", {2, 2})
            .is("pads", {1, 1, 1, 1});
      },
      most);
  check_between(
      {1, 2, 6, 6}, x, in, out,
      [&](Builder& m) {
        m.ints("pads", {8}, {0, 0, 1, 0, 0, 0, 2, 1});
        m.node("Pad", {"x.in", "pads"}, {"r"});
      },
      padded);
}

TEST(QuantisedModel, functions_between_quantisations) {
  const Grid in = single(0.03, 140);
  const Values x = scaled(numbers(100, 9), 4), q = in.of(x);
  const auto each = [&](double (*f)(double)) {
    Values y;
    for (const double v : q) y.push_back(f(v));
    return y;
  };
  struct Named {
    const char* name;
    double (*of)(double);
    Grid out;
  };
  const Named functions[] = {
      {"Sigmoid", [](double v) { return 1 / (1 + std::exp(-v)); }, single(1.0 / 256, 0)},
      {"Tanh", [](double v) { return std::tanh(v); }, single(0.03, 77)},
      {"LeakyRelu", [](double v) { return v < 0 ? 0.01 * v : v; }, single(0.03, 77)},
      {"Relu", [](double v) { return std::max(v, 0.0); }, single(0.03, 77)}};
  for (const Named& f : functions) {
    SCOPED_TRACE(f.name);
    check_between(
        {1, 100}, x, in, f.out, [&](Builder& m) { m.node(f.name, {"x.in"}, {"r"}); }, each(f.of));
  }
  Values softmax = each([](double v) { return std::exp(v); });
  for (std::size_t row = 0; row < 5; ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < 20; ++i) sum += softmax[row * 20 + i];
    for (std::size_t i = 0; i < 20; ++i) softmax[row * 20 + i] /= sum;
  }
  check_between(
      {5, 20}, x, in, single(1.0 / 256, 0),
      [](Builder& m) { m.node("Softmax", {"x.in"}, {"r"}).i("axis", 1); }, softmax);
}

TEST(QuantisedModel, concatenation_brings_its_operands_to_one_scale) {
  const Grid a = single(0.008, 100), b = single(0.013, -20, Eight::with_sign);
  const Grid y = single(0.0135, 125);
  const Values x = numbers(24, 1), z = scaled(numbers(36, 2), 1.5);
  for (const bool last : {true, false}) {  // or a result that is quantised only behind a reshape
    Builder m;
    m.input("x", {1, 2, 3, 4}).input("z", {1, 3, 3, 4}).output("y");
    add(m, "a", a);
    add(m, "b", b);
    add(m, "out", y);
    const std::vector<std::string> parts = {stepped(m, "x", "a"), stepped(m, "z", "b")};
    m.node("Concat", parts, {last ? "r" : "c"}).i("axis", 1);
    m.ints("shape", {2}, {5, 12});
    if (!last) m.node("Reshape", {"c", "shape"}, {"r"});
    m.node("QuantizeLinear", {"r", "out.s", "out.z"}, {"p"});
    m.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
    Values expected = y.of(a.of(x));
    for (const double v : z) expected.push_back(y.of(b.of(v)));
    check(m, {{"x", x}, {"z", z}}, expected, y.scale);
  }
}

/// Operators of ONNX Runtime that have scales and zero points among their inputs.
TEST(QuantisedModel, of_ONNX_Runtimes_operators) {
  // Scales of whose quotients no multiple lies halfway between whole numbers.
  const Grid in = single(0.03, 140), out = single(0.0217, 77);
  const Values x = scaled(numbers(2 * 3 * 4, 9), 2), q = in.of(x);
  const auto expect = [&](const char* op, const std::function<void(onnx_test::NodeRef)>& attributes,
                          const Values& expected, const Shape& shape) {
    SCOPED_TRACE(op);
    Builder m(20);
    m.input("x", shape).output("y");
    add(m, "in", in);
    add(m, "out", out);
    m.node("QuantizeLinear", {"x", "in.s", "in.z"}, {"q"});
    attributes(m.node(op, {"q", "in.s", "in.z", "out.s", "out.z"}, {"p"}));
    m.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
    check(m, {{"x", x}}, out.of(expected), out.scale);
  };
  Values leaky, sigmoid, means;
  for (const double v : q) leaky.push_back(v < 0 ? 0.1 * v : v);
  for (const double v : q) sigmoid.push_back(1 / (1 + std::exp(-v)));
  for (std::size_t c = 0; c < 2; ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < 12; ++i) sum += q[c * 12 + i];
    means.push_back(sum / 12);
  }
  const auto none = [](onnx_test::NodeRef) {};
  expect("QLinearLeakyRelu", [](onnx_test::NodeRef n) { n.f("alpha", 0.1F); }, leaky, {2, 12});
  expect("QLinearSigmoid", none, sigmoid, {2, 12});
  expect("QLinearGlobalAveragePool", none, means, {1, 2, 3, 4});
  expect("QLinearAveragePool",
         [](onnx_test::NodeRef n) {
           n.is("kernel_shape", {3, 4});
         },
         means, {1, 2, 3, 4});
  expect("QLinearReduceMean", [](onnx_test::NodeRef n) { n.is("axes", {1}).i("keepdims", 1); },
         means, {2, 12});
}

TEST(QuantisedModel, concatenation_and_product_of_ONNX_Runtime) {
  const Grid a = single(0.01, 100), b = single(0.013, 60), y = single(0.0123, 90);
  const Values x = numbers(24, 1), z = numbers(12, 2);
  Builder m(20);
  m.input("x", {2, 3, 4}).input("z", {1, 3, 4}).output("y");
  add(m, "a", a);
  add(m, "b", b);
  add(m, "out", y);
  m.node("QuantizeLinear", {"x", "a.s", "a.z"}, {"q"});
  m.node("QuantizeLinear", {"z", "b.s", "b.z"}, {"v"});
  m.node("QLinearConcat", {"out.s", "out.z", "q", "a.s", "a.z", "v", "b.s", "b.z"}, {"p"})
      .i("axis", 0);
  m.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
  Values joined = y.of(a.of(x));
  for (const double v : b.of(z)) joined.push_back(y.of(v));
  check(m, {{"x", x}, {"z", z}}, joined, y.scale);

  const Weights w = Weights::of(5, 8, Eight::with_sign, 0);
  Builder g(20);
  g.input("x", {3, 8}).output("y");
  add(g, "a", a);
  add(g, "out", y);
  g.eights("w", {5, 8}, w.whole, w.kind).reals("w.s", {5}, w.scales);
  g.eights("w.z", {5}, std::vector<int>(5, 0), w.kind);
  g.node("QuantizeLinear", {"x", "a.s", "a.z"}, {"q"});
  g.node("QGemm", {"q", "a.s", "a.z", "w", "w.s", "w.z", "", "out.s", "out.z"}, {"p"})
      .i("transB", 1);
  g.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
  Values product;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 5; ++c) {
      double sum = 0;
      for (std::size_t k = 0; k < 8; ++k) sum += a.of(x[r * 8 + k]) * w.real(c * 8 + k);
      product.push_back(y.of(sum));
    }
  check(g, {{"x", x}}, product, y.scale);
}

/// What a dynamically quantised layer looks like: the scale is that of the values.
TEST(QuantisedModel, whose_scales_depend_on_the_values_has_those_of_the_machine) {
  const Values x = numbers(24, 1);
  const Weights w = Weights::of(1, 40, Eight::without_sign, 120);
  Builder m;
  m.input("x", {3, 8}).output("y");
  m.eights("w", {8, 5}, w.whole).eights("w.z", {}, {w.zero}).reals("w.s", {}, {w.scales[0]});
  m.node("DynamicQuantizeLinear", {"x"}, {"q", "q.s", "q.z"});
  m.node("MatMulInteger", {"q", "w", "q.z", "w.z"}, {"sum"});
  m.node("Cast", {"sum"}, {"whole"}).i("to", 1);
  m.node("Mul", {"q.s", "w.s"}, {"scale"});
  m.node("Mul", {"whole", "scale"}, {"y"});
  Values expected;
  double largest = 0;
  for (std::size_t r = 0; r < 3; ++r)
    for (std::size_t c = 0; c < 5; ++c) {
      double sum = 0;
      for (std::size_t k = 0; k < 8; ++k) sum += x[r * 8 + k] * w.real(k * 5 + c);
      expected.push_back(sum);
      largest = std::max(largest, std::fabs(sum));
    }
  const Values got = on_machine(m, {{"x", x}}, "y", 1);
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], expected[i], 0.03 * largest) << i;
}

TEST(QuantisedModel, two_readers_and_a_residual_sum) {
  const Grid in = single(0.008, 100), mid = single(0.02, 90), y = single(0.025, 120);
  const Values x = numbers(2 * 5 * 5, 4);
  const Weights w = Weights::of(2, 2, Eight::with_sign, 0);
  Builder m;
  m.input("x", {1, 2, 5, 5}).output("y");
  add(m, "in", in);
  add(m, "mid", mid);
  add(m, "out", y);
  m.eights("w", {2, 2, 1, 1}, w.whole, w.kind);
  m.reals("w.s", {2}, w.scales);
  m.eights("w.z", {2}, {0, 0}, w.kind);
  m.node("DequantizeLinear", {"w", "w.s", "w.z"}, {"w.real"}).i("axis", 0);
  const std::string a = stepped(m, "x", "in");
  m.node("Conv", {a, "w.real"}, {"c"});
  m.node("Add", {stepped(m, "c", "mid"), a}, {"r"});
  m.node("QuantizeLinear", {"r", "out.s", "out.z"}, {"p"});
  m.node("DequantizeLinear", {"p", "out.s", "out.z"}, {"y"});
  const Values q = in.of(x);
  Values expected;
  for (std::size_t o = 0; o < 2; ++o)
    for (std::size_t i = 0; i < 25; ++i) {
      const double c = q[i] * w.real(o * 2) + q[25 + i] * w.real(o * 2 + 1);
      expected.push_back(y.of(mid.of(c) + q[o * 25 + i]));
    }
  check(m, {{"x", x}}, expected, y.scale);
}

}  // namespace
}  // namespace unna
