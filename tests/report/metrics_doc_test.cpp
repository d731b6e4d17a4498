// Each key of summary.json and each column of the CSV files is defined in docs/metrics.md.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "base/file.h"
#include "report/compare_report.h"
#include "report/objectives.h"
#include "report/run_report.h"

namespace unna {
namespace {

std::string metrics() {
  return read_file(UNNASIM_SOURCE_DIR "/docs/metrics.md");
}

bool defined(const std::string& text, std::string_view name) {
  return text.find(fmt::format("`{}`", name)) != std::string::npos;
}

void collect(const nlohmann::json& json, std::set<std::string>& keys) {
  if (json.is_array())
    for (const auto& item : json) collect(item, keys);
  if (!json.is_object() || json.contains("unit")) return;
  for (const auto& [key, value] : json.items()) {
    keys.insert(key);
    if (key != "machine") collect(value, keys);  // docs/machine.md has its fields
  }
}

RunReport full_report() {
  RunReport report;
  report.machine_file = InputFile{"m.yaml", "0"};
  report.result.cores.resize(1);
  report.energy_table = default_energy();
  report.energy_file = InputFile{"e.yaml", "0"};
  report.result.memory = MemoryStats{};
  report.result.memory->ports.resize(1);
  report.result.memory->cache.total.reads = 1;
  report.shared = report.result;
  report.functional = FunctionalFigures{};
  report.functional->inputs = {InputFile{"x.npy", "0"}};
  report.functional->saturated = {{"l", 1}};
  report.host = HostFigures{};
  report.host->functional_seconds = 1;
  return report;
}

TEST(MetricsDoc, defines_every_key_of_summary_json) {
  std::set<std::string> keys;
  collect(nlohmann::json::parse(summary_json(full_report())), keys);
  EXPECT_GT(keys.size(), 50U);
  const std::string text = metrics();
  for (const std::string& key : keys) EXPECT_TRUE(defined(text, key)) << key;
}

TEST(MetricsDoc, defines_every_key_of_the_layouts) {
  LayoutReport report;
  report.objectives = objectives_named(std::vector<std::string>{"peak"});
  report.cache = true;
  report.buffers = {"a"};
  report.rows.resize(1);
  report.rows[0].offsets = {0};
  report.rows[0].front = true;
  std::set<std::string> keys;
  collect(nlohmann::json::parse(layout_json(report)), keys);
  EXPECT_GT(keys.size(), 20U);
  const std::string text = metrics();
  for (const std::string& key : keys) EXPECT_TRUE(defined(text, key)) << key;
}

TEST(SummaryJson, gives_each_figure_a_unit_and_is_silent_about_an_unknown_host) {
  RunReport report = full_report();
  report.result.cycles = 1234;
  const auto json = nlohmann::json::parse(summary_json(report));
  EXPECT_EQ(json["performance"]["cycles"]["value"], 1234);
  EXPECT_EQ(json["performance"]["cycles"]["unit"], "cycles");
  EXPECT_EQ(json["machine"]["core"]["pes"]["unit"], "PEs");
  EXPECT_TRUE(json.contains("host"));
  report.host.reset();
  EXPECT_FALSE(nlohmann::json::parse(summary_json(report)).contains("host"));
}

}  // namespace
}  // namespace unna
