// Files of a sweep are checked before it runs; keys change with everything a result depends on.

#include "flow/sweep_run.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "base/file.h"
#include "tests/support/committed.h"
#include "workloads/npy.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

constexpr const char* kOneLayer =
    "name: n\ninputs: {x: [1, 4]}\nops: [{op: gemm, name: fc, features: 2}]\n";

class SweepFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(directory_);
    write("net.yaml", kOneLayer);
    write("one.yaml", dump_machine(preset_machine(1)));
    write("four.yaml", dump_machine(preset_machine(4)));
  }
  void TearDown() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((directory_ / name).parent_path());
    write_file(directory_ / name, text);
  }
  std::vector<PreparedPoint> prepared(const std::string& axes) const {
    const SweepSpec spec = parse_sweep("sweep: s\naxes:\n" + axes, directory_ / "s.yaml");
    return prepare(spec, sweep_points(spec));
  }
  std::string key(const std::string& axes = "  network: [net.yaml]\n") const {
    return prepared(axes).at(0).key;
  }
  std::string file(const std::string& name) const { return (directory_ / name).string(); }

  const fs::path directory_ =
      fs::temp_directory_path() / (std::string("unnasim_sweep_") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
};

TEST_F(SweepFiles, a_missing_or_malformed_file_ends_it_before_the_first_point) {
  EXPECT_TRUE(
      input_error([&] { prepared("  network: [net.yaml, missing.yaml]\n"); })
          .ends_with(":3:23: network 'missing.yaml' is not there, expected a file, relative to "
                     "the sweep's"));
  write("bad.yaml", "name: n\n");
  EXPECT_TRUE(input_error([&] {
                prepared("  network: [net.yaml, bad.yaml]\n");
              }).starts_with(file("bad.yaml") + ":1:1: "));
  write("bad.yaml", "cores: four\n");
  EXPECT_TRUE(input_error([&] {
                prepared("  network: [net.yaml]\n  machine: [bad.yaml]\n");
              }).starts_with(file("bad.yaml") + ":1:8: "));
  EXPECT_NE(input_error([&] { prepared("  network: [net.yaml]\n  input_shape.x: [1x4]\n"); }), "");
}

TEST_F(SweepFiles, machines_are_an_axis) {
  const auto points = prepared("  network: [net.yaml]\n  machine: [one.yaml, four.yaml]\n");
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].run->machine.config.cores, 1);
  EXPECT_EQ(points[1].run->machine.config.cores, 4);
}

TEST_F(SweepFiles, fields_that_contradict_each_other_are_a_failed_point_and_not_the_end) {
  const auto points = prepared(
      "  network: [net.yaml]\n  machine.core.nbin_bytes: [8192]\n"
      "  machine.cache.size_bytes: [0, 65536]\n");
  ASSERT_EQ(points.size(), 2U);
  EXPECT_TRUE(points[0].run);
  EXPECT_FALSE(points[1].run);  // a cache with dram.model: bandwidth
  EXPECT_NE(points[1].refusal, "");
  EXPECT_NE(points[0].key, points[1].key);
}

TEST_F(SweepFiles, the_key_changes_with_everything_that_a_result_depends_on) {
  const std::string first = key();
  EXPECT_EQ(key(), first);
  std::set<std::string> keys = {first};
  for (const char* more :
       {"  cores: [2]\n", "  seed: [2]\n", "  planner: [naive]\n", "  granularity: [band]\n",
        "  partition: [rows]\n", "  weight_density: [0.5]\n", "  bands: [2]\n",
        "  machine.core.queue_depth: [3]\n", "  machine: [four.yaml]\n"})
    EXPECT_TRUE(keys.insert(key(std::string("  network: [net.yaml]\n") + more)).second) << more;
  write("net.yaml", std::string(kOneLayer) + "# a comment\n");
  EXPECT_TRUE(keys.insert(key()).second);
}

TEST_F(SweepFiles, points_of_equal_networks_have_keys_of_their_own) {
  write("copy.yaml", kOneLayer);
  const auto points = prepared("  network: [net.yaml, copy.yaml]\n");
  EXPECT_NE(points[0].key, points[1].key);
}

TEST_F(SweepFiles, a_mask_beside_the_network_is_part_of_the_key) {
  write("net.yaml",
        "name: n\ninputs: {x: [1, 4]}\n"
        "ops: [{op: gemm, name: fc, features: 2, weight_mask: mask.npy}]\n");
  const auto mask = [&](float last) {
    write("mask.npy", npy_bytes({Shape{2, 4}, {1, 0, 1, 0, 1, 1, 0, last}}));
  };
  mask(1);
  const std::string before = key();
  mask(0);
  EXPECT_NE(key(), before);
  mask(1);
  EXPECT_EQ(key(), before);
}

}  // namespace
}  // namespace unna
