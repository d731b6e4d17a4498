#include "workloads/states.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace unna {
namespace {

/// The concat that makes a tensor; null where something else does.
const GraphOp* concat_of(const Graph& graph, TensorId present) {
  const std::optional<OpId> producer = graph.tensor(present).producer;
  if (!producer || graph.op(*producer).kind != OpKind::concat) return nullptr;
  return &graph.op(*producer);
}

/// A concat of one part has no past: that part is new.
std::optional<TensorId> past_of(const Graph& graph, const GraphOp& concat) {
  const TensorId first = concat.inputs[0];
  if (concat.inputs.size() < 2 || graph.tensor(first).kind != TensorKind::input)
    return std::nullopt;
  return first;
}

bool is_state(const Graph& graph, TensorId present) {
  return std::ranges::any_of(graph.states,
                             [&](const GraphState& s) { return s.present == present; });
}

std::optional<TensorId> output_named(const Graph& graph, std::string_view name) {
  for (std::size_t i = 0; i < graph.tensors.size(); ++i)
    if (graph.tensors[i].is_output && graph.tensors[i].name == name) return TensorId(i);
  return std::nullopt;
}

/// The name with `words`, the first of them that is in it, left open; empty where none is.
std::string opened(const std::string& name, std::string_view longer, std::string_view shorter) {
  for (const std::string_view word : {longer, shorter}) {
    const std::size_t at = name.find(word);
    if (at != std::string::npos) return name.substr(0, at) + "*" + name.substr(at + word.size());
  }
  return "";
}

bool are_named_alike(const std::string& past, const std::string& present) {
  const std::string open = opened(past, "past_key_values", "past");
  return !open.empty() && open == opened(present, "present_key_values", "present");
}

void pair_asked(Graph& graph, const std::pair<std::string, std::string>& pair,
                const std::vector<std::string>& empty, const StateOptions& options,
                const SourcePos& pos) {
  const auto& [past, present] = pair;
  const std::optional<TensorId> out = output_named(graph, present);
  if (!out)
    throw InputError(pos, fmt::format("state {}={}: '{}' is no output, expected the name of one",
                                      past, present, present));
  const GraphOp* concat = concat_of(graph, *out);
  const std::optional<TensorId> in = concat == nullptr ? std::nullopt : past_of(graph, *concat);
  const bool none_yet = concat != nullptr && !in && std::ranges::count(empty, past) > 0;
  if (!none_yet && (!in || graph.tensor(*in).name != past))
    throw InputError(
        pos, fmt::format("state {}={}: the output is not a concat of the input and new rows, "
                         "expected one",
                         past, present));
  add_state(graph, *out,
            options.capacity.value_or(
                graph.tensor(*out).shape[static_cast<std::size_t>(concat->as<AxisAttrs>().axis)]),
            pos);
}

}  // namespace

void add_state(Graph& graph, TensorId present, std::int64_t capacity, const SourcePos& pos) {
  GraphTensor& tensor = graph.tensors[present.index()];
  const GraphOp* concat = concat_of(graph, present);
  if (concat == nullptr)
    throw InputError(pos, fmt::format("state '{}' is not made by a concat, expected one of what "
                                      "there is and new rows",
                                      tensor.name));
  const auto axis = static_cast<std::size_t>(concat->as<AxisAttrs>().axis);
  if (capacity < tensor.shape[axis])
    throw InputError(pos, fmt::format("state '{}' has room for {}, expected at least its {}",
                                      tensor.name, capacity, tensor.shape[axis]));
  const std::optional<TensorId> past = past_of(graph, *concat);
  if (past && std::ranges::count(concat->inputs, *past) > 1)
    throw InputError(pos,
                     fmt::format("state '{}' has '{}' in it twice, expected new rows behind it",
                                 tensor.name, graph.tensor(*past).name));
  if (past &&
      std::ranges::any_of(graph.states, [&](const GraphState& s) { return s.past == past; }))
    throw InputError(
        pos, fmt::format("'{}' is the past of two states, expected one", graph.tensor(*past).name));
  if (is_state(graph, present))
    throw InputError(pos, fmt::format("state '{}' is given twice, expected it once", tensor.name));
  tensor.is_output = true;
  graph.states.push_back({past, present, axis, capacity});
  std::ranges::sort(graph.states, {}, &GraphState::present);
}

void pair_states(Graph& graph, const std::vector<std::string>& empty, const StateOptions& options,
                 const SourcePos& pos) {
  for (const auto& pair : options.pairs) pair_asked(graph, pair, empty, options, pos);
  for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
    const TensorId id(i);
    const GraphTensor& present = graph.tensors[i];
    if (!present.is_output || is_state(graph, id)) continue;
    const GraphOp* concat = concat_of(graph, id);
    if (concat == nullptr) continue;
    const std::optional<TensorId> past = past_of(graph, *concat);
    const bool named = past ? are_named_alike(graph.tensor(*past).name, present.name)
                            : std::ranges::any_of(empty, [&](const std::string& name) {
                                return are_named_alike(name, present.name);
                              });
    const auto axis = static_cast<std::size_t>(concat->as<AxisAttrs>().axis);
    if (named) add_state(graph, id, options.capacity.value_or(present.shape[axis]), pos);
  }
}

}  // namespace unna
