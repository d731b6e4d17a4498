#include "compiler/unit_cost.h"

#include <gtest/gtest.h>

#include <utility>

#include "compiler/lower.h"

namespace unna {
namespace {

/// A convolution of `in` to `out` channels over 28 lines of 28 columns, with windows of 3 x 3.
LoweredGraph convolution(std::int64_t in, std::int64_t out) {
  GraphBuilder b("convolution");
  const TensorId x = b.input("x", {1, in, 28, 28});
  ConvAttrs attrs;
  attrs.window = {3, 3, 1, 1, 1, 1, 1, 1, 1, 1};
  b.mark_output(b.op(OpKind::conv, "conv", {x, b.weight("w", {out, in, 3, 3})}, attrs)[0]);
  return lower(canonicalise(b.finish()), MachineConfig{});
}

TEST(UnitCosts, FastestAndBalancedAreTheLeastOfTheirKind) {
  const MachineConfig machine = preset_machine(16);
  bool differ = false;
  for (const auto& [in, out] : {std::pair(16, 64), std::pair(64, 64), std::pair(64, 256)}) {
    const LoweredGraph graph = convolution(in, out);
    Partitioner partitioner(graph, machine, Partition::automatic);
    UnitCosts costs(graph, machine, Partition::automatic, partitioner);
    for (const std::int64_t lines : {1, 2, 4, 7}) {
      const auto band = [&](Division division) {
        return costs.band(KernelId(0), lines, division, partitioner.whole_sb());
      };
      const auto both = [&](const BandCost& c) { return c.time + partitioner.moving(c.traffic); };
      const BandCost fastest = band(Division::fastest);
      const BandCost balanced = band(Division::balanced);
      for (const Division d : {Division::columns, Division::rows, Division::channels}) {
        EXPECT_LE(fastest.time, band(d).time);
        EXPECT_LE(both(balanced), both(band(d)));
      }
      EXPECT_LE(both(balanced), both(fastest));
      differ = differ || balanced.traffic < fastest.traffic;
    }
  }
  EXPECT_TRUE(differ);
}

}  // namespace
}  // namespace unna
