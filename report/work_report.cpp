// What the multipliers did with their cycles, and what that costs: derived figures and texts.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/run_report.h"
#include "text/table.h"
#include "text/units.h"

namespace unna {
namespace {

constexpr double kJoulesPerPj = 1e-12;

/// "a 71.0 %, b 3.2 %": largest first, those below half a tenth of a percent left out.
std::string shares_text(std::vector<std::pair<std::string_view, double>> shares) {
  std::ranges::stable_sort(shares, std::greater<>(), [](const auto& s) { return s.second; });
  std::vector<std::string> texts;
  for (const auto& [name, share] : shares)
    if (share >= 0.0005) texts.push_back(fmt::format("{} {}", name, percent(share)));
  return texts.empty() ? "nothing" : fmt::format("{}", fmt::join(texts, ", "));
}

/// How a reader is told of the losses, in the order of losses().
constexpr std::string_view kLossTexts[] = {"PEs without a channel",
                                           "multipliers beyond a sum's end",
                                           "PEs behind their group's slowest",
                                           "output stage",
                                           "ports",
                                           "start-up and drain",
                                           "operations without MACs"};

constexpr std::string_view kPartTexts[kParts] = {
    "PEs",     "indexing", "NBin",         "SB",           "NBout",
    "control", "DRAM",     "interconnect", "shared cache", "clock and leakage"};

double difference(double ours, double published) {
  return published > 0 ? ours / published - 1 : 0;
}

}  // namespace

double peak_gops(const RunReport& report) {
  return static_cast<double>(report.machine.cores * peak_operations(report.machine.core)) *
         static_cast<double>(report.machine.clock_mhz) * 1e-3;
}

double gops(const RunReport& report) {
  const double time = seconds(report);
  return time > 0 ? 2e-9 * static_cast<double>(report.result.macs) / time : 0;
}

namespace {

MemoryTraffic traffic(const RunReport& report) {
  const MemoryStats& memory = *report.result.memory;
  const CacheStats& cache = memory.cache;
  const std::int64_t lines = cache.total.accesses() + cache.fills + cache.writebacks;
  return {report.result.dram_read + report.result.dram_written,
          (memory.dram.reads + memory.dram.writes) * memory.burst_bytes,
          lines * report.machine.cache.line_bytes};
}

}  // namespace

ByPart energy(const RunReport& report, const Activity& activity) {
  ByPart pj = activity_energy(activity, report.machine, report.energy_table);
  if (report.result.memory)
    charge_memory(pj, activity, traffic(report), report.machine, report.energy_table);
  return pj;
}

ByPart energy(const RunReport& report) {
  ByPart pj = energy(report, report.work.activity());
  pj[Part::idle] = idle_energy(report.result.cycles, report.machine, report.energy_table);
  return pj;
}

double watts(const RunReport& report) {
  const double time = seconds(report);
  return time > 0 ? energy(report).total() * kJoulesPerPj / time : 0;
}

double gops_per_watt(const RunReport& report) {
  const double power = watts(report);
  return power > 0 ? gops(report) / power : 0;
}

SlotFigures slots(const RunReport& report) {
  const MachineConfig& machine = report.machine;
  SlotFigures figures;
  figures.use = report.work.slots();
  figures.total =
      report.result.cycles * machine.cores * machine.core.pes * machine.core.multipliers;
  figures.stalls = figures.total - figures.use.total();
  return figures;
}

std::vector<std::pair<std::string_view, std::int64_t>> losses(const SlotUse& use) {
  return {{"channels", use.channels},         {"inputs", use.inputs}, {"imbalance", use.imbalance},
          {"output_stage", use.output_stage}, {"ports", use.ports},   {"startup", use.startup},
          {"other_ops", use.other_ops}};
}

std::string losses_text(const RunReport& report) {
  const SlotFigures figures = slots(report);
  if (figures.total == 0) return "nothing";
  const auto share = [&](std::int64_t count) {
    return static_cast<double>(count) / static_cast<double>(figures.total);
  };
  std::vector<std::pair<std::string_view, double>> shares;
  const auto all = losses(figures.use);
  for (std::size_t k = 0; k < all.size(); ++k)
    shares.emplace_back(kLossTexts[k], share(all[k].second));
  shares.emplace_back("stalls", share(figures.stalls));
  return shares_text(std::move(shares));
}

std::string energy_text(const RunReport& report) {
  const ByPart pj = energy(report);
  const double total = pj.total();
  std::vector<std::pair<std::string_view, double>> shares;
  for (std::size_t p = 0; p < kParts; ++p)
    shares.emplace_back(kPartTexts[p], total > 0 ? pj.value[p] / total : 0);
  return fmt::format("{} an inference, {} W, {} GOP/s/W; {}", readable_joules(total * kJoulesPerPj),
                     significant(watts(report)), significant(gops_per_watt(report)),
                     shares_text(std::move(shares)));
}

/// Fields in which the core of the published figures differs, with the values that it has there.
std::vector<std::string> unlike_the_published(const MachineConfig& machine,
                                              const EnergyTable& table) {
  const auto own = field_values(machine);
  std::vector<std::string> others;
  for (const auto& field : table.published_machine)
    if (std::ranges::find(own, field) == own.end())
      others.push_back(fmt::format("{} {}", field.first, field.second));
  return others;
}

std::string core_energy_text(const MachineConfig& machine, const EnergyTable& table) {
  const ByPart area = core_area(machine, table);
  const ByPart dense = core_power(peak_activity(machine.core, false), machine, table);
  const ByPart indexed = core_power(peak_activity(machine.core, true), machine, table);
  TextTable text({"", "area mm2", "dense mW", "indexed mW"});
  const auto row = [&](std::string_view name, double a, double d, double i) {
    text.add({std::string(name), fmt::format("{:.3f}", a), fmt::format("{:.0f}", d),
              fmt::format("{:.0f}", i)});
  };
  for (std::size_t p = 0; p < kParts; ++p)
    if (area.value[p] > 0 || indexed.value[p] > 0)
      row(kPartTexts[p], area.value[p], dense.value[p], indexed.value[p]);
  text.rule();
  row("core", area.total(), dense.total(), indexed.total());
  const std::vector<std::string> others = unlike_the_published(machine, table);
  if (others.empty()) {
    row("published", table.published_area_mm2, table.published_power_mw, table.published_power_mw);
    text.add({"difference", percent(difference(area.total(), table.published_area_mm2)),
              percent(difference(dense.total(), table.published_power_mw)),
              percent(difference(indexed.total(), table.published_power_mw))});
  }
  return fmt::format(
      "One core of {} at {} MHz, {} operations a cycle, by {}\n\n{}{}", machine.name,
      machine.clock_mhz, peak_operations(machine.core), table.name, text.str(),
      others.empty() ? ""
                     : fmt::format("The table's published figures are of another core, with {}.\n",
                                   fmt::join(others, ", ")));
}

}  // namespace unna
