#include "energy/table.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/file.h"
#include "energy/default_table.h"
#include "text/yaml.h"

namespace unna {
namespace {

constexpr double kMost = 1e12;

double number(YamlMapReader& reader, std::string_view key) {
  return reader.require(key).as_number(key, 0, kMost);
}

/// A row's values, and its source, which must say something.
template <class F>
void read_row(YamlMapReader& section, std::string_view row, F&& read) {
  YamlMapReader reader(section.require(row), row);
  read(reader);
  const YamlNode& source = reader.require("source");
  if (source.as_string("source").empty())
    source.fail("no source, expected where the figure is from");
  reader.finish();
}

void read_value(YamlMapReader& section, std::string_view row, std::string_view key,
                double& member) {
  read_row(section, row, [&](YamlMapReader& reader) { member = number(reader, key); });
}

void read_types(YamlMapReader& section, std::string_view row, PerType& member) {
  read_row(section, row, [&](YamlMapReader& reader) {
    for (std::size_t t = 0; t < member.size(); ++t) member[t] = number(reader, kDataTypeNames[t]);
  });
}

SramPoint sram_point(Bytes bytes, YamlMapReader& reader) {
  return {bytes, number(reader, "read"), number(reader, "write")};
}

SramArea sram_area(Bytes bytes, YamlMapReader& reader) {
  return {bytes, number(reader, "um2_per_byte")};
}

/// A list of points by ascending size of the macro; `read(bytes, reader)` takes what else each has.
template <class Point, class F>
void read_sizes(YamlMapReader& section, std::vector<Point>& points, F&& read) {
  read_row(section, "sram", [&](YamlMapReader& row) {
    const YamlNode& list = row.require("points");
    for (const YamlNode& item : list.as_sequence("points")) {
      YamlMapReader reader(item, "a point");
      const YamlNode& bytes = reader.require("bytes");
      const Point point = read(bytes.as_int("bytes", 1, std::int64_t{1} << 40), reader);
      reader.finish();
      if (!points.empty() && point.bytes <= points.back().bytes)
        bytes.fail("not larger than the point before, expected ascending sizes");
      points.push_back(point);
    }
    if (points.empty()) list.fail("no points, expected at least one size");
  });
}

/// Paths of machine fields with the values that the machine takes them as.
std::vector<std::pair<std::string, std::string>> machine_fields(const YamlNode& node) {
  MachineConfig machine;
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [path, value] : node.as_map("machine").fields) {
    if (value.kind != YamlNode::Kind::scalar) value.fail("no value, expected that of the field");
    assign_field(machine, path, value.text, value.pos);
    const auto all = field_values(machine);
    fields.push_back(*std::ranges::find(all, path, &std::pair<std::string, std::string>::first));
  }
  return fields;
}

void read_energy(const YamlNode& node, EnergyTable& t) {
  YamlMapReader section(node, "energy");
  read_types(section, "multiply", t.multiply_pj);
  read_types(section, "add", t.add_pj);
  read_types(section, "elementwise", t.elementwise_pj);
  read_types(section, "special", t.special_pj);
  read_value(section, "register", "pj_per_byte", t.register_pj_per_byte);
  read_sizes(section, t.sram, sram_point);
  read_value(section, "indexing", "pj", t.indexing_pj);
  read_value(section, "instruction", "pj", t.instruction_pj);
  read_value(section, "dram", "pj_per_byte", t.dram_pj_per_byte);
  read_value(section, "interconnect", "pj_per_byte_mm", t.interconnect_pj_per_byte_mm);
  read_value(section, "clock", "pj_per_mm2", t.clock_pj_per_mm2);
  read_value(section, "leakage", "mw_per_mm2", t.leakage_mw_per_mm2);
  section.finish();
}

void read_area(const YamlNode& node, EnergyTable& t) {
  YamlMapReader section(node, "area");
  read_types(section, "multiplier", t.multiplier_um2);
  read_sizes(section, t.sram_area, sram_area);
  read_value(section, "neuron_buffer", "um2", t.neuron_buffer_um2);
  read_value(section, "indexing", "um2", t.indexing_um2);
  read_value(section, "control", "um2", t.control_um2);
  section.finish();
}

/// Straight in log-log coordinates between points. A value of 0 has no logarithm: there the line is
/// straight in ordinary ones.
template <class Point>
double interpolate(const std::vector<Point>& points, double Point::*value, double bytes) {
  const auto size = [](const Point& p) { return static_cast<double>(p.bytes); };
  if (bytes <= size(points.front())) return points.front().*value;
  if (bytes >= size(points.back())) return points.back().*value;
  const auto upper =
      std::find_if(points.begin(), points.end(), [&](const Point& p) { return size(p) > bytes; });
  const Point& a = *(upper - 1);
  const Point& b = *upper;
  if (a.*value <= 0 || b.*value <= 0)
    return a.*value + (b.*value - a.*value) * (bytes - size(a)) / (size(b) - size(a));
  const double share = std::log(bytes / size(a)) / std::log(size(b) / size(a));
  return a.*value * std::pow(b.*value / (a.*value), share);
}

}  // namespace

EnergyTable parse_energy(const std::string& yaml, const std::string& file) {
  const YamlNode root = parse_yaml(yaml, file);
  EnergyTable table;
  table.hash = hash_hex(yaml);
  YamlMapReader reader(root, "the energy table");
  table.name = reader.require("name").as_string("name");
  read_row(reader, "published", [&](YamlMapReader& row) {
    table.published_power_mw = number(row, "power_mw");
    table.published_area_mm2 = number(row, "area_mm2");
    table.published_machine = machine_fields(row.require("machine"));
  });
  read_energy(reader.require("energy"), table);
  read_area(reader.require("area"), table);
  reader.finish();
  return table;
}

EnergyTable load_energy(const std::filesystem::path& path) {
  return parse_energy(read_file(path), path.string());
}

EnergyTable default_energy() {
  return parse_energy(std::string(default_energy_yaml()), "configs/energy/cambricon-x-65nm.yaml");
}

double sram_read_pj(const EnergyTable& table, double bytes) {
  return interpolate(table.sram, &SramPoint::read_pj_per_byte, bytes);
}

double sram_write_pj(const EnergyTable& table, double bytes) {
  return interpolate(table.sram, &SramPoint::write_pj_per_byte, bytes);
}

double sram_um2_per_byte(const EnergyTable& table, double bytes) {
  return interpolate(table.sram_area, &SramArea::um2_per_byte, bytes);
}

}  // namespace unna
