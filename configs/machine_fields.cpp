#include "configs/machine_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string_view>
#include <type_traits>

#include "text/yaml.h"

namespace unna {
namespace {

struct TextVisitor {
  std::vector<FieldText>& out;

  template <class Number>
  requires std::is_arithmetic_v<Number>
  void operator()(std::string_view path, const Number& member, std::type_identity_t<Number> lo,
                  std::type_identity_t<Number> hi, std::string_view unit, std::string_view doc) {
    const std::string value = fmt::format("{}", member);
    out.push_back({std::string(path), value, value, fmt::format("{} to {}", lo, hi),
                   std::string(unit), std::string(doc)});
  }
  void operator()(std::string_view path, std::int64_t member, PowersOfTwo range,
                  std::string_view unit, std::string_view doc) {
    const std::string value = fmt::format("{}", member);
    out.push_back({std::string(path), value, value,
                   fmt::format("{} to {}, powers of two", range.lo, range.hi), std::string(unit),
                   std::string(doc)});
  }
  void operator()(std::string_view path, const DramMapping& member, std::string_view doc) {
    const std::string value = dram_mapping_text(member);
    out.push_back(
        {std::string(path), yaml_quote(value), value, "order of fields", "", std::string(doc)});
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view path, const Enum& member,
                  std::span<const std::string_view> names, std::string_view doc) {
    const std::string value(names[static_cast<std::size_t>(member)]);
    out.push_back({std::string(path), value, value, fmt::format("{}", fmt::join(names, ", ")), "",
                   std::string(doc)});
  }
  void operator()(std::string_view path, const std::string& member, std::string_view doc) {
    out.push_back({std::string(path), yaml_quote(member), member, "text", "", std::string(doc)});
  }
};

}  // namespace

std::vector<FieldText> describe_fields(const MachineConfig& machine) {
  std::vector<FieldText> out;
  visit_fields(machine, TextVisitor{out});
  return out;
}

}  // namespace unna
