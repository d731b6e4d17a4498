#pragma once

// Which lines of a kernel's output need which lines of its producers' outputs: what walks are made
// of. A line is one index of H, over all other dimensions.

#include <cstdint>
#include <vector>

#include "base/units.h"
#include "compiler/ir.h"

namespace unna {

/// A kernel's need for the output of an earlier one.
struct LineEdge {
  KernelId producer;
  KernelId consumer;
  /// [n]: lines of the producer that have to be made before lines [0, n) of the consumer.
  std::vector<std::int64_t> need;
  /// [n]: the first line of the producer that lines from n on still read; all of its lines for
  /// n = the consumer's lines.
  std::vector<std::int64_t> first;
};

class LineTable {
 public:
  explicit LineTable(const LoweredGraph& graph);

  std::size_t kernels() const { return rows_.size(); }
  std::int64_t lines(KernelId k) const { return rows_[k.index()].lines; }
  /// Of the output, in an intermediate storage; 0 where the kernel writes an output of the network.
  Bytes line_bytes(KernelId k) const { return rows_[k.index()].line_bytes; }
  const std::vector<LineEdge>& edges() const { return edges_; }
  /// Indices into edges(), by producer ascending.
  const std::vector<std::size_t>& inputs(KernelId k) const { return rows_[k.index()].inputs; }
  const std::vector<std::size_t>& outputs(KernelId k) const { return rows_[k.index()].outputs; }

 private:
  struct Row {
    std::int64_t lines = 1;
    Bytes line_bytes = 0;
    std::vector<std::size_t> inputs, outputs;
  };
  std::vector<Row> rows_;
  std::vector<LineEdge> edges_;
};

}  // namespace unna
