#pragma once

// Windows of convolutions and pools, as networks write them.

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/yaml.h"
#include "workloads/graph.h"

namespace unna {

inline constexpr std::int64_t kMaxWindow = 1 << 16;  ///< of kernels, strides, dilations and pads

struct HeightWidth {
  std::int64_t h = 1, w = 1;
};

/// `3`, or `[3, 5]` for height and width.
HeightWidth read_pair(const YamlNode& node, std::string_view what, std::int64_t lo,
                      std::int64_t hi);

/// The fields `kernel`, `stride`, `dilation` and `pad`. Strides that are not given are 1, or as
/// the kernel.
WindowAttrs read_window(YamlMapReader& fields, const std::vector<Shape>& inputs,
                        bool stride_is_kernel, bool has_dilation);

}  // namespace unna
