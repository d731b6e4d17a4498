// Step-indexed tiles of programs: bytes, cycles, and when they are chosen.

#include "compiler/synapses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compiler/compile.h"
#include "cost/dimensions.h"
#include "cost/timing.h"
#include "isa/accesses.h"
#include "workloads/layers.h"
#include "workloads/sparsity.h"

namespace unna {
namespace {

MachineConfig with_cores(std::int64_t cores) {
  MachineConfig m;
  m.cores = cores;
  return m;
}

Graph fully_connected(double density, std::int64_t features = 512) {
  GraphBuilder builder("net");
  Layer layer;
  layer.kind = OpKind::gemm;
  layer.name = "fc";
  layer.from = {builder.input("x", {1, 1024})};
  layer.features = features;
  layer.pruning = Pruning{density, 1, std::nullopt};
  builder.mark_output(add_layer(builder, layer).front());
  return builder.finish();
}

Graph convolution(double density) {
  GraphBuilder builder("net");
  Layer layer;
  layer.kind = OpKind::conv;
  layer.name = "conv";
  layer.from = {builder.input("x", {1, 64, 14, 14})};
  ConvAttrs attrs;
  attrs.window.kernel_h = attrs.window.kernel_w = 3;
  attrs.window.pad_top = attrs.window.pad_left = 1;
  attrs.window.pad_bottom = attrs.window.pad_right = 1;
  layer.attrs = attrs;
  layer.features = 64;
  layer.pruning = Pruning{density, 1, std::nullopt};
  builder.mark_output(add_layer(builder, layer).front());
  return builder.finish();
}

struct Totals {
  Macs macs = 0, dense_macs = 0;
  Cycle cycles = 0;
  Bytes synapses = 0;  ///< bytes loaded from the weight's buffer
  bool indexed = false;
};
Totals totals(const Object& object) {
  Totals t;
  for (const auto& stream : object.streams)
    for (const Instruction& i : stream) {
      t.macs += macs(i);
      t.dense_macs += dense_macs(i);
      t.cycles += compute_cycles(i, object.core);
      if (i.opcode == Opcode::conv || i.opcode == Opcode::matmul)
        t.indexed = t.indexed || (i.get(Operand::acc) & kIndexed) != 0;
      if (const auto access = dram_access(i))
        if (object.buffers[access->buffer.index()].name.ends_with(".weight"))
          t.synapses += access->bytes;
    }
  return t;
}

Object compiled(const Graph& graph, const MachineConfig& machine) {
  Object object = compile(graph, machine, {}).object;
  verify(object);
  return object;
}

Bytes weight_bytes(const Object& object) {
  for (const BufferInfo& b : object.buffers)
    if (b.name.ends_with(".weight")) return b.size;
  return 0;
}

TEST(IndexedPrograms, execute_the_products_of_the_synapses_that_are_left) {
  for (const std::int64_t cores : {1, 4})
    for (const double density : {0.05, 0.3}) {
      SCOPED_TRACE(density);
      const Totals fc = totals(compiled(fully_connected(density), with_cores(cores)));
      EXPECT_EQ(fc.macs, std::llround(density * 1024 * 512));
      EXPECT_EQ(fc.dense_macs, 1024 * 512);
      const Totals conv = totals(compiled(convolution(density), with_cores(cores)));
      EXPECT_EQ(conv.macs, 196 * std::llround(density * 64 * 64 * 9));
      EXPECT_EQ(conv.dense_macs, 196 * 64 * 64 * 9);
    }
}

TEST(IndexedPrograms, load_the_bytes_of_the_format) {
  const Object object = compiled(fully_connected(0.1), with_cores(1));
  const Totals t = totals(object);
  ASSERT_TRUE(t.indexed);
  EXPECT_EQ(t.synapses, weight_bytes(object));  // one position: each tile once
  // A value of 2 bytes and a step of half a byte; 1.2 entries a synapse: 0.9^16 / (1 - 0.9^16)
  // of them are padding. Counts and rounding on top.
  const double synapses = 0.1 * 1024 * 512;
  EXPECT_NEAR(static_cast<double>(t.synapses), 2.5 * 1.227 * synapses + 2 * 512,
              0.02 * 2.5 * synapses);
}

TEST(IndexedPrograms, wider_steps_need_no_padding) {
  MachineConfig machine;
  machine.core.index_bits = 8;
  const Object object = compiled(fully_connected(0.1), machine);
  EXPECT_NEAR(static_cast<double>(weight_bytes(object)), 3 * 0.1 * 1024 * 512 + 2 * 512, 2000);
}

TEST(IndexedPrograms, are_dense_without_an_indexing_module_and_where_dense_is_as_good) {
  MachineConfig none;
  none.core.indexing = Indexing::none;
  EXPECT_FALSE(totals(compiled(fully_connected(0.1), none)).indexed);
  EXPECT_EQ(weight_bytes(compiled(fully_connected(0.1), none)), 1024 * 512 * 2);
  EXPECT_FALSE(totals(compiled(fully_connected(0.95), with_cores(1))).indexed);
  EXPECT_FALSE(totals(compiled(fully_connected(1), with_cores(1))).indexed);
}

TEST(IndexedPrograms, of_lower_density_are_not_slower) {
  for (const auto& make :
       {+[](double d) { return fully_connected(d); }, +[](double d) { return convolution(d); }}) {
    Cycle last = 1'000'000'000;
    for (const double density : {1.0, 0.8, 0.6, 0.4, 0.2, 0.1, 0.05}) {
      const Cycle now = totals(compiled(make(density), with_cores(1))).cycles;
      EXPECT_LE(now, last + last / 50) << density;
      last = now;
    }
  }
}

TEST(IndexedPrograms, give_channels_that_pruning_left_whole_a_slot_they_fit) {
  // Half of the channels keep everything, the others nothing: tiles are twice what is expected.
  Graph graph = fully_connected(0.5, 64);
  for (GraphTensor& t : graph.tensors) {
    if (t.name != "fc.weight") continue;
    auto kept = std::make_shared<Bitmap>(t.elements());
    for (std::int64_t i = 0; i < t.elements() / 2; ++i) kept->insert(i);
    t.kept = kept;
  }
  for (const Bytes sb : {4096, 8192, 32768}) {
    MachineConfig machine;
    machine.core.sb_bytes = sb;
    const Totals t = totals(compiled(graph, machine));
    EXPECT_TRUE(t.macs == t.dense_macs || t.macs == t.dense_macs / 2);
  }
}

TEST(DenseProductsWithoutIndexing, begin_anew_at_each_kernel_position) {
  MachineConfig machine;
  EXPECT_EQ(dense_row_cycles(3, 121, machine.core), 23);
  EXPECT_EQ(dense_row_cycles(32, 9, machine.core), 18);
  machine.core.indexing = Indexing::none;
  EXPECT_EQ(dense_row_cycles(3, 121, machine.core), 121);
  EXPECT_EQ(dense_row_cycles(32, 9, machine.core), 18);
}

TEST(ExpectedRow, is_near_the_mean_of_drawn_rows) {
  for (const double density : {0.05, 0.2, 0.6}) {
    const auto mask = random_mask(200 * 1000, density, 1, "w");
    std::int64_t entries = 0;
    std::vector<SynapseEntry> row;
    for (std::int64_t r = 0; r < 200; ++r) {
      std::vector<std::int64_t> positions;
      for (std::int64_t p = 0; p < 1000; ++p)
        if ((*mask)[r * 1000 + p]) positions.push_back(p);
      index_row(positions, 4, row);
      entries += static_cast<std::int64_t>(row.size());
    }
    const double mean = static_cast<double>(entries) / 200;
    EXPECT_NEAR(expected_row(1000, density, 4).entries, mean, 0.02 * mean) << density;
  }
}

TEST(ExpectedRow, pads_no_more_than_the_row_before_the_only_synapse) {
  constexpr std::int64_t kRow = 128, kRows = 20'000;
  const auto mask = random_mask(kRow * kRows, 0.0005, 1, "w");
  std::int64_t entries = 0;
  std::vector<SynapseEntry> row;
  for (std::int64_t r = 0; r < kRows; ++r) {
    std::vector<std::int64_t> positions;
    for (std::int64_t p = 0; p < kRow; ++p)
      if ((*mask)[r * kRow + p]) positions.push_back(p);
    index_row(positions, 4, row);
    entries += static_cast<std::int64_t>(row.size());
  }
  const double mean = static_cast<double>(entries) / kRows;
  // Half of the row on average, all of it at most: that is what is reckoned with.
  EXPECT_GT(expected_row(kRow, 0.0005, 4).entries, mean);
  EXPECT_LT(expected_row(kRow, 0.0005, 4).entries, 2.2 * mean);
}

}  // namespace
}  // namespace unna
