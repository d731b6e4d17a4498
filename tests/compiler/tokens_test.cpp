#include "compiler/tokens.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

constexpr EngineMask kLn = engine_bit(Engine::load_neuron);
constexpr EngineMask kLs = engine_bit(Engine::load_synapse);
constexpr EngineMask kCp = engine_bit(Engine::compute);
constexpr EngineMask kSt = engine_bit(Engine::store);
const std::vector<bool> kComputed(8, false);  ///< no buffer holds constants

Instruction load(Bytes at, Bytes bytes, std::uint32_t buffer = 0) {
  Instruction i(Opcode::load_n, OpId(0));
  i.set_local(Operand::out, {Memory::nbin, at}).set(Operand::buf, buffer);
  Strided s;
  s.run = bytes;
  s.put(i);
  return i;
}
Instruction synapses(Bytes bytes, std::uint32_t buffer) {
  Instruction i(Opcode::load_s, OpId(0));
  i.set_local(Operand::out, {Memory::sb, 0}).set(Operand::buf, buffer);
  Strided s;
  s.run = bytes;
  s.put(i);
  return i;
}
Instruction relu(Bytes in, Bytes out, std::int64_t count) {
  Instruction i(Opcode::act, OpId(0));
  i.set_local(Operand::in, {Memory::nbin, in}).set_local(Operand::out, {Memory::nbout, out});
  i.set_count(Operand::rows, 1).set_count(Operand::cols, count).set_count(Operand::a_cs, 1);
  return i.set_fn(Operand::fn, Function::relu);
}
Instruction store(Bytes at, Bytes bytes, std::uint32_t buffer) {
  Instruction i(Opcode::store, OpId(0));
  i.set_local(Operand::in, {Memory::nbout, at}).set(Operand::buf, buffer);
  Strided s;
  s.run = bytes;
  s.put(i);
  return i;
}
Instruction barrier() {
  return Instruction(Opcode::barrier, OpId(0));
}

TEST(Tokens, ReadAfterWriteGoesFromLoadToComputeToStore) {
  std::vector<Instruction> s = {load(0, 64), relu(0, 0, 32), store(0, 64, 1)};
  insert_tokens(s, 2, 4, kComputed);
  EXPECT_EQ(s[0].signal, kCp);
  EXPECT_EQ(s[1].wait, kLn);
  EXPECT_EQ(s[1].signal, kSt);
  EXPECT_EQ(s[2].wait, kCp);
}

TEST(Tokens, SlotIsReusedOnlyAfterItsReader) {
  std::vector<Instruction> s = {load(0, 64), relu(0, 0, 32), load(0, 64)};
  insert_tokens(s, 2, 4, kComputed);
  EXPECT_EQ(s[2].wait, kCp);
  EXPECT_EQ(s[1].signal, kLn);
}

TEST(Tokens, NeighbouringBytesNeedNone) {
  std::vector<Instruction> s = {load(0, 64), relu(0, 0, 32), load(64, 64)};
  insert_tokens(s, 2, 4, kComputed);
  EXPECT_EQ(s[2].wait, 0);
  std::vector<Instruction> one_byte = {load(0, 65), relu(0, 0, 32), load(63, 64)};
  insert_tokens(one_byte, 2, 4, kComputed);
  EXPECT_EQ(one_byte[2].wait, kCp);
}

TEST(Tokens, WhatFollowsFromAnotherTokenIsNotWaitedForAgain) {
  // The second compute reads what the first load brought: the first compute has waited for it.
  std::vector<Instruction> s = {load(0, 64), relu(0, 0, 32), relu(0, 64, 32)};
  insert_tokens(s, 2, 4, kComputed);
  EXPECT_EQ(s[2].wait, 0);
  // A load that waited for the store knows that the compute before the store is complete.
  std::vector<Instruction> chain = {load(0, 64), relu(0, 0, 32), store(0, 64, 1), load(0, 64, 1)};
  insert_tokens(chain, 2, 4, kComputed);
  EXPECT_EQ(chain[3].wait, kSt);
}

TEST(Tokens, LoadWaitsForTheStoreOfTheSameDramBytesOnly) {
  std::vector<Instruction> s = {load(0, 64, 0), relu(0, 0, 32), store(0, 64, 1), load(128, 64, 2),
                                load(256, 64, 1)};
  insert_tokens(s, 2, 4, kComputed);
  EXPECT_EQ(s[3].wait, 0);
  EXPECT_EQ(s[4].wait, kSt);
}

TEST(Tokens, BarrierOrdersEverythingBeforeIt) {
  std::vector<Instruction> s = {load(0, 64), barrier(), relu(0, 0, 32)};
  insert_tokens(s, 2, 4, kComputed);
  EXPECT_EQ(s[0].signal, 0);
  EXPECT_EQ(s[2].wait, 0);
}

TEST(Hoist, ConstantsAreLoadedWhileTheCoreWaits) {
  std::vector<Instruction> s = {load(0, 64, 0),  barrier(),      load(0, 64, 0),
                                synapses(32, 1), relu(0, 0, 32), synapses(32, 1)};
  hoist_constant_loads(s, {false, true});
  EXPECT_EQ(s[1].opcode, Opcode::load_s);
  EXPECT_EQ(s[2].opcode, Opcode::barrier);
  EXPECT_EQ(s[5].opcode, Opcode::load_s);  // behind the first compute: stays
}

TEST(Hoist, ComputedOperandsStayBehindTheBarrier) {
  std::vector<Instruction> s = {barrier(), synapses(32, 0), relu(0, 0, 32)};
  hoist_constant_loads(s, {false, true});
  EXPECT_EQ(s[0].opcode, Opcode::barrier);
}

TEST(Tokens, SynapsesAndNeuronsAreWaitedForTogether) {
  Instruction product(Opcode::matmul, OpId(0));
  product.set_local(Operand::in, {Memory::nbin, 0})
      .set_local(Operand::wt, {Memory::sb, 0})
      .set_local(Operand::out, {Memory::nbout, 0})
      .set_count(Operand::rows, 1)
      .set_count(Operand::in_c, 16)
      .set_count(Operand::out_c, 1)
      .set_count(Operand::wt_rs, 16)
      .set_count(Operand::wt_cs, 1);
  std::vector<Instruction> s = {load(0, 32), synapses(32, 1), product};
  insert_tokens(s, 2, 4, kComputed);
  EXPECT_EQ(s[2].wait, kLn | kLs);
}

}  // namespace
}  // namespace unna
