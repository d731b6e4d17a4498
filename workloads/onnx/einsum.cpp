// Einsum of one or two operands, as sums, transpositions and a matrix product.

#include <algorithm>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

struct Equation {
  std::vector<std::string> terms;
  std::string out;
};

Equation parse_equation(std::string text) {
  std::erase(text, ' ');
  if (text.find('.') != std::string::npos) refuse("equation {}", text);
  Equation e;
  const std::size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  const auto is_label_or_comma = [&](char c) { return is_letter(c) || c == ','; };
  if (!std::ranges::all_of(left, is_label_or_comma))
    refuse("equation {}, expected letters as labels", text);
  for (std::size_t at = 0; at <= left.size();) {
    const std::size_t end = std::min(left.find(',', at), left.size());
    e.terms.push_back(left.substr(at, end - at));
    at = end + 1;
  }
  if (arrow != std::string::npos) {
    e.out = text.substr(arrow + 2);
    if (!std::ranges::all_of(e.out, is_letter))
      refuse("equation {}, expected letters as labels", text);
  } else {
    std::string all;
    for (const std::string& term : e.terms) all += term;
    for (char c = 'A'; c <= 'z'; ++c)  // those between Z and a are none
      if (std::ranges::count(all, c) == 1) e.out += c;
  }
  std::vector<std::string> lists = e.terms;
  lists.push_back(e.out);
  for (std::string& labels : lists) {
    std::ranges::sort(labels);
    if (std::ranges::adjacent_find(labels) != labels.end())
      refuse("equation {}, expected each label once in each operand and the result", text);
  }
  return e;
}

/// A tensor whose dimensions have labels.
struct Labelled {
  TensorId x;
  std::string labels;
};

bool contains(const std::string& labels, char c) {
  return labels.find(c) != std::string::npos;
}

/// Without the dimensions whose labels are in neither of the others.
Labelled summed(Translation& t, Labelled a, const std::string& kept, const std::string& suffix) {
  std::vector<std::int64_t> axes;
  std::string left;
  for (std::size_t d = 0; d < a.labels.size(); ++d) {
    if (contains(kept, a.labels[d]))
      left += a.labels[d];
    else
      axes.push_back(static_cast<std::int64_t>(d));
  }
  if (axes.empty()) return a;
  return {t.reduce(ReduceFn::sum, a.x, axes, false, suffix), left};
}

TensorId ordered(Translation& t, const Labelled& a, const std::string& order,
                 const std::string& suffix) {
  std::vector<std::int64_t> perm;
  for (const char c : order) {
    const std::size_t at = a.labels.find(c);
    if (at == std::string::npos) refuse("label {} of nothing", c);
    perm.push_back(static_cast<std::int64_t>(at));
  }
  return t.transpose(a.x, perm, suffix);
}

/// Dimensions by label, of all operands.
std::int64_t size_of(Translation& t, const std::vector<Labelled>& all, char label) {
  for (const Labelled& a : all)
    if (const std::size_t at = a.labels.find(label); at != std::string::npos)
      return t.shape(a.x)[at];
  refuse("label {} of nothing", label);
}

Labelled product(Translation& t, const Labelled& a, const Labelled& b, const std::string& out) {
  std::string batch, rows, columns, inner;
  for (const char c : a.labels) {
    const bool both = contains(b.labels, c);
    (both ? (contains(out, c) ? batch : inner) : rows) += c;
  }
  for (const char c : b.labels)
    if (!contains(a.labels, c)) columns += c;
  const auto count = [&](const std::string& labels) {
    std::int64_t n = 1;
    for (const char c : labels) n *= size_of(t, {a, b}, c);
    return n;
  };
  const TensorId left = t.reshape(ordered(t, a, batch + rows + inner, "left"),
                                  {count(batch), count(rows), count(inner)}, "left_matrix");
  const TensorId right = t.reshape(ordered(t, b, batch + inner + columns, "right"),
                                   {count(batch), count(inner), count(columns)}, "right_matrix");
  const TensorId y = t.emit(OpKind::matmul, {left, right}, MatmulAttrs{}, "product");
  Shape dims;
  const std::string labels = batch + rows + columns;
  for (const char c : labels) dims.push_back(size_of(t, {a, b}, c));
  return {t.reshape(y, dims, "dimensions"), labels};
}

}  // namespace

void translate_einsum(Translation& t) {
  const Equation e = parse_equation(required(t.node(), "equation").text);
  if (e.terms.size() != t.size() || t.size() > 2) refuse("{} operands", t.size());
  std::vector<Labelled> operands;
  for (std::size_t i = 0; i < t.size(); ++i) {
    if (t.rank(i) != e.terms[i].size()) refuse("operand {} is {}", i, to_string(t.dims(i)));
    operands.push_back({t.real_tensor(i), e.terms[i]});
    for (std::size_t d = 0; d < t.rank(i); ++d)
      if (const std::int64_t size = size_of(t, operands, e.terms[i][d]); size != t.dims(i)[d])
        refuse("label {} of {} and {}", e.terms[i][d], size, t.dims(i)[d]);
  }
  for (std::size_t i = 0; i < operands.size(); ++i) {
    std::string kept = e.out;
    if (operands.size() == 2) kept += e.terms[1 - i];
    operands[i] = summed(t, operands[i], kept, i == 0 ? "left_sum" : "right_sum");
  }
  const Labelled y =
      operands.size() == 1 ? operands[0] : product(t, operands[0], operands[1], e.out);
  t.result(ordered(t, y, e.out, ""));
}

}  // namespace unna::onnx_import
