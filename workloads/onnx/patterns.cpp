#include "workloads/onnx/patterns.h"

#include <cmath>

namespace unna::onnx_import {
namespace {

constexpr double kTolerance = 1e-4;  // of constants that exporters round

class Fuser {
 public:
  explicit Fuser(Draft& draft) : draft_(draft) {}

  void run() {
    for (std::size_t i = 0; i < draft_.ops().size(); ++i) {
      if (draft_.ops()[i].kind != OpKind::binary) continue;
      if (!silu(i) && !hard_swish(i) && !gelu(i)) layer_norm(i);
    }
  }

 private:
  struct Pair {
    TensorId a, b;
  };

  const DraftOp* made_by(TensorId id, OpKind kind) const {
    const DraftOp* op = draft_.producer(id);
    return op != nullptr && op->kind == kind ? op : nullptr;
  }
  static bool is_fn(const DraftOp& op, ScalarFn fn) {
    return std::get<FunctionAttrs>(op.attrs).fn == fn;
  }
  /// The operand of a unary function that makes `id`.
  std::optional<TensorId> unary(TensorId id, ScalarFn fn) const {
    const DraftOp* op = made_by(id, OpKind::unary);
    if (op == nullptr || !is_fn(*op, fn)) return std::nullopt;
    return op->inputs[0];
  }
  std::optional<Pair> binary(TensorId id, ScalarFn fn) const {
    const DraftOp* op = made_by(id, OpKind::binary);
    if (op == nullptr || !is_fn(*op, fn)) return std::nullopt;
    return Pair{op->inputs[0], op->inputs[1]};
  }
  bool is_scalar(TensorId id, double value) const {
    const std::optional<double> found = scalar(id);
    return found && std::fabs(*found - value) <= kTolerance * std::fabs(value);
  }
  std::optional<double> scalar(TensorId id) const {
    const DraftTensor& t = draft_.tensor(id);
    if (t.kind != TensorKind::weight || !t.values || t.values->size() != 1) return std::nullopt;
    return static_cast<double>(t.values->front());
  }
  /// x of `x fn value`; of `value fn x` too where fn commutes.
  std::optional<TensorId> with_scalar(TensorId id, ScalarFn fn, double value) const {
    const auto pair = binary(id, fn);
    if (!pair) return std::nullopt;
    if (is_scalar(pair->b, value)) return pair->a;
    const bool commutes = fn == ScalarFn::add || fn == ScalarFn::mul;
    if (commutes && is_scalar(pair->a, value)) return pair->b;
    return std::nullopt;
  }

  bool silu(std::size_t at) {
    const DraftOp& op = draft_.ops()[at];
    if (!is_fn(op, ScalarFn::mul)) return false;
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const TensorId x = op.inputs[i], gate = op.inputs[1 - i];
      if (unary(gate, ScalarFn::sigmoid) == x) return rewrite(at, x, ScalarFn::silu);
      const DraftOp* hard = made_by(gate, OpKind::unary);
      if (hard == nullptr || hard->inputs[0] != x || !is_fn(*hard, ScalarFn::hard_sigmoid))
        continue;
      const auto& attrs = std::get<FunctionAttrs>(hard->attrs);
      if (std::fabs(attrs.alpha - 1.0 / 6) < 1e-6 && attrs.beta == 0.5)
        return rewrite(at, x, ScalarFn::hard_swish);
    }
    return false;
  }

  /// x * clip(x + 3, 0, 6) / 6.
  bool hard_swish(std::size_t at) {
    const TensorId out = draft_.ops()[at].outputs[0];
    std::optional<TensorId> product = with_scalar(out, ScalarFn::div, 6);
    if (!product) product = with_scalar(out, ScalarFn::mul, 1.0 / 6);
    if (!product) return false;
    const auto pair = binary(*product, ScalarFn::mul);
    if (!pair) return false;
    for (const auto& [x, gate] : {*pair, Pair{pair->b, pair->a}}) {
      const DraftOp* clip = made_by(gate, OpKind::unary);
      if (clip == nullptr || !is_fn(*clip, ScalarFn::clip)) continue;
      const auto& attrs = std::get<FunctionAttrs>(clip->attrs);
      if (attrs.alpha == 0 && attrs.beta == 6 &&
          with_scalar(clip->inputs[0], ScalarFn::add, 3) == x)
        return rewrite(at, x, ScalarFn::hard_swish);
    }
    return false;
  }

  /// 0.5 * x * (1 + erf(x / sqrt(2))), in any order.
  bool gelu(std::size_t at) {
    const DraftOp& op = draft_.ops()[at];
    if (!is_fn(op, ScalarFn::mul)) return false;
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const auto inner = binary(op.inputs[i], ScalarFn::mul);
      if (!inner) continue;
      const TensorId factors[] = {op.inputs[1 - i], inner->a, inner->b};
      for (std::size_t h = 0; h < 3; ++h) {
        if (!is_scalar(factors[h], 0.5)) continue;
        const TensorId a = factors[(h + 1) % 3], b = factors[(h + 2) % 3];
        if (gaussian_of(b) == a) return rewrite(at, a, ScalarFn::gelu);
        if (gaussian_of(a) == b) return rewrite(at, b, ScalarFn::gelu);
      }
    }
    return false;
  }
  /// x of 1 + erf(x / sqrt(2)).
  std::optional<TensorId> gaussian_of(TensorId id) const {
    const auto erf_out = with_scalar(id, ScalarFn::add, 1);
    if (!erf_out) return std::nullopt;
    const auto scaled = unary(*erf_out, ScalarFn::erf);
    if (!scaled) return std::nullopt;
    const auto divided = with_scalar(*scaled, ScalarFn::div, std::sqrt(2.0));
    return divided ? divided : with_scalar(*scaled, ScalarFn::mul, 1 / std::sqrt(2.0));
  }

  /// Mean over the last axis, kept.
  std::optional<TensorId> row_mean(TensorId id) const {
    const DraftOp* op = made_by(id, OpKind::reduce);
    if (op == nullptr) return std::nullopt;
    const auto& attrs = std::get<ReduceAttrs>(op->attrs);
    const auto last = static_cast<std::int64_t>(draft_.tensor(op->inputs[0]).shape.size()) - 1;
    if (attrs.fn != ReduceFn::mean || !attrs.keep_dims ||
        attrs.axes != std::vector<std::int64_t>{last})
      return std::nullopt;
    return op->inputs[0];
  }
  /// x of x - mean(x).
  std::optional<TensorId> centred(TensorId id) const {
    const auto pair = binary(id, ScalarFn::sub);
    if (!pair || row_mean(pair->b) != pair->a) return std::nullopt;
    return pair->a;
  }
  /// x of mean((x - mean(x))^2).
  std::optional<TensorId> variance_of(TensorId id) const {
    const auto squares = row_mean(id);
    if (!squares) return std::nullopt;
    if (const DraftOp* op = made_by(*squares, OpKind::unary);
        op != nullptr && is_fn(*op, ScalarFn::pow) && std::get<FunctionAttrs>(op->attrs).alpha == 2)
      return centred(op->inputs[0]);
    const auto pair = binary(*squares, ScalarFn::mul);
    return pair && pair->a == pair->b ? centred(pair->a) : std::nullopt;
  }
  struct Normalised {
    TensorId x;
    double epsilon;
  };
  /// (x - mean) / sqrt(variance + epsilon).
  std::optional<Normalised> normalised(TensorId id) const {
    const auto quotient = binary(id, ScalarFn::div);
    if (!quotient) return std::nullopt;
    const auto x = centred(quotient->a);
    const auto root = unary(quotient->b, ScalarFn::sqrt);
    const auto sum = root ? binary(*root, ScalarFn::add) : std::nullopt;
    if (!x || !sum) return std::nullopt;
    for (const auto& [variance, epsilon] : {*sum, Pair{sum->b, sum->a}})
      if (variance_of(variance) == *x && scalar(epsilon) && *scalar(epsilon) > 0)
        return Normalised{*x, *scalar(epsilon)};
    return std::nullopt;
  }
  bool is_row(TensorId id, TensorId x) const {
    const DraftTensor& t = draft_.tensor(id);
    return t.kind == TensorKind::weight && t.shape == Shape{draft_.tensor(x).shape.back()};
  }
  void layer_norm(std::size_t at) {
    const auto sum = binary(draft_.ops()[at].outputs[0], ScalarFn::add);
    if (!sum) return;
    for (const auto& [scaled, beta] : {*sum, Pair{sum->b, sum->a}}) {
      const auto product = binary(scaled, ScalarFn::mul);
      if (!product) continue;
      for (const auto& [rows, gamma] : {*product, Pair{product->b, product->a}}) {
        const auto found = normalised(rows);
        if (!found || !is_row(gamma, found->x) || !is_row(beta, found->x)) continue;
        draft_.rewrite(at, OpKind::layer_norm, {found->x, gamma, beta}, NormAttrs{found->epsilon});
        return;
      }
    }
  }

  bool rewrite(std::size_t at, TensorId x, ScalarFn fn) {
    if (draft_.tensor(x).shape != draft_.tensor(draft_.ops()[at].outputs[0]).shape) return false;
    draft_.rewrite(at, OpKind::unary, {x}, FunctionAttrs{fn});
    return true;
  }

  Draft& draft_;
};

}  // namespace

void fuse_patterns(Draft& draft) {
  Fuser(draft).run();
}

}  // namespace unna::onnx_import
