// What a conformance test's verdict depends on. The tests of libonnx-testdata are run by
// tests/golden/conformance.txt.

#include "flow/conformance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/file.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

OnnxTensor reals(Shape dims, std::vector<float> values) {
  return onnx_import::make_reals(std::move(dims), std::move(values));
}

TEST(ConformanceDifference, is_more_than_a_thousandth_of_the_expected_value) {
  EXPECT_FALSE(difference(reals({2}, {1000.9F, 1}), reals({2}, {1000, 1})));
  EXPECT_EQ(difference(reals({2}, {1001.1F, 1}), reals({2}, {1000, 1})),
            "element 0 is 1001.0999755859375, expected 1000");
  EXPECT_FALSE(difference(reals({1}, {0.9e-7F}), reals({1}, {0})));
  EXPECT_TRUE(difference(reals({1}, {1.1e-7F}), reals({1}, {0})));
}

TEST(ConformanceDifference, is_no_less_than_the_rounding_of_the_largest_value) {
  EXPECT_FALSE(difference(reals({2}, {0.9e-6F, 1}), reals({2}, {0, 1})));
  EXPECT_TRUE(difference(reals({2}, {1.1e-6F, 1}), reals({2}, {0, 1})));
  EXPECT_FALSE(difference(reals({2}, {0.9e-3F, 1000}), reals({2}, {0, 1000})));
}

TEST(ConformanceDifference, is_another_shape) {
  EXPECT_EQ(difference(reals({2, 1}, {1, 1}), reals({2}, {1, 1})), "has shape [2x1], expected [2]");
}

TEST(ConformanceDifference, knows_infinities_and_what_is_no_number) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(difference(reals({2}, {inf, nan}), reals({2}, {inf, nan})));
  EXPECT_TRUE(difference(reals({1}, {inf}), reals({1}, {-inf})));
  EXPECT_TRUE(difference(reals({1}, {3e38F}), reals({1}, {inf})));
  EXPECT_TRUE(difference(reals({1}, {nan}), reals({1}, {1})));
}

TEST(ConformanceDifference, of_integers_has_no_tolerance) {
  const OnnxTensor thousand = onnx_import::make_integers({1}, {1000});
  EXPECT_FALSE(difference(thousand, thousand));
  EXPECT_TRUE(difference(onnx_import::make_integers({1}, {1001}), thousand));
}

/// A copy of one of Debian's tests; skipped where they are not installed.
class ConformanceVerdict : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path from = "/usr/share/libonnx-testdata/data/node/test_leakyrelu";
    if (!fs::exists(from)) GTEST_SKIP() << "libonnx-testdata is not installed";
    directory_ = fs::path(::testing::TempDir()) /
                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(directory_);
    fs::copy(from, directory_, fs::copy_options::recursive);
  }
  void TearDown() override { fs::remove_all(directory_); }

  ConformanceCase verdict() const {
    constexpr std::int64_t kCores[] = {1, 4};
    return run_conformance_case(directory_, kCores);
  }

  fs::path directory_;
};

TEST_F(ConformanceVerdict, is_passed_where_all_is_as_expected) {
  const ConformanceCase c = verdict();
  EXPECT_EQ(c.verdict, Verdict::passed) << c.reason;
  EXPECT_EQ(c.operators, "LeakyRelu");
}

TEST_F(ConformanceVerdict, is_failed_where_a_value_is_another) {
  const fs::path file = directory_ / "test_data_set_0/output_0.pb";
  std::string bytes = read_file(file);
  bytes[bytes.size() - 1] = static_cast<char>(bytes[bytes.size() - 1] ^ 1);  // the exponent
  write_file(file, bytes);
  const ConformanceCase c = verdict();
  EXPECT_EQ(c.verdict, Verdict::failed);
  EXPECT_NE(c.reason.find("y: element 59 is "), std::string::npos) << c.reason;
}

TEST_F(ConformanceVerdict, does_not_depend_on_other_folders_beside_the_model) {
  fs::create_directory(directory_ / "notes");
  write_file(directory_ / "notes" / "input_0.pb", "of something else");
  EXPECT_EQ(verdict().verdict, Verdict::passed) << verdict().reason;
}

TEST_F(ConformanceVerdict, is_unsupported_where_the_model_cannot_be_read) {
  write_file(directory_ / "model.onnx", "\x08no model");
  const ConformanceCase c = verdict();
  EXPECT_EQ(c.verdict, Verdict::unsupported);
  EXPECT_EQ(c.reason, "is no ONNX model, expected a serialised ModelProto of at most 2 GiB");
}

}  // namespace
}  // namespace unna
