// Scales of int8 networks, and what becomes of them.

#include "flow/calibrate.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "numbers/quantised.h"
#include "tests/functional/run.h"

namespace unna {
namespace {

MachineConfig int8_machine(std::int64_t cores) {
  MachineConfig m = preset_machine(cores);
  m.data_type = DataType::int8;
  return m;
}

Graph calibrated(const char* network) {
  Graph graph = parse_workload(network, "net.yaml");
  fill_weights(graph, 1);
  InputValues inputs;
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].kind == TensorKind::input)
      inputs[TensorId(i)] = random_input(graph, TensorId(i), 1);
  calibrate(graph, inputs);
  return graph;
}

float scale(const Graph& graph, std::string_view name) {
  for (const GraphTensor& t : graph.tensors)
    if (t.name == name) return t.quantisation.value().scale;
  throw InternalError("no such tensor");
}

TEST(Calibrate, tensors_that_share_a_storage_share_a_scale) {
  const Graph g = calibrated(R"(
name: net
inputs: {x: [1, 4, 6, 6]}
ops:
  - {op: conv, name: a, channels: 4, kernel: 1, from: x}
  - {op: conv, name: b, channels: 4, kernel: 3, pad: 1, from: x}
  - {op: concat, name: c, axis: 1, from: [a, b]}
  - {op: max_pool, name: p, kernel: 2}
  - {op: conv, name: d, channels: 4, kernel: 1}
)");
  EXPECT_EQ(scale(g, "a"), scale(g, "b"));
  EXPECT_EQ(scale(g, "a"), scale(g, "c"));
  EXPECT_EQ(scale(g, "c"), scale(g, "p"));
  EXPECT_NE(scale(g, "p"), scale(g, "d"));
  EXPECT_NE(scale(g, "x"), scale(g, "a"));
}

TEST(Calibrate, what_only_a_clamp_reads_has_the_scale_of_its_result) {
  const Graph g = calibrated(R"(
name: net
inputs: {x: [1, 4, 6, 6]}
ops:
  - {op: conv, name: a, channels: 4, kernel: 1, act: relu}
  - {op: conv, name: b, channels: 4, kernel: 1, act: sigmoid}
)");
  EXPECT_EQ(scale(g, "a"), scale(g, "a.relu"));
  EXPECT_NE(scale(g, "b"), scale(g, "b.sigmoid"));
}

TEST(Calibrate, programs_are_as_fast_with_scales_as_without) {
  for (const char* name : {"mobilenet_v2", "lstm", "transformer_encoder"}) {
    SCOPED_TRACE(name);
    const std::string file = fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name);
    const Compiled timed = compile_graph(load_workload(file), {int8_machine(4), {}}, {});
    const Loaded valued = load(load_workload(file), int8_machine(4), {}, 1);
    EXPECT_NE(*timed.object, *valued.compiled.object);
    EXPECT_EQ(execute(timed).result.cycles, run(valued).result.cycles);
  }
}

/// Outputs in int8 against those in double precision.
Fidelity fidelity_of(const char* name) {
  const Loaded loaded =
      load(load_workload(fmt::format("{}/workloads/{}.yaml", UNNASIM_SOURCE_DIR, name)),
           int8_machine(4), {}, 1);
  const FunctionalRun r = run(loaded);
  std::map<TensorId, std::vector<double>> got;
  for (const PlacedTensor& place : loaded.compiled.placement.tensors)
    if (loaded.exact.contains(place.tensor))
      got[place.tensor] = read_tensor(loaded.compiled, *r.memory, place);
  return fidelity(loaded.compiled.graph, loaded.exact, got);
}

TEST(Int8, outputs_are_near_those_in_double_precision) {
  EXPECT_GT(fidelity_of("mobilenet_v2").sqnr_db, 15);
  EXPECT_GT(fidelity_of("squeezenet1_1").sqnr_db, 20);
  EXPECT_GT(fidelity_of("transformer_encoder").sqnr_db, 20);
  EXPECT_GT(fidelity_of("lstm").sqnr_db, 15);
}

TEST(Int8, sums_in_several_steps_are_scaled_by_their_own_channels_records) {
  MachineConfig machine = int8_machine(1);
  machine.core.nbin_bytes = machine.core.nbout_bytes = 1024;
  machine.core.sb_bytes = 4096;
  const Loaded loaded = load(parse_workload(R"(
name: net
inputs: {x: [1, 128, 8, 8]}
ops: [{op: conv, channels: 96, kernel: 3, pad: 1}]
)",
                                            "net.yaml"),
                             machine, {}, 1);
  bool in_second_slot = false;
  for (const Instruction& i : loaded.compiled.object->streams[0])
    in_second_slot = in_second_slot ||
                     (i.opcode == Opcode::conv && i.get(Operand::acc) == (kAccumulate | kScale) &&
                      i.local(Operand::bias).offset > 0);
  EXPECT_TRUE(in_second_slot);
  const FunctionalRun r = run(loaded);
  const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
  EXPECT_FALSE(check.difference) << *check.difference;
}

TEST(Fidelity, compares_all_elements_and_the_tops_of_rows) {
  GraphBuilder builder("g");
  const TensorId x = builder.input("x", {2, 2});
  const TensorId y = builder.op(OpKind::unary, "y", {x}, FunctionAttrs{ScalarFn::abs})[0];
  builder.mark_output(y);
  const Graph graph = builder.finish();
  const Fidelity f = fidelity(graph, {{y, {1, 2, 3, 4}}}, {{y, {1, 2, 4, 3}}});
  EXPECT_DOUBLE_EQ(*f.sqnr_db, 10 * std::log10(30.0 / 2));
  EXPECT_EQ(f.rows, 2);
  EXPECT_EQ(f.same_top, 1);
}

TEST(Fidelity, has_no_ratio_where_there_is_no_noise_or_no_signal) {
  GraphBuilder builder("g");
  const TensorId x = builder.input("x", {1, 2});
  const TensorId y = builder.op(OpKind::unary, "y", {x}, FunctionAttrs{ScalarFn::abs})[0];
  builder.mark_output(y);
  const Graph graph = builder.finish();
  EXPECT_FALSE(fidelity(graph, {{y, {1, 2}}}, {{y, {1, 2}}}).sqnr_db);
  EXPECT_FALSE(fidelity(graph, {{y, {0, 0}}}, {{y, {1, 2}}}).sqnr_db);
}

TEST(Check, names_what_overflows_instead_of_a_difference) {
  MachineConfig machine = preset_machine(1);
  machine.core.fraction_bits = 15;
  const Loaded loaded = load(parse_workload(R"(
name: net
inputs: {x: [1, 64]}
ops: [{op: gemm, name: fc, features: 256}]
)",
                                            "net.yaml"),
                             machine, {}, 1);
  const FunctionalRun r = run(loaded);
  EXPECT_THROW(check_against_reference(loaded.compiled, loaded.inputs, *r.memory), InputError);
}

}  // namespace
}  // namespace unna
