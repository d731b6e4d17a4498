#include "workloads/usage.h"

#include <algorithm>
#include <optional>

namespace unna {
namespace {

bool is_fused(const Graph& graph, const GraphOp& op, const UsageOptions& options) {
  const bool kind =
      op.kind == OpKind::unary || (op.kind == OpKind::transpose && options.fuse_transposes);
  if (!kind) return false;
  const GraphTensor& input = graph.tensor(op.inputs[0]);
  return input.kind == TensorKind::activation && input.consumers.size() == 1 && !input.is_output;
}

}  // namespace

std::vector<UsageRecord> usage_records(const Graph& graph, const UsageOptions& options) {
  std::vector<UsageRecord> records;
  std::vector<std::optional<std::size_t>> record_of(graph.tensors.size());
  std::size_t position = 0;
  for (const GraphOp& op : graph.ops) {
    if (is_fused(graph, op, options)) {  // its output stands for its input from now on
      const std::optional<std::size_t> record = record_of[op.inputs[0].index()];
      invariant(record.has_value(), "'{}' reads a tensor that has no record", op.name);
      records[*record].tensor = op.outputs[0];
      record_of[op.outputs[0].index()] = record;
      continue;
    }
    for (const TensorId id : op.inputs)
      if (const auto record = record_of[id.index()]) records[*record].last_op = position;
    for (const TensorId id : op.outputs) {
      record_of[id.index()] = records.size();
      const Bytes bytes = graph.tensor(id).elements() * options.element;
      records.push_back({id, round_up(bytes, options.alignment), position, position});
    }
    ++position;
  }
  std::erase_if(records, [&](const UsageRecord& r) { return graph.tensor(r.tensor).is_output; });
  return records;
}

Bytes fused_intermediate_bytes(const Graph& graph, const UsageOptions& options) {
  Bytes total = 0;
  for (const UsageRecord& record : usage_records(graph, options)) total += record.bytes;
  return total;
}

}  // namespace unna
