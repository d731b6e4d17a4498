#include "configs/dram_device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

namespace unna {
namespace {

std::size_t index(DramField field) {
  return static_cast<std::size_t>(field);
}

/// What is wrong with the order; empty where nothing is.
std::string fault(const std::vector<DramField>& order) {
  constexpr std::size_t kNowhere = std::size(kDramFieldNames);
  std::array<std::size_t, std::size(kDramFieldNames)> place;
  place.fill(kNowhere);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (place[index(order[i])] != kNowhere)
      return fmt::format("has '{}' twice", kDramFieldNames[index(order[i])]);
    place[index(order[i])] = i;
  }
  const auto at = [&](DramField field) { return place[index(field)]; };
  using enum DramField;
  for (const DramField field : {row, rank, bank, group, channel})
    if (at(field) == kNowhere) return fmt::format("has no '{}'", kDramFieldNames[index(field)]);
  const bool high = at(column_high) != kNowhere, low = at(column_low) != kNowhere;
  if (at(column) == kNowhere ? !high || !low : high || low)
    return "has a column neither whole nor cut in column_high and column_low";
  if (high && (at(column_high) > at(channel) || at(column_low) < at(channel)))
    return "has column_high below channel or column_low above it";
  return {};
}

}  // namespace

int dram_field_bits(const DramDevice& device, DramField field) {
  const auto bits = [](std::int64_t count) {
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) - 1;
  };
  switch (field) {
    case DramField::row:
      return bits(device.rows);
    case DramField::rank:
      return bits(device.ranks);
    case DramField::bank:
      return bits(device.banks);
    case DramField::group:
      return bits(device.groups);
    case DramField::column:
      return bits(device.bursts_per_row());
    case DramField::channel:
    case DramField::column_high:
    case DramField::column_low:
      break;
  }
  return 0;
}

int dram_bits_below_channel(const DramDevice& device, const DramMapping& mapping) {
  int bits = 0;
  const auto channel = std::find(mapping.order.begin(), mapping.order.end(), DramField::channel);
  for (auto field = channel; field != mapping.order.end(); ++field)
    bits += dram_field_bits(device, *field);
  return bits;
}

int dram_column_low_bits(const DramDevice& device, const DramLayout& layout) {
  const auto bursts = static_cast<std::uint64_t>(layout.interleave_bytes / device.burst_bytes());
  return static_cast<int>(std::bit_width(bursts)) - 1 -
         dram_bits_below_channel(device, layout.mapping);
}

DramMapping::DramMapping()
    : order{DramField::row,   DramField::rank,    DramField::bank,      DramField::column_high,
            DramField::group, DramField::channel, DramField::column_low} {}

DramMapping parse_dram_mapping(std::string_view text, const SourcePos& pos, std::string_view what) {
  DramMapping mapping;
  mapping.order.clear();
  const auto fail = [&](std::string_view problem) {
    throw InputError(pos, fmt::format("{} '{}' {}, expected '{}' or another order of these", what,
                                      text, problem, dram_mapping_text(DramMapping{})));
  };
  std::string_view rest = text;
  while (true) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const auto* const name =
        std::find(std::begin(kDramFieldNames), std::end(kDramFieldNames), rest.substr(0, end));
    if (name == std::end(kDramFieldNames)) fail(fmt::format("has '{}'", rest.substr(0, end)));
    mapping.order.push_back(static_cast<DramField>(name - std::begin(kDramFieldNames)));
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  if (const std::string problem = fault(mapping.order); !problem.empty()) fail(problem);
  return mapping;
}

std::string dram_mapping_text(const DramMapping& mapping) {
  std::vector<std::string_view> names;
  for (const DramField field : mapping.order) names.push_back(kDramFieldNames[index(field)]);
  return fmt::format("{}", fmt::join(names, " "));
}

}  // namespace unna
