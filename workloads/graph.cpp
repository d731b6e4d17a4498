#include "workloads/graph.h"

#include <array>
#include <limits>

namespace unna {
namespace {

constexpr std::array<std::string_view, kOpKinds> kKindNames = {
    "conv",   "gemm",   "matmul",  "max_pool",    "avg_pool",   "global_avg_pool",
    "unary",  "binary", "softmax", "layer_norm",  "batch_norm", "lrn",
    "reduce", "concat", "split",   "slice",       "reshape",    "transpose",
    "pad",    "resize", "lstm",    "log_softmax", "gather"};
static_assert(kKindNames[static_cast<std::size_t>(OpKind::gather)] == "gather");

constexpr auto kFnNames = std::to_array<std::string_view>(
    {"identity",   "relu", "clip", "leaky_relu", "sigmoid", "tanh",       "hard_sigmoid",
     "hard_swish", "gelu", "silu", "exp",        "sqrt",    "reciprocal", "erf",
     "pow",        "log",  "abs",  "neg",        "round",   "add",        "sub",
     "mul",        "div",  "max",  "min"});
static_assert(kFnNames[static_cast<std::size_t>(ScalarFn::min)] == "min");

}  // namespace

std::optional<Quantisation> ModelSteps::single() const {
  if (scales.size() != 1) return std::nullopt;
  return Quantisation{scales.front(), zero};
}

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t dim : shape)
    if (__builtin_mul_overflow(count, dim, &count)) return std::numeric_limits<std::int64_t>::max();
  return count;
}

std::string to_string(const Shape& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string_view name(OpKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}
std::span<const std::string_view> op_kind_names() {
  return kKindNames;
}
std::string_view name(ScalarFn fn) {
  return kFnNames[static_cast<std::size_t>(fn)];
}
std::span<const std::string_view> scalar_fn_names() {
  return kFnNames;
}

Macs macs(const Graph& graph, const GraphOp& op) {
  const auto shape = [&](std::size_t input) -> const Shape& {
    return graph.tensor(op.inputs[input]).shape;
  };
  const std::int64_t outputs = graph.tensor(op.outputs[0]).elements();
  switch (op.kind) {
    case OpKind::conv:  // per output: the window of one group's input channels
      return outputs * shape(1)[1] * shape(1)[2] * shape(1)[3];
    case OpKind::gemm:
    case OpKind::matmul:
      return outputs * shape(0).back();
    case OpKind::lstm:  // four gates, each from the input and from the last output
      return outputs * 4 * (shape(0)[2] + op.as<LstmAttrs>().hidden);
    default:
      return 0;
  }
}

Macs total_macs(const Graph& graph) {
  Macs total = 0;
  for (const GraphOp& op : graph.ops) total += macs(graph, op);
  return total;
}

std::int64_t total_params(const Graph& graph) {
  std::int64_t total = 0;
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.kind == TensorKind::weight) total += tensor.elements();
  return total;
}

Bytes total_intermediate_bytes(const Graph& graph, Bytes element) {
  Bytes total = 0;
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.kind == TensorKind::activation && !tensor.is_output)
      total += tensor.elements() * element;
  return total;
}

}  // namespace unna
