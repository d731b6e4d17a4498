// Replay with the shadow owner map: every kind of violation is caught and names its culprits.

#include <gtest/gtest.h>

#include "tests/sim/program.h"

namespace unna::testing {
namespace {

std::vector<std::string> violations_of(const Image& image, const MachineConfig& machine,
                                       std::optional<std::uint64_t> perturb = {}) {
  SimOptions options;
  options.shadow = true;
  options.perturb = perturb;
  std::vector<std::string> list;
  for (const auto& v : simulate(image, machine, options).violations) list.push_back(v.message);
  return list;
}

const std::vector<std::string> kNone;

/// in -> a -> b -> out through one core, each copy after the one before.
class Chain : public ::testing::Test {
 protected:
  Chain() {
    copy(in_, a_);
    copy(a_, b_);
    copy(b_, out_);
  }
  void copy(BufferId from, BufferId to) {
    Line load = load_n(from, 64);
    if (from != in_) load = std::move(load).takes({kSt});
    Line write = store(to, 64).takes({kCp});
    if (to != out_) write = std::move(write).gives({kLn});
    program_.add(0, std::move(load).gives({kCp}))
        .add(0, compute(4).takes({kLn}).gives({kSt}))
        .add(0, std::move(write));
  }

  Program program_;
  BufferId in_ = program_.buffer("in", BufferKind::input, 64);
  BufferId a_ = program_.buffer("a", BufferKind::intermediate, 64);
  BufferId b_ = program_.buffer("b", BufferKind::intermediate, 64);
  BufferId out_ = program_.buffer("out", BufferKind::output, 64);
};

TEST_F(Chain, WithoutSharingIsClean) {
  EXPECT_EQ(violations_of(program_.image(), plain_machine()), kNone);
}

TEST_F(Chain, BuffersThatFollowEachOtherMayShare) {
  // a is dead once b is written from it.
  EXPECT_EQ(violations_of(program_.image({0, 64, 128, 64}), plain_machine()), kNone);
  EXPECT_EQ(violations_of(program_.image({0, 64, 0, 64}), plain_machine(), 7), kNone);
}

TEST_F(Chain, EvenAllOfThemInOnePlaceAsEachIsReadBeforeTheNextIsWritten) {
  EXPECT_EQ(violations_of(program_.image({0, 0, 0, 0}), plain_machine()), kNone);
  EXPECT_EQ(violations_of(program_.image({0, 0, 0, 0}), plain_machine(), 3), kNone);
}

TEST(Shadow, ReadOfAnotherBuffersBytesIsNamed) {
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 64);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  const BufferId out = program.buffer("out", BufferKind::output, 64);
  program.add(0, store(a, 64).gives({kLn})).add(0, load_n(in, 64).takes({kSt}));
  program.add(0, store(out, 64));
  const std::string load = disassemble(load_n(in, 64).takes({kSt}).instruction);
  EXPECT_EQ(violations_of(program.image({0, 64, 128}), plain_machine()), kNone);
  // The first byte of a on the last byte of in.
  EXPECT_EQ(violations_of(program.image({0, 63, 128}), plain_machine()),
            (std::vector<std::string>{"core 0 pc 1 `" + load +
                                      "` reads b0 'in' bytes [63, 64): last written for b1 'a'"}));
}

TEST(Shadow, ReadOfBytesNeverWrittenIsNamed) {
  Program program;
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  program.add(0, store(a, 63).gives({kLn})).add(0, load_n(a, 64).takes({kSt}));
  const std::string load = disassemble(load_n(a, 64).takes({kSt}).instruction);
  EXPECT_EQ(violations_of(program.image(), plain_machine()),
            (std::vector<std::string>{"core 0 pc 1 `" + load +
                                      "` reads b0 'a' bytes [63, 64): never written"}));
}

TEST(Shadow, GapsOfAStridedReadDoNotCount) {
  Program program;
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  program.add(0, strided(Opcode::store, a, 0, 8, 4, 16).gives({kLn}))
      .add(0, strided(Opcode::load_n, a, 0, 8, 4, 16).takes({kSt}));
  EXPECT_EQ(violations_of(program.image(), plain_machine()), kNone);
}

TEST(Shadow, OneByteOverAStridedRunIsCaught) {
  Program program;
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  program.add(0, strided(Opcode::store, a, 0, 8, 4, 16).gives({kLn}))
      .add(0, strided(Opcode::load_n, a, 16, 9, 2, 16).takes({kSt}));
  const auto list = violations_of(program.image(), plain_machine());
  ASSERT_EQ(list.size(), 1U);
  EXPECT_NE(list[0].find("reads b0 'a' bytes [24, 25): never written"), std::string::npos)
      << list[0];
}

TEST(Shadow, WriteThatStartsWhileAReadIsUnderWayIsCaught) {
  Program program(2);
  const BufferId in = program.buffer("in", BufferKind::input, 640);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  program.add(0, load_n(in, 640));
  program.add(1, compute(20).gives({kSt})).add(1, store(a, 64).takes({kCp}));
  // Read 11-55; write from 31.
  const std::string load = disassemble(load_n(in, 640).instruction);
  const std::string write = disassemble(store(a, 64).takes({kCp}).instruction);
  EXPECT_EQ(
      violations_of(program.image({0, 600}), plain_machine(2)),
      (std::vector<std::string>{"core 0 pc 0 `" + load +
                                "` reads b0 'in' bytes within [600, 640) while core 1 pc 1 `" +
                                write + "` writes b1 'a'"}));
  EXPECT_EQ(violations_of(program.image({0, 640}), plain_machine(2)), kNone);
}

TEST(Shadow, ReadThatStartsWhileAWriteIsUnderWayIsCaught) {
  Program program(2);
  const BufferId in = program.buffer("in", BufferKind::input, 640);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 640);
  program.add(0, store(a, 640));
  program.add(1, compute(20).gives({kLn})).add(1, load_n(in, 64).takes({kCp}));
  const auto list = violations_of(program.image({0, 0}), plain_machine(2));
  ASSERT_EQ(list.size(), 1U);
  EXPECT_NE(list[0].find("core 1 pc 1"), std::string::npos) << list[0];
  EXPECT_NE(list[0].find("while core 0 pc 0"), std::string::npos) << list[0];
}

TEST(Shadow, TwoWritesForDifferentBuffersAtOnceAreCaught) {
  Program program(2);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 640);
  const BufferId b = program.buffer("b", BufferKind::intermediate, 640);
  program.add(0, store(a, 640)).add(1, store(b, 640));
  EXPECT_EQ(violations_of(program.image({0, 0}), plain_machine(2)).size(), 1U);
  EXPECT_EQ(violations_of(program.image({0, 640}), plain_machine(2)), kNone);
}

TEST(Shadow, CoresMayWriteInterleavedPartsOfOneBufferAtOnce) {
  Program program(2);
  const BufferId a = program.buffer("a", BufferKind::output, 64);
  program.add(0, strided(Opcode::store, a, 0, 8, 4, 16));
  program.add(1, strided(Opcode::store, a, 8, 8, 4, 16));
  EXPECT_EQ(violations_of(program.image(), plain_machine(2)), kNone);
}

TEST(Shadow, OutputsAreReadAtTheEnd) {
  Program program;
  const BufferId out = program.buffer("out", BufferKind::output, 64);
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  program.add(0, store(out, 64)).add(0, store(a, 64));
  EXPECT_EQ(violations_of(program.image({0, 64}), plain_machine()), kNone);
  EXPECT_EQ(violations_of(program.image({0, 63}), plain_machine()),
            (std::vector<std::string>{
                "at the end, output b0 'out' bytes [63, 64): last written for b1 'a'"}));
}

TEST(Shadow, AccessOutsideOfItsBufferIsCaught) {
  Program program;
  const BufferId in = program.buffer("in", BufferKind::input, 64);
  program.buffer("weights", BufferKind::weight, 64);
  program.add(0, load_n(in, 65));
  const auto list = violations_of(program.image(), plain_machine());
  ASSERT_EQ(list.size(), 2U);
  EXPECT_NE(list[0].find("outside of the buffer's 64 bytes"), std::string::npos) << list[0];
  EXPECT_NE(list[1].find("[64, 65): last written for b1 'weights'"), std::string::npos) << list[1];
}

TEST(Shadow, ListEndsAtItsLimit) {
  Program program;
  const BufferId a = program.buffer("a", BufferKind::intermediate, 64);
  for (int i = 0; i < 300; ++i) program.add(0, load_n(a, 64));
  EXPECT_EQ(violations_of(program.image(), plain_machine()).size(), 100U);
}

}  // namespace
}  // namespace unna::testing
