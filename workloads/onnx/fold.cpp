#include "workloads/onnx/fold.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

namespace unna::onnx_import {
namespace {

constexpr std::int64_t kMaxFolded = std::int64_t{1} << 27;  // elements of one result

/// What the functions below share: inputs checked on access.
class Folding {
 public:
  Folding(const Node& node, const ConstantInputs& inputs, std::int64_t opset)
      : node_(node), inputs_(inputs), opset_(opset) {}

  const Node& node() const { return node_; }
  std::int64_t opset() const { return opset_; }
  std::size_t size() const { return inputs_.size(); }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  const Constant& in(std::size_t i) const {
    if (!has(i)) refuse("input {} is missing", i);
    return *inputs_[i];
  }
  const Integers& ints(std::size_t i) const {
    if (in(i).integers == nullptr) refuse("input {} is not of integers", i);
    return *in(i).integers;
  }
  /// Of an input, or of the attribute of that name (which older opsets have instead).
  Integers ints_of(std::size_t i, std::string_view attribute) const {
    return has(i) ? ints(i) : integers(node_, attribute);
  }

 private:
  const Node& node_;
  const ConstantInputs& inputs_;
  std::int64_t opset_;
};

using Results = std::vector<Constant>;

std::int64_t checked_count(const Shape& dims) {
  const std::int64_t count = element_count(dims);
  for (const std::int64_t dim : dims)
    if (dim < 0) refuse("a dimension of {}", dim);
  if (count > kMaxFolded)
    refuse("a constant of {}, expected at most {} elements", to_string(dims), kMaxFolded);
  return count;
}

Constant unknown(Shape dims) {
  return {ElementKind::real, std::move(dims), nullptr, nullptr, {}};
}

// ---- element-wise -----------------------------------------------------------------------------

using RealFn = double (*)(double, double);
using IntegerFn = std::int64_t (*)(std::int64_t, std::int64_t);

std::int64_t wrap_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrap_sub(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrap_mul(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}
/// Towards zero, as C++ and ONNX Runtime do.
std::int64_t divide(std::int64_t a, std::int64_t b) {
  if (b == 0) refuse("division by zero");
  return b == -1 ? wrap_sub(0, a) : a / b;
}
/// The sign of the divisor.
std::int64_t modulo(std::int64_t a, std::int64_t b) {
  if (b == 0) refuse("division by zero");
  if (b == -1) return 0;
  const std::int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
std::int64_t power(std::int64_t a, std::int64_t b) {
  if (b < 0) refuse("a negative power of an integer");
  std::int64_t out = 1;
  for (; b > 0; b >>= 1, a = wrap_mul(a, a))
    if ((b & 1) != 0) out = wrap_mul(out, a);
  return out;
}

struct BinaryRow {
  std::string_view op;
  RealFn reals;
  IntegerFn integers;
  bool boolean;  ///< of the result
};

constexpr auto kBinary = std::to_array<BinaryRow>({
    {"Add", [](double a, double b) { return a + b; }, wrap_add, false},
    {"And", nullptr, [](std::int64_t a, std::int64_t b) { return a & b; }, true},
    {"Div", [](double a, double b) { return a / b; }, divide, false},
    {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a == b; }, true},
    {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a > b; }, true},
    {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a >= b; }, true},
    {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a < b; }, true},
    {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; },
     [](std::int64_t a, std::int64_t b) -> std::int64_t { return a <= b; }, true},
    {"Max", [](double a, double b) { return std::max(a, b); },
     [](std::int64_t a, std::int64_t b) { return std::max(a, b); }, false},
    {"Min", [](double a, double b) { return std::min(a, b); },
     [](std::int64_t a, std::int64_t b) { return std::min(a, b); }, false},
    {"Mod", [](double a, double b) { return std::fmod(a, b); }, modulo, false},
    {"Mul", [](double a, double b) { return a * b; }, wrap_mul, false},
    {"Or", nullptr, [](std::int64_t a, std::int64_t b) { return a | b; }, true},
    {"Pow", [](double a, double b) { return std::pow(a, b); }, power, false},
    {"Sub", [](double a, double b) { return a - b; }, wrap_sub, false},
    {"Sum", [](double a, double b) { return a + b; }, wrap_add, false},
    {"Xor", nullptr, [](std::int64_t a, std::int64_t b) { return a ^ b; }, true},
});

Constant apply(const BinaryRow& row, const Constant& a, const Constant& b) {
  const std::optional<Shape> dims = broadcast(a.dims, b.dims);
  if (!dims) refuse("shapes {} and {} do not broadcast", to_string(a.dims), to_string(b.dims));
  const auto count = static_cast<std::size_t>(checked_count(*dims));
  const bool any_real = a.kind == ElementKind::real || b.kind == ElementKind::real;
  if (any_real && (!a.known() || !b.known())) {
    if (row.boolean) refuse("compares weights without values");
    return unknown(*dims);
  }
  const Constant wide_a = a.dims == *dims ? a : expanded(a, *dims);
  const Constant wide_b = b.dims == *dims ? b : expanded(b, *dims);
  if (!any_real || (row.boolean && row.reals == nullptr)) {
    if (any_real) refuse("reals, expected booleans");
    Integers out(count);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = row.integers((*wide_a.integers)[i], (*wide_b.integers)[i]);
    return make_integers(*dims, std::move(out), {},
                         row.boolean ? ElementKind::boolean : ElementKind::integer);
  }
  if (row.boolean) {
    Integers out(count);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = static_cast<std::int64_t>(row.reals(wide_a.at(i), wide_b.at(i)));
    return make_integers(*dims, std::move(out), {}, ElementKind::boolean);
  }
  Reals out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = static_cast<float>(row.reals(wide_a.at(i), wide_b.at(i)));
  return make_reals(*dims, std::move(out));
}

/// Max, Min and Sum take any number of inputs, the others two.
Constant fold_binary(const BinaryRow& row, const Folding& f) {
  const bool variadic = row.op == "Max" || row.op == "Min" || row.op == "Sum";
  if (f.size() != 2 && !(variadic && f.size() >= 1)) refuse("{} inputs", f.size());
  if (row.op == "Mod" && integer(f.node(), "fmod", 0) == 0 && f.in(0).kind == ElementKind::real)
    refuse("Mod of reals without fmod");
  if (row.op == "Mod" && integer(f.node(), "fmod", 0) != 0 && f.in(0).kind != ElementKind::real)
    refuse("fmod of integers");
  Constant out = f.in(0);
  for (std::size_t i = 1; i < f.size(); ++i) out = apply(row, out, f.in(i));
  return out;
}

struct UnaryRow {
  std::string_view op;
  double (*reals)(double);
  std::int64_t (*integers)(std::int64_t);
};

double round_even(double x) {
  return std::nearbyint(x);
}

constexpr auto kUnary = std::to_array<UnaryRow>({
    {"Abs", [](double x) { return std::fabs(x); },
     [](std::int64_t x) { return x < 0 ? wrap_sub(0, x) : x; }},
    {"Ceil", [](double x) { return std::ceil(x); }, nullptr},
    {"Cos", [](double x) { return std::cos(x); }, nullptr},
    {"Erf", [](double x) { return std::erf(x); }, nullptr},
    {"Exp", [](double x) { return std::exp(x); }, nullptr},
    {"Floor", [](double x) { return std::floor(x); }, nullptr},
    {"Log", [](double x) { return std::log(x); }, nullptr},
    {"Neg", [](double x) { return -x; }, [](std::int64_t x) { return wrap_sub(0, x); }},
    {"Not", nullptr, [](std::int64_t x) -> std::int64_t { return x == 0; }},
    {"Reciprocal", [](double x) { return 1 / x; }, nullptr},
    {"Relu", [](double x) { return std::max(x, 0.0); },
     [](std::int64_t x) { return std::max<std::int64_t>(x, 0); }},
    {"Round", round_even, nullptr},
    {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }, nullptr},
    {"Sign", [](double x) { return x > 0   ? 1.0
                                   : x < 0 ? -1.0
                                           : 0.0; },
     [](std::int64_t x) -> std::int64_t { return x > 0   ? 1
                                                 : x < 0 ? -1
                                                         : 0; }},
    {"Sin", [](double x) { return std::sin(x); }, nullptr},
    {"Sqrt", [](double x) { return std::sqrt(x); }, nullptr},
    {"Tanh", [](double x) { return std::tanh(x); }, nullptr},
});

Constant fold_unary(const UnaryRow& row, const Folding& f) {
  const Constant& x = f.in(0);
  const auto count = static_cast<std::size_t>(checked_count(x.dims));
  if (x.kind == ElementKind::real) {
    if (row.reals == nullptr) refuse("reals, expected booleans");
    if (!x.known()) return unknown(x.dims);
    Reals out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(row.reals(x.at(i)));
    return make_reals(x.dims, std::move(out));
  }
  if (row.integers == nullptr) refuse("integers, expected reals");
  Integers out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = row.integers((*x.integers)[i]);
  return make_integers(x.dims, std::move(out), {}, x.kind);
}

Constant where(const Folding& f) {
  const Constant& condition = f.in(0);
  const Constant& a = f.in(1);
  const Constant& b = f.in(2);
  if (condition.kind != ElementKind::boolean) refuse("the condition is not boolean");
  if (a.kind != b.kind) refuse("branches of different types");
  std::optional<Shape> dims = broadcast(a.dims, b.dims);
  if (dims) dims = broadcast(*dims, condition.dims);
  if (!dims) refuse("shapes do not broadcast");
  const auto count = static_cast<std::size_t>(checked_count(*dims));
  if (!a.known() || !b.known()) return unknown(*dims);
  const Constant c = expanded(condition, *dims);
  const Constant x = expanded(a, *dims);
  const Constant y = expanded(b, *dims);
  if (a.kind == ElementKind::real) {
    Reals out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = (*((*c.integers)[i] != 0 ? x : y).reals)[i];
    return make_reals(*dims, std::move(out));
  }
  Integers out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = (*((*c.integers)[i] != 0 ? x : y).integers)[i];
  return make_integers(*dims, std::move(out), {}, a.kind);
}

Constant cast(const Folding& f) {
  constexpr std::int64_t kFloat = 1, kBool = 9, kHalf = 10, kDouble = 11, kBfloat = 16;
  const std::int64_t to = integer(f.node(), "to", 0);
  const Constant& x = f.in(0);
  const bool reals = to == kFloat || to == kHalf || to == kDouble || to == kBfloat;
  if (to < 1 || to == 8 || to == 14 || to == 15 || to > kBfloat) refuse("to type {}", to);
  const auto count = static_cast<std::size_t>(checked_count(x.dims));
  if (reals) {
    if (x.kind == ElementKind::real) return x;
    Reals out(count);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(x.at(i));
    return make_reals(x.dims, std::move(out));
  }
  if (!x.known()) refuse("casts weights without values to integers");
  Integers out(count);
  constexpr double kReach = 9.2e18;
  for (std::size_t i = 0; i < count; ++i) {
    if (to == kBool) {
      out[i] = x.at(i) != 0;
    } else if (x.kind != ElementKind::real) {
      out[i] = (*x.integers)[i];
    } else {
      if (!(std::fabs(x.at(i)) < kReach)) refuse("casts {} to an integer", x.at(i));
      out[i] = static_cast<std::int64_t>(x.at(i));
    }
  }
  return make_integers(x.dims, std::move(out), {},
                       to == kBool ? ElementKind::boolean : ElementKind::integer);
}

// ---- dimensions -------------------------------------------------------------------------------

Constant constant_of_shape(const Folding& f) {
  const Integers& dims = f.ints(0);
  if (f.in(0).dims.size() != 1) refuse("the shape is no list");
  for (const std::int64_t dim : dims)
    if (dim < 0 || dim > kMaxDimension) refuse("a dimension of {}", dim);
  const Constant fill = onnx_import::has(f.node(), "value") ? required(f.node(), "value").tensor
                                                            : make_reals({1}, {0});
  if (element_count(dims) > kMaxElements) refuse("{} elements", element_count(dims));
  // Where the shape stands in the file itself, this is how weights are left out of it.
  if (fill.kind == ElementKind::real && f.in(0).stored) return unknown(dims);
  if (!fill.known() || fill.count() != 1) refuse("value is no single element");
  const auto count = static_cast<std::size_t>(checked_count(dims));
  if (fill.kind == ElementKind::real) return make_reals(dims, Reals(count, (*fill.reals)[0]));
  return make_integers(dims, Integers(count, (*fill.integers)[0]), {}, fill.kind);
}

Constant constant(const Folding& f) {
  if (f.node().attributes.size() != 1) refuse("{} attributes", f.node().attributes.size());
  const auto& [name, a] = *f.node().attributes.begin();
  const auto count = [](std::size_t n) { return Shape{static_cast<std::int64_t>(n)}; };
  switch (a.kind) {
    case Attribute::Kind::tensor:
      return a.tensor;
    case Attribute::Kind::integer:
      return make_integers({}, {a.integer});
    case Attribute::Kind::real:
      return make_reals({}, {static_cast<float>(a.real)});
    case Attribute::Kind::integers:
      return make_integers(count(a.integers.size()), a.integers);
    case Attribute::Kind::reals:
      return make_reals(count(a.reals.size()), Reals(a.reals.begin(), a.reals.end()));
    default:
      refuse("attribute {}", name);
  }
}

Constant concat(const Folding& f) {
  const Constant& first = f.in(0);
  const std::size_t axis = normal_axis(integer(f.node(), "axis", 0), first.dims.size());
  Shape dims = first.dims;
  dims[axis] = 0;
  bool known = true;
  for (std::size_t i = 0; i < f.size(); ++i) {
    const Constant& x = f.in(i);
    Shape expected = first.dims;
    if (x.dims.size() == expected.size()) expected[axis] = x.dims[axis];
    if (x.dims != expected || x.kind != first.kind) refuse("inputs that do not fit");
    if (__builtin_add_overflow(dims[axis], x.dims[axis], &dims[axis])) refuse("too large");
    known = known && x.known();
  }
  checked_count(dims);
  if (!known) return unknown(dims);
  std::int64_t outer = 1;
  for (std::size_t d = 0; d < axis; ++d) outer *= dims[d];
  Reals reals;
  Integers ints;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::size_t i = 0; i < f.size(); ++i) {
      const Constant& x = f.in(i);
      const std::int64_t run = x.count() / outer;
      if (x.kind == ElementKind::real)
        reals.insert(reals.end(), x.reals->begin() + o * run, x.reals->begin() + (o + 1) * run);
      else
        ints.insert(ints.end(), x.integers->begin() + o * run, x.integers->begin() + (o + 1) * run);
    }
  return first.kind == ElementKind::real ? make_reals(dims, std::move(reals))
                                         : make_integers(dims, std::move(ints), {}, first.kind);
}

Constant gather_elements(const Constant& x, std::size_t axis, const Constant& indices) {
  Shape dims(x.dims.begin(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  dims.insert(dims.end(), indices.dims.begin(), indices.dims.end());
  dims.insert(dims.end(), x.dims.begin() + static_cast<std::ptrdiff_t>(axis) + 1, x.dims.end());
  checked_count(dims);
  Integers at = *indices.integers;
  for (std::int64_t& i : at) {
    if (i < -x.dims[axis] || i >= x.dims[axis]) refuse("index {} of {}", i, x.dims[axis]);
    if (i < 0) i += x.dims[axis];
  }
  if (!x.known()) return unknown(dims);
  const std::int64_t inner = strides_of(x.dims)[axis];
  const std::int64_t outer = inner * x.dims[axis] == 0 ? 0 : x.count() / (inner * x.dims[axis]);
  Reals reals;
  Integers ints;
  for (std::int64_t o = 0; o < outer; ++o)
    for (const std::int64_t i : at) {
      const std::int64_t from = (o * x.dims[axis] + i) * inner;
      if (x.kind == ElementKind::real)
        reals.insert(reals.end(), x.reals->begin() + from, x.reals->begin() + from + inner);
      else
        ints.insert(ints.end(), x.integers->begin() + from, x.integers->begin() + from + inner);
    }
  return x.kind == ElementKind::real ? make_reals(dims, std::move(reals))
                                     : make_integers(dims, std::move(ints), {}, x.kind);
}

Constant gather(const Folding& f) {
  const Constant& x = f.in(0);
  f.ints(1);
  return gather_elements(x, normal_axis(integer(f.node(), "axis", 0), x.dims.size()), f.in(1));
}

Constant slice(const Folding& f) {
  const Constant& x = f.in(0);
  const SliceRange range = slice_range(x.dims, f.ints_of(1, "starts"), f.ints_of(2, "ends"),
                                       f.ints_of(3, "axes"), f.has(4) ? f.ints(4) : Integers{});
  const std::vector<std::int64_t> old = strides_of(x.dims);
  std::vector<std::int64_t> strides;
  std::int64_t offset = 0;
  for (std::size_t d = 0; d < old.size(); ++d) {
    offset += range.starts[d] * old[d];
    strides.push_back(old[d] * range.steps[d]);
  }
  if (element_count(range.extents) == 0) offset = 0;
  Constant out = gathered(x, range.extents, strides, offset);
  out.name.clear();
  return out;
}

Results split(const Folding& f) {
  const Constant& x = f.in(0);
  const std::size_t axis = normal_axis(integer(f.node(), "axis", 0), x.dims.size());
  const auto sizes = split_sizes(x.dims[axis], f.ints_of(1, "split"), f.node().outputs.size());
  Results out;
  std::int64_t start = 0;
  for (const std::int64_t size : sizes) {
    Shape dims = x.dims;
    dims[axis] = size;
    const auto strides = strides_of(x.dims);
    out.push_back(gathered(x, dims, strides, size == 0 ? 0 : start * strides[axis]));
    out.back().name.clear();
    start += size;
  }
  return out;
}

Constant transpose(const Folding& f) {
  const Constant& x = f.in(0);
  Integers perm = integers(f.node(), "perm");
  if (perm.empty())
    for (std::size_t d = x.dims.size(); d-- > 0;) perm.push_back(static_cast<std::int64_t>(d));
  Integers sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t d = 0; d < sorted.size(); ++d)
    if (sorted[d] != static_cast<std::int64_t>(d) || sorted.size() != x.dims.size())
      refuse("perm {} of {}", fmt::join(perm, ","), to_string(x.dims));
  checked_count(x.dims);
  return transposed(x, perm);
}

Constant expand(const Folding& f) {
  const std::optional<Shape> dims = broadcast(f.in(0).dims, f.ints(1));
  if (!dims) refuse("{} to {}", to_string(f.in(0).dims), to_string(f.ints(1)));
  checked_count(*dims);
  return expanded(f.in(0), *dims);
}

Constant tile(const Folding& f) {
  const Constant& x = f.in(0);
  const Integers& repeats = f.ints(1);
  if (repeats.size() != x.dims.size()) refuse("{} repeats", repeats.size());
  // Each dimension as (repeat, dimension), the former with stride 0.
  const auto old = strides_of(x.dims);
  Shape wide, dims;
  std::vector<std::int64_t> strides;
  for (std::size_t d = 0; d < old.size(); ++d) {
    if (repeats[d] < 0 || repeats[d] > kMaxFolded) refuse("{} repeats", repeats[d]);
    wide.insert(wide.end(), {repeats[d], x.dims[d]});
    strides.insert(strides.end(), {0, old[d]});
    dims.push_back(repeats[d] * x.dims[d]);
  }
  checked_count(dims);
  return reshaped(gathered(x, wide, strides), dims);
}

Constant range(const Folding& f) {
  for (std::size_t i = 0; i < 3; ++i)
    if (!f.in(i).known() || f.in(i).count() != 1) refuse("bounds that are no single elements");
  const double start = f.in(0).at(0), limit = f.in(1).at(0), delta = f.in(2).at(0);
  const double count = delta == 0 ? -1 : std::max(std::ceil((limit - start) / delta), 0.0);
  if (!(count >= 0 && count <= static_cast<double>(kMaxFolded)))
    refuse("from {} to {} by {}", start, limit, delta);
  const auto n = static_cast<std::size_t>(count);
  const Shape dims = {static_cast<std::int64_t>(n)};
  if (f.in(0).kind == ElementKind::real) {
    Reals out(n);
    for (std::size_t i = 0; i < n; ++i)
      out[i] = static_cast<float>(start + static_cast<double>(i) * delta);
    return make_reals(dims, std::move(out));
  }
  Integers out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = wrap_add(f.ints(0)[0], wrap_mul(static_cast<std::int64_t>(i), f.ints(2)[0]));
  return make_integers(dims, std::move(out));
}

Constant reshape(const Folding& f) {
  const bool allow_zero = integer(f.node(), "allowzero", 0) != 0;
  return reshaped(f.in(0), reshape_target(f.in(0).dims, f.ints(1), allow_zero));
}

Constant flatten(const Folding& f) {
  const Shape& dims = f.in(0).dims;
  const std::int64_t axis = integer(f.node(), "axis", 1);
  const auto rank = static_cast<std::int64_t>(dims.size());
  if (axis < -rank || axis > rank) refuse("axis {} of {} dimensions", axis, rank);
  const std::ptrdiff_t at = axis < 0 ? axis + rank : axis;
  return reshaped(f.in(0), {element_count(Shape(dims.begin(), dims.begin() + at)),
                            element_count(Shape(dims.begin() + at, dims.end()))});
}

Constant reduce(const Folding& f) {
  const Constant& x = f.in(0);
  const std::string& op = f.node().op;
  const bool keep = integer(f.node(), "keepdims", 1) != 0;
  std::vector<bool> reduced(x.dims.size(), false);
  const Integers axes = f.ints_of(1, "axes");
  for (const std::int64_t axis : axes) reduced[normal_axis(axis, x.dims.size())] = true;
  if (axes.empty()) {
    if (integer(f.node(), "noop_with_empty_axes", 0) != 0) return x;
    reduced.assign(x.dims.size(), true);
  }
  Shape dims, wide;
  std::int64_t over = 1;
  for (std::size_t d = 0; d < x.dims.size(); ++d) {
    wide.push_back(reduced[d] ? 1 : x.dims[d]);
    if (!reduced[d] || keep) dims.push_back(wide.back());
    if (reduced[d]) over *= x.dims[d];
  }
  checked_count(x.dims);
  if (!x.known()) return unknown(dims);
  if (over == 0) refuse("reduces nothing");
  const double first = op == "ReduceProd"  ? 1
                       : op == "ReduceMax" ? -std::numeric_limits<double>::infinity()
                       : op == "ReduceMin" ? std::numeric_limits<double>::infinity()
                                           : 0;
  std::vector<double> sums(static_cast<std::size_t>(element_count(wide)), first);
  const auto to = strides_of(wide);
  Shape index(x.dims.size(), 0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.count()); ++i) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < index.size(); ++d) at += reduced[d] ? 0 : index[d] * to[d];
    double& sum = sums[static_cast<std::size_t>(at)];
    const double v = x.at(i);
    sum = op == "ReduceProd"  ? sum * v
          : op == "ReduceMax" ? std::max(sum, v)
          : op == "ReduceMin" ? std::min(sum, v)
                              : sum + v;
    for (std::size_t d = index.size(); d-- > 0;) {
      if (++index[d] < x.dims[d]) break;
      index[d] = 0;
    }
  }
  if (op == "ReduceMean")
    for (double& sum : sums) sum /= static_cast<double>(over);
  if (x.kind == ElementKind::real) return make_reals(dims, Reals(sums.begin(), sums.end()));
  if (op == "ReduceMean") refuse("the mean of integers");
  constexpr double kExact = 9007199254740992.0;  // 2^53
  for (const double sum : sums)
    if (!(std::fabs(sum) < kExact)) refuse("integers beyond 53 bits");
  return make_integers(dims, Integers(sums.begin(), sums.end()));
}

Constant non_zero(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known()) refuse("weights without values");
  const auto strides = strides_of(x.dims);
  Integers found;
  for (std::size_t i = 0; i < static_cast<std::size_t>(checked_count(x.dims)); ++i)
    if (x.at(i) != 0) found.push_back(static_cast<std::int64_t>(i));
  Integers out;
  for (std::size_t d = 0; d < x.dims.size(); ++d)
    for (const std::int64_t i : found) out.push_back(i / strides[d] % x.dims[d]);
  return make_integers(
      {static_cast<std::int64_t>(x.dims.size()), static_cast<std::int64_t>(found.size())},
      std::move(out));
}

Constant trilu(const Folding& f) {
  Constant x = f.in(0);
  const std::int64_t k = f.has(1) ? f.ints(1).at(0) : 0;
  const bool upper = integer(f.node(), "upper", 1) != 0;
  if (x.dims.size() < 2) refuse("{} dimensions", x.dims.size());
  if (!x.known()) refuse("weights without values");
  const std::int64_t rows = x.dims[x.dims.size() - 2], columns = x.dims.back();
  const auto keeps = [&](std::size_t i) {
    const auto at = static_cast<std::int64_t>(i);
    const std::int64_t above = at % columns - at / columns % rows;
    return upper ? above >= k : above <= k;
  };
  const auto masked = [&](auto values) {
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!keeps(i)) values[i] = 0;
    return values;
  };
  if (x.kind == ElementKind::real) return make_reals(x.dims, masked(*x.reals));
  return make_integers(x.dims, masked(*x.integers), {}, x.kind);
}

Constant shape(const Folding& f) {
  const Shape& dims = f.in(0).dims;
  const SliceRange range =
      slice_range({static_cast<std::int64_t>(dims.size())}, {integer(f.node(), "start", 0)},
                  {integer(f.node(), "end", std::numeric_limits<std::int64_t>::max())}, {}, {});
  const auto first = dims.begin() + range.starts[0];
  return make_integers({range.extents[0]}, Integers(first, first + range.extents[0]));
}

Constant squeeze(const Folding& f) {
  const Integers axes = f.ints_of(1, "axes");
  return reshaped(f.in(0), squeezed(f.in(0).dims, axes, axes.empty()));
}

Constant unsqueeze(const Folding& f) {
  return reshaped(f.in(0), unsqueezed(f.in(0).dims, f.ints_of(1, "axes")));
}

Constant clip(const Folding& f) {
  const Constant& x = f.in(0);
  if (!x.known()) return unknown(x.dims);
  const auto bound = [&](std::size_t i, const char* attribute, double otherwise) {
    if (f.opset() < 11) return real(f.node(), attribute, otherwise);
    if (!f.has(i)) return otherwise;
    if (!f.in(i).known() || f.in(i).count() != 1) refuse("a bound that is no single element");
    return f.in(i).at(0);
  };
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double lo = bound(1, "min", -kInfinity), hi = bound(2, "max", kInfinity);
  const auto limited = [&](double v) { return std::min(std::max(v, lo), hi); };
  if (x.kind == ElementKind::real) {
    Reals out;
    for (const float v : *x.reals)
      out.push_back(static_cast<float>(limited(static_cast<double>(v))));
    return make_reals(x.dims, std::move(out));
  }
  Integers out;
  for (const std::int64_t v : *x.integers)
    out.push_back(static_cast<std::int64_t>(limited(static_cast<double>(v))));
  return make_integers(x.dims, std::move(out));
}

struct ShapeRow {
  std::string_view op;
  Constant (*run)(const Folding&);
};

Constant identity(const Folding& f) {
  return f.in(0);
}
Constant element_total(const Folding& f) {
  return make_integers({}, {f.in(0).count()});
}

constexpr auto kOthers = std::to_array<ShapeRow>({
    {"Cast", cast},
    {"Clip", clip},
    {"Concat", concat},
    {"Constant", constant},
    {"ConstantOfShape", constant_of_shape},
    {"Dropout", identity},
    {"Expand", expand},
    {"Flatten", flatten},
    {"Gather", gather},
    {"Identity", identity},
    {"NonZero", non_zero},
    {"Range", range},
    {"ReduceMax", reduce},
    {"ReduceMean", reduce},
    {"ReduceMin", reduce},
    {"ReduceProd", reduce},
    {"ReduceSum", reduce},
    {"Reshape", reshape},
    {"Shape", shape},
    {"Size", element_total},
    {"Slice", slice},
    {"Squeeze", squeeze},
    {"Tile", tile},
    {"Transpose", transpose},
    {"Trilu", trilu},
    {"Unsqueeze", unsqueeze},
    {"Where", where},
});

template <class Table>
auto row_of(const Table& table, std::string_view op) -> decltype(table.data()) {
  for (const auto& row : table)
    if (row.op == op) return &row;
  return nullptr;
}

}  // namespace

std::optional<std::vector<Constant>> fold(const Node& node, const ConstantInputs& inputs,
                                          std::int64_t opset) {
  const Folding f(node, inputs, opset);
  if (node.op == "Split") return split(f);
  if (const auto* row = row_of(kBinary, node.op)) return Results{fold_binary(*row, f)};
  if (const auto* row = row_of(kUnary, node.op)) return Results{fold_unary(*row, f)};
  if (const auto* row = row_of(kOthers, node.op)) return Results{row->run(f)};
  return std::nullopt;
}

std::span<const std::string_view> foldable_operators() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> names = {"Split"};
    for (const auto& row : kBinary) names.push_back(row.op);
    for (const auto& row : kUnary) names.push_back(row.op);
    for (const auto& row : kOthers) names.push_back(row.op);
    std::sort(names.begin(), names.end());
    return names;
  }();
  return all;
}

}  // namespace unna::onnx_import
