#include "isa/assembly.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/rng.h"
#include "isa/object.h"
#include "tests/isa/fixtures.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

TEST(Assembly, TextOfAnInstructionNamesEverything) {
  Instruction i(Opcode::matmul, OpId(3));
  i.wait = engine_bit(Engine::load_neuron) | engine_bit(Engine::load_synapse);
  i.signal = engine_bit(Engine::store);
  i.set_local(Operand::in, {Memory::nbin, 64}).set_local(Operand::wt, {Memory::sb, 0});
  i.set_local(Operand::bias, {Memory::sb, 4096}).set_local(Operand::out, {Memory::nbout, 8});
  i.set(Operand::rows, 1).set(Operand::in_c, 16).set(Operand::out_c, 8);
  i.set(Operand::wt_rs, 16).set(Operand::wt_cs, 1);
  i.set(Operand::acc, kPartial | kBias).set_fn(Operand::post, Function::leaky_relu);
  i.set_real(Operand::alpha, 0.1F).set_real(Operand::gamma, 1);
  EXPECT_EQ(disassemble(i),
            "matmul wait(ln,ls) signal(st) op(3) in=nbin[64] wt=sb[0] bias=sb[4096] out=nbout[8] "
            "rows=1 in_c=16 out_c=8 wt_rs=16 wt_cs=1 acc=partial|bias post=leaky_relu alpha=0.1 "
            "beta=0 gamma=1 wt_bytes=0 wt_nz=0 pe_cycles=0 pe_wait=0 wt_bits=0 "
            "wt_group=0");
}

TEST(Assembly, TextOfControlInstructionsNamesTheOtherCores) {
  Instruction i(Opcode::barrier, OpId(0));
  i.set(Operand::id, 7).set(Operand::mask_lo, 15).set(Operand::mask_hi, 1);
  EXPECT_EQ(disassemble(i), "barrier op(0) id=7 mask_lo=15 mask_hi=1");
  EXPECT_EQ(barrier_mask(i), 0x10000000fULL);
  Instruction wait(Opcode::wait, OpId(2));
  wait.set(Operand::core, 3).set(Operand::sem, 1);
  EXPECT_EQ(disassemble(wait), "wait op(2) core=c3 sem=1");
}

TEST(Assembly, EveryOperandWordHasATextThatParsesBackToIt) {
  Rng rng(1);
  for (unsigned kind = 0; kind <= static_cast<unsigned>(OperandKind::core); ++kind) {
    for (int n = 0; n < 20'000; ++n) {
      const auto any = static_cast<std::uint32_t>(rng.next());
      const std::uint32_t word = n < 64    ? static_cast<std::uint32_t>(n)
                                 : n < 96  ? 1U << static_cast<unsigned>(n - 64)
                                 : n < 128 ? ~(1U << static_cast<unsigned>(n - 96))
                                           : any >> rng.below(32);
      std::string text;
      assembly::append_operand(text, static_cast<OperandKind>(kind), word);
      ASSERT_EQ(assembly::parse_operand(static_cast<OperandKind>(kind), text), word) << text;
    }
  }
}

TEST(Assembly, RealsThatAreNoNumbersKeepTheirBits) {
  for (const std::uint32_t word : {0x7f800000U, 0xff800000U, 0x7fc00000U, 0xffc12345U, 0x80000000U,
                                   0x00000001U, 0x7f7fffffU}) {
    std::string text;
    assembly::append_operand(text, OperandKind::real, word);
    EXPECT_EQ(assembly::parse_operand(OperandKind::real, text), word) << text;
  }
}

TEST(Assembly, ObjectsRoundTripThroughText) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Object object = random_object(seed);
    const std::string text = disassemble(object);
    const Object again = assemble(text, "t.s");
    ASSERT_TRUE(again == object) << "seed " << seed;
    ASSERT_EQ(disassemble(again), text);
  }
}

TEST(Assembly, SpaceCommentsAndOperandOrderAreFree) {
  const std::string reordered =
      small_program_with("  signal op(0) core=c1 sem=5\n",
                         "# a comment\n\n\tsignal   op(0)\tsem=5 core=c1   # another\r\n");
  EXPECT_TRUE(assemble(reordered, "t.s") == assemble(small_program(), "t.s"));
}

TEST(Strided, PutsBackWhatItRead) {
  Strided s;
  s.run = 12;
  s.n = {2, 3, 4};
  s.source = {100, 200, 1000};
  s.destination = {12, 24, 72};
  Instruction i(Opcode::store, OpId(0));
  s.put(i);
  const Strided again = Strided::of(i);
  EXPECT_EQ(again.run, s.run);
  EXPECT_EQ(again.n, s.n);
  EXPECT_EQ(again.source, s.source);
  EXPECT_EQ(again.destination, s.destination);
  EXPECT_EQ(again.total(), 288);
  EXPECT_EQ(again.source_extent(), 12 + 100 + 2 * 200 + 3 * 1000);
  EXPECT_EQ(again.destination_extent(), 288);
}

TEST(Strided, CountsBeyond32BitsAreABug) {
  Instruction i(Opcode::load_n, OpId(0));
  Strided s;
  s.run = 1LL << 32;
  EXPECT_THROW(s.put(i), InternalError);
}

}  // namespace
}  // namespace unna
