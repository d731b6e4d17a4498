#include "workloads/weight_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "base/error.h"
#include "numbers/fixed.h"
#include "text/numbers.h"
#include "workloads/sparsity.h"

namespace unna {
namespace {

/// Elements of a weight by group.
struct GroupMap {
  std::int64_t outputs = 1, row = 1, groups = 1, size = 1;

  GroupMap(const Shape& shape, const GroupFormat& format)
      : outputs(shape[0]),
        row(element_count(shape) / shape[0]),
        groups(groups_of(format, row)),
        size(format.size == 0 ? row : format.size) {}

  /// Calls f(group, first element, end) for all groups.
  template <class F>
  void each(F&& f) const {
    for (std::int64_t o = 0; o < outputs; ++o)
      for (std::int64_t g = 0; g < groups; ++g)
        f(static_cast<std::size_t>(o * groups + g), static_cast<std::size_t>(o * row + g * size),
          static_cast<std::size_t>(o * row + std::min(row, (g + 1) * size)));
  }
};

/// The nearest codes: symmetric ones use the largest magnitude, others the whole range.
WeightGroups quantised(const std::vector<float>& values, const Shape& shape,
                       const GroupFormat& format) {
  const GroupMap map(shape, format);
  const int most = (1 << (format.bits - 1)) - 1, least = -most - 1;
  WeightGroups made{format};
  made.codes.resize(values.size());
  made.scales.resize(static_cast<std::size_t>(map.outputs * map.groups));
  if (format.zeros) made.zeros.resize(made.scales.size());
  map.each([&](std::size_t group, std::size_t begin, std::size_t end) {
    float low = 0, high = 0;
    for (std::size_t i = begin; i < end; ++i) {
      low = std::min(low, values[i]);
      high = std::max(high, values[i]);
    }
    const float range = format.zeros ? (high - low) / static_cast<float>(most - least)
                                     : std::max(high, -low) / static_cast<float>(most);
    const float scale = range > 0 ? range : 1;
    int zero = 0;
    if (format.zeros) {
      zero = std::clamp(least + static_cast<int>(std::lround(-low / scale)), least, most);
      made.zeros[group] = static_cast<std::int8_t>(zero);
    }
    made.scales[group] = scale;
    for (std::size_t i = begin; i < end; ++i)
      made.codes[i] = static_cast<std::int8_t>(
          std::clamp(zero + static_cast<int>(std::lround(values[i] / scale)), least, most));
  });
  return made;
}

int zero_of(const WeightGroups& groups, std::size_t group) {
  return groups.format.zeros ? groups.zeros[group] : 0;
}

/// What the codes stand for, with these scales.
std::vector<float> expanded(const WeightGroups& groups, const std::vector<float>& scales,
                            const Shape& shape) {
  std::vector<float> values(groups.codes.size());
  GroupMap(shape, groups.format).each([&](std::size_t group, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      values[i] = static_cast<float>(static_cast<double>(scales[group]) *
                                     (groups.codes[i] - zero_of(groups, group)));
  });
  return values;
}

/// Pruned elements get the code that stands for 0.
void prune_codes(const GraphTensor& t, WeightGroups& groups) {
  if (!t.kept) return;
  GroupMap(t.shape, groups.format).each([&](std::size_t group, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      if (!(*t.kept)[static_cast<std::int64_t>(i)])
        groups.codes[i] = static_cast<std::int8_t>(zero_of(groups, group));
  });
}

/// int8: stored scales are ratios to those of their outputs, values multiples of these.
void settle_int8(GraphTensor& t, WeightGroups& groups) {
  const GroupMap map(t.shape, groups.format);
  const std::vector<float> real = expanded(groups, groups.scales, t.shape);
  auto steps = std::make_shared<ModelSteps>();
  if (t.steps != nullptr && t.steps->zero == 0 && !t.steps->scales.empty()) {
    *steps = *t.steps;
    if (steps->scales.size() == 1)
      steps->scales.assign(static_cast<std::size_t>(map.outputs), steps->scales.front());
  } else {
    steps->scales = int8_channel_scales(std::vector<double>(real.begin(), real.end()), map.outputs);
  }
  const FixedFormat whole{8, 0, 0};
  std::vector<float> values(real.size());
  map.each([&](std::size_t group, std::size_t begin, std::size_t end) {
    const float unit = steps->scales[group / static_cast<std::size_t>(map.groups)];
    const float ratio = stored_scale(groups.scales[group] / unit, 1);
    groups.stored[group] = ratio;
    for (std::size_t i = begin; i < end; ++i)
      values[i] =
          unit * static_cast<float>(whole.quantise(static_cast<double>(ratio) *
                                                   (groups.codes[i] - zero_of(groups, group))));
  });
  t.steps = std::move(steps);
  t.values = std::make_shared<const std::vector<float>>(std::move(values));
}

std::int64_t taps_of(const GraphTensor& weight) {
  return element_count(weight.shape) / (weight.shape[0] * weight.shape[1]);
}

}  // namespace

bool has_products(const Graph& graph, const GraphOp& op) {
  if (op.kind != OpKind::gemm && op.kind != OpKind::conv) return false;
  if (graph.tensor(op.inputs[1]).kind != TensorKind::weight) return false;
  return op.kind == OpKind::gemm || !is_depthwise(graph, op);
}

std::optional<GroupFormat> parse_format(std::string_view text) {
  GroupFormat format;
  const std::size_t slash = text.find('/');
  if (!parse_integer(text.substr(0, slash), format.bits)) return std::nullopt;
  if (format.bits != 4 && format.bits != 8) return std::nullopt;
  if (slash == std::string_view::npos) return format;
  if (!parse_integer(text.substr(slash + 1), format.size)) return std::nullopt;
  if (format.size < kMinGroup || format.size > kMaxGroup) return std::nullopt;
  return format;
}

void set_weight_format(Graph& graph, const GraphOp& op, const GroupFormat& format) {
  if (!has_products(graph, op))
    throw InputError(op.pos,
                     fmt::format("{} '{}' has no synapses of few bits, expected a conv that "
                                 "is not depthwise or a gemm, with weights",
                                 name(op.kind), op.name));
  const std::int64_t taps = taps_of(graph.tensor(op.inputs[1]));
  if (format.size != 0 && taps > 1)
    throw InputError(op.pos,
                     fmt::format("weight_group is {} in a window of {} taps, expected none: "
                                 "one group an output channel",
                                 format.size, taps));
  GraphTensor& t = graph.tensors[op.inputs[1].index()];
  if (t.groups != nullptr && t.groups->format != format)
    throw InputError(op.pos, fmt::format("{} has {} bits in groups of {} in another operator, "
                                         "expected the same of all that share it",
                                         t.name, t.groups->format.bits, t.groups->format.size));
  t.groups = std::make_shared<const WeightGroups>(WeightGroups{format});
}

void set_formats(Graph& graph, const std::vector<FormatChoice>& choices) {
  for (const FormatChoice& choice : choices) {
    bool found = false;
    for (const GraphOp& op : graph.ops) {
      if (choice.op ? *choice.op != op.name : !has_products(graph, op)) continue;
      found = true;
      graph.tensors[op.inputs[1].index()].groups = nullptr;
      GroupFormat format = choice.format;
      if (!choice.op && taps_of(graph.tensor(op.inputs[1])) > 1) format.size = 0;
      set_weight_format(graph, op, format);
    }
    if (choice.op && !found)
      throw InputError(
          fmt::format("--weight-bits: {} has no operator '{}'", graph.name, *choice.op));
  }
}

void settle_groups(Graph& graph, Bytes element) {
  for (GraphTensor& t : graph.tensors) {
    if (t.groups == nullptr || !t.values || (element == 1 && t.groups->format.bits == 8)) continue;
    WeightGroups groups =
        t.groups->known() ? *t.groups : quantised(*t.values, t.shape, t.groups->format);
    prune_codes(t, groups);
    groups.stored = groups.scales;
    if (element == 1) {
      settle_int8(t, groups);
    } else {
      for (float& scale : groups.stored) {
        scale = stored_scale(scale, element);
        if (!std::isfinite(scale))
          throw InputError(
              fmt::format("{} has a scale above 65504, expected one that half precision "
                          "holds, or data_type fp32",
                          t.name));
      }
      t.values =
          std::make_shared<const std::vector<float>>(expanded(groups, groups.stored, t.shape));
    }
    t.groups = std::make_shared<const WeightGroups>(std::move(groups));
  }
}

}  // namespace unna
