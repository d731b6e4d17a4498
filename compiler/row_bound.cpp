#include "compiler/row_bound.h"

#include <algorithm>
// GCC 12 sees uses of an empty boost::optional in iterators that Boost.Graph does not dereference.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/boykov_kolmogorov_max_flow.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#include <limits>
#include <set>
#include <vector>

namespace unna {
namespace {

/// Lines of a kernel that are looked at, at most: its first and last, and some between.
constexpr std::int64_t kLooks = 5;
constexpr Bytes kInfinite = Bytes{1} << 50;

class Cuts {
 public:
  explicit Cuts(const LineTable& table) : table_(table) {
    for (std::size_t k = 0; k < table.kernels(); ++k) {
      first_.push_back(count_);
      count_ += static_cast<std::size_t>(table.lines(KernelId(k)));
    }
    source_ = vertex();
    sink_ = vertex();
    base_ = vertices_;
    vertices_ += 2 * count_;  // lines, then whether a line is still needed
    for (std::size_t k = 0; k < table.kernels(); ++k) add_kernel(KernelId(k));
    for (std::size_t v = 0; v < count_; ++v) {
      from_source_.push_back(arc(source_, line(v), 0));
      to_sink_.push_back(arc(line(v), sink_, 0));
    }
  }

  Bytes largest() {
    Bytes most = 0;
    for (std::size_t k = 0; k < table_.kernels(); ++k) {
      const std::int64_t lines = table_.lines(KernelId(k));
      std::set<std::int64_t> looks;
      for (std::int64_t i = 0; i < kLooks; ++i) looks.insert((lines - 1) * i / (kLooks - 1));
      for (const std::int64_t j : looks) most = std::max(most, alive(KernelId(k), j));
    }
    return most;
  }

 private:
  using Traits = boost::adjacency_list_traits<boost::vecS, boost::vecS, boost::directedS>;
  struct Vertex {
    boost::default_color_type color{};
    Bytes distance = 0;
    Traits::edge_descriptor predecessor;
  };
  struct Arc {
    Bytes capacity = 0, residual = 0;
    Traits::edge_descriptor reverse;
  };
  using Network = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, Vertex, Arc>;
  using ArcId = Traits::edge_descriptor;

  struct Lines {
    std::int64_t lo = 0, hi = 0;
  };
  /// The producer's lines that line j of the consumer reads.
  static Lines read(const LineEdge& e, std::int64_t j) {
    const auto at = static_cast<std::size_t>(j);
    return {e.first[at], e.need[at + 1]};
  }

  std::size_t vertex() { return vertices_++; }
  std::size_t line(std::size_t v) const { return base_ + v; }
  std::size_t needed(std::size_t v) const { return base_ + count_ + v; }
  std::size_t index(KernelId k, std::int64_t j) const {
    return first_[k.index()] + static_cast<std::size_t>(j);
  }

  ArcId arc(std::size_t from, std::size_t to, Bytes capacity) {
    const ArcId there = boost::add_edge(from, to, network_).first;
    const ArcId back = boost::add_edge(to, from, network_).first;
    network_[there].capacity = capacity;
    network_[there].reverse = back;
    network_[back].reverse = there;
    return there;
  }

  void add_kernel(KernelId k) {
    const std::int64_t lines = table_.lines(k);
    for (std::int64_t j = 0; j < lines; ++j)
      if (table_.line_bytes(k) > 0 && !table_.outputs(k).empty())
        arc(line(index(k, j)), needed(index(k, j)), table_.line_bytes(k));
    for (const std::size_t i : table_.inputs(k)) add_edge(table_.edges()[i], lines);
  }

  void add_edge(const LineEdge& e, std::int64_t lines) {
    const std::int64_t made = table_.lines(e.producer);
    // What the first line needs and what the last one still reads: as neither falls, all in
    // between.
    if (lines > 1 && made > 1 && read(e, 0).hi == made && read(e, lines - 1).lo == 0)
      return add_complete(e, lines);
    for (std::int64_t j = 0; j < lines; ++j) {
      const Lines r = read(e, j);
      for (std::int64_t p = r.lo; p < r.hi; ++p) {
        arc(line(index(e.consumer, j)), line(index(e.producer, p)), kInfinite);
        arc(needed(index(e.producer, p)), line(index(e.consumer, j)), kInfinite);
      }
    }
  }

  /// Every line reads every line: by way of two vertices of their own.
  void add_complete(const LineEdge& e, std::int64_t lines) {
    const std::size_t made = vertex(), read = vertex();
    for (std::int64_t p = 0; p < table_.lines(e.producer); ++p) {
      arc(made, line(index(e.producer, p)), kInfinite);
      arc(needed(index(e.producer, p)), read, kInfinite);
    }
    for (std::int64_t j = 0; j < lines; ++j) {
      arc(line(index(e.consumer, j)), made, kInfinite);
      arc(read, line(index(e.consumer, j)), kInfinite);
    }
  }

  /// The least that is alive when line j of k is made.
  Bytes alive(KernelId k, std::int64_t j) {
    std::vector<ArcId> set;
    for (const std::size_t i : table_.inputs(k)) {
      const LineEdge& e = table_.edges()[i];
      const Lines r = read(e, j);
      for (std::int64_t p = r.lo; p < r.hi; ++p) set.push_back(from_source_[index(e.producer, p)]);
    }
    set.push_back(to_sink_[index(k, j)]);
    for (const ArcId a : set) network_[a].capacity = kInfinite;
    const Bytes cut = boost::boykov_kolmogorov_max_flow(
        network_, boost::get(&Arc::capacity, network_), boost::get(&Arc::residual, network_),
        boost::get(&Arc::reverse, network_), boost::get(&Vertex::predecessor, network_),
        boost::get(&Vertex::color, network_), boost::get(&Vertex::distance, network_),
        boost::get(boost::vertex_index, network_), source_, sink_);
    for (const ArcId a : set) network_[a].capacity = 0;
    return table_.line_bytes(k) + cut;
  }

  const LineTable& table_;
  std::vector<std::size_t> first_;  ///< by kernel: its first line
  std::size_t count_ = 0;           ///< lines
  std::size_t vertices_ = 0, base_ = 0;
  std::size_t source_ = 0, sink_ = 0;
  Network network_;
  std::vector<ArcId> from_source_, to_sink_;  ///< by line
};

}  // namespace

Bytes row_bound(const LineTable& table) {
  return Cuts(table).largest();
}

}  // namespace unna
