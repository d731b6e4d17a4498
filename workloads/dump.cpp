#include "workloads/graph.h"

namespace unna {
namespace {

std::string text(const WindowAttrs& w) {
  std::string out =
      fmt::format("kernel={}x{} stride={}x{} pad={},{},{},{}", w.kernel_h, w.kernel_w, w.stride_h,
                  w.stride_w, w.pad_top, w.pad_left, w.pad_bottom, w.pad_right);
  if (w.dilation_h != 1 || w.dilation_w != 1)
    out += fmt::format(" dilation={}x{}", w.dilation_h, w.dilation_w);
  return out;
}

struct AttrText {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const ConvAttrs& a) const {
    return fmt::format(" {} groups={}", text(a.window), a.groups);
  }
  std::string operator()(const PoolAttrs& a) const {
    return fmt::format(" {} ceil_mode={} count_include_pad={}", text(a.window), a.ceil_mode,
                       a.count_include_pad);
  }
  std::string operator()(const MatmulAttrs& a) const {
    return fmt::format(" transpose_b={} scale={}", a.transpose_b, a.scale);
  }
  std::string operator()(const FunctionAttrs& a) const {
    return fmt::format(" fn={} alpha={} beta={}", name(a.fn), a.alpha, a.beta);
  }
  std::string operator()(const NormAttrs& a) const { return fmt::format(" epsilon={}", a.epsilon); }
  std::string operator()(const LrnAttrs& a) const {
    return fmt::format(" size={} alpha={} beta={} bias={}", a.size, a.alpha, a.beta, a.bias);
  }
  std::string operator()(const ReduceAttrs& a) const {
    constexpr std::string_view kNames[] = {"mean", "sum", "max"};
    return fmt::format(" fn={} axes={} keep_dims={}", kNames[static_cast<std::size_t>(a.fn)],
                       fmt::join(a.axes, ","), a.keep_dims);
  }
  std::string operator()(const AxisAttrs& a) const {
    if (a.sizes.empty()) return fmt::format(" axis={}", a.axis);
    return fmt::format(" axis={} sizes={}", a.axis, fmt::join(a.sizes, ","));
  }
  std::string operator()(const SliceAttrs& a) const {
    return fmt::format(" starts={} ends={} steps={}", fmt::join(a.starts, ","),
                       fmt::join(a.ends, ","), fmt::join(a.steps, ","));
  }
  std::string operator()(const TransposeAttrs& a) const {
    return fmt::format(" perm={}", fmt::join(a.perm, ","));
  }
  std::string operator()(const PadAttrs& a) const {
    return fmt::format(" before={} after={}", fmt::join(a.before, ","), fmt::join(a.after, ","));
  }
  std::string operator()(const ResizeAttrs& a) const {
    return fmt::format(" mode={} align_corners={} size={}x{}",
                       a.mode == ResizeMode::nearest ? "nearest" : "bilinear", a.align_corners,
                       a.height, a.width);
  }
  std::string operator()(const LstmAttrs& a) const {
    return fmt::format(" hidden={} bidirectional={}", a.hidden, a.bidirectional);
  }
  std::string operator()(const GatherAttrs& a) const {
    return fmt::format(" axis={} indices={} keep_axis={}", a.axis, fmt::join(a.indices, ","),
                       a.keep_axis);
  }
  std::string operator()(const ReshapeAttrs&) const { return ""; }  // the output says it
};

std::string tensor_list(const Graph& graph, const std::vector<TensorId>& ids) {
  std::string out;
  for (const TensorId id : ids) {
    const GraphTensor& tensor = graph.tensor(id);
    out += fmt::format("{}{}:{}", out.empty() ? "" : ", ", tensor.name, to_string(tensor.shape));
  }
  return out;
}

}  // namespace

std::string attributes_text(const GraphOp& op) {
  return std::visit(AttrText(), op.attrs);
}

std::string dump_graph(const Graph& graph) {
  std::string out = fmt::format("graph {}: {} ops, {} MACs, {} parameters\n", graph.name,
                                graph.ops.size(), total_macs(graph), total_params(graph));
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.kind == TensorKind::input)
      out += fmt::format("input {}:{}\n", tensor.name, to_string(tensor.shape));
  for (std::size_t i = 0; i < graph.ops.size(); ++i) {
    const GraphOp& op = graph.ops[i];
    out += fmt::format("{:4} {} = {}({}){}\n", i, tensor_list(graph, op.outputs), name(op.kind),
                       tensor_list(graph, op.inputs), attributes_text(op));
  }
  for (const GraphTensor& tensor : graph.tensors)
    if (tensor.is_output)
      out += fmt::format("output {}:{}\n", tensor.name, to_string(tensor.shape));
  for (const GraphState& state : graph.states)
    out += fmt::format("state {} of at most {} along axis {}, {} given\n",
                       graph.tensor(state.present).name, state.capacity, state.axis,
                       state.past ? graph.tensor(*state.past).name : "none");
  return out;
}

}  // namespace unna
