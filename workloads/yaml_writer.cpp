#include "workloads/yaml_writer.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "text/yaml.h"
#include "workloads/layers.h"
#include "workloads/weight_groups.h"

namespace unna {
namespace {

/// A name, in quotes unless it is one that needs none.
std::string quoted(const std::string& name) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const bool plain = letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
                       return letter(c) || (c >= '0' && c <= '9') || c == '-';
                     });
  const std::string text = yaml_quote(name);
  return plain || text[0] == '"' ? text : '"' + text + '"';
}

std::string number(double value) {
  if (!std::isfinite(value))
    throw InputError(fmt::format("attribute {} is not finite, expected a number", value));
  return fmt::format("{}", value);
}

std::string list(const std::vector<std::int64_t>& values) {
  return fmt::format("[{}]", fmt::join(values, ", "));
}

std::string window(const WindowAttrs& w, bool dilated) {
  std::string out = fmt::format(", kernel: [{}, {}], stride: [{}, {}]", w.kernel_h, w.kernel_w,
                                w.stride_h, w.stride_w);
  if (dilated && (w.dilation_h != 1 || w.dilation_w != 1))
    out += fmt::format(", dilation: [{}, {}]", w.dilation_h, w.dilation_w);
  return out +
         fmt::format(", pad: [{}, {}, {}, {}]", w.pad_top, w.pad_left, w.pad_bottom, w.pad_right);
}

/// The attributes as `, key: value` pairs.
struct AttrWriter {
  const GraphOp& op;

  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const ConvAttrs& a) const {
    return fmt::format("{}, groups: {}", window(a.window, true), a.groups);
  }
  std::string operator()(const PoolAttrs& a) const {
    const bool average = op.kind == OpKind::avg_pool;
    return fmt::format("{}, ceil_mode: {}{}", window(a.window, !average), a.ceil_mode,
                       average ? fmt::format(", count_include_pad: {}", a.count_include_pad) : "");
  }
  std::string operator()(const MatmulAttrs& a) const {
    return fmt::format(", transpose_b: {}, scale: {}", a.transpose_b, number(a.scale));
  }
  std::string operator()(const FunctionAttrs& a) const {
    std::string out = fmt::format(", fn: {}", name(a.fn));
    if (a.fn == ScalarFn::clip)
      out += fmt::format(", min: {}, max: {}", number(a.alpha), number(a.beta));
    if (a.fn == ScalarFn::leaky_relu) out += fmt::format(", slope: {}", number(a.alpha));
    if (a.fn == ScalarFn::round) out += fmt::format(", step: {}", number(a.alpha));
    if (a.fn == ScalarFn::pow) out += fmt::format(", exponent: {}", number(a.alpha));
    if (a.fn == ScalarFn::hard_sigmoid)
      out += fmt::format(", slope: {}, offset: {}", number(a.alpha), number(a.beta));
    return out;
  }
  std::string operator()(const NormAttrs& a) const {
    return fmt::format(", epsilon: {}", number(a.epsilon));
  }
  std::string operator()(const LrnAttrs& a) const {
    return fmt::format(", size: {}, alpha: {}, beta: {}, bias: {}", a.size, number(a.alpha),
                       number(a.beta), number(a.bias));
  }
  std::string operator()(const ReduceAttrs& a) const {
    constexpr auto kNames = std::to_array<std::string_view>({"mean", "sum", "max"});
    return fmt::format(", fn: {}, axes: {}, keep_dims: {}", kNames[static_cast<std::size_t>(a.fn)],
                       list(a.axes), a.keep_dims);
  }
  std::string operator()(const AxisAttrs& a) const {
    if (op.kind == OpKind::concat) return fmt::format(", axis: {}", a.axis);
    return fmt::format(", axis: {}, sizes: {}", a.axis, list(a.sizes));
  }
  std::string operator()(const SliceAttrs& a) const {
    return fmt::format(", starts: {}, ends: {}, steps: {}", list(a.starts), list(a.ends),
                       list(a.steps));
  }
  std::string operator()(const TransposeAttrs& a) const {
    return fmt::format(", perm: {}", list(a.perm));
  }
  std::string operator()(const PadAttrs& a) const {
    return fmt::format(", before: {}, after: {}", list(a.before), list(a.after));
  }
  std::string operator()(const ResizeAttrs& a) const {
    return fmt::format(", mode: {}, size: [{}, {}], align_corners: {}",
                       a.mode == ResizeMode::nearest ? "nearest" : "bilinear", a.height, a.width,
                       a.align_corners);
  }
  std::string operator()(const LstmAttrs& a) const {
    return fmt::format(", hidden: {}, bidirectional: {}", a.hidden, a.bidirectional);
  }
  std::string operator()(const ReshapeAttrs& a) const {
    return fmt::format(", shape: {}", list(a.shape));
  }
  std::string operator()(const GatherAttrs& a) const {
    return fmt::format(", axis: {}, indices: {}, keep_axis: {}", a.axis, list(a.indices),
                       a.keep_axis);
  }
};

class Writer {
 public:
  explicit Writer(const Graph& graph) : graph_(graph) {}

  std::string run() {
    std::string out = fmt::format("name: {}\n", graph_.name);
    out += tensors("inputs", TensorKind::input) + tensors("weights", TensorKind::weight);
    out += "ops:\n";
    for (const GraphOp& op : graph_.ops) out += entry(op);
    std::vector<TensorId> outputs;
    for (std::size_t i = 0; i < graph_.tensors.size(); ++i)
      if (graph_.tensors[i].is_output) outputs.emplace_back(i);
    return out + fmt::format("outputs: {}\n", names(outputs)) + states();
  }

 private:
  std::string tensors(std::string_view key, TensorKind kind) const {
    std::string out;
    for (const GraphTensor& t : graph_.tensors)
      if (t.kind == kind) out += fmt::format("  {}: {}\n", quoted(t.name), list(t.shape));
    return out.empty() ? out : fmt::format("{}:\n{}", key, out);
  }

  std::string states() const {
    if (graph_.states.empty()) return "";
    std::string out = "states:\n";
    for (const GraphState& s : graph_.states)
      out += fmt::format("  {}: {}\n", quoted(graph_.tensor(s.present).name), s.capacity);
    return out;
  }

  std::string names(std::span<const TensorId> ids) const {
    std::string out;
    for (const TensorId id : ids)
      out += fmt::format("{}{}", out.empty() ? "" : ", ", quoted(graph_.tensor(id).name));
    return fmt::format("[{}]", out);
  }

  /// Of synapses in few bits.
  std::string format(const GraphOp& op) const {
    if (!has_products(graph_, op)) return "";
    const auto& groups = graph_.tensor(op.inputs[1]).groups;
    if (groups == nullptr) return "";
    const GroupFormat& f = groups->format;
    return fmt::format(", weight_bits: {}{}{}", f.bits,
                       f.size == 0 ? "" : fmt::format(", weight_group: {}", f.size),
                       f.zeros ? ", weight_zeros: true" : "");
  }

  std::string entry(const GraphOp& op) const {
    const std::span<const TensorId> all = op.inputs;
    const std::size_t read = has_own_weights(op.kind) ? 1 : all.size();
    std::string out = fmt::format("  - {{op: {}, name: {}, from: {}", name(op.kind),
                                  quoted(op.name), names(all.first(read)));
    if (read < all.size()) out += fmt::format(", weights: {}", names(all.subspan(read)));
    return out + std::visit(AttrWriter{op}, op.attrs) + format(op) + "}\n";
  }

  const Graph& graph_;
};

}  // namespace

std::string write_workload(const Graph& graph) {
  return Writer(graph).run();
}

}  // namespace unna
