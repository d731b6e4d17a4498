#include "compiler/branches.h"

#include <gtest/gtest.h>

#include <bit>

#include "compiler/lower.h"

namespace unna {
namespace {

TensorId conv(GraphBuilder& b, const std::string& name, TensorId x, std::int64_t co) {
  const std::int64_t ci = b.tensor(x).shape[1];
  return b.op(OpKind::conv, name, {x, b.weight(name + ".w", {co, ci, 1, 1})}, ConvAttrs{})[0];
}

/// stem -> (a) and (b1 -> b2) -> sum -> last
LoweredGraph diamond() {
  GraphBuilder b("g");
  const TensorId stem = conv(b, "stem", b.input("x", {1, 8, 8, 8}), 16);
  const TensorId a = conv(b, "a", stem, 16);
  const TensorId b2 = conv(b, "b2", conv(b, "b1", stem, 16), 16);
  const TensorId sum = b.op(OpKind::binary, "sum", {a, b2}, FunctionAttrs{ScalarFn::add, 0, 0})[0];
  b.mark_output(conv(b, "last", sum, 16));
  return lower(canonicalise(b.finish()), MachineConfig{});
}

TEST(Branches, RegionsEndWhereTheNetworkIsASingleStrand) {
  const std::vector<KernelRegion> regions = find_regions(diamond());
  ASSERT_EQ(regions.size(), 3U);
  EXPECT_EQ(regions[0].kernels, std::vector<KernelId>{KernelId(0)});
  ASSERT_EQ(regions[1].branches.size(), 2U);
  EXPECT_EQ(regions[1].branches[0], std::vector<KernelId>{KernelId(1)});
  EXPECT_EQ(regions[1].branches[1], (std::vector<KernelId>{KernelId(2), KernelId(3)}));
  EXPECT_EQ(regions[1].tail, std::vector<KernelId>{KernelId(4)});
}

TEST(Branches, ForcedBranchesTakeDisjointCores) {
  const LoweredGraph g = diamond();
  MachineConfig m;
  m.cores = 3;
  Partitioner partitioner(g, m, Partition::branches);
  const SyncCost none = [](const std::vector<UnitOfWork>&) { return Cycle{0}; };
  const auto plans = plan_branches(find_regions(g)[1], 3, 0, partitioner, none, true);
  ASSERT_TRUE(plans);
  ASSERT_EQ(plans->plans.size(), 4U);
  EXPECT_GT(plans->branches, 0);
  EXPECT_GT(plans->together, 0);
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  for (const KernelPlan& p : plans->plans)
    for (const UnitOfWork& u : p.units) {
      if (p.kernel == KernelId(1)) a |= 1U << u.core.value;
      if (p.kernel == KernelId(2) || p.kernel == KernelId(3)) b |= 1U << u.core.value;
    }
  EXPECT_EQ(a & b, 0U);
  EXPECT_GT(std::popcount(b), std::popcount(a));  // twice the work, more cores
}

TEST(Branches, FewerCoresThanBranchesStayTogether) {
  const LoweredGraph g = diamond();
  MachineConfig m;
  Partitioner partitioner(g, m, Partition::branches);
  const SyncCost none = [](const std::vector<UnitOfWork>&) { return Cycle{0}; };
  EXPECT_FALSE(plan_branches(find_regions(g)[1], 1, 0, partitioner, none, true));
}

}  // namespace
}  // namespace unna
