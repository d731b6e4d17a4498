#include "configs/dram_device.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>

namespace unna {
namespace {

// DDR4-2400 x64 of 4 Gbit x8 devices, speed bin 16-16-16: JESD79-4B tables 70 (speed bin) and 100
// (timing), tRFC of 4 Gbit, tRTW with preambles of one clock; rows and columns of Micron's
// MT40A512M8.
constexpr DramDevice kDdr4 = {.clock_mhz = 1200,
                              .bus_bits = 64,
                              .burst_length = 8,
                              .ranks = 1,
                              .groups = 4,
                              .banks = 4,
                              .rows = 32768,
                              .columns = 1024,
                              .timing = {.cl = 16,
                                         .cwl = 12,
                                         .rcd_rd = 16,
                                         .rcd_wr = 16,
                                         .rp = 16,
                                         .ras = 39,
                                         .rc = 55,
                                         .rrd_s = 4,
                                         .rrd_l = 6,
                                         .faw = 26,
                                         .ccd_s = 4,
                                         .ccd_l = 6,
                                         .rtp = 9,
                                         .wr = 18,
                                         .wtr_s = 3,
                                         .wtr_l = 9,
                                         .rtw_gap = 2,
                                         .rank_gap = 2,
                                         .refi = 9360,
                                         .rfc = 312}};

// LPDDR4-3200, one 16-bit channel of 8 Gbit: JESD209-4B, latencies of set A without DBI; tRFCab of
// 8 Gbit a channel. No bank groups. rtw_gap = tDQSCK of at most 3.5 ns and a write preamble of two
// clocks. wr and wtr have the clock more that this standard counts after a write's data. tDQSCK is
// not in the latency of reads, and rp is that of one bank for precharges of all, too.
constexpr DramDevice kLpddr4 = {.clock_mhz = 1600,
                                .bus_bits = 16,
                                .burst_length = 16,
                                .ranks = 1,
                                .groups = 1,
                                .banks = 8,
                                .rows = 65536,
                                .columns = 1024,
                                .timing = {.cl = 28,
                                           .cwl = 14,
                                           .rcd_rd = 29,
                                           .rcd_wr = 29,
                                           .rp = 29,
                                           .ras = 68,
                                           .rc = 97,
                                           .rrd_s = 16,
                                           .rrd_l = 16,
                                           .faw = 64,
                                           .ccd_s = 8,
                                           .ccd_l = 8,
                                           .rtp = 12,
                                           .wr = 30,
                                           .wtr_s = 17,
                                           .wtr_l = 17,
                                           .rtw_gap = 8,
                                           .rank_gap = 4,
                                           .refi = 6246,
                                           .rfc = 448}};

// A pseudo-channel of HBM2 at 2 Gbit/s a pin, a sixteenth of a 4 GiB stack: the values of gem5's
// HBM_2000_4H_1x64 (from JESD235A and Rambus' data), which has CWL 7, tRTP 5; CL 17 as read
// latency.
constexpr DramDevice kHbm2 = {.clock_mhz = 1000,
                              .bus_bits = 64,
                              .burst_length = 4,
                              .ranks = 1,
                              .groups = 4,
                              .banks = 4,
                              .rows = 16384,
                              .columns = 128,
                              .timing = {.cl = 17,
                                         .cwl = 7,
                                         .rcd_rd = 12,
                                         .rcd_wr = 6,
                                         .rp = 14,
                                         .ras = 28,
                                         .rc = 42,
                                         .rrd_s = 4,
                                         .rrd_l = 6,
                                         .faw = 16,
                                         .ccd_s = 2,
                                         .ccd_l = 3,
                                         .rtp = 5,
                                         .wr = 14,
                                         .wtr_s = 4,
                                         .wtr_l = 9,
                                         .rtw_gap = 1,
                                         .rank_gap = 2,
                                         .refi = 3900,
                                         .rfc = 220}};

constexpr const DramDevice* kStandards[] = {&kDdr4, &kLpddr4, &kHbm2};
static_assert(std::size(kStandards) == std::size(kDramStandardNames));

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

const DramDevice& dram_standard(DramStandard standard) {
  return *kStandards[static_cast<std::size_t>(standard)];
}

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
