#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "memmgr/lifetimes.h"

namespace unna {
namespace {

/// A tensor and every layer that writes or reads one of its buffers.
struct Tensor {
  LiveBuffer live;
  std::vector<std::size_t> uses;  ///< ascending, without repetition
};

std::vector<Tensor> group_by_tensor(const Object& object) {
  std::vector<Tensor> tensors;
  std::unordered_map<std::string, std::size_t> by_name;
  std::vector<std::size_t> tensor_of(object.buffers.size());
  for (std::size_t b = 0; b < object.buffers.size(); ++b) {
    const BufferInfo& info = object.buffers[b];
    if (info.kind != BufferKind::intermediate) continue;
    const auto [at, is_new] = by_name.try_emplace(info.tensor, tensors.size());
    if (is_new) tensors.push_back({{info.tensor, 0, {}, {}}, {}});
    tensor_of[b] = at->second;
    LiveBuffer& live = tensors[at->second].live;
    live.size += info.size;
    live.members.emplace_back(b);
    live.member_sizes.push_back(info.size);
  }
  for (const TopologyUse& use : object.topology) {
    const std::size_t b = use.buffer.index();
    if (b >= object.buffers.size() || object.buffers[b].kind != BufferKind::intermediate)
      throw InputError(fmt::format("{}: topology names buffer {}, which is not an intermediate",
                                   object.network, b));
    auto& uses = tensors[tensor_of[b]].uses;
    for (const auto* layers : {&use.writers, &use.readers})
      for (const OpId layer : *layers) uses.push_back(layer.index());
  }
  for (Tensor& t : tensors) {
    std::ranges::sort(t.uses);
    t.uses.erase(std::unique(t.uses.begin(), t.uses.end()), t.uses.end());
    if (!t.uses.empty() && t.uses.back() >= object.layers.size())
      throw InputError(fmt::format("{}: tensor {} is used by layer {} of {}", object.network,
                                   t.live.name, t.uses.back(), object.layers.size()));
  }
  return tensors;
}

/// Reachability over data-flow edges, as a vector clock over a cover of the layers by paths.
struct LayerClocks {
  std::size_t paths = 0;
  std::vector<ChainOrder::Mark> place;            ///< of each layer
  std::vector<std::vector<std::uint32_t>> known;  ///< what each layer is strictly after
};

LayerClocks layer_clocks(const Object& object) {
  const std::size_t n = object.layers.size();
  if (object.layer_inputs.size() != n)
    throw InputError(fmt::format("{}: {} layers, but inputs of {}", object.network, n,
                                 object.layer_inputs.size()));
  LayerClocks result;
  std::vector<std::optional<std::size_t>> tail;  // last layer of each path
  for (std::size_t i = 0; i < n; ++i) {
    std::optional<std::uint32_t> path;
    for (const OpId input : object.layer_inputs[i]) {
      if (input.index() >= i)
        throw InputError(fmt::format("{}: layer {} reads layer {}, which does not come before it",
                                     object.network, i, input.index()));
      const std::uint32_t p = result.place[input.index()].chain;
      if (!path && tail[p] == input.index()) path = p;
    }
    if (!path) {
      path = static_cast<std::uint32_t>(tail.size());
      tail.emplace_back();
    }
    const std::uint32_t before = tail[*path] ? result.place[*tail[*path]].position : 0;
    result.place.push_back({*path, before + 1});
    tail[*path] = i;
  }
  result.paths = tail.size();
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<std::uint32_t> clock(result.paths, 0);
    for (const OpId input : object.layer_inputs[i]) {
      const auto& theirs = result.known[input.index()];
      for (std::size_t p = 0; p < result.paths; ++p) clock[p] = std::max(clock[p], theirs[p]);
      const ChainOrder::Mark at = result.place[input.index()];
      clock[at.chain] = std::max(clock[at.chain], at.position);
    }
    result.known.push_back(std::move(clock));
  }
  return result;
}

ChainOrder reachability_order(const Object& object, const std::vector<Tensor>& tensors) {
  const LayerClocks clocks = layer_clocks(object);
  ChainOrder order(clocks.paths);
  for (const Tensor& t : tensors) {
    std::vector<std::uint32_t> first(clocks.paths, ChainOrder::kAll);
    std::vector<std::uint32_t> last(clocks.paths, 0);
    for (const std::size_t layer : t.uses) {
      for (std::size_t p = 0; p < clocks.paths; ++p)
        first[p] = std::min(first[p], clocks.known[layer][p]);
      const ChainOrder::Mark at = clocks.place[layer];
      last[at.chain] = std::max(last[at.chain], at.position);
    }
    std::vector<ChainOrder::Mark> marks;
    for (std::uint32_t p = 0; p < clocks.paths; ++p)
      if (last[p] > 0) marks.push_back({p, last[p]});
    order.add(marks, first);
  }
  return order;
}

}  // namespace

Lifetimes topology_liveness(const Object& object) {
  const std::vector<Tensor> tensors = group_by_tensor(object);
  Lifetimes result;
  result.kind = LivenessKind::topology;
  for (const Tensor& t : tensors) result.buffers.push_back(t.live);
  if (object.parallel_layers) {
    result.order = reachability_order(object, tensors);
    return result;
  }
  result.intervals.emplace();
  for (const Tensor& t : tensors) {
    // Never used: an empty life, which meets no other.
    result.intervals->push_back(t.uses.empty()
                                    ? Interval{0, 0}
                                    : Interval{static_cast<std::int64_t>(t.uses.front()),
                                               static_cast<std::int64_t>(t.uses.back()) + 1});
  }
  return result;
}

}  // namespace unna
