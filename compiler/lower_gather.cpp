// Gathering along an axis.

#include <fmt/format.h>

#include "compiler/lowering.h"

namespace unna {
namespace {

constexpr std::size_t kMaxRuns = 4096;

/// Indices start, start + step, ...: a strided view.
struct Run {
  std::int64_t start = 0, step = 1, count = 0;
};

std::vector<Run> runs_of(const std::vector<std::int64_t>& indices) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < indices.size();) {
    Run run{indices[i], 1, 1};
    if (i + 1 < indices.size() && indices[i + 1] > indices[i])
      run.step = indices[i + 1] - indices[i];
    while (++i < indices.size() && indices[i] == indices[i - 1] + run.step) ++run.count;
    runs.push_back(run);
  }
  return runs;
}

}  // namespace

/// A view where the indices are evenly spaced, else a copy for each run that is.
void Lowering::lower_gather(const CanonicalOp& op) {
  const GraphOp& o = source(op);
  const GatherAttrs& attrs = o.as<GatherAttrs>();
  const auto axis = static_cast<std::size_t>(attrs.axis);
  const TensorView x = view(op.inputs[0]);
  const std::vector<Run> runs = runs_of(attrs.indices);
  if (runs.size() > kMaxRuns)
    throw Unsupported{fmt::format("{} separate runs of indices", runs.size())};
  if (runs.size() == 1) {
    TensorView y = sliced(x, axis, runs[0].start, runs[0].count, runs[0].step);
    if (!attrs.keep_axis) {
      y.dims.erase(y.dims.begin() + attrs.axis);
      y.strides.erase(y.strides.begin() + attrs.axis);
    }
    views_[op.outputs[0].index()] = y;
    return;
  }
  const TensorView y = define(op.outputs[0]);
  std::int64_t at = 0;
  for (const Run& run : runs) {
    copy(sliced(x, axis, run.start, run.count, run.step), sliced(y, axis, at, run.count),
         fmt::format("{}.{}", o.name, at));
    at += run.count;
  }
}

}  // namespace unna
