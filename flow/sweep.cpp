#include "flow/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/error.h"
#include "flow/sweep_axes.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kLinked = "zip";

SweepAxis parse_axis(const std::string& name, const YamlNode& values) {
  SweepAxis axis{name, {}};
  for (const YamlNode& value : values.as_sequence(name))
    axis.values.push_back(checked_axis_value(name, value));
  if (axis.values.empty()) values.fail(fmt::format("axis {} has no values", name));
  return axis;
}

/// Adds axes that vary together, in one dimension; each combination of values stands once.
void add_dimension(SweepSpec& spec, std::vector<SweepAxis> axes) {
  const std::size_t extent = axes.front().values.size();
  const auto same = [&](std::size_t i, std::size_t j) {
    return std::ranges::all_of(
        axes, [&](const SweepAxis& a) { return a.values[i].text == a.values[j].text; });
  };
  for (std::size_t i = 0; i < extent; ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (same(i, j)) {
        std::vector<std::string> names, values;
        for (const SweepAxis& axis : axes) {
          names.push_back(axis.name);
          values.push_back(axis.values[i].text);
        }
        throw InputError(axes.front().values[i].pos,
                         fmt::format("{} has the value {} twice", fmt::join(names, ", "),
                                     fmt::join(values, ", ")));
      }
  for (SweepAxis& axis : axes) {
    axis.dimension = spec.dimensions.size();
    spec.axes.push_back(std::move(axis));
  }
  spec.dimensions.push_back(extent);
}

/// The axes of a map that vary together.
std::vector<SweepAxis> parse_linked(const YamlNode& node) {
  std::vector<SweepAxis> axes;
  node.as_map(kLinked);
  for (std::size_t i = 0; i < node.fields.size(); ++i) {
    const auto& [name, values] = node.fields[i];
    check_axis_name(name, node.field_pos[i]);
    axes.push_back(parse_axis(name, values));
    if (axes.back().values.size() != axes.front().values.size())
      values.fail(fmt::format("{} has {} values, expected {} as {} has, with which it is linked",
                              name, axes.back().values.size(), axes.front().values.size(),
                              axes.front().name));
  }
  if (axes.size() < 2) node.fail("expected two axes to link, or more");
  return axes;
}

void parse_axes(const YamlNode& node, SweepSpec& spec) {
  node.as_map("axes");
  for (std::size_t i = 0; i < node.fields.size(); ++i) {
    const auto& [name, values] = node.fields[i];
    if (name != kLinked) {
      check_axis_name(name, node.field_pos[i]);
      add_dimension(spec, {parse_axis(name, values)});
    } else if (values.kind == YamlNode::Kind::sequence) {
      for (const YamlNode& group : values.items) add_dimension(spec, parse_linked(group));
    } else {
      add_dimension(spec, parse_linked(values));
    }
  }
  std::set<std::string> names;
  for (const SweepAxis& axis : spec.axes)
    if (!names.insert(axis.name).second)
      throw InputError(axis.values.front().pos, fmt::format("axis {} twice", axis.name));
  if (!names.contains("network")) node.fail("expected an axis 'network'");
  if (names.contains("machine") && spec.machine)
    node.fail("an axis 'machine' and the file of 'machine', expected one of them");
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
    spec.machine = spec.beside(file->as_string("file"));
  if (const YamlNode* set = reader.optional("set"))
    for (const auto& [path, value] : set->as_map("set").fields) {
      MachineConfig scratch;
      assign_field(scratch, path, value.text, value.pos);
      spec.set.push_back(path + "=" + value.text);
    }
  reader.finish();
}

/// Whether tensors are cut into bands with some value of the axis.
bool has_bands(const SweepAxis& granularity) {
  return std::ranges::any_of(granularity.values, [](const SweepValue& v) {
    return v.text == kGranularityNames[static_cast<std::size_t>(Granularity::band)] ||
           v.text == kGranularityNames[static_cast<std::size_t>(Granularity::automatic)];
  });
}

/// Without a granularity that has them, bands would tell points apart that are equal.
void check_bands(const std::vector<SweepAxis>& axes) {
  const auto bands = std::ranges::find(axes, "bands", &SweepAxis::name);
  const auto granularity = std::ranges::find(axes, "granularity", &SweepAxis::name);
  if (bands == axes.end() || granularity == axes.end() || has_bands(*granularity)) return;
  throw InputError(bands->values.front().pos,
                   "axis bands takes effect with granularity band or auto only");
}

}  // namespace

SweepSpec parse_sweep(const std::string& yaml, const fs::path& file) {
  const YamlNode root = parse_yaml(yaml, file);
  YamlMapReader reader(root, "sweep file");
  SweepSpec spec;
  spec.name = reader.require("sweep").as_string("sweep");
  if (spec.name.empty() || spec.name.find_first_of("/ ") != std::string::npos)
    reader.require("sweep").fail("expected a name without '/' and blanks: it names the folder");
  spec.file = file;
  if (const YamlNode* machine = reader.optional("machine")) parse_machine_part(*machine, spec);
  if (const YamlNode* perturb = reader.optional("perturb"))
    spec.perturbed = perturb->as_int("perturb", 0, 1000);
  parse_axes(reader.require("axes"), spec);
  check_bands(spec.axes);
  spec.include = parse_conditions(reader.optional("include"), "include", spec.axes);
  spec.exclude = parse_conditions(reader.optional("exclude"), "exclude", spec.axes);
  reader.finish();
  return spec;
}

std::vector<SweepPoint> sweep_points(const SweepSpec& spec) {
  std::vector<SweepPoint> points;
  std::vector<std::size_t> at(spec.dimensions.size(), 0);
  for (bool more = true; more;) {
    SweepPoint point;
    for (const SweepAxis& axis : spec.axes) point.push_back(at[axis.dimension]);
    if ((spec.include.empty() || matches_any(spec, point, spec.include)) &&
        !matches_any(spec, point, spec.exclude))
      points.push_back(std::move(point));
    more = false;
    for (std::size_t d = at.size(); d-- > 0 && !more;) {
      more = ++at[d] < spec.dimensions[d];
      if (!more) at[d] = 0;
    }
  }
  if (points.empty())
    throw InputError(SourcePos{spec.file.string()},
                     "'include' and 'exclude' leave no point, expected one or more");
  return points;
}

SweepRun resolve(const SweepSpec& spec, const SweepPoint& point) {
  SweepRun run;
  run.options.perturbed = spec.perturbed;
  run.options.concurrent = false;  // points are
  run.options.compile.granularity = kDefaultGranularity;
  MachineChoice machine;
  machine.file = spec.machine;
  machine.set = spec.set;
  for (std::size_t i = 0; i < spec.axes.size(); ++i)
    apply_axis(spec, spec.axes[i].name, spec.axes[i].values[point[i]].text, run, machine);
  run.machine = choose_machine(machine);
  return run;
}

std::vector<std::string> axis_names(const SweepSpec& spec) {
  std::vector<std::string> names;
  for (const SweepAxis& axis : spec.axes) names.push_back(axis.name);
  return names;
}

std::vector<std::string> axis_cells(const SweepSpec& spec, const SweepPoint& point) {
  std::vector<std::string> cells;
  for (std::size_t i = 0; i < spec.axes.size(); ++i)
    cells.push_back(spec.axes[i].values[point[i]].text);
  return cells;
}

}  // namespace unna
