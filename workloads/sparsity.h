#pragma once

// Pruned weights: which elements are left, from a density, a mask file, or the values themselves.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bitmap.h"
#include "workloads/graph.h"

namespace unna {

/// Densities are shares from this to 1.
inline constexpr double kLeastDensity = 1e-6;

/// round(density * size) elements, at least one, drawn uniformly; the same size, density, seed and
/// name draw the same ones on every host. Half is rounded up.
std::shared_ptr<const Bitmap> random_mask(std::int64_t size, double density, std::uint64_t seed,
                                          const std::string& name);

/// The non-zero elements of a .npy file. Throws InputError where its shape is not `shape`.
std::shared_ptr<const Bitmap> load_mask(const std::filesystem::path& file, const Shape& shape);

/// Whether a convolution has one input channel for each output channel: its synapses are those of
/// windows, not of products.
bool is_depthwise(const Graph& graph, const GraphOp& op);

/// Elements that are left of a weight.
std::int64_t nonzeros(const GraphTensor& weight);

/// What a network description, or the command line, says about pruning.
struct Pruning {
  std::optional<double> density;
  std::uint64_t seed = 1;
  std::optional<std::filesystem::path> mask;
};
/// Draws or loads the masks of an operator's synapses: of conv (not depthwise) and gemm the weight,
/// of lstm both matrices, for which there is no mask file. Each matrix is drawn by its tensor's
/// name.
struct PrunedTensor {
  TensorId tensor;
  std::shared_ptr<const Bitmap> kept;
};
std::vector<PrunedTensor> prune(const Graph& graph, const GraphOp& op, const Pruning& pruning);

/// `D` for all operators that have synapses, or `operator=D` for one; later ones win.
struct DensityChoice {
  std::optional<std::string> op;
  double density = 1;
};
/// Replaces what the network says. Throws InputError for an operator that is not there or has no
/// synapses to prune.
void set_densities(Graph& graph, const std::vector<DensityChoice>& choices, std::uint64_t seed);

/// Weights that come with values and have zeros among them, but no mask, get one, unless the model
/// stores a zero as another number: step-indexed tiles leave out what is stored as 0.
void find_zeros(Graph& graph);

/// Sets values of pruned elements to zero.
void zero_pruned(Graph& graph);

}  // namespace unna
