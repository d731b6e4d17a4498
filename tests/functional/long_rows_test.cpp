// Rows that are longer than the buffers: three passes over their pieces, with
// states in NBout, give the bits that one piece gives.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/adapt.h"
#include "tests/functional/run.h"

namespace unna {
namespace {

std::int64_t count(const Object& object, Opcode opcode) {
  std::int64_t n = 0;
  for (const auto& stream : object.streams)
    n += std::ranges::count_if(stream, [&](const Instruction& i) { return i.opcode == opcode; });
  return n;
}

std::vector<std::byte> computed(const std::string& op, std::int64_t row, MachineConfig machine,
                                bool pieces) {
  Graph graph = parse_workload(
      fmt::format("name: n\ninputs: {{x: [2, 3, {}]}}\nops: [{{op: {}}}]\n", row, op), "net.yaml");
  const Loaded loaded = load(std::move(graph), machine, {}, 5);
  EXPECT_EQ(count(*loaded.compiled.object, Opcode::stats) > 0, pieces);
  return output_bytes(loaded.compiled, *expect_reference_values(loaded).memory);
}

class RowsInPieces : public ::testing::TestWithParam<std::tuple<DataType, std::string>> {};

TEST_P(RowsInPieces, give_the_bits_of_one_piece) {
  const auto& [type, op] = GetParam();
  for (const std::int64_t cores : {1, 4})
    for (const std::int64_t row : {100, 301, 4099}) {
      SCOPED_TRACE(fmt::format("{} cores, rows of {}", cores, row));
      MachineConfig small = preset_machine(cores);
      small.data_type = type;
      MachineConfig large = small;
      small.core.nbin_bytes = 64;
      small.core.nbout_bytes = 128;
      small.core.sb_bytes = 1024;
      large.core.nbin_bytes = large.core.nbout_bytes = 1 << 20;
      large.core.sb_bytes = 1 << 20;
      EXPECT_EQ(computed(op, row, small, true), computed(op, row, large, false));
    }
}

INSTANTIATE_TEST_SUITE_P(Types, RowsInPieces,
                         ::testing::Combine(::testing::Values(DataType::int8, DataType::int16,
                                                              DataType::fp16, DataType::fp32),
                                            ::testing::Values("softmax", "layer_norm")),
                         [](const auto& c) {
                           return fmt::format(
                               "{}_{}",
                               kDataTypeNames[static_cast<std::size_t>(std::get<0>(c.param))],
                               std::get<1>(c.param));
                         });

/// 7B language models: 4,096 channels, contexts of 8,192 tokens, on the shipped machine.
TEST(RowInPieces, of_language_models_fit_the_shipped_machine) {
  const Graph graph = parse_workload(R"(
name: net
inputs: {x: [2, 4096], scores: [2, 8192]}
ops:
  - {op: layer_norm, name: normal, from: x}
  - {op: softmax, name: weights, from: scores}
  - {op: log_softmax, name: logs, from: scores}
outputs: [normal, weights, logs]
)",
                                     "net.yaml");
  const MachineConfig machine = preset_machine(1);
  const Loaded loaded = load(adapted(graph, machine), machine, {}, 1);
  expect_reference_values(loaded);
}

}  // namespace
}  // namespace unna
