#include "workloads/op_reader.h"

#include <algorithm>
#include <array>
#include <limits>

#include "text/numbers.h"
#include "workloads/weight_groups.h"
#include "workloads/window_reader.h"

namespace unna {
namespace {

constexpr double kMaxNumber = 1e30;
constexpr std::int64_t kMaxAxis = 15;

bool optional_bool(YamlMapReader& fields, std::string_view what, bool otherwise) {
  const YamlNode* node = fields.optional(what);
  return node == nullptr ? otherwise : node->as_bool(what);
}

double optional_number(YamlMapReader& fields, std::string_view what, double lo, double otherwise) {
  const YamlNode* node = fields.optional(what);
  return node == nullptr ? otherwise : node->as_number(what, lo, kMaxNumber);
}

double require_number(YamlMapReader& fields, std::string_view what) {
  return fields.require(what).as_number(what, -kMaxNumber, kMaxNumber);
}

void read_conv(YamlMapReader& fields, const std::vector<Shape>& inputs, bool own_weights,
               Layer& layer) {
  ConvAttrs a;
  a.window = read_window(fields, inputs, false, true);
  const std::int64_t in_c = inputs.empty() || inputs[0].size() != 4 ? 1 : inputs[0][1];
  const YamlNode* groups = fields.optional("groups");
  const bool depthwise = groups != nullptr && groups->text == "depthwise";
  if (depthwise) a.groups = in_c;
  if (groups != nullptr && !depthwise) a.groups = groups->as_int("groups", 1, kMaxDimension);
  layer.attrs = a;
  if (!own_weights) return;
  const YamlNode* channels = depthwise ? fields.optional("channels") : &fields.require("channels");
  layer.features = channels == nullptr ? in_c : channels->as_int("channels", 1, kMaxDimension);
  layer.bias = optional_bool(fields, "bias", true);
  layer.batch_norm = optional_bool(fields, "batch_norm", false);
}

void read_pool(OpKind kind, YamlMapReader& fields, const std::vector<Shape>& inputs, Layer& layer) {
  PoolAttrs a;
  a.window = read_window(fields, inputs, true, kind == OpKind::max_pool);
  a.ceil_mode = optional_bool(fields, "ceil_mode", false);
  if (kind == OpKind::avg_pool)
    a.count_include_pad = optional_bool(fields, "count_include_pad", false);
  layer.attrs = a;
}

FunctionAttrs read_parameters(ScalarFn fn, YamlMapReader& fields) {
  FunctionAttrs a{fn};
  if (fn == ScalarFn::clip) {
    a.alpha = require_number(fields, "min");
    a.beta = require_number(fields, "max");
    if (a.alpha >= a.beta)
      fields.node().fail(
          fmt::format("clip from {} to {}, expected min below max", a.alpha, a.beta));
  }
  if (fn == ScalarFn::leaky_relu) a.alpha = require_number(fields, "slope");
  if (fn == ScalarFn::pow) a.alpha = require_number(fields, "exponent");
  if (fn == ScalarFn::round) a.alpha = optional_number(fields, "step", 1e-30, 1);
  if (fn == ScalarFn::hard_sigmoid) {
    a.alpha = optional_number(fields, "slope", -kMaxNumber, 1.0 / 6);
    a.beta = optional_number(fields, "offset", -kMaxNumber, 0.5);
  }
  return a;
}

constexpr FunctionAttrs kRelu6{ScalarFn::clip, 0, 6};

/// Names of the unary functions, and `relu6`.
std::vector<std::string_view> unary_names() {
  const auto all = scalar_fn_names();
  std::vector<std::string_view> names(all.begin(), all.begin() + static_cast<int>(ScalarFn::add));
  names.emplace_back("relu6");
  return names;
}

FunctionAttrs read_unary(YamlMapReader& fields) {
  const std::vector<std::string_view> names = unary_names();
  const std::size_t choice = fields.require("fn").as_choice("fn", names);
  return choice + 1 == names.size() ? kRelu6
                                    : read_parameters(static_cast<ScalarFn>(choice), fields);
}

/// `act: relu`, or `act: {fn: clip, min: 0, max: 1}` for functions with parameters.
FunctionAttrs read_act(const YamlNode& node) {
  if (node.kind == YamlNode::Kind::map) {
    YamlMapReader fields(node, "act");
    const FunctionAttrs a = read_unary(fields);
    fields.finish();
    return a;
  }
  const std::vector<std::string_view> names = unary_names();
  const std::size_t choice = node.as_choice("act", names);
  if (choice + 1 == names.size()) return kRelu6;
  const auto fn = static_cast<ScalarFn>(choice);
  if (fn == ScalarFn::clip || fn == ScalarFn::leaky_relu || fn == ScalarFn::pow)
    node.fail(fmt::format("act {} has parameters, expected {{fn: {}, ...}}", name(fn), name(fn)));
  YamlNode empty;
  empty.kind = YamlNode::Kind::map;
  YamlMapReader fields(empty, "act");
  return read_parameters(fn, fields);
}

FunctionAttrs read_binary(YamlMapReader& fields) {
  const auto names = scalar_fn_names().subspan(static_cast<std::size_t>(ScalarFn::add));
  const std::size_t choice = fields.require("fn").as_choice("fn", names);
  return {static_cast<ScalarFn>(choice + static_cast<std::size_t>(ScalarFn::add))};
}

ReduceAttrs read_reduce(YamlMapReader& fields) {
  constexpr auto kNames = std::to_array<std::string_view>({"mean", "sum", "max"});
  ReduceAttrs a;
  a.fn = static_cast<ReduceFn>(fields.require("fn").as_choice("fn", kNames));
  a.axes = read_integers(fields.require("axes"), "axes", 0, kMaxAxis);
  a.keep_dims = optional_bool(fields, "keep_dims", true);
  return a;
}

/// The one of two keys that is there.
const YamlNode& require_either(YamlMapReader& fields, std::string_view kind, std::string_view a,
                               std::string_view b) {
  const YamlNode* first = fields.optional(a);
  const YamlNode* second = fields.optional(b);
  if ((first == nullptr) == (second == nullptr))
    fields.node().fail(fmt::format("{} has {} of '{}' and '{}', expected one", kind,
                                   first == nullptr ? "none" : "both", a, b));
  return first != nullptr ? *first : *second;
}

AxisAttrs read_split(YamlMapReader& fields, const std::vector<Shape>& inputs) {
  AxisAttrs a{fields.require("axis").as_int("axis", 0, kMaxAxis), {}};
  const YamlNode& node = require_either(fields, "split", "parts", "sizes");
  if (node.kind == YamlNode::Kind::sequence) {
    a.sizes = read_integers(node, "sizes", 1, kMaxDimension);
    return a;
  }
  const std::int64_t parts = node.as_int("parts", 1, 4096);
  const auto axis = static_cast<std::size_t>(a.axis);
  if (inputs.empty() || axis >= inputs[0].size()) return a;  // inference says what is wrong
  if (inputs[0][axis] % parts != 0)
    node.fail(fmt::format("{} parts of {}, expected a divisor", parts, inputs[0][axis]));
  a.sizes.assign(static_cast<std::size_t>(parts), inputs[0][axis] / parts);
  return a;
}

SliceAttrs read_slice(YamlMapReader& fields) {
  SliceAttrs a;
  a.starts = read_integers(fields.require("starts"), "starts", 0, kMaxDimension);
  a.ends = read_integers(fields.require("ends"), "ends", 0, kMaxDimension);
  const YamlNode* steps = fields.optional("steps");
  a.steps = steps == nullptr ? std::vector<std::int64_t>(a.starts.size(), 1)
                             : read_integers(*steps, "steps", 1, kMaxDimension);
  return a;
}

ReshapeAttrs read_reshape(YamlMapReader& fields) {
  const YamlNode& node = fields.require("shape");
  ReshapeAttrs a{read_integers(node, "shape", -1, kMaxDimension)};
  if (std::count(a.shape.begin(), a.shape.end(), -1) > 1)
    node.fail("shape has more than one -1, expected one at most");
  if (std::count(a.shape.begin(), a.shape.end(), 0) > 0)
    node.fail("shape has a 0, expected positive dimensions or one -1");
  return a;
}

PadAttrs read_pad_op(YamlMapReader& fields, const std::vector<Shape>& inputs) {
  const std::vector<std::int64_t> none(inputs.empty() ? 0 : inputs[0].size(), 0);
  PadAttrs a{none, none};
  if (const YamlNode* node = fields.optional("before"))
    a.before = read_integers(*node, "before", 0, kMaxDimension);
  if (const YamlNode* node = fields.optional("after"))
    a.after = read_integers(*node, "after", 0, kMaxDimension);
  return a;
}

ResizeAttrs read_resize(YamlMapReader& fields, const std::vector<Shape>& inputs) {
  constexpr auto kNames = std::to_array<std::string_view>({"nearest", "bilinear"});
  ResizeAttrs a;
  a.mode = static_cast<ResizeMode>(fields.require("mode").as_choice("mode", kNames));
  a.align_corners = optional_bool(fields, "align_corners", false);
  const YamlNode& node = require_either(fields, "resize", "size", "scale");
  const bool scaled = fields.node().find("scale") != nullptr;
  const HeightWidth size = read_pair(node, scaled ? "scale" : "size", 1, kMaxWindow);
  const bool known = !inputs.empty() && inputs[0].size() == 4;
  a.height = size.h * (scaled && known ? inputs[0][2] : 1);
  a.width = size.w * (scaled && known ? inputs[0][3] : 1);
  return a;
}

LrnAttrs read_lrn(YamlMapReader& fields) {
  LrnAttrs a;
  if (const YamlNode* node = fields.optional("size")) a.size = node->as_int("size", 1, kMaxWindow);
  a.alpha = optional_number(fields, "alpha", 0, a.alpha);
  a.beta = optional_number(fields, "beta", 0, a.beta);
  a.bias = optional_number(fields, "bias", 0, a.bias);
  return a;
}

/// `weight_density` with `weight_seed`, or `weight_mask`: a file beside the network's.
std::optional<Pruning> read_pruning(YamlMapReader& fields) {
  const YamlNode* density = fields.optional("weight_density");
  const YamlNode* seed = fields.optional("weight_seed");
  const YamlNode* mask = fields.optional("weight_mask");
  if (seed != nullptr && density == nullptr)
    seed->fail("weight_seed without weight_density, expected both");
  if (density != nullptr && mask != nullptr)
    mask->fail("weight_mask and weight_density, expected one of them");
  if (density == nullptr && mask == nullptr) return std::nullopt;
  Pruning pruning;
  if (density != nullptr) pruning.density = density->as_number("weight_density", kLeastDensity, 1);
  if (seed != nullptr)
    pruning.seed = static_cast<std::uint64_t>(
        seed->as_int("weight_seed", 0, std::numeric_limits<std::int64_t>::max()));
  if (mask != nullptr)
    pruning.mask =
        std::filesystem::path(mask->pos.file).parent_path() / mask->as_string("weight_mask");
  return pruning;
}

/// `weight_bits` with `weight_group` and `weight_zeros`: synapses in few bits.
std::optional<GroupFormat> read_format(YamlMapReader& fields) {
  const YamlNode* bits = fields.optional("weight_bits");
  const YamlNode* group = fields.optional("weight_group");
  const bool zeros = optional_bool(fields, "weight_zeros", false);
  if (bits == nullptr) {
    if (group != nullptr) group->fail("weight_group without weight_bits, expected both");
    if (zeros) fields.node().fail("weight_zeros without weight_bits, expected both");
    return std::nullopt;
  }
  GroupFormat format;
  format.bits = bits->as_int("weight_bits", 4, 8);
  if (format.bits != 4 && format.bits != 8)
    bits->fail(fmt::format("weight_bits is {}, expected 4 or 8", format.bits));
  if (group != nullptr) format.size = group->as_int("weight_group", kMinGroup, kMaxGroup);
  format.zeros = zeros;
  return format;
}

GatherAttrs read_gather(YamlMapReader& fields) {
  GatherAttrs a;
  a.axis = fields.require("axis").as_int("axis", 0, kMaxAxis);
  a.indices = read_integers(fields.require("indices"), "indices", 0, kMaxDimension);
  a.keep_axis = optional_bool(fields, "keep_axis", true);
  return a;
}

OpAttrs read_simple(OpKind kind, YamlMapReader& fields, const std::vector<Shape>& inputs) {
  switch (kind) {
    case OpKind::matmul: {
      const bool transpose_b = optional_bool(fields, "transpose_b", false);
      return MatmulAttrs{transpose_b, optional_number(fields, "scale", -kMaxNumber, 1)};
    }
    case OpKind::unary:
      return read_unary(fields);
    case OpKind::binary:
      return read_binary(fields);
    case OpKind::layer_norm:
    case OpKind::batch_norm:
      return NormAttrs{optional_number(fields, "epsilon", 0, NormAttrs{}.epsilon)};
    case OpKind::lrn:
      return read_lrn(fields);
    case OpKind::reduce:
      return read_reduce(fields);
    case OpKind::concat:
      return AxisAttrs{fields.require("axis").as_int("axis", 0, kMaxAxis), {}};
    case OpKind::split:
      return read_split(fields, inputs);
    case OpKind::slice:
      return read_slice(fields);
    case OpKind::reshape:
      return read_reshape(fields);
    case OpKind::transpose:
      return TransposeAttrs{read_integers(fields.require("perm"), "perm", 0, kMaxAxis)};
    case OpKind::gather:
      return read_gather(fields);
    case OpKind::pad:
      return read_pad_op(fields, inputs);
    case OpKind::resize:
      return read_resize(fields, inputs);
    case OpKind::lstm: {
      const std::int64_t hidden = fields.require("hidden").as_int("hidden", 1, kMaxDimension / 8);
      return LstmAttrs{hidden, optional_bool(fields, "bidirectional", false)};
    }
    default:
      return std::monostate{};
  }
}

}  // namespace

std::vector<std::int64_t> read_integers(const YamlNode& node, std::string_view what,
                                        std::int64_t lo, std::int64_t hi) {
  std::vector<std::int64_t> out;
  for (const YamlNode& item : node.as_sequence(what)) out.push_back(item.as_int(what, lo, hi));
  return out;
}

Layer read_layer(OpKind kind, YamlMapReader& fields, const std::vector<Shape>& inputs,
                 bool own_weights) {
  Layer layer;
  layer.kind = kind;
  if (kind == OpKind::conv) {
    read_conv(fields, inputs, own_weights, layer);
  } else if (kind == OpKind::max_pool || kind == OpKind::avg_pool) {
    read_pool(kind, fields, inputs, layer);
  } else if (kind == OpKind::gemm && own_weights) {
    layer.features = fields.require("features").as_int("features", 1, kMaxDimension);
    layer.bias = optional_bool(fields, "bias", true);
  } else {
    layer.attrs = read_simple(kind, fields, inputs);
  }
  if (kind == OpKind::conv || kind == OpKind::gemm || kind == OpKind::lstm)
    layer.pruning = read_pruning(fields);
  if (kind == OpKind::conv || kind == OpKind::gemm) layer.format = read_format(fields);
  if (kind != OpKind::split && kind != OpKind::unary)
    if (const YamlNode* act = fields.optional("act")) layer.act = read_act(*act);
  return layer;
}

}  // namespace unna
