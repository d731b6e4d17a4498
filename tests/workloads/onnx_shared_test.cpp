// The shared models (../shared or $UNNA_SHARED), against figures that others computed; skipped
// where they are absent.

#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/file.h"
#include "workloads/onnx/import.h"
#include "workloads/yaml_writer.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

fs::path models() {
  const char* set = std::getenv("UNNA_SHARED");  // NOLINT(concurrency-mt-unsafe)
  const fs::path shared =
      set != nullptr ? fs::path(set) : fs::path(UNNASIM_SOURCE_DIR).parent_path() / "shared";
  return shared / "models";
}

std::vector<fs::path> files() {
  std::vector<fs::path> all;
  for (const char* folder : {"onnx", "public"}) {
    if (!fs::is_directory(models() / folder)) continue;
    for (const auto& entry : fs::directory_iterator(models() / folder))
      if (entry.path().extension() == ".onnx") all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

/// Name to intermediate bytes, MACs and parameters.
struct Figures {
  std::int64_t nodes = 0, bytes = 0, macs = 0, params = 0;
};
std::map<std::string, Figures> manifest() {
  const fs::path beside = models() / "onnx" / "manifest.csv";
  std::istringstream lines(read_file(fs::exists(beside) ? beside : models() / "manifest.csv"));
  std::map<std::string, Figures> out;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::vector<std::string> row;
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
    out[row[0]] = {std::stoll(row[1]), std::stoll(row[6]), std::stoll(row[8]), std::stoll(row[9])};
  }
  return out;
}

TEST(SharedModels, have_the_figures_of_the_manifest) {
  if (files().empty()) GTEST_SKIP() << "no shared models";
  OnnxOptions as_filed;
  as_filed.fuse = false;
  std::size_t compared = 0;
  const auto figures = manifest();
  for (const fs::path& file : files()) {
    const auto row = figures.find(file.stem().string());
    if (row == figures.end() || file.parent_path().filename() != "onnx") continue;
    const OnnxImport import = import_onnx(file, as_filed);
    EXPECT_EQ(static_cast<std::int64_t>(import.graph.ops.size()), row->second.nodes) << file;
    EXPECT_EQ(total_macs(import.graph), row->second.macs) << file;
    EXPECT_EQ(total_intermediate_bytes(import.graph, 4), row->second.bytes) << file;
    EXPECT_EQ(import.parameters, row->second.params) << file;
    ++compared;
  }
  EXPECT_EQ(compared, figures.size());
}

TEST(SharedModels, survive_the_network_language) {
  if (files().empty()) GTEST_SKIP() << "no shared models";
  for (const fs::path& file : files()) {
    const Graph graph = import_onnx(file).graph;
    EXPECT_EQ(dump_graph(parse_workload(write_workload(graph), "net.yaml")), dump_graph(graph))
        << file;
  }
}

TEST(SharedModels, both_exports_of_shufflenet_are_one_graph) {
  if (files().empty()) GTEST_SKIP() << "no shared models";
  const Graph raw = import_onnx(models() / "onnx" / "shufflenet_v2_raw.onnx").graph;
  const Graph folded = import_onnx(models() / "onnx" / "shufflenet_v2_x1_0.onnx").graph;
  ASSERT_EQ(raw.ops.size(), folded.ops.size());
  for (std::size_t i = 0; i < raw.ops.size(); ++i) {
    EXPECT_EQ(raw.ops[i].kind, folded.ops[i].kind) << i;
    EXPECT_EQ(raw.tensor(raw.ops[i].outputs[0]).shape,
              folded.tensor(folded.ops[i].outputs[0]).shape)
        << i;
  }
}

/// Shapes of all values by libonnx's own inference.
std::map<std::string, Shape> inferred_by_libonnx(const fs::path& file) {
  ::onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(read_file(file)));
  model.set_ir_version(std::min<std::int64_t>(model.ir_version(), 8));
  ::onnx::shape_inference::InferShapes(model);
  std::map<std::string, Shape> out;
  const auto add = [&](const ::onnx::ValueInfoProto& info) {
    if (!info.type().tensor_type().has_shape()) return;
    Shape shape;
    for (const auto& dim : info.type().tensor_type().shape().dim())
      shape.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    if (std::count(shape.begin(), shape.end(), -1) == 0) out[info.name()] = shape;
  };
  for (const auto& info : model.graph().value_info()) add(info);
  for (const auto& info : model.graph().output()) add(info);
  return out;
}

TEST(SharedModels, have_the_shapes_that_libonnx_infers) {
  if (files().empty()) GTEST_SKIP() << "no shared models";
  std::size_t compared = 0;
  OnnxOptions as_filed;
  as_filed.fuse = false;
  for (const fs::path& file : files()) {
    const auto theirs = inferred_by_libonnx(file);
    ::onnx::ModelProto model;
    ASSERT_TRUE(model.ParseFromString(read_file(file)));
    std::map<std::string, std::string> output_of;
    for (const auto& node : model.graph().node()) output_of[node.name()] = node.output(0);
    const Graph graph = import_onnx(file, as_filed).graph;
    for (const GraphOp& op : graph.ops) {
      const auto output = output_of.find(op.name);
      const std::string name = output == output_of.end() ? op.name : output->second;
      const auto shape = theirs.find(name);
      if (shape == theirs.end()) continue;
      EXPECT_EQ(graph.tensor(op.outputs[0]).shape, shape->second) << file << " " << name;
      ++compared;
    }
  }
  EXPECT_GT(compared, 3000U);
}

TEST(SharedModels, what_crashes_libonnx_is_an_error) {
  const fs::path bad = models() / "bad";
  if (!fs::is_directory(bad)) GTEST_SKIP() << "no shared models";
  for (const auto& entry : fs::directory_iterator(bad))
    EXPECT_THROW(import_onnx(entry.path()), InputError) << entry.path();
}

}  // namespace
}  // namespace unna
