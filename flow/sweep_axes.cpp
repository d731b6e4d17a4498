#include "flow/sweep_axes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "memmgr/planners/registry.h"
#include "text/numbers.h"

namespace unna {

namespace {

constexpr std::string_view kMachinePrefix = "machine.";
constexpr std::string_view kShapePrefix = "input_shape.";  ///< of a dynamic input of an ONNX model

/// Axes other than the machine's fields: what a value must be, and what it does to a run.
struct AxisKind {
  std::string_view name;
  void (*check)(const YamlNode& value);
  void (*apply)(const SweepSpec& spec, const std::string& value, SweepRun& run,
                MachineChoice& machine);
};

std::int64_t to_integer(const std::string& text) {
  std::int64_t value = 0;
  invariant(parse_integer(text, value), "'{}' passed for a number", text);
  return value;
}

template <class Names>
std::size_t index_in(const Names& names, const std::string& text) {
  return static_cast<std::size_t>(std::find(std::begin(names), std::end(names), text) -
                                  std::begin(names));
}

/// A weight_density that leaves the masks of the network's file as they are.
constexpr std::string_view kAsNetwork = "network";
constexpr std::int64_t kAnyInteger = std::numeric_limits<std::int64_t>::max();

using Spec = SweepSpec;
using Text = std::string;

const AxisKind kAxisKinds[] = {
    {"network", [](const YamlNode& v) { v.as_string("network"); },
     [](const Spec& spec, const Text& v, SweepRun& run, MachineChoice&) {
       run.network.file = spec.beside(v);
     }},
    {"machine", [](const YamlNode& v) { v.as_string("machine"); },
     [](const Spec& spec, const Text& v, SweepRun&, MachineChoice& machine) {
       machine.file = spec.beside(v);
     }},
    {"cores", [](const YamlNode& v) { v.as_int("cores", 1, kMaxCores); },
     [](const Spec&, const Text& v, SweepRun&, MachineChoice& machine) {
       machine.cores = to_integer(v);
     }},
    {"planner",
     [](const YamlNode& v) {
       try {
         planner(v.as_string("planner"));
       } catch (const InputError& error) {
         v.fail(error.what());
       }
     },
     [](const Spec&, const Text& v, SweepRun& run, MachineChoice&) { run.options.planner = v; }},
    {"seed", [](const YamlNode& v) { v.as_int("seed", 0, kAnyInteger); },
     [](const Spec&, const Text& v, SweepRun& run, MachineChoice&) {
       run.options.plan.seed = static_cast<std::uint64_t>(to_integer(v));
     }},
    {"granularity", [](const YamlNode& v) { v.as_choice("granularity", kGranularityNames); },
     [](const Spec&, const Text& v, SweepRun& run, MachineChoice&) {
       run.options.compile.granularity = static_cast<Granularity>(index_in(kGranularityNames, v));
     }},
    {"partition", [](const YamlNode& v) { v.as_choice("partition", kPartitionNames); },
     [](const Spec&, const Text& v, SweepRun& run, MachineChoice&) {
       run.options.compile.partition = static_cast<Partition>(index_in(kPartitionNames, v));
     }},
    {"weight_density",
     [](const YamlNode& v) {
       if (v.text != kAsNetwork) v.as_number("weight_density", kLeastDensity, 1);
     },
     [](const Spec&, const Text& v, SweepRun& run, MachineChoice&) {
       if (v != kAsNetwork) run.network.densities = {{std::nullopt, std::stod(v)}};
     }},
    {"weight_bits",
     [](const YamlNode& v) {
       if (v.text != kAsNetwork && !parse_format(v.text))
         v.fail(fmt::format("weight_bits is '{}', expected {}, or {}", v.text, kFormatExpected,
                            kAsNetwork));
     },
     [](const Spec&, const Text& v, SweepRun& run, MachineChoice&) {
       if (v != kAsNetwork) run.network.formats = {{std::nullopt, *parse_format(v)}};
     }},
    {"bands", [](const YamlNode& v) { v.as_int("bands", 1, 1 << 20); },
     [](const Spec&, const Text& v, SweepRun& run, MachineChoice&) {
       run.options.compile.bands = to_integer(v);
     }},
};

const AxisKind* axis_kind(std::string_view name) {
  for (const AxisKind& kind : kAxisKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

}  // namespace

void check_axis_name(const std::string& name, const SourcePos& pos) {
  if (axis_kind(name) != nullptr) return;
  if (name.starts_with(kShapePrefix) && name.size() > kShapePrefix.size()) return;
  if (name.starts_with(kMachinePrefix)) {
    const auto fields = field_paths();
    const std::string field = name.substr(kMachinePrefix.size());
    if (field == "cores") throw InputError(pos, "machine.cores is the axis 'cores'");
    if (std::find(fields.begin(), fields.end(), field) != fields.end()) return;
    throw InputError(pos, fmt::format("the machine has no field '{}', expected {}", field,
                                      fmt::join(fields, ", ")));
  }
  std::vector<std::string_view> names;
  for (const AxisKind& kind : kAxisKinds) names.push_back(kind.name);
  throw InputError(
      pos, fmt::format("unknown axis '{}', expected {}, machine.<field> or input_shape.<input>",
                       name, fmt::join(names, ", ")));
}

SweepValue checked_axis_value(const std::string& axis, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar)
    node.fail(fmt::format("expected a single value of {}", axis));
  if (const AxisKind* kind = axis_kind(axis)) {
    kind->check(node);
  } else if (axis.starts_with(kShapePrefix)) {
    try {
      parse_shape(node.text);
    } catch (const InputError& error) {
      node.fail(error.what());
    }
  } else {
    MachineConfig scratch;
    assign_field(scratch, axis.substr(kMachinePrefix.size()), node.text, node.pos);
  }
  return {node.text, node.pos};
}

void apply_axis(const SweepSpec& spec, const std::string& axis, const std::string& value,
                SweepRun& run, MachineChoice& machine) {
  if (const AxisKind* kind = axis_kind(axis))
    kind->apply(spec, value, run, machine);
  else if (axis.starts_with(kShapePrefix))
    run.network.onnx.input_shapes[axis.substr(kShapePrefix.size())] = parse_shape(value);
  else
    machine.set.push_back(axis.substr(kMachinePrefix.size()) + "=" + value);
}

}  // namespace unna
