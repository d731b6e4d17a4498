// LSTM, GRU and RNN. A forward or bidirectional LSTM is one operator of the graph; everything else
// becomes products and functions, step by step, by the equations of ONNX's operator reference.

#include <algorithm>

#include "workloads/onnx/translate.h"

namespace unna::onnx_import {
namespace {

constexpr std::int64_t kMaxSteps = 4096;

struct Cell {
  std::string_view op;
  std::int64_t gates;
  std::vector<std::string_view> activations;  ///< the default ones of a direction
};

Cell cell_of(std::string_view op) {
  if (op == "LSTM") return {op, 4, {"Sigmoid", "Tanh", "Tanh"}};
  if (op == "GRU") return {op, 3, {"Sigmoid", "Tanh"}};
  return {op, 1, {"Tanh"}};
}

void expect_defaults(Translation& t, const Cell& cell, std::size_t directions) {
  if (t.has(4)) refuse("sequence_lens");
  if (t.has(7)) refuse("peepholes");
  if (integer(t.node(), "layout", 0) != 0) refuse("layout 1");
  if (integer(t.node(), "input_forget", 0) != 0) refuse("input_forget");
  if (!onnx_import::has(t.node(), "activations")) return;
  const auto& given = required(t.node(), "activations").texts;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i] != cell.activations[i % cell.activations.size()])
      refuse("activation {}", given[i]);
  if (given.size() != directions * cell.activations.size()) refuse("{} activations", given.size());
}

/// Sizes, and the constants of one direction.
class Recurrent {
 public:
  explicit Recurrent(Translation& t) : t_(t), cell_(cell_of(t.node().op)) {
    const std::string direction = text(t.node(), "direction", "forward");
    if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
      refuse("direction {}", direction);
    reverse_ = direction == "reverse";
    directions_ = direction == "bidirectional" ? 2 : 1;
    expect_defaults(t, cell_, static_cast<std::size_t>(directions_));
    t.expect_rank(0, 3, 3);
    x_ = t.real_tensor(0);
    steps_ = t.dims(0)[0];
    batch_ = t.dims(0)[1];
    inputs_ = t.dims(0)[2];
    hidden_ = integer(t.node(), "hidden_size", 0);
    if (hidden_ < 1 || hidden_ > kMaxDimension / 8) refuse("hidden_size {}", hidden_);
    const std::int64_t rows = cell_.gates * hidden_;
    expect(1, {directions_, rows, inputs_});
    expect(2, {directions_, rows, hidden_});
    if (t.has(3)) expect(3, {directions_, 2 * rows});
    for (const std::size_t i : {std::size_t{5}, std::size_t{6}})
      if (t.has(i) && t.dims(i) != Shape{directions_, batch_, hidden_}) refuse("input {}", i);
  }

  void run() {
    const bool whole = cell_.op == "LSTM" && !reverse_ && !t_.output_wanted(2);
    whole ? as_one() : step_by_step();
  }

 private:
  void expect(std::size_t i, const Shape& dims) {
    if (t_.constant(i).dims != dims)
      refuse("input {} is {}, expected {}", i, to_string(t_.dims(i)), to_string(dims));
  }

  Constant zeros(const Shape& dims) const {
    return make_reals(dims, Reals(static_cast<std::size_t>(element_count(dims)), 0), "zeros");
  }

  void as_one() {
    std::vector<TensorId> inputs = {x_, t_.weight(t_.constant(1)), t_.weight(t_.constant(2))};
    inputs.push_back(t_.weight(t_.has(3) ? t_.constant(3) : zeros({directions_, 8 * hidden_})));
    if (t_.has(5) || t_.has(6))
      for (const std::size_t i : {std::size_t{5}, std::size_t{6}})
        inputs.push_back(t_.has(i) ? t_.real_tensor(i)
                                   : t_.weight(zeros({directions_, batch_, hidden_})));
    const TensorId y = t_.emit(OpKind::lstm, inputs, LstmAttrs{hidden_, directions_ == 2});
    t_.result(y);
    if (!t_.output_wanted(1)) return;
    std::vector<TensorId> last;
    for (std::int64_t d = 0; d < directions_; ++d) {
      const std::int64_t at = d == 0 ? steps_ - 1 : 0;
      const std::string suffix = fmt::format("last{}", d);
      TensorId h = t_.slice(y, 0, at, at + 1, suffix + ".step");
      h = t_.slice(h, 1, d, d + 1, suffix + ".direction");
      last.push_back(t_.reshape(h, {1, batch_, hidden_}, suffix));
    }
    t_.result(t_.concat(last, 0, "last"));
  }

  void step_by_step() {
    if (steps_ > kMaxSteps) refuse("{} steps", steps_);
    std::vector<TensorId> y, y_h, y_c;
    for (std::int64_t d = 0; d < directions_; ++d) direction(d, y, y_h, y_c);
    t_.result(t_.concat(y, 1));
    t_.result(t_.concat(y_h, 0, "last"));
    if (cell_.op == "LSTM") t_.result(t_.concat(y_c, 0, "last_cell"));
  }

  /// Rows [from, to) of direction d of a constant [D,rows,...], as a matrix or list.
  Constant part(std::size_t input, std::int64_t d, std::int64_t from, std::int64_t to,
                std::string_view suffix) {
    const Constant& c = t_.constant(input);
    Shape dims = c.dims;
    dims[0] = 1;
    dims[1] = to - from;
    const auto strides = strides_of(c.dims);
    Constant out = gathered(c, dims, strides, d * strides[0] + from * strides[1]);
    dims.erase(dims.begin());
    out = reshaped(std::move(out), dims);
    out.name = fmt::format("{}.d{}.{}", c.name, d, suffix);
    return out;
  }

  /// Bias of the inputs' product: that of the states' product joins it but for rows [skip, ...).
  TensorId input_bias(std::int64_t d, std::int64_t skip) {
    const std::int64_t rows = cell_.gates * hidden_;
    if (!t_.has(3)) return t_.weight(zeros({rows}));
    Constant w = part(3, d, 0, rows, "wb");
    if (!w.known()) return t_.weight(w);
    const Constant r = part(3, d, rows, 2 * rows, "rb");
    Reals sum = *w.reals;
    for (std::size_t i = 0; i < static_cast<std::size_t>(skip); ++i) sum[i] += (*r.reals)[i];
    return t_.weight(make_reals({rows}, std::move(sum), w.name));
  }

  TensorId initial(std::size_t input, std::int64_t d) {
    if (!t_.has(input)) return t_.weight(zeros({batch_, hidden_}));
    const std::string suffix = fmt::format("d{}.initial{}", d, input);
    if (t_.is_constant(input)) return t_.weight(part(input, d, 0, batch_, "initial"));
    const TensorId one = t_.slice(t_.real_tensor(input), 0, d, d + 1, suffix + ".direction");
    return t_.reshape(one, {batch_, hidden_}, suffix);
  }

  TensorId product(TensorId x, TensorId w, std::optional<TensorId> bias,
                   const std::string& suffix) {
    std::vector<TensorId> inputs = {x, w};
    if (bias) inputs.push_back(*bias);
    return t_.emit(OpKind::gemm, inputs, std::monostate{}, suffix);
  }

  /// Gates [from, to) of [N,gates*H].
  TensorId gates(TensorId x, std::int64_t from, std::int64_t to, const std::string& suffix) {
    return t_.slice(x, 1, from * hidden_, to * hidden_, suffix);
  }

  void direction(std::int64_t d, std::vector<TensorId>& y, std::vector<TensorId>& y_h,
                 std::vector<TensorId>& y_c) {
    const bool backwards = reverse_ || d == 1;
    const bool reset_after = cell_.op == "GRU" && integer(t_.node(), "linear_before_reset", 0) != 0;
    const std::int64_t rows = cell_.gates * hidden_;
    const std::string prefix = fmt::format("d{}", d);
    const TensorId gx = product(x_, t_.weight(part(1, d, 0, rows, "w")),
                                input_bias(d, reset_after ? 2 * hidden_ : rows), prefix + ".x");
    TensorId h = initial(5, d);
    TensorId c = h;
    if (cell_.op == "LSTM") c = initial(6, d);
    std::vector<TensorId> states(static_cast<std::size_t>(steps_));
    for (std::int64_t i = 0; i < steps_; ++i) {
      const std::int64_t at = backwards ? steps_ - 1 - i : i;
      const std::string step = fmt::format("{}.t{}", prefix, at);
      const TensorId x =
          t_.reshape(t_.slice(gx, 0, at, at + 1, step + ".x"), {batch_, rows}, step + ".gates");
      if (cell_.op == "LSTM")
        h = lstm_step(d, step, x, h, c);
      else if (cell_.op == "GRU")
        h = gru_step(d, step, x, h, reset_after);
      else
        h = t_.unary(ScalarFn::tanh,
                     t_.binary(ScalarFn::add, x, recurrence(d, step, h, 0, 1), step + ".sum"),
                     step);
      states[static_cast<std::size_t>(at)] =
          t_.emit(OpKind::reshape, {h}, ReshapeAttrs{{1, 1, batch_, hidden_}}, step + ".y");
    }
    y.push_back(t_.concat(states, 0, prefix + ".y"));
    y_h.push_back(t_.emit(OpKind::reshape, {h}, ReshapeAttrs{{1, batch_, hidden_}}, prefix + ".h"));
    y_c.push_back(t_.emit(OpKind::reshape, {c}, ReshapeAttrs{{1, batch_, hidden_}}, prefix + ".c"));
  }

  /// h by the recurrent weights of gates [from, to).
  TensorId recurrence(std::int64_t d, const std::string& step, TensorId h, std::int64_t from,
                      std::int64_t to, bool bias = false) {
    auto& made = recurrent_[{d, from}];
    if (!made) {
      const std::string suffix = fmt::format("r{}", from);
      made = t_.weight(part(2, d, from * hidden_, to * hidden_, suffix));
    }
    std::optional<TensorId> b;
    if (bias && t_.has(3)) {
      auto& shared = recurrent_[{d, -1 - from}];
      const std::int64_t rows = cell_.gates * hidden_;
      if (!shared) shared = t_.weight(part(3, d, rows + from * hidden_, rows + to * hidden_, "rb"));
      b = *shared;
    }
    return product(h, *made, b, fmt::format("{}.h{}", step, from));
  }

  TensorId lstm_step(std::int64_t d, const std::string& step, TensorId x, TensorId h, TensorId& c) {
    const TensorId all = t_.binary(ScalarFn::add, x, recurrence(d, step, h, 0, 4), step + ".sum");
    const TensorId iof =
        t_.unary(ScalarFn::sigmoid, gates(all, 0, 3, step + ".iof_in"), step + ".iof");
    const TensorId g = t_.unary(ScalarFn::tanh, gates(all, 3, 4, step + ".g_in"), step + ".g");
    const TensorId kept =
        t_.binary(ScalarFn::mul, gates(iof, 2, 3, step + ".f"), c, step + ".kept");
    const TensorId added =
        t_.binary(ScalarFn::mul, gates(iof, 0, 1, step + ".i"), g, step + ".added");
    c = t_.binary(ScalarFn::add, kept, added, step + ".c");
    return t_.binary(ScalarFn::mul, gates(iof, 1, 2, step + ".o"),
                     t_.unary(ScalarFn::tanh, c, step + ".c_tanh"), step);
  }

  TensorId gru_step(std::int64_t d, const std::string& step, TensorId x, TensorId h,
                    bool reset_after) {
    const TensorId zr_in = t_.binary(ScalarFn::add, gates(x, 0, 2, step + ".x_zr"),
                                     recurrence(d, step, h, 0, 2), step + ".zr_in");
    const TensorId zr = t_.unary(ScalarFn::sigmoid, zr_in, step + ".zr");
    const TensorId z = gates(zr, 0, 1, step + ".z"), r = gates(zr, 1, 2, step + ".r");
    TensorId past;
    if (reset_after) {
      past = t_.binary(ScalarFn::mul, r, recurrence(d, step, h, 2, 3, true), step + ".past");
    } else {
      past = recurrence(d, step, t_.binary(ScalarFn::mul, r, h, step + ".reset"), 2, 3);
    }
    const TensorId candidate = t_.unary(
        ScalarFn::tanh,
        t_.binary(ScalarFn::add, gates(x, 2, 3, step + ".x_h"), past, step + ".candidate_in"),
        step + ".candidate");
    const TensorId fresh =
        t_.binary(ScalarFn::mul, t_.binary(ScalarFn::sub, t_.scalar(1), z, step + ".not_z"),
                  candidate, step + ".fresh");
    return t_.binary(ScalarFn::add, fresh, t_.binary(ScalarFn::mul, z, h, step + ".kept"), step);
  }

  Translation& t_;
  Cell cell_;
  bool reverse_ = false;
  TensorId x_;
  std::int64_t directions_ = 1, steps_ = 0, batch_ = 0, inputs_ = 0, hidden_ = 0;
  /// By direction and first gate; biases by direction and -1 - gate.
  std::map<std::pair<std::int64_t, std::int64_t>, std::optional<TensorId>> recurrent_;
};

}  // namespace

void translate_recurrent(Translation& t) {
  Recurrent(t).run();
}

}  // namespace unna::onnx_import
