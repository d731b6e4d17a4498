#pragma once

// What the `bandwidth` and the `banked` DRAM model know of a memory: one channel of a device
// (organisation and JEDEC timing), how addresses are spread over channels and banks, and the
// controller before each channel.
//
// The fields of the machine file come from visit_dram_fields(), which visit_fields()
// (configs/machine.h) calls: `dram.standard` sets a whole DramDevice (configs/dram_standard.h),
// other fields override it.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "configs/dram_standard.h"

namespace unna {

/// Times from command to command in DRAM clocks, under their JEDEC names without the `t`; `_s`
/// between different bank groups, `_l` within one.
struct DramTiming {
  std::int64_t cl = 0;      ///< RD to its first data
  std::int64_t cwl = 0;     ///< WR to its first data
  std::int64_t rcd_rd = 0;  ///< ACT to RD; HBM2 has another one for writes
  std::int64_t rcd_wr = 0;  ///< ACT to WR
  std::int64_t rp = 0;      ///< PRE to ACT or REF
  std::int64_t ras = 0;     ///< ACT to PRE
  std::int64_t rc = 0;      ///< ACT to ACT of one bank
  std::int64_t rrd_s = 0;   ///< ACT to ACT of another bank
  std::int64_t rrd_l = 0;
  std::int64_t faw = 0;    ///< ACT to the fourth next ACT of the rank
  std::int64_t ccd_s = 0;  ///< RD to RD, WR to WR
  std::int64_t ccd_l = 0;
  std::int64_t rtp = 0;    ///< RD to PRE
  std::int64_t wr = 0;     ///< end of write data to PRE
  std::int64_t wtr_s = 0;  ///< end of write data to RD of the rank
  std::int64_t wtr_l = 0;
  std::int64_t rtw_gap = 0;   ///< end of read data to write data, on the bus
  std::int64_t rank_gap = 0;  ///< between data of different ranks, on the bus
  std::int64_t refi = 0;      ///< REF to REF of a rank, on average
  std::int64_t rfc = 0;       ///< REF to ACT

  friend bool operator==(const DramTiming&, const DramTiming&) = default;
};

/// To whole clocks, so that nothing comes too early; the interval of refreshes, not too late.
enum class DramRounding : std::uint8_t { up, down };

/// A time of a memory: its field, and how nanoseconds become clocks.
struct DramTime {
  std::string_view path;  ///< of the field; its name in a memory's file stands behind the last dot
  std::int64_t DramTiming::*member;
  std::int64_t least;
  std::string_view doc;
  DramRounding rounding = DramRounding::up;
};
inline constexpr std::int64_t kDramMaxClocks = 1 << 20;
inline constexpr DramTime kDramTimes[] = {
    {"dram.timing.cl", &DramTiming::cl, 1, "CL: RD to its first data"},
    {"dram.timing.cwl", &DramTiming::cwl, 1, "CWL: WR to its first data"},
    {"dram.timing.rcd_rd", &DramTiming::rcd_rd, 1, "tRCD: ACT to RD"},
    {"dram.timing.rcd_wr", &DramTiming::rcd_wr, 1, "tRCD: ACT to WR"},
    {"dram.timing.rp", &DramTiming::rp, 1, "tRP: PRE to ACT and REF"},
    {"dram.timing.ras", &DramTiming::ras, 1, "tRAS: ACT to PRE"},
    {"dram.timing.rc", &DramTiming::rc, 1, "tRC: ACT to ACT of a bank"},
    {"dram.timing.rrd_s", &DramTiming::rrd_s, 1, "tRRD_S: ACT to ACT of another bank group"},
    {"dram.timing.rrd_l", &DramTiming::rrd_l, 1, "tRRD_L: the same within a bank group"},
    {"dram.timing.faw", &DramTiming::faw, 1, "tFAW: window with at most four ACTs of a rank"},
    {"dram.timing.ccd_s", &DramTiming::ccd_s, 1,
     "tCCD_S: RD to RD, WR to WR of another bank group"},
    {"dram.timing.ccd_l", &DramTiming::ccd_l, 1, "tCCD_L: the same within a bank group"},
    {"dram.timing.rtp", &DramTiming::rtp, 1, "tRTP: RD to PRE"},
    {"dram.timing.wr", &DramTiming::wr, 1, "tWR: end of write data to PRE"},
    {"dram.timing.wtr_s", &DramTiming::wtr_s, 1,
     "tWTR_S: end of write data to RD of another bank group"},
    {"dram.timing.wtr_l", &DramTiming::wtr_l, 1, "tWTR_L: the same within a bank group"},
    {"dram.timing.rtw_gap", &DramTiming::rtw_gap, 0,
     "bus idle from read data to write data: tRTW = CL + BL/2 + this - CWL"},
    {"dram.timing.rank_gap", &DramTiming::rank_gap, 0,
     "bus idle between data of two ranks (tRTRS)"},
    {"dram.timing.refi", &DramTiming::refi, 1, "tREFI: interval of refreshes of a rank",
     DramRounding::down},
    {"dram.timing.rfc", &DramTiming::rfc, 1, "tRFC: REF to ACT"},
};

/// One channel. Numbers of things are powers of two, so that addresses are fields of bits.
struct DramDevice {
  std::int64_t clock_mhz = 0;  ///< data moves at twice this rate
  std::int64_t bus_bits = 0;
  std::int64_t burst_length = 0;  ///< beats; takes half as many clocks
  std::int64_t ranks = 0;
  std::int64_t groups = 0;          ///< bank groups of a rank
  std::int64_t banks = 0;           ///< of a bank group
  std::int64_t rows = 0;            ///< of a bank
  std::int64_t columns = 0;         ///< of a row, each of bus_bits
  std::int64_t command_clocks = 1;  ///< that a command takes on its bus; times are whole ones of it
  DramTiming timing;

  Bytes burst_bytes() const { return burst_length * bus_bits / 8; }
  std::int64_t burst_clocks() const { return burst_length / 2; }
  std::int64_t bursts_per_row() const { return columns / burst_length; }
  std::int64_t banks_per_channel() const { return ranks * groups * banks; }
  Bytes channel_bytes() const { return banks_per_channel() * rows * columns * bus_bits / 8; }
  /// Bytes per second.
  std::int64_t channel_bandwidth() const { return bus_bits / 8 * 2 * clock_mhz * 1'000'000; }

  friend bool operator==(const DramDevice&, const DramDevice&) = default;
};

/// The parts of an address. A column may be cut in two: column_low is what lies below `channel`.
enum class DramField : std::uint8_t {
  row,
  rank,
  bank,
  group,
  channel,
  column,
  column_high,
  column_low
};
inline constexpr std::string_view kDramFieldNames[] = {
    "row", "rank", "bank", "group", "channel", "column", "column_high", "column_low"};

/// Order of the fields from the most significant; the byte in the burst lies below them.
struct DramMapping {
  DramMapping();  ///< out of line: g++ 12 warns, wrongly, where it inlines the list below

  std::vector<DramField> order;

  friend bool operator==(const DramMapping&, const DramMapping&) = default;
};
/// "row rank bank column_high group channel column_low". Each of row, rank, bank, group and channel
/// once; `column` once, or column_high above channel and column_low below it. Throws InputError
/// naming `what`.
DramMapping parse_dram_mapping(std::string_view text, const SourcePos& pos, std::string_view what);
std::string dram_mapping_text(const DramMapping& mapping);

/// Which fields are XORed with low bits of the row (Zhang, Zhu, Zhang: "A permutation-based page
/// interleaving scheme", MICRO 2000). Such a row is larger than most strides of a tensor, so that
/// `fold` takes all address bits above the channel's instead, in groups as wide as it is (Rau,
/// "Pseudo-randomly interleaved memory", ISCA 1991, has the general form).
enum class DramHash : std::uint8_t { none, banks, all, fold };
inline constexpr std::string_view kDramHashNames[] = {"none", "banks", "all", "fold"};

struct DramLayout {
  std::int64_t channels = 2;
  DramMapping mapping;
  Bytes interleave_bytes = 256;  ///< consecutive bytes of one channel, where the column is cut
  DramHash hash = DramHash::all;

  friend bool operator==(const DramLayout&, const DramLayout&) = default;
};

enum class DramPage : std::uint8_t { open, closed };
inline constexpr std::string_view kDramPageNames[] = {"open", "closed"};

/// A channel's controller. Amounts are bursts.
struct DramController {
  std::int64_t read_queue = 32;
  std::int64_t write_queue = 32;
  std::int64_t write_high = 24;  ///< writes that start a drain
  std::int64_t write_low = 8;    ///< writes that end it
  std::int64_t turn = 16;  ///< served in one direction before a waiting other one has its turn
  std::int64_t max_passed = 32;  ///< younger bursts served before an older one
  DramPage page = DramPage::open;

  friend bool operator==(const DramController&, const DramController&) = default;
};

/// Range of a field whose values are powers of two.
struct PowersOfTwo {
  std::int64_t lo = 1;
  std::int64_t hi = 1;
};

/// Bits of a field but channel, column_high and column_low, which are 0 here.
int dram_field_bits(const DramDevice& device, DramField field);
/// Bits of a burst's number below `channel` that are not column_low's.
int dram_bits_below_channel(const DramDevice& device, const DramMapping& mapping);
/// Bits of column_low: the fields below `channel` span dram.interleave_bytes.
int dram_column_low_bits(const DramDevice& device, const DramLayout& layout);

/// The rows of visit_fields() that the bandwidth and the banked model read. Dram is DramConfig or
/// const DramConfig (configs/machine.h).
template <class Dram, class Visitor>
void visit_dram_fields(Dram& dram, Visitor&& v) {
  const auto power = [&](std::string_view path, auto& member, std::int64_t lo, std::int64_t hi,
                         std::string_view unit, std::string_view doc) {
    v(path, member, PowersOfTwo{lo, hi}, unit, doc);
  };
  v("dram.standard", dram.standard, dram_standard_names(),
    "names one channel of a memory, sets the fields from dram.clock_mhz to "
    "dram.timing.rfc; those given beside it, in whatever order, override it");
  auto& device = dram.device;
  v("dram.clock_mhz", device.clock_mhz, 1, 10'000, "MHz",
    "clock of the DRAM's data; two beats a clock. Sets the fields of dram.timing to what the "
    "standard's times are in this clock; those given beside it override it");
  power("dram.bus_bits", device.bus_bits, 8, 1024, "bits", "data bus of a channel");
  power("dram.burst_length", device.burst_length, 2, 32, "beats", "beats of a burst");
  power("dram.ranks", device.ranks, 1, 4, "ranks", "ranks of a channel");
  power("dram.groups", device.groups, 1, 8, "groups", "bank groups of a rank");
  power("dram.banks", device.banks, 1, 32, "banks", "banks of a bank group; 64 a channel at most");
  power("dram.rows", device.rows, 1, 1 << 20, "rows", "rows of a bank");
  power("dram.columns", device.columns, 1, 1 << 14, "columns", "columns of a row, each a beat");
  power("dram.command_clocks", device.command_clocks, 1, 8, "DRAM clocks",
        "that a command takes on its bus, where commands go at a slower clock than data");

  for (const DramTime& time : kDramTimes)
    v(time.path, device.timing.*time.member, time.least, kDramMaxClocks, "DRAM clocks", time.doc);

  auto& layout = dram.layout;
  power("dram.channels", layout.channels, 1, 64, "channels", "channels of that standard");
  v("dram.mapping", layout.mapping,
    "fields of an address from the most significant; a burst's bytes lie below");
  power("dram.interleave_bytes", layout.interleave_bytes, 8, 1 << 20, "bytes",
        "consecutive bytes of a channel; cuts the column in high and low");
  v("dram.hash", layout.hash, std::span(kDramHashNames),
    "fields XORed with bits of the row: bank and group, or channel too; fold: the channel "
    "with "
    "all bits above it");

  auto& controller = dram.controller;
  v("dram.controller.read_queue", controller.read_queue, 1, 1024, "bursts",
    "reads that a channel's controller chooses from");
  v("dram.controller.write_queue", controller.write_queue, 1, 1024, "bursts",
    "writes that it holds; a write is done when it is accepted");
  v("dram.controller.write_high", controller.write_high, 1, 1024, "bursts",
    "so many writes start a drain");
  v("dram.controller.write_low", controller.write_low, 0, 1023, "bursts",
    "a drain leaves so many writes if reads wait");
  v("dram.controller.turn", controller.turn, 1, 1024, "bursts",
    "served in one direction before the other one has its turn: a drain ends while reads "
    "wait, reads end at write_high");
  v("dram.controller.max_passed", controller.max_passed, 0, 1 << 20, "bursts",
    "younger bursts of its direction that may be served before an older one; 0: in order");
  v("dram.controller.page", controller.page, std::span(kDramPageNames),
    "open: rows stay open; closed: a row without waiting bursts is precharged");
}

}  // namespace unna
