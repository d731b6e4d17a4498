#include "report/report_page.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "sim/simulate.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

using Json = nlohmann::ordered_json;

/// What a page takes from a summary before it looks at the program.
Json least_summary() {
  Json json;
  json["granularity"] = "auto";
  json["performance"]["cycles"]["value"] = 7;
  json["machine"]["core"]["queue_depth"]["value"] = 16;
  json["machine"]["core"]["dispatch_per_cycle"]["value"] = 2;
  json["machine"]["dram"]["alignment_bytes"]["value"] = 64;
  Json engine;
  for (const std::string_view cause : kStallNames)
    engine["stall_" + std::string(cause)]["value"] = 0;
  json["cores"].push_back({{"engines", {{"cp", engine}}}});
  return json;
}

std::string refusal_of(const Json& summary) {
  PageRun run;
  run.path = "d";
  run.summary = summary.dump();
  run.trace.cores = 1;  // of another program than the empty one: refused later
  return input_error([&] { packed_run(run); });
}

TEST(ReportPage, RefusesSummariesOfVersionsThatCountedOtherwise) {
  const std::string refused =
      "d/summary.json: is no summary of a run, expected what this version's simulate writes";
  EXPECT_NE(refusal_of(least_summary()), refused);
  for (const std::string_view cause : kStallNames) {
    Json old = least_summary();
    old["cores"][0]["engines"]["cp"].erase("stall_" + std::string(cause));
    EXPECT_EQ(refusal_of(old), refused) << cause;
  }
  Json old = least_summary();
  old.erase("granularity");
  EXPECT_EQ(refusal_of(old), refused);
}

}  // namespace
}  // namespace unna
