// Which bytes of DRAM and of the on-chip memories an instruction touches.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isa/accesses.h"

namespace unna {
namespace {

using enum Operand;

constexpr Bytes kElement = 2;
constexpr Bytes kAccumulator = 4;

/// "in:nbin[0,18) out:nbout[64,72)!" with ! for writes.
std::string ranges(const Instruction& i) {
  std::string text;
  for (const LocalAccess& a : local_accesses(i, kElement, kAccumulator))
    text += fmt::format("{}{}:{}[{},{}){}", text.empty() ? "" : " ", info(a.operand).name,
                        kMemoryNames[static_cast<std::size_t>(a.memory)], a.begin, a.end,
                        a.write ? "!" : "");
  return text;
}

Instruction placed(Opcode opcode) {
  Instruction i(opcode, OpId(0));
  if (i.has(in)) i.set_local(in, {Memory::nbin, 100});
  if (i.has(in2)) i.set_local(in2, {Memory::nbin, 5000});
  if (i.has(wt)) i.set_local(wt, {Memory::sb, 200});
  if (i.has(bias)) i.set_local(bias, {Memory::sb, 3000});
  if (i.has(out)) i.set_local(out, {Memory::nbout, 300});
  if (i.has(out2)) i.set_local(out2, {Memory::nbout, 6000});
  return i;
}

Instruction small_conv() {
  Instruction i = placed(Opcode::conv);
  i.set_count(in_h, 5).set_count(in_w, 4).set_count(in_c, 3);
  i.set_count(out_h, 3).set_count(out_w, 2).set_count(out_c, 7);
  return i.set_count(kh, 3).set_count(kw, 3);
}

TEST(Ranges, ConvReadsTilesAndWritesResults) {
  EXPECT_EQ(ranges(small_conv()), "in:nbin[100,220) wt:sb[200,578) out:nbout[300,384)!");
}

TEST(Ranges, BiasIsOneAccumulatorAChannel) {
  EXPECT_EQ(ranges(small_conv().set(acc, kBias)),
            "in:nbin[100,220) wt:sb[200,578) bias:sb[3000,3028) out:nbout[300,384)!");
}

TEST(Ranges, RecordsAreReadForTheBiasAndForResults) {
  const auto bias_of = [](std::uint32_t flags) {
    for (const LocalAccess& a : local_accesses(small_conv().set(acc, flags), 1, kAccumulator))
      if (a.operand == bias) return a.end - a.begin;
    return Bytes{0};
  };
  EXPECT_EQ(bias_of(kBias | kScale), 7 * (4 + 8));
  EXPECT_EQ(bias_of(kBias | kScale | kPartial), 7 * (4 + 8));
  EXPECT_EQ(bias_of(kAccumulate | kScale), 7 * (4 + 8));
  EXPECT_EQ(bias_of(kAccumulate | kScale | kPartial), 0);
}

TEST(Ranges, PartialSumsAreAccumulatorsInAndOut) {
  EXPECT_EQ(ranges(small_conv().set(acc, kPartial)),
            "in:nbin[100,220) wt:sb[200,578) out:nbout[300,468)!");
  EXPECT_EQ(ranges(small_conv().set(acc, kAccumulate | kPartial)),
            "in:nbin[100,220) wt:sb[200,578) out:nbout[300,468) out:nbout[300,468)!");
  EXPECT_EQ(ranges(small_conv().set(acc, kAccumulate)),
            "in:nbin[100,220) wt:sb[200,578) out:nbout[300,468) out:nbout[300,384)!");
}

TEST(Ranges, DepthwiseHasOneKernelAChannel) {
  Instruction i = placed(Opcode::dwconv);
  i.set_count(in_h, 5).set_count(in_w, 4).set_count(in_c, 3).set_count(kh, 3).set_count(kw, 3);
  i.set_count(out_h, 3).set_count(out_w, 2).set(acc, kBias);
  EXPECT_EQ(ranges(i), "in:nbin[100,220) wt:sb[200,254) bias:sb[3000,3012) out:nbout[300,336)!");
}

TEST(Ranges, MatmulReadsStridedSynapses) {
  Instruction i = placed(Opcode::matmul);
  i.set_count(rows, 2).set_count(in_c, 5).set_count(out_c, 3);
  i.set_count(wt_rs, 5).set_count(wt_cs, 1);
  EXPECT_EQ(ranges(i), "in:nbin[100,120) wt:sb[200,230) out:nbout[300,312)!");
  i.set_count(wt_rs, 1).set_count(wt_cs, 100);  // transposed, with gaps: the hull
  EXPECT_EQ(ranges(i), "in:nbin[100,120) wt:sb[200,1006) out:nbout[300,312)!");
}

TEST(Ranges, PoolAndReduceKnowPartialSums) {
  Instruction i = placed(Opcode::pool);
  i.set_count(in_h, 4).set_count(in_w, 4).set_count(in_c, 2);
  i.set_count(out_h, 2).set_count(out_w, 2).set_count(kh, 2).set_count(kw, 2);
  EXPECT_EQ(ranges(i), "in:nbin[100,164) out:nbout[300,316)!");
  EXPECT_EQ(ranges(i.set(acc, kPartial)), "in:nbin[100,164) out:nbout[300,332)!");
  Instruction r = placed(Opcode::reduce);
  r.set_count(rows, 3).set_count(cols, 4).set_count(a_rs, 4).set_count(a_cs, 1);
  EXPECT_EQ(ranges(r), "in:nbin[100,124) out:nbout[300,306)!");
  EXPECT_EQ(ranges(r.set(acc, kAccumulate | kPartial)),
            "in:nbin[100,124) out:nbout[300,312) out:nbout[300,312)!");
}

TEST(Ranges, BroadcastOperandsAreAsSmallAsTheyAre) {
  Instruction i = placed(Opcode::ewise);
  i.set_count(rows, 3).set_count(cols, 4).set_count(a_rs, 4).set_count(a_cs, 1);
  i.set_count(b_rs, 0).set_count(b_cs, 1);
  EXPECT_EQ(ranges(i), "in:nbin[100,124) in2:nbin[5000,5008) out:nbout[300,324)!");
  i.set_count(b_cs, 0);
  EXPECT_EQ(ranges(i), "in:nbin[100,124) in2:nbin[5000,5002) out:nbout[300,324)!");
}

TEST(Ranges, OpcodesOverRowsAndColumns) {
  const auto of = [](Opcode opcode) {
    Instruction i = placed(opcode);
    i.set_count(rows, 3).set_count(cols, 4);
    if (i.has(a_rs)) i.set_count(a_rs, 10).set_count(a_cs, 2);
    return ranges(i);
  };
  EXPECT_EQ(of(Opcode::act), "in:nbin[100,154) out:nbout[300,324)!");
  EXPECT_EQ(of(Opcode::softmax), "in:nbin[100,124) out:nbout[300,324)!");
  EXPECT_EQ(of(Opcode::lrn), "in:nbin[100,124) out:nbout[300,324)!");
  EXPECT_EQ(of(Opcode::norm),
            "wt:sb[200,208) bias:sb[3000,3016) in:nbin[100,124) out:nbout[300,324)!");
  EXPECT_EQ(of(Opcode::lstm),
            "in:nbin[100,196) in2:nbin[5000,5024) out:nbout[300,324)! out2:nbout[6000,6024)!");
}

TEST(Ranges, StatesOfRowsTake24BytesEach) {
  Instruction i = placed(Opcode::stats);
  i.set_count(rows, 3).set_count(cols, 4);
  EXPECT_EQ(ranges(i), "in:nbin[100,124) out:nbout[300,372)!");
  EXPECT_EQ(ranges(i.set(acc, kAccumulate)),
            "in:nbin[100,124) out:nbout[300,372) out:nbout[300,372)!");
  Instruction s = placed(Opcode::softmax);
  s.set_count(rows, 3).set_count(cols, 4).set(acc, kStates);
  EXPECT_EQ(ranges(s), "in2:nbin[5000,5072) in:nbin[100,124) out:nbout[300,324)!");
}

TEST(Ranges, ResizeReadsItsTile) {
  Instruction i = placed(Opcode::resize);
  i.set_count(in_h, 2).set_count(in_w, 2).set_count(in_c, 3).set_count(out_h, 4);
  EXPECT_EQ(ranges(i.set_count(out_w, 4)), "in:nbin[100,124) out:nbout[300,396)!");
}

TEST(Ranges, CopiesTouchTheExtentOfTheirStrides) {
  Strided copy;
  copy.run = 8;
  copy.n = {3, 2, 1};
  copy.source = {100, 1000, 0};
  copy.destination = {8, 24, 0};
  for (const Opcode opcode : {Opcode::load_n, Opcode::load_s}) {
    Instruction i = placed(opcode);
    copy.put(i);
    EXPECT_EQ(ranges(i), "out:nbout[300,348)!");
    i.set(buf, 4).set_count(off, 50);
    const auto access = dram_access(i);
    ASSERT_TRUE(access);
    EXPECT_EQ(access->buffer, BufferId(4));
    EXPECT_EQ(access->begin, 50);
    EXPECT_EQ(access->end, 50 + 1208);
    EXPECT_EQ(access->bytes, 48);
    EXPECT_FALSE(access->write);
  }
  Instruction store = placed(Opcode::store);
  copy.put(store);
  EXPECT_EQ(ranges(store), "in:nbin[100,1308)");
  EXPECT_EQ(dram_access(store)->end, 48);
  EXPECT_TRUE(dram_access(store)->write);
  Instruction move = placed(Opcode::move);
  copy.put(move);
  EXPECT_EQ(ranges(move), "in:nbin[100,1308) out:nbout[300,348)!");
  EXPECT_FALSE(dram_access(move));
}

TEST(Ranges, IndexedSynapsesAreAsLongAsTheInstructionSays) {
  for (const Opcode opcode : {Opcode::conv, Opcode::matmul}) {
    Instruction i = placed(opcode);
    for (const auto& operand : info(opcode).operands)
      if (operand && info(*operand).kind == OperandKind::count) i.set_count(*operand, 2);
    i.set(acc, kIndexed).set_count(wt_bytes, 17);
    const auto list = local_accesses(i, kElement, kAccumulator);
    const auto at = std::find_if(list.begin(), list.end(),
                                 [](const LocalAccess& a) { return a.operand == wt; });
    ASSERT_NE(at, list.end());
    EXPECT_EQ(at->end - at->begin, 17);
  }
}

TEST(Ranges, EmptyCopyTouchesNothing) {
  Instruction i = placed(Opcode::load_n);
  Strided copy;
  copy.run = 8;
  copy.n = {0, 1, 1};
  copy.put(i);
  EXPECT_EQ(ranges(i), "");
  EXPECT_EQ(dram_access(i)->bytes, 0);
}

TEST(Ranges, EveryLocalOperandOfEveryOpcodeIsAccounted) {
  for (const OpcodeInfo& row : kOpcodes) {
    Instruction i = placed(row.opcode);
    for (const auto& operand : row.operands)
      if (operand && info(*operand).kind == OperandKind::count) i.set_count(*operand, 2);
    if (i.has(acc)) i.set(acc, kBias | kStates);
    const auto list = local_accesses(i, kElement, kAccumulator);
    for (const auto& operand : row.operands) {
      if (!operand || info(*operand).kind != OperandKind::local) continue;
      EXPECT_TRUE(std::any_of(list.begin(), list.end(),
                              [&](const LocalAccess& a) { return a.operand == *operand; }))
          << row.mnemonic << " " << info(*operand).name;
    }
  }
}

}  // namespace
}  // namespace unna
