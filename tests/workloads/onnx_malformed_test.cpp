// The import is total: truncated and mutated files give a graph or one line of error.

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "tests/workloads/onnx_builder.h"
#include "tests/workloads/onnx_corpus.h"
#include "workloads/onnx/import.h"

namespace unna {
namespace {

/// Anything but success and an InputError of one line escapes.
void import_any(const std::string& bytes, bool check) {
  OnnxOptions options;
  options.check = check;
  try {
    parse_onnx(bytes, "net.onnx", options);
  } catch (const InputError& error) {
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_TRUE(text.starts_with("net.onnx: ")) << text;
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> all;
  for (const auto& [name, bytes] : onnx_test::corpus()) all.push_back(bytes);
  return all;
}

TEST(MalformedOnnx, every_truncation_is_survived) {
  for (const std::string& seed : seeds())
    for (std::size_t length = 0; length < seed.size(); ++length)
      import_any(seed.substr(0, length), false);
}

TEST(MalformedOnnx, thousands_of_mutations_are_survived) {
  constexpr int kMutations = 4000;
  for (const std::string& seed : seeds()) {
    Rng rng(hash_bytes(seed));
    for (int i = 0; i < kMutations; ++i) {
      std::string bytes = seed;
      for (std::uint64_t k = rng.below(4) + 1; k > 0; --k)
        bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
      import_any(bytes, false);
    }
  }
}

TEST(MalformedOnnx, the_checker_is_survived_too) {
  constexpr int kMutations = 40;
  for (const std::string& seed : seeds()) {
    Rng rng(hash_bytes(seed) + 1);
    for (int i = 0; i < kMutations; ++i) {
      std::string bytes = seed;
      bytes[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
      import_any(bytes, true);
    }
  }
}

TEST(MalformedOnnx, what_is_no_model_is_named) {
  import_any("", true);
  import_any(std::string(1000, '\0'), true);
  import_any("name: net\n", true);
  // Messages nested deeper than protobuf goes.
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "\x3a\x7f";
  import_any(deep, true);
}

/// Sizes that no machine has.
TEST(MalformedOnnx, huge_dimensions_take_no_memory) {
  for (const std::int64_t dim : {std::int64_t{1} << 31, std::int64_t{1} << 62, std::int64_t{-1}}) {
    onnx_test::Builder b;
    b.input("x", {1, 1}).ints("s", {2}, {dim, dim}).ints("pads", {4}, {dim, 0, 0, dim});
    b.node("ConstantOfShape", {"s"}, {"c"});
    b.node("Expand", {"x", "s"}, {"e"});
    b.node("Pad", {"x", "pads"}, {"p"});
    b.node("Tile", {"x", "s"}, {"t"});
    b.node("Add", {"c", "e"}, {"a"});
    b.node("Add", {"p", "t"}, {"y"});
    b.output("y");
    import_any(b.bytes(), false);
  }
}

}  // namespace
}  // namespace unna
