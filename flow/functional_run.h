#pragma once

// Functional runs: values into the memory of a simulation, values out of it, and what they are held
// against.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "flow/calibrate.h"
#include "flow/host.h"
#include "flow/pipeline.h"
#include "numbers/encoding.h"
#include "reference/reference.h"
#include "sim/functional.h"

namespace unna {

/// What a network computes with: decided before it is compiled, as scales are part of programs.
struct NetworkValues {
  InputValues inputs;
  std::vector<InputFile> files;         ///< that values came from
  std::optional<ExactOutputs> outputs;  ///< int8: what they would be without rounding
  onnx_import::HostValues host;         ///< what the host was given and has computed, by name
};

/// Gives every weight values, and in int8 every tensor a scale; what the request does not name is
/// random. Throws InputError for files that don't fit the network.
/// `host` is the model's part that is not the machine's.
NetworkValues give_values(Graph& graph, const OnnxHost& host, DataType type,
                          const FunctionalRequest& request, std::uint64_t seed);

/// The outputs of the model from those of the machine, by tensor.
std::map<std::string, TensorFile> model_outputs(const OnnxHost& host, const NetworkValues& values,
                                                std::map<std::string, TensorFile> machine);

/// The bytes that a program's inputs and weights have before it starts.
struct InitialMemory {
  struct Content {
    BufferId buffer;
    std::vector<std::byte> bytes;
  };
  std::vector<Content> contents;
};
/// Weights of the graph and values of its inputs, all of which have to be there, in the machine's
/// number type.
InitialMemory initial_memory(const Compiled& compiled, const InputValues& inputs);
void write_memory(const InitialMemory& memory, Functional& run);

/// A tensor's values, row-major; of fixed-point types as numbers, not as their raw integers.
std::vector<double> read_tensor(const Compiled& compiled, const Functional& run,
                                const PlacedTensor& tensor);

/// How a run's values compare with the reference's.
struct Check {
  std::size_t tensors = 0;                ///< compared
  double largest_error = 0;               ///< of all, relative to the tensor's largest value
  std::optional<std::string> difference;  ///< the first tensor that differs, with index and values
};
/// Compares every tensor that is stored with what the reference makes of the run's own earlier
/// tensors, so that errors don't add up: bit by bit in fixed point; else an element may be off by
/// tolerance_of() its type.
Check check_against_reference(const Compiled& compiled, const InputValues& inputs,
                              const Functional& run);
/// Of the largest magnitude of a tensor, or of 1/8 where that is larger.
double tolerance_of(DataType type);

/// A run with values: once without sharing, which gives the outputs, then with the planned layout,
/// with intermediates poisoned when they are dead, and so under `perturbed` delay patterns. Throws
/// InternalError where cycles or outputs differ, or values from the reference's, InputError where
/// the reference finds that a sum overflows.
struct FunctionalOutcome {
  FunctionalFigures figures;
  std::map<std::string, TensorFile> outputs;  ///< by tensor
};
FunctionalOutcome run_functional(const Compiled& compiled, const Executed& executed,
                                 const Layout& shared, const NetworkValues& values, bool check,
                                 std::int64_t perturbed, std::uint64_t seed);

/// One run on the program's own layout, nothing shared: the outputs, by tensor.
std::map<std::string, TensorFile> compute_outputs(const Compiled& compiled,
                                                  const InputValues& inputs);

/// Values of a tensor, from a `.npy` file or from ONNX's `.pb`. Throws InputError.
TensorFile load_values(const std::filesystem::path& path);

/// Bytes of all outputs and states, in the order of the buffers.
std::vector<std::byte> output_bytes(const Compiled& compiled, const Functional& run);

}  // namespace unna
