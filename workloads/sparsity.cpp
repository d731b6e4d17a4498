#include "workloads/sparsity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "workloads/npy.h"

namespace unna {
namespace {

/// A mask of more elements would take more than a GiB.
constexpr std::int64_t kMaxMask = std::int64_t{1} << 33;

/// FNV-1a (Fowler, Noll, Vo): the same on every host.
std::uint64_t hash(const std::string& text) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return h;
}

/// The weights of an operator that products take as synapses.
std::vector<TensorId> synapses_of(const Graph& graph, const GraphOp& op) {
  std::size_t last = 0;  // input
  if (op.kind == OpKind::gemm || (op.kind == OpKind::conv && !is_depthwise(graph, op))) last = 1;
  if (op.kind == OpKind::lstm) last = 2;
  std::vector<TensorId> all;
  for (std::size_t i = 1; i <= last; ++i)
    if (graph.tensor(op.inputs[i]).kind == TensorKind::weight) all.push_back(op.inputs[i]);
  return all;
}

}  // namespace

bool is_depthwise(const Graph& graph, const GraphOp& op) {
  const std::int64_t groups = op.as<ConvAttrs>().groups;
  return groups > 1 && groups == graph.tensor(op.inputs[0]).shape[1] &&
         groups == graph.tensor(op.outputs[0]).shape[1];
}

std::shared_ptr<const Bitmap> random_mask(std::int64_t size, double density, std::uint64_t seed,
                                          const std::string& name) {
  auto mask = std::make_shared<Bitmap>(size);
  auto wanted = static_cast<std::uint64_t>(
      std::clamp<std::int64_t>(std::llround(density * static_cast<double>(size)), 1, size));
  Rng rng = Rng(seed).fork(hash(name));
  // Selection sampling (Knuth, The Art of Computer Programming 2, section 3.4.2, algorithm S).
  for (std::int64_t i = 0; wanted > 0; ++i)
    if (rng.below(static_cast<std::uint64_t>(size - i)) < wanted) {
      mask->insert(i);
      --wanted;
    }
  return mask;
}

std::shared_ptr<const Bitmap> load_mask(const std::filesystem::path& file, const Shape& shape) {
  const TensorFile tensor = load_tensor(file);
  if (tensor.shape != shape)
    throw InputError(SourcePos{file.string(), 0, 0},
                     fmt::format("has shape {}, expected {} of the weight", to_string(tensor.shape),
                                 to_string(shape)));
  auto mask = std::make_shared<Bitmap>(element_count(shape));
  for (std::size_t i = 0; i < tensor.values.size(); ++i)
    if (std::isnan(tensor.values[i]))
      throw InputError(SourcePos{file.string(), 0, 0},
                       fmt::format("element {} is nan, expected zero or not", i));
    else if (tensor.values[i] != 0)
      mask->insert(static_cast<std::int64_t>(i));
  return mask;
}

std::int64_t nonzeros(const GraphTensor& weight) {
  return weight.kept ? weight.kept->count() : weight.elements();
}

std::vector<PrunedTensor> prune(const Graph& graph, const GraphOp& op, const Pruning& pruning) {
  const std::vector<TensorId> synapses = synapses_of(graph, op);
  if (synapses.empty())
    throw InputError(op.pos,
                     fmt::format("{} '{}' has no synapses to prune, expected a conv that is "
                                 "not depthwise, a gemm or an lstm with weights",
                                 name(op.kind), op.name));
  if (pruning.mask && synapses.size() > 1)
    throw InputError(op.pos, fmt::format("{} '{}' has {} matrices, expected weight_density instead "
                                         "of one weight_mask",
                                         name(op.kind), op.name, synapses.size()));
  std::vector<PrunedTensor> pruned;
  for (const TensorId id : synapses) {
    const GraphTensor& t = graph.tensor(id);
    if (t.elements() > kMaxMask)
      throw InputError(op.pos, fmt::format("{} has {} elements, expected at most {} to prune",
                                           t.name, t.elements(), kMaxMask));
    pruned.push_back({id, pruning.mask
                              ? load_mask(*pruning.mask, t.shape)
                              : random_mask(t.elements(), *pruning.density, pruning.seed, t.name)});
  }
  return pruned;
}

void set_densities(Graph& graph, const std::vector<DensityChoice>& choices, std::uint64_t seed) {
  for (const DensityChoice& choice : choices) {
    bool found = false;
    for (const GraphOp& op : graph.ops) {
      if (choice.op && *choice.op != op.name) continue;
      if (!choice.op && synapses_of(graph, op).empty()) continue;
      found = true;
      for (PrunedTensor& p : prune(graph, op, {choice.density, seed, std::nullopt}))
        graph.tensors[p.tensor.index()].kept = std::move(p.kept);
    }
    if (choice.op && !found)
      throw InputError(
          fmt::format("--weight-density: {} has no operator '{}'", graph.name, *choice.op));
  }
}

void find_zeros(Graph& graph) {
  for (GraphTensor& t : graph.tensors) {
    if (t.kind != TensorKind::weight || !t.values || t.kept) continue;
    if (t.steps != nullptr && t.steps->zero != 0) continue;
    const std::vector<float>& values = *t.values;
    if (std::find(values.begin(), values.end(), 0.0F) == values.end()) continue;
    auto mask = std::make_shared<Bitmap>(static_cast<std::int64_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] != 0) mask->insert(static_cast<std::int64_t>(i));
    t.kept = std::move(mask);
  }
}

void zero_pruned(Graph& graph) {
  for (GraphTensor& t : graph.tensors) {
    if (!t.kept || !t.values) continue;
    std::vector<float> values = *t.values;
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!(*t.kept)[static_cast<std::int64_t>(i)]) values[i] = 0;
    t.values = std::make_shared<const std::vector<float>>(std::move(values));
  }
}

}  // namespace unna
