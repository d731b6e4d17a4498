#pragma once

// Small valid networks for property tests: branches, residual adds, concats and splits, grouped,
// depthwise and dilated convolutions, odd sizes, uneven padding, several inputs and outputs,
// tensors that are both read and an output, an op that reads a tensor twice, now and then an input
// that nobody reads.

#include <cstdint>
#include <vector>

#include "workloads/graph.h"

namespace unna {

struct RandomGraphOptions {
  std::vector<OpKind> kinds;       ///< to draw from; empty: all
  std::int64_t ops = 12;           ///< drawn operators; activation functions come on top
  std::int64_t max_batch = 2;      ///< of inputs
  std::int64_t max_channels = 24;  ///< of inputs, and features of conv, gemm and lstm
  std::int64_t max_size = 17;      ///< height, width, sequence length of inputs
  std::int64_t max_elements =
      1 << 15;  ///< of a tensor; operators that would exceed it are not drawn
  /// Also functions that are not finite everywhere: log, sqrt, reciprocal, pow, exp, div.
  bool partial_functions = false;
};

/// The same seed and options give the same graph. Only kinds of `options.kinds` occur (and unary
/// only after other ops where that is drawn too).
Graph random_graph(std::uint64_t seed, const RandomGraphOptions& options = {});

}  // namespace unna
