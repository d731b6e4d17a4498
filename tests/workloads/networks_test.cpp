// The shipped networks against published figures. Each table says which figures agree, and where
// one differs, by how much and why.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include "base/file.h"
#include "text/numbers.h"
#include "text/yaml.h"
#include "workloads/graph.h"
#include "workloads/sparsity.h"
#include "workloads/usage.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

const fs::path kSource = UNNASIM_SOURCE_DIR;

fs::path shared(const fs::path& file) {
  const char* set = std::getenv("UNNA_SHARED");
  return (set != nullptr ? fs::path(set) : kSource / "../shared") / file;
}

Graph load(std::string_view network) {
  return load_workload(kSource / "workloads" / fmt::format("{}.yaml", network));
}

std::vector<std::vector<std::string>> read_csv(const fs::path& path) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  for (const char c : read_file(path)) {
    if (c == '\n') {
      rows.emplace_back(1);
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c != '\r') {
      rows.back().back() += c;
    }
  }
  if (rows.back().size() == 1) rows.pop_back();
  return rows;
}

std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  EXPECT_TRUE(parse_integer(text, value)) << text;
  return value;
}

/// manifest.csv's row of a model by column name.
std::map<std::string, std::string> manifest_row(const std::string& model) {
  const auto rows = read_csv(shared("models/manifest.csv"));
  for (const auto& row : rows) {
    if (row[0] != model) continue;
    std::map<std::string, std::string> out;
    for (std::size_t i = 0; i < row.size(); ++i) out[rows[0][i]] = row[i];
    return out;
  }
  return {};
}

TEST(Networks, AllShippedFilesLoadAndAreNamedAfterThemselves) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(kSource / "workloads")) {
    if (entry.path().extension() != ".yaml") continue;
    EXPECT_EQ(load_workload(entry.path()).name, entry.path().stem().string());
    ++count;
  }
  EXPECT_EQ(count, 31);
}

/// Deep Compression (Han, Mao, Dally, ICLR 2016), tables 1 and 3 to 5: parameters, and the share of
/// them that pruning leaves, rounded.
TEST(Networks, PrunedOnesHaveTheParametersThatDeepCompressionReports) {
  struct Row {
    const char* network;
    double parameters, left, rounding;
  };
  for (const Row& row :
       {Row{"lenet5_pruned", 431e3, 0.08, 0.005}, Row{"alexnet_pruned", 61e6, 0.11, 0.005},
        Row{"vgg16_pruned", 138e6, 0.075, 0.002}}) {
    SCOPED_TRACE(row.network);
    const Graph graph = load(row.network);
    double left = 0;
    for (const GraphTensor& t : graph.tensors)
      if (t.kept) left += static_cast<double>(nonzeros(t));  // biases are not pruned
    const auto all = static_cast<double>(total_params(graph));
    EXPECT_NEAR(all, row.parameters, 0.005 * row.parameters);
    EXPECT_NEAR(left / all, row.left, row.rounding);
  }
}

TEST(Networks, TheDocumentationsExampleLoadsAndItsTableHasEveryKind) {
  const std::string page = read_file(kSource / "docs/workloads.md");
  const std::size_t begin = page.find("```yaml\n") + 8;
  const Graph graph = parse_workload(page.substr(begin, page.find("```", begin) - begin), "docs");
  EXPECT_EQ(graph.tensors.back().shape, (Shape{1, 10}));
  for (const std::string_view kind : op_kind_names())
    EXPECT_NE(page.find(fmt::format("\n| `{}` |", kind)), std::string::npos) << kind;
}

/// A network and its ONNX export (torchvision or torch, random weights). MACs agree in all of
/// them; the other figures are the export's plus what is said here.
struct ManifestCase {
  std::string network, model;
  std::int64_t ops = 0;            ///< ours minus the export's
  std::int64_t params = 0;         ///< ours minus the export's
  std::optional<Bytes> bytes = 0;  ///< intermediates, ours minus the export's; none: not compared
  std::string reason = {};

  void PrintTo(const ManifestCase& c, std::ostream* out) { *out << c.network; }
};

class Manifest : public testing::TestWithParam<ManifestCase> {};

TEST_P(Manifest, Agrees) {
  if (!fs::exists(shared("models/manifest.csv"))) GTEST_SKIP() << "no shared data";
  const ManifestCase& c = GetParam();
  const Graph graph = load(c.network);
  auto row = manifest_row(c.model);
  ASSERT_FALSE(row.empty());
  EXPECT_EQ(total_macs(graph), number(row["macs"]));
  EXPECT_EQ(total_params(graph), number(row["params"]) + c.params) << c.reason;
  if (!c.bytes) return;
  EXPECT_EQ(static_cast<std::int64_t>(graph.ops.size()), number(row["nodes_compute"]) + c.ops)
      << c.reason;
  EXPECT_EQ(total_intermediate_bytes(graph, 4), number(row["total_intermediate_bytes"]) + *c.bytes)
      << c.reason;
}

// Inception v3: rows and columns that the exported pads add, in float elements.
constexpr Bytes padded(Bytes channels, Bytes size) {
  return channels * (size + 2) * (size + 2) * 4;
}
constexpr Bytes kInceptionPads = padded(192, 35) + padded(256, 35) + padded(288, 35) +
                                 4 * padded(768, 17) + padded(1280, 8) + padded(2048, 8);
constexpr Bytes kInceptionForks = 4 * 768 * 8 * 8 * 4;

INSTANTIATE_TEST_SUITE_P(
    Networks, Manifest,
    testing::Values(
        ManifestCase{"alexnet", "alexnet"}, ManifestCase{"vgg16", "vgg16"},
        ManifestCase{"resnet18", "resnet18"}, ManifestCase{"resnet50", "resnet50"},
        ManifestCase{"googlenet", "googlenet"}, ManifestCase{"squeezenet1_1", "squeezenet1_1"},
        ManifestCase{"mobilenet_v2", "mobilenet_v2", 0, -2 * 35, 0,
                     "the export counts the two bounds of each Clip as parameters"},
        ManifestCase{"inception_v3", "inception_v3", -9 + 4, 0, kInceptionForks - kInceptionPads,
                     "9 padded average pools are one op here; 4 concats inside mixed_7b and 7c "
                     "that the exporter merged into the outer ones are ops here"},
        ManifestCase{"transformer_encoder", "transformer_encoder_4x256", 0, -20, std::nullopt,
                     "the export has 5 scalar constants a layer, and writes layer norm, attention "
                     "and the projections' biases as several ops each"},
        ManifestCase{"lstm", "lstm_2x128_bidir", -1, -4 * 256, -32 * 40 * 4,
                     "the export stores zero initial states, and writes the linear layer as MatMul "
                     "and Add"}),
    [](const auto& p) { return p.param.network; });

TEST(Networks, FiguresPublishedElsewhere) {
  // Keras' model summary: "Total params: 8,062,504" (batch norms unfolded, as here).
  EXPECT_EQ(total_params(load("densenet121")), 8'062'504);
  // Howard et al., table 8: 569 million mult-adds.
  EXPECT_EQ((total_macs(load("mobilenet_v1")) + 500'000) / 1'000'000, 569);
}

/// A network and the parameters and multiply-adds that are published for it.
struct PublishedCase {
  std::string network;
  std::int64_t params = 0;
  double macs = 0, within = 0;  ///< and the share by which rounding may put them off; 0: none
  std::int64_t host_rows = 0;   ///< elements of tables that only the host reads
  std::string source = {};

  void PrintTo(const PublishedCase& c, std::ostream* out) { *out << c.network; }
};

/// As frameworks count them: the running statistics of batch norms are no parameters.
std::int64_t trained_params(const Graph& graph) {
  std::int64_t statistics = 0;
  for (const GraphOp& op : graph.ops)
    if (op.kind == OpKind::batch_norm) statistics += 2 * graph.tensor(op.outputs[0]).shape[1];
  return total_params(graph) - statistics;
}

class Published : public testing::TestWithParam<PublishedCase> {};

TEST_P(Published, FiguresAgree) {
  const PublishedCase& c = GetParam();
  const Graph graph = load(c.network);
  EXPECT_EQ(trained_params(graph) + c.host_rows, c.params) << c.source;
  if (c.within != 0) {
    EXPECT_NEAR(static_cast<double>(total_macs(graph)), c.macs, c.within * c.macs) << c.source;
  }
}

constexpr const char* kTorchvision = "torchvision's tables of weights: num_params, GFLOPS";
INSTANTIATE_TEST_SUITE_P(
    Networks, Published,
    testing::Values(
        PublishedCase{"vit_b_16", 86'567'656, 17.564e9, 1e-4, 0, kTorchvision},
        PublishedCase{"convnext_tiny", 28'589'128, 4.456e9, 2e-4, 0, kTorchvision},
        PublishedCase{"swin_tiny", 28'288'354, 4.491e9, 2e-4, 0, kTorchvision},
        PublishedCase{"efficientnet_b0", 5'288'548, 0.386e9, 2e-3, 0, kTorchvision},
        PublishedCase{"mobilenet_v3_large", 5'483'032, 0.217e9, 3e-3, 0, kTorchvision},
        PublishedCase{"yolov8n", 3'157'184, 8.7e9 / 2, 0.01, 0,
                      "Ultralytics' summary: gradients, GFLOPs at 640 x 640 (two a multiply-add)"},
        PublishedCase{"bert_base", 109'482'240, 22.5e9 / 2, 0.01, (30'522 + 2) * 768,
                      "bert-base-uncased; Sun et al., MobileBERT, ACL 2020, table 4: 22.5 B FLOPS "
                      "at 128 tokens (two a multiply-add)"},
        PublishedCase{"gpt2", 124'439'808, 0, 0, 0, "num_parameters() of transformers' gpt2"},
        PublishedCase{"gpt2_cached", 124'439'808, 0, 0, 0,
                      "num_parameters() of transformers' gpt2"},
        PublishedCase{"llama3_8b", 8'030'261'248, 0, 0, 128'256 * 4096,
                      "model.safetensors.index.json of Meta-Llama-3-8B: total_size / 2"},
        PublishedCase{"opt_125m", 125'239'296, 0, 0, 0,
                      "num_parameters() of transformers' facebook/opt-125m"}),
    [](const auto& p) { return p.param.network; });

/// Of a decoder of L layers of width d at n tokens: 12 d^2 for the products with weights of each
/// token and layer, 2 n d for scores and context, and d for each word of the vocabulary.
TEST(Networks, DecodersHaveTheMacsOfTheirFormula) {
  for (const auto& [network, words] : {std::pair("gpt2", 50'257), std::pair("opt_125m", 50'272)}) {
    const std::int64_t n = 128, d = 768, layers = 12;
    EXPECT_EQ(total_macs(load(network)), n * (layers * (12 * d * d + 2 * n * d) + d * words))
        << network;
  }
}

/// Of Llama: each layer has products of width x width for queries and results, width x (groups x
/// head) for keys and values, three of width x inner, and scores and context over n tokens; logits
/// are of the last token.
TEST(Networks, LlamaHasTheMacsOfItsFormula) {
  const std::int64_t n = 128, d = 4096, kv = 1024, inner = 14'336, layers = 32, words = 128'256;
  const std::int64_t products = 2 * d * d + 2 * d * kv + 3 * d * inner;
  EXPECT_EQ(total_macs(load("llama3_8b")), layers * n * (products + 2 * n * d) + d * words);
}

// The UNet of Stable Diffusion v1: parameters of its blocks, from `in` to `out` channels. Weights,
// biases, and scale and shift of each norm; `time` is the width of the time step's embedding,
// `text` that of the text's.
constexpr std::int64_t kTime = 1280, kText = 768;

constexpr std::int64_t dense_params(std::int64_t in, std::int64_t out) {
  return in * out + out;
}

constexpr std::int64_t residual_params(std::int64_t in, std::int64_t out) {
  const std::int64_t convolutions = dense_params(9 * in, out) + dense_params(9 * out, out);
  const std::int64_t skip = in == out ? 0 : dense_params(in, out);
  return 2 * in + 2 * out + convolutions + dense_params(kTime, out) + skip;
}

constexpr std::int64_t transformer_params(std::int64_t c) {
  const std::int64_t self = 3 * c * c + dense_params(c, c);
  const std::int64_t cross = c * c + 2 * kText * c + dense_params(c, c);
  const std::int64_t feed_forward = dense_params(c, 8 * c) + dense_params(4 * c, c);
  return 4 * 2 * c + 2 * dense_params(c, c) + self + cross + feed_forward;
}

/// 320 channels: the residual block has 640 + 921,920 + 409,920 + 640 + 921,920 = 2,255,040, the
/// transformer 640 + 102,720 (in) + 409,920 (self) + 696,640 (cross) + 1,231,680 (feed forward) +
/// 1,920 (norms) + 102,720 (out) = 2,546,240. The next test holds the formulas against the whole
/// UNet.
TEST(Networks, UnetBlockHasTheParametersOfThePublishedConfiguration) {
  const Graph graph = load("unet_block");
  EXPECT_EQ(residual_params(320, 320) + transformer_params(320), 4'801'280);
  EXPECT_EQ(total_params(graph), 4'801'280);

  const std::int64_t n = 64 * 64, c = 320, words = 77;
  const std::int64_t residual = 2 * n * 9 * c * c + kTime * c;
  const std::int64_t self = 4 * n * c * c + 2 * n * n * c;
  const std::int64_t cross = 2 * n * c * c + 2 * words * kText * c + 2 * n * words * c;
  EXPECT_EQ(total_macs(graph), residual + 2 * n * c * c + self + cross + 12 * n * c * c);
}

/// v1-inference.yaml: four resolutions of 320, 640, 1280 and 1280 channels with two blocks each on
/// the way down and three on the way up, which also read what the way down left; transformers at
/// the first three resolutions and in the middle.
TEST(Networks, BlocksOfTheUnetAddUpToItsPublishedParameters) {
  const std::vector<std::int64_t> widths{320, 640, 1280, 1280};
  std::int64_t sum = dense_params(320, kTime) + dense_params(kTime, kTime);
  std::int64_t now = 320;
  std::vector<std::int64_t> left{now};
  sum += dense_params(9 * 4, now);
  for (std::size_t level = 0; level < 4; ++level) {
    for (int block = 0; block < 2; ++block) {
      sum += residual_params(now, widths[level]);
      now = widths[level];
      left.push_back(now);
      if (level < 3) sum += transformer_params(now);
    }
    if (level == 3) break;
    sum += dense_params(9 * now, now);
    left.push_back(now);
  }
  sum += 2 * residual_params(now, now) + transformer_params(now);
  for (std::size_t level = 4; level-- > 0;) {
    for (int block = 0; block < 3; ++block) {
      sum += residual_params(now + left.back(), widths[level]);
      left.pop_back();
      now = widths[level];
      if (level < 3) sum += transformer_params(now);
    }
    if (level > 0) sum += dense_params(9 * now, now);
  }
  sum += 2 * now + dense_params(9 * now, 4);
  EXPECT_EQ(sum, 859'520'964);  // num_parameters() of diffusers' stable-diffusion-v1-5, unet
}

/// A network and its usage records (Pisarchyk and Lee, MLSys 2020; fp32, 64-byte alignment, ReLU
/// fused, without graph inputs and outputs).
struct UsageCase {
  std::string network, records;
  std::size_t same = 0;    ///< records that agree in size, first and last op, from the front
  std::size_t theirs = 0;  ///< all of theirs
  Bytes rest_ours = 0;     ///< sum of ours after `same`
  Bytes rest_theirs = 0;   ///< sum of theirs after `same`
  std::string naive_mib;   ///< the reference table: sum of their sizes, not aligned
  std::string ours_mib;    ///< the same of ours
  std::string reason = {};

  void PrintTo(const UsageCase& c, std::ostream* out) { *out << c.network; }
};

class Usage : public testing::TestWithParam<UsageCase> {};

struct Record {
  Bytes bytes = 0;
  std::int64_t first = 0, last = 0;

  friend bool operator==(const Record&, const Record&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Record& r) {
    return out << r.bytes << " in " << r.first << ".." << r.last;
  }
};

std::vector<Record> read_records(const fs::path& path) {
  std::vector<Record> out;
  const auto rows = read_csv(path);
  for (std::size_t i = 1; i < rows.size(); ++i)
    out.push_back({number(rows[i][2]), number(rows[i][3]), number(rows[i][4])});
  return out;
}

std::string mib(Bytes bytes) {
  return fmt::format("{:.3f}", static_cast<double>(bytes) / static_cast<double>(kMiB));
}

TEST_P(Usage, RecordsAgree) {
  const UsageCase& c = GetParam();
  const fs::path file = shared("reference/usage_records") / (c.records + ".csv");
  if (!fs::exists(file)) GTEST_SKIP() << "no shared data";
  const std::vector<Record> theirs = read_records(file);
  ASSERT_EQ(theirs.size(), c.theirs);

  const UsageOptions options{.fuse_transposes = true};
  const Graph graph = load(c.network);
  std::vector<Record> ours;
  for (const UsageRecord& r : usage_records(graph, options))
    ours.push_back(
        {r.bytes, static_cast<std::int64_t>(r.first_op), static_cast<std::int64_t>(r.last_op)});
  ASSERT_GE(ours.size(), c.same);
  for (std::size_t i = 0; i < c.same; ++i) EXPECT_EQ(ours[i], theirs[i]) << "record " << i;

  Bytes rest_ours = 0, rest_theirs = 0, sum_theirs = 0;
  for (std::size_t i = c.same; i < ours.size(); ++i) rest_ours += ours[i].bytes;
  for (std::size_t i = c.same; i < theirs.size(); ++i) rest_theirs += theirs[i].bytes;
  for (const Record& record : theirs) sum_theirs += record.bytes;
  EXPECT_EQ(rest_ours, c.rest_ours) << c.reason;
  EXPECT_EQ(rest_theirs, c.rest_theirs) << c.reason;
  EXPECT_EQ(fused_intermediate_bytes(graph, options), sum_theirs - rest_theirs + rest_ours);

  Bytes naive = 0;
  for (const auto& row : read_csv(file))
    if (row[1] != "bytes") naive += number(row[1]);
  EXPECT_EQ(mib(naive), c.naive_mib);
  EXPECT_EQ(mib(fused_intermediate_bytes(graph, {4, 1, true})), c.ours_mib) << c.reason;
}

INSTANTIATE_TEST_SUITE_P(
    Networks, Usage,
    testing::Values(
        UsageCase{"mobilenet_v1", "mobilenet_v1_1.0_224", 30, 30, 0, 0, "19.248", "19.248", ""},
        UsageCase{"mobilenet_v2", "mobilenet_v2_1.0_224", 63, 65, 5120, 2 * 4032, "26.313",
                  "26.310",
                  "the .tflite has a 1001-class 1x1 convolution and a squeeze, torchvision a "
                  "flatten and a linear layer"},
        UsageCase{"deeplab_v3", "deeplab_v3_257_gpu", 68, 68, 0, 0, "48.642", "48.642", ""},
        UsageCase{"inception_v3", "inception_v3_299", 123, 125, 8192, 2 * 4032, "54.749", "54.750",
                  "as MobileNet v2"},
        UsageCase{"posenet", "posenet_353x257", 29, 29, 0, 0, "28.556", "28.556", ""},
        UsageCase{"blazeface", "blazeface_128_relu_fused", 71, 71, 0, 0, "7.062", "7.062",
                  "with the heads' transposes fused: channels-last files have none"}),
    [](const auto& p) { return p.param.network; });

}  // namespace
}  // namespace unna
