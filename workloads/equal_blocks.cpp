#include "workloads/equal_blocks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "workloads/weight_groups.h"

namespace unna {
namespace {

/// What an operator's cost depends on, without the names of its tensors.
std::string likeness(const Graph& graph, const GraphOp& op) {
  std::string text(name(op.kind));
  if (op.kind == OpKind::slice)  // outputs say how much, wherever it is cut
    text += fmt::format(" steps={}", fmt::join(op.as<SliceAttrs>().steps, ","));
  else
    text += attributes_text(op);
  for (const TensorId id : op.inputs) {
    const GraphTensor& t = graph.tensor(id);
    text += fmt::format(" {}{}", t.kind == TensorKind::weight ? "w" : "", to_string(t.shape));
    if (t.groups != nullptr) {
      const GroupFormat& format = t.groups->format;
      text += fmt::format("/{}/{}/{}", format.bits, format.size, format.zeros);
    }
    // Which synapses are left is a weight's own.
    if (t.kept != nullptr) text += "/" + t.name;
  }
  for (const TensorId id : op.outputs) {
    const GraphTensor& t = graph.tensor(id);
    text += fmt::format(" >{}{}", to_string(t.shape), t.is_output ? "!" : "");
  }
  return text;
}

/// A row of equal blocks, of the operators as they stand.
struct Row {
  std::size_t first = 0, ops = 0, blocks = 0;

  std::size_t end() const { return first + ops * blocks; }
  std::size_t dropped() const { return blocks > kKeptBlocks ? (blocks - kKeptBlocks) * ops : 0; }
  std::size_t kept_end() const { return first + kKeptBlocks * ops; }
};

class Folder {
 public:
  explicit Folder(Graph graph) : graph_(std::move(graph)) {}

  FoldedGraph run() {
    while (const std::optional<Row> row = longest()) {
      const std::vector<bool> goes = dropped(*row);
      rows_.push_back({row->blocks, middle(*row)});
      fold(*row, goes);
    }
    return {std::move(graph_), std::move(rows_)};
  }

 private:
  std::optional<std::size_t> producer(TensorId id) const {
    const std::optional<OpId>& op = graph_.tensor(id).producer;
    return op ? std::optional(op->index()) : std::nullopt;
  }

  /// The row that leaves out most operators; of those, the one of the smallest blocks.
  std::optional<Row> longest() {
    number_operators();
    Row best;
    const std::size_t n = graph_.ops.size();
    for (const std::size_t ops : likely_lengths()) {
      std::size_t length = 0;  // operators before i that are like those a block on
      for (std::size_t i = 0; i + ops <= n; ++i) {
        if (i + ops < n && is_like_the_next(i, ops, i - length)) {
          ++length;
          continue;
        }
        if (length > 0) keep_better(best, i - length, ops, length + ops);
        length = 0;
      }
    }
    return best.dropped() > 0 ? std::optional(best) : std::nullopt;
  }

  /// Lengths of blocks worth a look, ascending: the distances at which most operators find one like
  /// themselves among the next few.
  std::vector<std::size_t> likely_lengths() const {
    constexpr std::size_t kNextOnes = 8, kMostLengths = 64;
    std::map<std::size_t, std::vector<std::size_t>> last;  // by kind: the latest of them
    std::map<std::size_t, std::size_t> votes;              // by distance
    for (std::size_t i = 0; i < kind_.size(); ++i) {
      std::vector<std::size_t>& before = last[kind_[i]];
      for (const std::size_t j : before)
        if ((kKeptBlocks + 1) * (i - j) <= kind_.size()) ++votes[i - j];
      before.push_back(i);
      if (before.size() > kNextOnes) before.erase(before.begin());
    }
    std::vector<std::pair<std::size_t, std::size_t>> ranked;
    for (const auto& [distance, count] : votes) ranked.emplace_back(kind_.size() - count, distance);
    std::ranges::sort(ranked);
    ranked.resize(std::min(ranked.size(), kMostLengths));
    std::vector<std::size_t> lengths;
    for (const auto& [rank, distance] : ranked) lengths.push_back(distance);
    std::ranges::sort(lengths);
    return lengths;
  }

  void number_operators() {
    std::map<std::string, std::size_t> known;
    kind_.clear();
    for (const GraphOp& op : graph_.ops)
      kind_.push_back(known.emplace(likeness(graph_, op), known.size()).first->second);
    for (std::size_t i = 0; i < graph_.ops.size(); ++i)
      if (in_rows_.contains(graph_.ops[i].name)) kind_[i] = graph_.ops.size() + i;
  }

  /// Of an operator in a row that begins at `first` or later.
  bool is_like_the_next(std::size_t op, std::size_t ops, std::size_t first) const {
    if (kind_[op] != kind_[op + ops]) return false;
    const std::vector<TensorId>& here = graph_.ops[op].inputs;
    const std::vector<TensorId>& there = graph_.ops[op + ops].inputs;
    for (std::size_t i = 0; i < here.size(); ++i)
      if (here[i] != there[i] && !moves_on(here[i], there[i], ops, first) &&
          !(op < first + ops && enters(here[i], there[i], first)))
        return false;
    return true;
  }

  /// Whether `there` is to the next block what `here` is to this one.
  bool moves_on(TensorId here, TensorId there, std::size_t ops, std::size_t first) const {
    const GraphTensor& a = graph_.tensor(here);
    const GraphTensor& b = graph_.tensor(there);
    if (a.kind != TensorKind::activation) return b.kind == a.kind;
    if (b.kind != a.kind) return false;
    const std::size_t from = a.producer->index(), to = b.producer->index();
    const bool outside = from < first && to < first && kind_[from] == kind_[to];
    if (to != from + ops && !outside) return false;
    const auto slot = [&](const GraphTensor& t, TensorId id) {
      const std::vector<TensorId>& outputs = graph_.op(*t.producer).outputs;
      return std::ranges::find(outputs, id) - outputs.begin();
    };
    return slot(a, here) == slot(b, there);
  }

  /// Whether the first block reads from before the row what the next one reads of the first.
  bool enters(TensorId here, TensorId there, std::size_t first) const {
    const std::optional<std::size_t> from = producer(here), to = producer(there);
    return graph_.tensor(here).kind != TensorKind::weight && (!from || *from < first) && to &&
           *to >= first;
  }

  /// Of a stretch that repeats itself, the best row that can be cut out of it.
  void keep_better(Row& best, std::size_t begin, std::size_t ops, std::size_t length) const {
    Row row{begin, ops, length / ops};
    const auto block = std::span(graph_.ops).subspan(begin, ops);
    if (std::ranges::all_of(block, [&](const GraphOp& op) { return macs(graph_, op) == 0; }))
      return;
    for (; row.end() <= begin + length && row.dropped() > 0; ++row.first) {
      if (row.dropped() < best.dropped() || (row.dropped() == best.dropped() && best.ops <= ops))
        return;
      if (!can_be_cut(row)) continue;
      best = row;
      return;
    }
  }

  /// Whether what comes after the row reads of it nothing but the last block's results.
  bool can_be_cut(const Row& row) const {
    for (std::size_t i = row.end(); i < graph_.ops.size(); ++i)
      for (const TensorId id : graph_.ops[i].inputs) {
        const std::optional<std::size_t> from = producer(id);
        if (from && *from >= row.first && *from < row.end() - row.ops) return false;
      }
    return true;
  }

  /// Operators whose results only those that are `marked` read, before `end`, are marked, too.
  void mark_servants(std::vector<bool>& marked, std::size_t end) const {
    for (std::size_t i = end; i-- > 0;)
      marked[i] = std::ranges::all_of(graph_.ops[i].outputs, [&](TensorId id) {
        const GraphTensor& t = graph_.tensor(id);
        return !t.is_output &&
               std::ranges::all_of(t.consumers, [&](OpId op) { return marked[op.index()]; });
      });
  }

  std::vector<bool> dropped(const Row& row) const {
    std::vector<bool> marked(graph_.ops.size());
    for (std::size_t i = row.kept_end(); i < row.end(); ++i) marked[i] = true;
    mark_servants(marked, row.first);
    return marked;
  }

  std::vector<std::string> middle(const Row& row) {
    std::vector<bool> marked(graph_.ops.size());
    for (std::size_t i = row.first; i < row.kept_end(); ++i) in_rows_.insert(graph_.ops[i].name);
    for (std::size_t i = row.first + row.ops; i < row.first + 2 * row.ops; ++i) marked[i] = true;
    mark_servants(marked, row.first);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < marked.size(); ++i)
      if (marked[i]) names.push_back(graph_.ops[i].name);
    return names;
  }

  void fold(const Row& row, const std::vector<bool>& dropped) {
    const auto is_dropped = [&](OpId op) { return dropped[op.index()]; };
    Graph folded;
    folded.name = graph_.name;
    std::vector<std::optional<TensorId>> made(graph_.tensors.size());
    for (std::size_t t = 0; t < graph_.tensors.size(); ++t) {
      const GraphTensor& tensor = graph_.tensors[t];
      const bool goes = tensor.producer ? is_dropped(*tensor.producer)
                                        : !tensor.consumers.empty() &&
                                              std::ranges::all_of(tensor.consumers, is_dropped);
      if (goes) continue;
      made[t] = TensorId(folded.tensors.size());
      folded.tensors.push_back(tensor);
      folded.tensors.back().consumers.clear();
    }
    for (std::size_t i = 0; i < graph_.ops.size(); ++i) {
      if (dropped[i]) continue;
      GraphOp op = graph_.ops[i];
      const OpId id(folded.ops.size());
      for (TensorId& input : op.inputs) {
        input = *made[stand_in(input, row).index()];
        std::vector<OpId>& consumers = folded.tensors[input.index()].consumers;
        if (consumers.empty() || consumers.back() != id) consumers.push_back(id);
      }
      for (TensorId& output : op.outputs) {
        output = *made[output.index()];
        folded.tensors[output.index()].producer = id;
      }
      folded.ops.push_back(std::move(op));
    }
    for (GraphState state : graph_.states) {
      if (!made[state.present.index()]) continue;
      if (state.past) state.past = made[state.past->index()];
      state.present = *made[state.present.index()];
      folded.states.push_back(state);
    }
    graph_ = std::move(folded);
  }

  /// What is read in the place of a tensor that is left out.
  TensorId stand_in(TensorId id, const Row& row) const {
    const std::optional<std::size_t> from = producer(id);
    if (!from || *from < row.kept_end() || *from >= row.end()) return id;
    const std::vector<TensorId>& outputs = graph_.ops[*from].outputs;
    const auto slot = std::ranges::find(outputs, id) - outputs.begin();
    return graph_.ops[*from - row.dropped()].outputs[static_cast<std::size_t>(slot)];
  }

  Graph graph_;
  std::vector<std::size_t> kind_;  ///< by operator: equal where their costs are
  std::vector<EqualBlocks> rows_;
  std::set<std::string> in_rows_;  ///< operators that are left of those
};

}  // namespace

FoldedGraph fold_equal_blocks(Graph graph) {
  return Folder(std::move(graph)).run();
}

}  // namespace unna
