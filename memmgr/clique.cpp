#include "memmgr/clique.h"

#include <algorithm>
#include <numeric>
#include <ranges>

namespace unna {
namespace {

class CliqueSearch {
 public:
  CliqueSearch(const BitGraph& graph, std::span<const Bytes> weights, Bytes least,
               std::uint64_t most_nodes)
      : graph_(graph), weights_(weights), most_(least), nodes_left_(most_nodes) {}

  std::vector<std::uint32_t> run() {
    std::vector<std::uint32_t> all(graph_.size());
    std::iota(all.begin(), all.end(), 0U);
    std::ranges::stable_sort(all, std::ranges::greater{},
                             [&](std::uint32_t v) { return weights_[v]; });
    search(all, 0);
    std::ranges::sort(best_);
    return std::move(best_);
  }

 private:
  /// By colour, with the weight that those up to each can add at most.
  struct Coloured {
    std::vector<std::uint32_t> vertices;
    std::vector<Bytes> at_most;
  };

  /// `vertices` by weight, descending: the first of a colour is its heaviest.
  Coloured colour(const std::vector<std::uint32_t>& vertices) const {
    std::vector<std::vector<std::uint32_t>> colours;
    for (const std::uint32_t v : vertices) {
      const auto free = std::ranges::find_if(colours, [&](const auto& colour) {
        return std::ranges::none_of(colour, [&](std::uint32_t u) { return graph_.linked(u, v); });
      });
      if (free == colours.end())
        colours.push_back({v});
      else
        free->push_back(v);
    }
    Coloured result;
    Bytes before = 0;
    for (const auto& colour : colours) {
      // Lightest first: a vertex adds no more than its own weight to the colours before.
      for (auto at = colour.rbegin(); at != colour.rend(); ++at) {
        const std::uint32_t v = *at;
        result.vertices.push_back(v);
        result.at_most.push_back(before + weights_[v]);
      }
      before += weights_[colour.front()];
    }
    return result;
  }

  void search(const std::vector<std::uint32_t>& candidates, Bytes weight) {
    if (nodes_left_ == 0) return;
    --nodes_left_;
    if (weight > most_) {
      most_ = weight;
      best_ = clique_;
    }
    const Coloured all = colour(candidates);
    for (std::size_t x = all.vertices.size(); x-- > 0;) {
      if (weight + all.at_most[x] <= most_) return;
      const std::uint32_t v = all.vertices[x];
      std::vector<std::uint32_t> rest;
      for (std::size_t y = 0; y < x; ++y)
        if (graph_.linked(v, all.vertices[y])) rest.push_back(all.vertices[y]);
      std::ranges::stable_sort(rest, std::ranges::greater{},
                               [&](std::uint32_t u) { return weights_[u]; });
      clique_.push_back(v);
      search(rest, weight + weights_[v]);
      clique_.pop_back();
    }
  }

  const BitGraph& graph_;
  std::span<const Bytes> weights_;
  Bytes most_;
  std::uint64_t nodes_left_;
  std::vector<std::uint32_t> clique_;
  std::vector<std::uint32_t> best_;
};

}  // namespace

std::vector<std::uint32_t> heavy_clique(const BitGraph& graph, std::span<const Bytes> weights,
                                        Bytes least, std::uint64_t most_nodes) {
  return CliqueSearch(graph, weights, least, most_nodes).run();
}

}  // namespace unna
