#include "report/replaced_run.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace unna {
namespace {

std::string summary(std::string_view granularity, int depth, std::string_view type,
                    std::string_view more = "") {
  return fmt::format(
      R"({{"version": "1", "network": "n", "network_file": {{"path": "n.yaml", "xxh64": "1f"}},
          "granularity": "{}", "seed": 1, {} "performance": {{"cycles": {{"value": 7}}}},
          "energy": {{"table": "t"}}, "memory": {{"planner": "auto"}},
          "machine": {{"core": {{"queue_depth": {{"value": {}, "unit": "instructions"}}}},
                      "data_type": "{}"}}}})",
      granularity, more, depth, type);
}

TEST(ReplacedRun, HasTheSettingsInWhichItDiffers) {
  const std::string now = summary("auto", 16, "int16");
  EXPECT_EQ(replaced_run_text(now, now, true), "");
  EXPECT_EQ(replaced_run_text(summary("tensor", 16, "int16"), now, true),
            ", in place of a run with granularity tensor");
  EXPECT_EQ(replaced_run_text(summary("tensor", 4, "int8"), now, true),
            ", in place of a run with granularity tensor, machine.core.queue_depth 4 instructions, "
            "machine.data_type int8");
  EXPECT_EQ(replaced_run_text(summary("tensor", 4, "int8", R"("barriers": "layers",)"), now, true),
            ", in place of a run with granularity tensor, barriers layers, "
            "machine.core.queue_depth 4 instructions and 1 more");
}

TEST(ReplacedRun, OfAnotherProgramHadOtherOptions) {
  const std::string now = summary("band", 16, "int16");  // such as --weight-density
  EXPECT_EQ(replaced_run_text(now, now, false), ", in place of a run with other options");
}

TEST(ReplacedRun, OfAnotherVersionIsNoOther) {
  std::string old = summary("band", 16, "int16");
  const std::string now = old;
  old.replace(old.find("\"1\""), 3, "\"0\"");
  EXPECT_EQ(replaced_run_text(old, now, true), "");
}

TEST(ReplacedRun, MayHaveLessThanTheNewOne) {
  EXPECT_EQ(replaced_run_text(summary("auto", 16, "int16"),
                              summary("auto", 16, "int16", R"("barriers": "layers",)"), true),
            ", in place of a run with other options");
}

TEST(ReplacedRun, IsNoneWhereNoSummaryIs) {
  for (const char* text : {"", "{}", "[1]", "{\"machine\": 3}", "\xff"})
    EXPECT_EQ(replaced_run_text(text, summary("auto", 16, "int16"), false), "") << text;
}

}  // namespace
}  // namespace unna
