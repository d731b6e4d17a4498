#pragma once

// Rows of blocks of operators that cost the same, such as the layers of a transformer: a graph with
// three of each row tells what all of them take.

#include <cstddef>
#include <string>
#include <vector>

#include "workloads/graph.h"

namespace unna {

/// Blocks of a row that stay: one that begins it, one amid others like itself, one that ends it.
inline constexpr std::size_t kKeptBlocks = 3;

/// A row of which some blocks were left out.
struct EqualBlocks {
  std::size_t count = 0;  ///< blocks that the whole graph has; kKeptBlocks of them are left
  /// Names of the middle one's operators, with those before the row that serve it alone, ascending
  /// by operator: what is left out takes as much as these for each block.
  std::vector<std::string> middle;

  std::size_t left_out() const { return count - kKeptBlocks; }
};

struct FoldedGraph {
  Graph graph;
  std::vector<EqualBlocks> rows;  ///< none: it is the graph that was given
};

/// Leaves out all but kKeptBlocks blocks of each row, and what served the others alone. Blocks are
/// equal where their operators have the same kinds, attributes and shapes one by one, and each
/// reads the same tensors of its own, of the block before and from outside as the next one does:
/// from outside the same one, or another of an equal operator; parts of a tensor may be cut at
/// different places. What reads the last block reads the last one that is left instead. A row of
/// which other blocks are read from outside stays whole, and so does one that has no products. Of
/// weights, only shapes, formats and which are pruned count, not their values.
FoldedGraph fold_equal_blocks(Graph graph);

}  // namespace unna
