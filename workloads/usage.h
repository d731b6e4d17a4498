#pragma once

// Usage records (Pisarchyk, Lee: "Efficient memory management for deep neural net inference",
// MLSys 2020): which tensor lives from which operator to which, when operators run one by one in
// graph order. This is how published footprints are counted; the memory manager itself works on
// lifetimes of buffers (memmgr/lifetimes.h).

#include <vector>

#include "workloads/graph.h"

namespace unna {

struct UsageOptions {
  Bytes element = 4;
  Bytes alignment = 64;  ///< sizes are rounded up to it
  /// Also counts a transpose as part of its producer: a channels-last runtime does not need those
  /// that a channels-first graph has before a reshape.
  bool fuse_transposes = false;
};

struct UsageRecord {
  TensorId tensor;  ///< after what is fused into its producer
  Bytes bytes = 0;
  std::size_t first_op = 0;  ///< that writes it; operators count from 0, fused ones not at all
  std::size_t last_op = 0;   ///< inclusive
};

/// Activations that are not graph outputs, in order of first_op. A unary operator that is the only
/// reader of its input runs as part of the operator that produces it, as inference runtimes do.
std::vector<UsageRecord> usage_records(const Graph& graph, const UsageOptions& options = {});

/// Sum of the records' bytes: what a plan without any sharing takes ("naive" in the paper).
Bytes fused_intermediate_bytes(const Graph& graph, const UsageOptions& options = {});

}  // namespace unna
