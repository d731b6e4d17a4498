#include "flow/value_range.h"

#include <algorithm>
#include <cmath>

namespace unna {
namespace {

/// exp(-9) is 1e-4: a masked element may keep as much of its row's largest.
constexpr double kBelowTop = 9;
/// A row whose largest value lies so far below those of others is masked altogether.
constexpr double kMaskedRow = 1000;
/// Values that need so many times the range of the relevant ones are left out.
constexpr double kSentinel = 8;

/// What the readers of a tensor ask for, while they are found from the last operator on.
class Demands {
 public:
  Demands(const Graph& graph, const std::vector<SeenRange>& seen)
      : graph_(graph), seen_(seen), demands_(graph.tensors.size()) {}

  std::vector<Relevant> run() {
    for (std::size_t i = graph_.ops.size(); i-- > 0;) ask(graph_.ops[i]);
    std::vector<Relevant> relevant(demands_.size());
    for (std::size_t i = 0; i < demands_.size(); ++i)
      if (demands_[i].asked) relevant[i] = demands_[i].range;
    return relevant;
  }

 private:
  struct Demand {
    bool asked = false;
    Relevant range;
  };

  /// The widest range that a reader wants.
  void want(TensorId id, const Relevant& range) {
    Demand& d = demands_[id.index()];
    if (d.asked) {
      d.range.floor = std::min(d.range.floor, range.floor);
      d.range.ceiling = std::max(d.range.ceiling, range.ceiling);
    } else {
      d = {true, range};
    }
  }

  Relevant of_result(const GraphOp& op) const {
    Relevant all{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
    for (const TensorId out : op.outputs) {
      const Demand& d = demands_[out.index()];
      const Relevant range = d.asked && !graph_.tensor(out).is_output ? d.range : Relevant{};
      all.floor = std::min(all.floor, range.floor);
      all.ceiling = std::max(all.ceiling, range.ceiling);
    }
    return all;
  }

  void ask(const GraphOp& op) {
    const Relevant result = of_result(op);
    switch (op.kind) {
      case OpKind::softmax:
        return want(op.inputs[0],
                    {seen_[op.inputs[0].index()].row_top - kBelowTop, Relevant{}.ceiling});
      case OpKind::concat:
      case OpKind::split:
      case OpKind::slice:
      case OpKind::gather:
      case OpKind::reshape:
      case OpKind::transpose:
        for (const TensorId in : op.inputs) want(in, result);
        return;
      case OpKind::unary:
        return want(op.inputs[0],
                    op.as<FunctionAttrs>().fn == ScalarFn::identity ? result : Relevant{});
      case OpKind::binary:
        want(op.inputs[0], operand(op.as<FunctionAttrs>().fn, result, op.inputs[1]));
        return want(op.inputs[1], operand(op.as<FunctionAttrs>().fn, result, op.inputs[0]));
      default:
        for (const TensorId in : op.inputs) want(in, {});
    }
  }

  /// What one operand's values matter for, beside those of the other one.
  Relevant operand(ScalarFn fn, const Relevant& result, TensorId other) const {
    const SeenRange& beside = seen_[other.index()];
    Relevant range;
    if (fn == ScalarFn::add) range.floor = result.floor - beside.highest;
    if (fn == ScalarFn::max || fn == ScalarFn::min) range = result;
    if (fn == ScalarFn::min && !beside.upper)
      range.ceiling = std::min(range.ceiling, beside.highest);
    if (fn == ScalarFn::max && !beside.lower) range.floor = std::max(range.floor, beside.lowest);
    return range;
  }

  const Graph& graph_;
  const std::vector<SeenRange>& seen_;
  std::vector<Demand> demands_;
};

}  // namespace

SeenRange SeenRange::of(std::span<const double> values, const Shape& shape) {
  SeenRange seen;
  std::vector<double> tops;
  const std::size_t row = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double v = values[i];
    if (i % row == 0) tops.push_back(v);
    tops.back() = std::max(tops.back(), v);
    if (std::isinf(v)) (v < 0 ? seen.lower : seen.upper) = true;
    if (!std::isfinite(v)) continue;
    seen.lowest = std::min(seen.lowest, v);
    seen.highest = std::max(seen.highest, v);
  }
  if (tops.empty()) return seen;
  const double most = *std::max_element(tops.begin(), tops.end());
  seen.row_top = most;
  for (const double top : tops)
    if (top > most - kMaskedRow) seen.row_top = std::min(seen.row_top, top);
  return seen;
}

std::vector<Relevant> relevant_ranges(const Graph& graph, const std::vector<SeenRange>& seen) {
  return Demands(graph, seen).run();
}

double magnitude_to_hold(const SeenRange& seen, const Relevant& relevant) {
  const auto magnitude = [](double lowest, double highest) {
    return std::max(std::fabs(lowest), std::fabs(highest));
  };
  const double all = magnitude(seen.lowest, seen.highest);
  const double inside = magnitude(std::max(seen.lowest, std::min(relevant.floor, 0.0)),
                                  std::min(seen.highest, std::max(relevant.ceiling, 0.0)));
  // An infinity that is left out has to reach its bound at least.
  const double below = seen.lower && std::isfinite(relevant.floor) ? -relevant.floor : 0;
  const double above = seen.upper && std::isfinite(relevant.ceiling) ? relevant.ceiling : 0;
  const double needed = std::max({inside, below, above});
  const bool sentinel = all > kSentinel * needed || seen.lower || seen.upper;
  return sentinel ? needed : all;
}

}  // namespace unna
