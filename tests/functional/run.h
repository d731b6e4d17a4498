#pragma once

// A network compiled and executed with values, for the tests of this folder.

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "flow/functional_run.h"
#include "flow/pipeline.h"
#include "workloads/random_values.h"

namespace unna {

/// A compiled network with random values.
struct Loaded {
  Compiled compiled;
  InputValues inputs;
  InitialMemory memory;
  ExactOutputs exact;  ///< int8
};
inline Loaded load(Graph graph, const MachineConfig& machine, const CompileOptions& options,
                   std::uint64_t seed) {
  Loaded l;
  fill_weights(graph, seed);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].kind == TensorKind::input)
      l.inputs[TensorId(i)] = random_input(graph, TensorId(i), seed);
  if (machine.data_type == DataType::int8) l.exact = calibrate(graph, l.inputs);
  l.compiled = compile_graph(std::move(graph), {machine, {}}, options);
  l.memory = initial_memory(l.compiled, l.inputs);
  return l;
}

/// One run. The image lives as long as its memory is looked at.
struct FunctionalRun {
  std::unique_ptr<Image> image;
  std::unique_ptr<Functional> memory;
  SimResult result;
};
inline FunctionalRun run(const Loaded& l, const Layout& layout,
                         std::optional<std::uint64_t> perturb = {},
                         const FunctionalOptions& functional = {}) {
  FunctionalRun r;
  r.image = std::make_unique<Image>(link(l.compiled.object, layout, Bytes{1} << 40));
  r.memory = std::make_unique<Functional>(*r.image, l.compiled.machine.config, functional);
  write_memory(l.memory, *r.memory);
  SimOptions options;
  options.values = r.memory.get();
  options.perturb = perturb;
  r.result = simulate(*r.image, l.compiled.machine.config, options);
  return r;
}
inline FunctionalRun run(const Loaded& l) {
  return run(l, identity_layout(*l.compiled.object, 64));
}

/// Computes what the reference computes, in the cycles of a run without values.
inline FunctionalRun expect_reference_values(const Loaded& loaded) {
  FunctionalRun r = run(loaded);
  const Check check = check_against_reference(loaded.compiled, loaded.inputs, *r.memory);
  EXPECT_GT(check.tensors, 0U);
  EXPECT_FALSE(check.difference) << *check.difference;
  const Executed executed = execute(loaded.compiled);  // conservation, too
  EXPECT_EQ(executed.result.cycles, r.result.cycles);
  return r;
}

}  // namespace unna
