#include "configs/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <type_traits>

#include "base/error.h"
#include "base/file.h"
#include "configs/machine_fields.h"
#include "configs/presets.h"
#include "text/nearest.h"
#include "text/numbers.h"
#include "text/yaml.h"

namespace unna {
namespace {

/// "dram.timing.cl" -> {"dram.timing", "cl"}; "cores" -> {"", "cores"}.
std::pair<std::string_view, std::string_view> split_path(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return {{}, path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

constexpr std::string_view kStandardPath = "dram.standard";
constexpr std::string_view kClockPath = "dram.clock_mhz";

// What a field's value may be, and how it becomes a member: one overload a kind of field, used by
// the loader and by `--set` alike.

void assign(const YamlNode& node, std::string_view what, std::int64_t& member, std::int64_t lo,
            std::int64_t hi) {
  member = node.as_int(what, lo, hi);
}

/// A field in bytes may also say 64KiB.
void assign_bytes(const YamlNode& node, std::string_view what, std::int64_t& member,
                  std::int64_t lo, std::int64_t hi) {
  YamlNode plain = node;
  std::int64_t bytes = 0;
  if (node.kind == YamlNode::Kind::scalar && !node.quoted && parse_bytes(node.text, bytes))
    plain.text = fmt::format("{}", bytes);
  assign(plain, what, member, lo, hi);
}

void assign(const YamlNode& node, std::string_view what, double& member, double lo, double hi) {
  member = node.as_number(what, lo, hi);
}

void assign(const YamlNode& node, std::string_view what, std::int64_t& member, PowersOfTwo range) {
  const std::int64_t value = node.as_int(what, range.lo, range.hi);
  if ((value & (value - 1)) != 0)
    node.fail(fmt::format("{} is {}, expected a power of two from {} to {}", what, value, range.lo,
                          range.hi));
  member = value;
}

template <class Enum>
requires std::is_enum_v<Enum>
void assign(const YamlNode& node, std::string_view what, Enum& member,
            std::span<const std::string_view> names) {
  member = static_cast<Enum>(node.as_choice(what, names));
}

void assign(const YamlNode& node, std::string_view what, std::string& member) {
  member = node.as_string(what);
}

void assign(const YamlNode& node, std::string_view what, DramMapping& member) {
  member = parse_dram_mapping(node.as_string(what), node.pos, what);
}

/// Calls f(path, member, constraints...) with the words for the reader (unit, doc) left out.
template <class F>
struct AssignVisitor {
  F f;

  void operator()(std::string_view path, std::int64_t& member, std::int64_t lo, std::int64_t hi,
                  std::string_view unit, std::string_view) {
    f(path, [&, unit](const YamlNode& n, std::string_view what) {
      unit == "bytes" ? assign_bytes(n, what, member, lo, hi) : assign(n, what, member, lo, hi);
    });
  }
  void operator()(std::string_view path, double& member, double lo, double hi, std::string_view,
                  std::string_view) {
    f(path, [&](const YamlNode& n, std::string_view what) { assign(n, what, member, lo, hi); });
  }
  void operator()(std::string_view path, std::int64_t& member, PowersOfTwo range, std::string_view,
                  std::string_view) {
    f(path, [&](const YamlNode& n, std::string_view what) { assign(n, what, member, range); });
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view path, Enum& member, std::span<const std::string_view> names,
                  std::string_view) {
    f(path, [&](const YamlNode& n, std::string_view what) { assign(n, what, member, names); });
  }
  void operator()(std::string_view path, DramMapping& member, std::string_view) {
    f(path, [&](const YamlNode& n, std::string_view what) { assign(n, what, member); });
  }
  void operator()(std::string_view path, std::string& member, std::string_view) {
    f(path, [&](const YamlNode& n, std::string_view what) { assign(n, what, member); });
  }
};

/// What naming a field sets beside it.
void follow(MachineConfig& machine, std::string_view path) {
  DramDevice& device = machine.dram.device;
  if (path == kStandardPath) device = dram_standard(machine.dram.standard);
  if (path == kClockPath)
    device.timing = dram_standard_at(machine.dram.standard, device.clock_mhz).timing;
}

template <class F>
void for_each_assignable(MachineConfig& machine, F&& f) {
  visit_fields(machine, AssignVisitor<F>{std::forward<F>(f)});
}

/// One YamlMapReader for the document and one for each section, so that each can say which keys it
/// knows.
class SectionReaders {
 public:
  explicit SectionReaders(const YamlNode& root) { sections_[""].emplace(root, "the machine"); }

  const YamlNode* value(std::string_view path) {
    const auto [section, key] = split_path(path);
    YamlMapReader* reader = find(section);
    return reader == nullptr ? nullptr : reader->optional(key);
  }

  void finish() const {
    for (const auto& [name, reader] : sections_)
      if (reader) reader->finish();
  }

 private:
  /// nullptr where the document has no such section.
  YamlMapReader* find(std::string_view section) {
    const auto [it, is_new] = sections_.try_emplace(std::string(section));
    if (is_new)
      if (const YamlNode* node = value(section)) it->second.emplace(*node, section);
    return it->second ? &*it->second : nullptr;
  }

  std::map<std::string, std::optional<YamlMapReader>> sections_;  ///< by path
};

/// What may stand in the place of `path`: the fields of its section; where there is no such
/// section, all sections and the fields that are in none.
std::vector<std::string> fields_beside(std::string_view path) {
  const auto section_of = [](std::string_view p) {
    const std::size_t dot = p.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : p.substr(0, dot);
  };
  std::vector<std::string> beside, top;
  for (const std::string& field : field_paths()) {
    if (section_of(field) == section_of(path)) beside.push_back(field);
    const std::size_t dot = field.find('.');
    const std::string name = dot == std::string::npos ? field : field.substr(0, dot) + ".*";
    if (top.empty() || top.back() != name) top.push_back(name);
  }
  return beside.empty() || section_of(path).empty() ? top : beside;
}

}  // namespace

std::int64_t products_per_cycle(const CoreConfig& core) {
  return std::min({core.multipliers, core.sb_read_elements, core.nbin_read_elements});
}

std::int64_t peak_operations(const CoreConfig& core) {
  const std::int64_t tree_adds = core.multipliers - 1;
  return core.pes * (core.multipliers + tree_adds + 1) +
         core.elementwise_stages * core.elementwise_lanes;
}

std::int64_t dram_bytes_per_cycle_q16(const MachineConfig& machine) {
  const DramConfig& dram = machine.dram;
  const double gbps = dram.model == DramModel::ideal
                          ? dram.bandwidth_gbps
                          : static_cast<double>(dram.layout.channels) *
                                static_cast<double>(dram.device.channel_bandwidth()) / 1e9;
  const double bytes_per_cycle = gbps * 1000.0 / static_cast<double>(machine.clock_mhz);
  return std::max<std::int64_t>(1, std::llround(bytes_per_cycle * 65536.0));
}

Bytes dram_capacity(const MachineConfig& machine) {
  const DramConfig& dram = machine.dram;
  if (dram.model == DramModel::ideal) return dram.capacity_bytes;
  return std::min(dram.capacity_bytes, dram.layout.channels * dram.device.channel_bytes());
}

MachineConfig parse_machine(const std::string& yaml, const std::string& file) {
  const YamlNode root = parse_yaml(yaml, file);
  MachineConfig machine;
  SectionReaders readers(root);
  for_each_assignable(machine, [&](std::string_view path, auto&& assign_from) {
    if (const YamlNode* node = readers.value(path)) {
      assign_from(*node, path);
      follow(machine, path);
    }
  });
  readers.finish();
  return machine;
}

MachineConfig load_machine(const std::filesystem::path& path) {
  return parse_machine(read_file(path), path.string());
}

namespace {

/// Of the lines in a section.
std::string indentation(std::string_view section) {
  if (section.empty()) return "";
  return std::string(
      2 + 2 * static_cast<std::size_t>(std::count(section.begin(), section.end(), '.')), ' ');
}

}  // namespace

std::string dump_machine(const MachineConfig& machine) {
  std::string out;
  std::string section;
  for (const FieldText& field : describe_fields(machine)) {
    const auto [in_section, key] = split_path(field.path);
    // A section stays open below one of its own.
    if (in_section != section && !section.starts_with(fmt::format("{}.", in_section))) {
      const auto [outer, name] = split_path(in_section);
      out += fmt::format("{}{}:\n", indentation(outer), name);
    }
    section = in_section;
    const std::string indent = indentation(section);
    const std::string unit = field.unit.empty() ? "" : fmt::format(" {}", field.unit);
    out += fmt::format("{}# {} ({}{})\n{}{}: {}\n", indent, field.doc, field.range, unit, indent,
                       key, field.value);
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> field_values(const MachineConfig& machine) {
  std::vector<std::pair<std::string, std::string>> out;
  for (FieldText& field : describe_fields(machine))
    out.emplace_back(std::move(field.path), std::move(field.raw));
  return out;
}

void assign_field(MachineConfig& machine, std::string_view path, std::string_view value,
                  const SourcePos& pos) {
  YamlNode node;
  node.kind = YamlNode::Kind::scalar;
  node.text = value;
  node.pos = pos;
  bool found = false;
  for_each_assignable(machine, [&](std::string_view candidate, auto&& assign_from) {
    if (candidate != path) return;
    found = true;
    assign_from(node, "value");
    follow(machine, path);
  });
  if (found) return;
  const auto meant = nearest(path, field_paths());
  throw InputError(pos, fmt::format("unknown field '{}', {}", path,
                                    meant ? fmt::format("did you mean '{}'?", *meant)
                                          : expected_name(path, fields_beside(path))));
}

void set_field(MachineConfig& machine, std::string_view assignment) {
  const SourcePos pos{fmt::format("--set {}", assignment)};
  const std::size_t equals = assignment.find('=');
  if (equals == std::string_view::npos) throw InputError(pos, "no '=', expected field=value");
  assign_field(machine, assignment.substr(0, equals), assignment.substr(equals + 1), pos);
}

void set_fields(MachineConfig& machine, std::span<const std::string> assignments) {
  const auto turn_of = [](std::string_view assignment) {
    const std::string_view path = assignment.substr(0, assignment.find('='));
    return path == kStandardPath ? 0 : path == kClockPath ? 1 : 2;
  };
  for (const int turn : {0, 1, 2})
    for (const std::string& assignment : assignments)
      if (turn_of(assignment) == turn) set_field(machine, assignment);
}

std::vector<std::string> field_paths() {
  std::vector<std::string> out;
  for (FieldText& field : describe_fields(MachineConfig{})) out.push_back(std::move(field.path));
  return out;
}

MachineConfig preset_machine(std::int64_t cores) {
  const std::span<const MachinePreset> presets = machine_presets();
  const auto* fitting = std::find_if(presets.data(), presets.data() + presets.size() - 1,
                                     [&](const MachinePreset& p) { return p.cores >= cores; });
  MachineConfig machine = parse_machine(std::string(fitting->yaml), std::string(fitting->file));
  assign_field(machine, "cores", std::to_string(cores), {fmt::format("--cores {}", cores)});
  return machine;
}

}  // namespace unna
