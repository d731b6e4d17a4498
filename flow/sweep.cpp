#include "flow/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "flow/sweep_columns.h"
#include "memmgr/planners/registry.h"
#include "text/numbers.h"
#include "text/table.h"
#include "text/units.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMachinePrefix = "machine.";
constexpr std::string_view kShapePrefix = "input_shape.";  ///< of a dynamic input of an ONNX model

/// Axes other than the machine's fields: what a value must be, and what it does to a run.
struct AxisKind {
  std::string_view name;
  void (*check)(const YamlNode& value);
  void (*apply)(const std::string& value, SweepRun& run);
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

// cores are applied by resolve(), which chooses the machine by them.
const AxisKind kAxisKinds[] = {
    {"network", [](const YamlNode& v) { v.as_string("network"); },
     [](const std::string& v, SweepRun& run) { run.network.file = v; }},
    {"cores", [](const YamlNode& v) { v.as_int("cores", 1, kMaxCores); },
     [](const std::string&, SweepRun&) {}},
    {"planner",
     [](const YamlNode& v) {
       try {
         planner(v.as_string("planner"));
       } catch (const InputError& error) {
         v.fail(error.what());
       }
     },
     [](const std::string& v, SweepRun& run) { run.options.planner = v; }},
    {"seed", [](const YamlNode& v) { v.as_int("seed", 0, kAnyInteger); },
     [](const std::string& v, SweepRun& run) {
       run.options.plan.seed = static_cast<std::uint64_t>(to_integer(v));
     }},
    {"granularity", [](const YamlNode& v) { v.as_choice("granularity", kGranularityNames); },
     [](const std::string& v, SweepRun& run) {
       run.options.compile.granularity = static_cast<Granularity>(index_in(kGranularityNames, v));
     }},
    {"partition", [](const YamlNode& v) { v.as_choice("partition", kPartitionNames); },
     [](const std::string& v, SweepRun& run) {
       run.options.compile.partition = static_cast<Partition>(index_in(kPartitionNames, v));
     }},
    {"weight_density",
     [](const YamlNode& v) {
       if (v.text != kAsNetwork) v.as_number("weight_density", kLeastDensity, 1);
     },
     [](const std::string& v, SweepRun& run) {
       if (v != kAsNetwork) run.network.densities = {{std::nullopt, std::stod(v)}};
     }},
    {"bands", [](const YamlNode& v) { v.as_int("bands", 1, 1 << 20); },
     [](const std::string& v, SweepRun& run) { run.options.compile.bands = to_integer(v); }},
};

const AxisKind* axis_kind(std::string_view name) {
  for (const AxisKind& kind : kAxisKinds)
    if (kind.name == name) return &kind;
  return nullptr;
}

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

SweepValue checked_value(const std::string& axis, const YamlNode& node) {
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

std::vector<SweepAxis> parse_axes(const YamlNode& node) {
  std::vector<SweepAxis> axes;
  node.as_map("axes");
  for (std::size_t i = 0; i < node.fields.size(); ++i) {
    const auto& [name, values] = node.fields[i];
    check_axis_name(name, node.field_pos[i]);
    SweepAxis axis{name, {}};
    for (const YamlNode& value : values.as_sequence(name)) {
      SweepValue checked = checked_value(name, value);
      for (const SweepValue& other : axis.values)
        if (other.text == checked.text)
          value.fail(fmt::format("{} has the value {} twice", name, checked.text));
      axis.values.push_back(std::move(checked));
    }
    if (axis.values.empty()) values.fail(fmt::format("axis {} has no values", name));
    axes.push_back(std::move(axis));
  }
  if (node.find("network") == nullptr) node.fail("expected an axis 'network'");
  return axes;
}

SweepCondition parse_condition(const YamlNode& node, const std::vector<SweepAxis>& axes) {
  SweepCondition condition;
  node.as_map("condition");
  for (std::size_t i = 0; i < node.fields.size(); ++i) {
    const auto& [name, wanted] = node.fields[i];
    const auto axis = std::find_if(axes.begin(), axes.end(),
                                   [&, &key = name](const SweepAxis& a) { return a.name == key; });
    if (axis == axes.end())
      throw InputError(node.field_pos[i], fmt::format("'{}' is no axis of this sweep", name));
    std::vector<YamlNode> nodes = {wanted};
    if (wanted.kind == YamlNode::Kind::sequence) nodes = wanted.items;
    std::vector<std::string> values;
    for (const YamlNode& value : nodes) {
      const auto same = [&](const SweepValue& v) { return v.text == value.text; };
      if (value.kind != YamlNode::Kind::scalar ||
          std::none_of(axis->values.begin(), axis->values.end(), same))
        value.fail(fmt::format("axis {} has no such value", name));
      values.push_back(value.text);
    }
    condition.wanted.emplace_back(static_cast<std::size_t>(axis - axes.begin()), std::move(values));
  }
  if (condition.wanted.empty()) node.fail("expected at least one axis");
  return condition;
}

std::vector<SweepCondition> parse_conditions(const YamlNode* node, std::string_view what,
                                             const std::vector<SweepAxis>& axes) {
  std::vector<SweepCondition> conditions;
  if (node == nullptr) return conditions;
  for (const YamlNode& item : node->as_sequence(what))
    conditions.push_back(parse_condition(item, axes));
  return conditions;
}

bool matches(const SweepSpec& spec, const SweepPoint& point, const SweepCondition& condition) {
  return std::all_of(condition.wanted.begin(), condition.wanted.end(), [&](const auto& wanted) {
    const auto& [axis, values] = wanted;
    const std::string& value = spec.axes[axis].values[point[axis]].text;
    return std::find(values.begin(), values.end(), value) != values.end();
  });
}

bool matches_any(const SweepSpec& spec, const SweepPoint& point,
                 const std::vector<SweepCondition>& conditions) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [&](const SweepCondition& c) { return matches(spec, point, c); });
}

void parse_machine_part(const YamlNode& node, SweepSpec& spec) {
  YamlMapReader reader(node, "machine");
  if (const YamlNode* file = reader.optional("file"))
    spec.machine = spec.directory / file->as_string("file");
  if (const YamlNode* set = reader.optional("set"))
    for (const auto& [path, value] : set->as_map("set").fields) {
      MachineConfig scratch;
      assign_field(scratch, path, value.text, value.pos);
      spec.set.push_back(path + "=" + value.text);
    }
  reader.finish();
}

}  // namespace

SweepSpec parse_sweep(const std::string& yaml, const fs::path& file) {
  const YamlNode root = parse_yaml(yaml, file);
  YamlMapReader reader(root, "sweep file");
  SweepSpec spec;
  spec.name = reader.require("sweep").as_string("sweep");
  if (spec.name.empty() || spec.name.find_first_of("/ ") != std::string::npos)
    reader.require("sweep").fail("expected a name without '/' and blanks: it names the folder");
  spec.directory = file.parent_path();
  if (const YamlNode* machine = reader.optional("machine")) parse_machine_part(*machine, spec);
  if (const YamlNode* perturb = reader.optional("perturb"))
    spec.perturbed = perturb->as_int("perturb", 0, 1000);
  spec.axes = parse_axes(reader.require("axes"));
  spec.include = parse_conditions(reader.optional("include"), "include", spec.axes);
  spec.exclude = parse_conditions(reader.optional("exclude"), "exclude", spec.axes);
  reader.finish();
  return spec;
}

std::vector<SweepPoint> sweep_points(const SweepSpec& spec) {
  std::vector<SweepPoint> points;
  SweepPoint point(spec.axes.size(), 0);
  for (bool more = true; more;) {
    if ((spec.include.empty() || matches_any(spec, point, spec.include)) &&
        !matches_any(spec, point, spec.exclude))
      points.push_back(point);
    more = false;
    for (std::size_t axis = point.size(); axis-- > 0 && !more;) {
      more = ++point[axis] < spec.axes[axis].values.size();
      if (!more) point[axis] = 0;
    }
  }
  return points;
}

SweepRun resolve(const SweepSpec& spec, const SweepPoint& point) {
  SweepRun run;
  run.options.perturbed = spec.perturbed;
  run.options.concurrent = false;  // points are
  MachineChoice choice;
  choice.file = spec.machine;
  choice.set = spec.set;
  for (std::size_t i = 0; i < spec.axes.size(); ++i) {
    const SweepAxis& axis = spec.axes[i];
    const std::string& value = axis.values[point[i]].text;
    if (const AxisKind* kind = axis_kind(axis.name)) {
      kind->apply(value, run);
      if (axis.name == "cores") choice.cores = to_integer(value);
    } else if (axis.name.starts_with(kShapePrefix)) {
      run.network.onnx.input_shapes[axis.name.substr(kShapePrefix.size())] = parse_shape(value);
    } else {
      choice.set.push_back(axis.name.substr(kMachinePrefix.size()) + "=" + value);
    }
  }
  run.network.file = spec.directory / run.network.file;
  run.machine = choose_machine(choice);
  return run;
}

std::string point_key(const SweepRun& run) {
  std::error_code error;
  const fs::path& file = run.network.file;
  std::string network = fs::is_regular_file(file, error) ? read_file(file) : file.string();
  for (const DensityChoice& choice : run.network.densities)
    network += fmt::format("\ndensity {}", choice.density);
  const CompileOptions& compile = run.options.compile;
  std::string shapes;
  for (const auto& [name, shape] : run.network.onnx.input_shapes)
    shapes += fmt::format("{}={}\n", name, to_string(shape));
  return hash_hex(fmt::format("{}\n{}\n{}{}\n{} {} {}\n{} {}\n{}", kVersion, hash_hex(network),
                              shapes, dump_machine(run.machine.config),
                              static_cast<int>(compile.granularity),
                              static_cast<int>(compile.partition), compile.bands,
                              run.options.planner, run.options.plan.seed, run.options.perturbed));
}

std::vector<std::string> sweep_columns(const SweepSpec& spec) {
  std::vector<std::string> columns = {"index"};
  for (const SweepAxis& axis : spec.axes) columns.push_back(axis.name);
  for (const ColumnInfo& column : kSweepOutcomeColumns) columns.emplace_back(column.name);
  for (const ColumnInfo& column : infos(sweep_figures())) columns.emplace_back(column.name);
  return columns;
}

std::vector<std::string> axis_cells(const SweepSpec& spec, const SweepPoint& point) {
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < spec.axes.size(); ++i)
    cells.push_back(spec.axes[i].values[point[i]].text);
  return cells;
}

std::size_t result_cell_count() {
  return std::size(kSweepOutcomeColumns) + sweep_figures().size();
}

std::vector<std::string> result_cells(const RunReport& report) {
  std::vector<std::string> row = {"ok", ""};
  for (std::string& cell : cell_texts(cells(sweep_figures(), report)))
    row.push_back(std::move(cell));
  return row;
}

std::vector<std::string> failure_cells(const std::string& error) {
  std::vector<std::string> cells(result_cell_count());
  cells[0] = "failed";
  cells[1] = error;
  std::replace(cells[1].begin(), cells[1].end(), '\n', ' ');  // a row of the journal is a line
  return cells;
}

}  // namespace unna
