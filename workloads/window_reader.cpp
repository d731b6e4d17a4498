#include "workloads/window_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "text/numbers.h"
#include "workloads/op_reader.h"

namespace unna {

HeightWidth read_pair(const YamlNode& node, std::string_view what, std::int64_t lo,
                      std::int64_t hi) {
  if (node.kind != YamlNode::Kind::sequence) {
    const std::int64_t both = node.as_int(what, lo, hi);
    return {both, both};
  }
  const auto list = read_integers(node, what, lo, hi);
  if (list.size() != 2)
    node.fail(fmt::format("{} has {} entries, expected 2: height and width", what, list.size()));
  return {list[0], list[1]};
}

namespace {

HeightWidth optional_pair(YamlMapReader& fields, std::string_view what, std::int64_t lo,
                          HeightWidth otherwise) {
  const YamlNode* node = fields.optional(what);
  return node == nullptr ? otherwise : read_pair(*node, what, lo, kMaxWindow);
}

/// TensorFlow's SAME: as many outputs as the stride makes of the unpadded size, the odd row of
/// padding behind.
void pad_same(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t dilation,
              std::int64_t& before, std::int64_t& after) {
  const std::int64_t extent = dilation * (kernel - 1) + 1;
  const std::int64_t total =
      std::max<std::int64_t>((ceil_div(size, stride) - 1) * stride + extent - size, 0);
  before = total / 2;
  after = total - before;
}

/// `pad: 1`, `[vertical, horizontal]`, `[top, left, bottom, right]` or `same`.
void read_pad(const YamlNode& node, const std::vector<Shape>& inputs, WindowAttrs& w) {
  if (node.kind == YamlNode::Kind::scalar && node.text == "same") {
    if (inputs.empty() || inputs[0].size() != 4) return;  // inference says what is wrong
    pad_same(inputs[0][2], w.kernel_h, w.stride_h, w.dilation_h, w.pad_top, w.pad_bottom);
    pad_same(inputs[0][3], w.kernel_w, w.stride_w, w.dilation_w, w.pad_left, w.pad_right);
    return;
  }
  if (node.kind == YamlNode::Kind::sequence && node.items.size() == 4) {
    const auto list = read_integers(node, "pad", 0, kMaxWindow);
    w.pad_top = list[0];
    w.pad_left = list[1];
    w.pad_bottom = list[2];
    w.pad_right = list[3];
    return;
  }
  std::int64_t value = 0;
  const bool number =
      node.kind == YamlNode::Kind::scalar && !node.quoted && parse_integer(node.text, value);
  const bool pair = node.kind == YamlNode::Kind::sequence && node.items.size() == 2;
  if (!number && !pair)
    node.fail(
        "pad is none of its forms, expected 1, [1, 1] (vertical, horizontal), [0, 0, 1, 1] "
        "(top, left, bottom, right) or same");
  const HeightWidth pad = read_pair(node, "pad", 0, kMaxWindow);
  w.pad_top = w.pad_bottom = pad.h;
  w.pad_left = w.pad_right = pad.w;
}

}  // namespace

WindowAttrs read_window(YamlMapReader& fields, const std::vector<Shape>& inputs,
                        bool stride_is_kernel, bool has_dilation) {
  const HeightWidth kernel = read_pair(fields.require("kernel"), "kernel", 1, kMaxWindow);
  const HeightWidth stride =
      optional_pair(fields, "stride", 1, stride_is_kernel ? kernel : HeightWidth{});
  const HeightWidth dilation =
      has_dilation ? optional_pair(fields, "dilation", 1, {}) : HeightWidth{};
  WindowAttrs w;
  w.kernel_h = kernel.h;
  w.kernel_w = kernel.w;
  w.stride_h = stride.h;
  w.stride_w = stride.w;
  w.dilation_h = dilation.h;
  w.dilation_w = dilation.w;
  if (const YamlNode* pad = fields.optional("pad")) read_pad(*pad, inputs, w);
  return w;
}

}  // namespace unna
