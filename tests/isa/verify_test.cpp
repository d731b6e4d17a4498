// Each row damages one place of a program that passes, and has the whole message of the verifier.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "isa/object.h"
#include "tests/isa/fixtures.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

struct Fault {
  std::string_view kind;
  std::string_view from;
  std::string_view to;
  std::string_view where;  ///< "core C, pc P: `mnemonic"; empty where a table is at fault
  std::string_view what;
};

const Fault kFaults[] = {
    // DRAM operands
    {"LoadPastItsBuffer", "run=32 n1=8", "run=33 n1=8", "core 0, pc 0: `load.n",
     "touches bytes [0, 257) of \"x\", expected them within its 256"},
    {"LoadOffsetPastItsBuffer", "buf=b0 off=0", "buf=b0 off=1", "core 0, pc 0: `load.n",
     "touches bytes [1, 257) of \"x\", expected them within its 256"},
    {"StorePastItsBuffer", "buf=b3 off=0 run=32", "buf=b3 off=0 run=33", "core 1, pc 3: `store",
     "touches bytes [0, 33) of \"z\", expected them within its 32"},
    {"UnknownBuffer", "buf=b0", "buf=b4", "core 0, pc 0: `load.n",
     "buf is b4, expected a buffer below b4"},
    {"StoreToAWeight", "in=nbout[0] buf=b2", "in=nbout[0] buf=b1", "core 0, pc 3: `store",
     "stores to \"w\", which is a weight, expected an intermediate or an output"},
    {"StoreToAnInput", "in=nbout[0] buf=b2", "in=nbout[0] buf=b0", "core 0, pc 3: `store",
     "stores to \"x\", which is an input, expected an intermediate or an output"},
    // On-chip operands
    {"LoadPastNBin", "out=nbin[0] buf=b0", "out=nbin[7937] buf=b0", "core 0, pc 0: `load.n",
     "out takes bytes [7937, 8193) of nbin, expected them within its 8192"},
    {"LoadPastSb", "out=sb[0] buf=b1", "out=sb[32481] buf=b1", "core 0, pc 1: `load.s",
     "out takes bytes [32481, 32769) of sb, expected them within its 32768"},
    {"StorePastNBout", "in=nbout[0] buf=b2", "in=nbout[8065] buf=b2", "core 0, pc 3: `store",
     "in takes bytes [8065, 8193) of nbout, expected them within its 8192"},
    {"ResultPastNBout", "out=nbout[0] rows", "out=nbout[8065] rows", "core 0, pc 2: `matmul",
     "out takes bytes [8065, 8193) of nbout, expected them within its 8192"},
    {"PartialSumsPastNBout", "out=nbout[0] rows=8 in_c=16 out_c=8 wt_rs=16 wt_cs=1 acc=bias",
     "out=nbout[7937] rows=8 in_c=16 out_c=8 wt_rs=16 wt_cs=1 acc=partial", "core 0, pc 2: `matmul",
     "out takes bytes [7937, 8193) of nbout, expected them within its "
     "8192"},
    {"InputPastNBin", "in=nbin[0] wt", "in=nbin[8000] wt", "core 0, pc 2: `matmul",
     "in takes bytes [8000, 8256) of nbin, expected them within its 8192"},
    {"SynapsesPastSb", "wt=sb[0]", "wt=sb[32768]", "core 0, pc 2: `matmul",
     "wt takes bytes [32768, 33024) of sb, expected them within its 32768"},
    {"BiasPastSb", "bias=sb[256]", "bias=sb[32737]", "core 0, pc 2: `matmul",
     "bias takes bytes [32737, 32769) of sb, expected them within its 32768"},
    {"LoadNeuronsToSb", "out=nbin[0] buf=b0", "out=sb[0] buf=b0", "core 0, pc 0: `load.n",
     "out is in sb, expected nbin"},
    {"LoadSynapsesToNBin", "out=sb[0] buf=b1", "out=nbin[0] buf=b1", "core 0, pc 1: `load.s",
     "out is in nbin, expected sb"},
    {"StoreFromNBin", "in=nbout[0] buf=b2", "in=nbin[0] buf=b2", "core 0, pc 3: `store",
     "in is in nbin, expected nbout"},
    {"InputInSb", "in=nbin[0] wt", "in=sb[0] wt", "core 0, pc 2: `matmul",
     "in is in sb, expected nbin or nbout"},
    {"SynapsesInNBin", "wt=sb[0]", "wt=nbin[0]", "core 0, pc 2: `matmul",
     "wt is in nbin, expected sb"},
    {"BiasInNBout", "bias=sb[256]", "bias=nbout[256]", "core 0, pc 2: `matmul",
     "bias is in nbout, expected sb"},
    {"ResultInNBin", "out=nbout[0] rows", "out=nbin[0] rows", "core 0, pc 2: `matmul",
     "out is in nbin, expected nbout"},
    {"NoMemory", "in=nbin[0] wt", "in=0xc0000000 wt", "core 0, pc 2: `matmul",
     "in is 0xc0000000, expected an address in nbin, sb or nbout"},
    // Counts
    {"EmptyRun", "run=288", "run=0", "core 0, pc 1: `load.s", "run is 0, expected 1 or more"},
    {"NoRepetition", "n1=8", "n1=0", "core 0, pc 0: `load.n", "n1 is 0, expected 1 or more"},
    {"NoRows", "rows=8", "rows=0", "core 0, pc 2: `matmul", "rows is 0, expected 1 or more"},
    {"NoChannels", "in_w=2 in_c=8", "in_w=2 in_c=0", "core 1, pc 2: `pool",
     "in_c is 0, expected 1 or more"},
    {"NoKernel", "kh=2", "kh=0", "core 1, pc 2: `pool", "kh is 0, expected 1 or more"},
    {"NoStride", "sx=2", "sx=0", "core 1, pc 2: `pool", "sx is 0, expected 1 or more"},
    {"NoDilation", "dy=1", "dy=0", "core 1, pc 2: `pool", "dy is 0, expected 1 or more"},
    {"ExtentsThatOverflow", "in_h=4 in_w=2 in_c=8", "in_h=4294967295 in_w=4294967295 in_c=8",
     "core 1, pc 2: `pool",
     "extents multiply to more than 2^44, expected a tile that fits on the chip"},
    {"StridesThatOverflow", "n1=8 s1=32", "n1=4294967295 s1=4294967295", "core 0, pc 0: `load.n",
     "extents multiply to more than 2^44, expected a tile that fits on the chip"},
    // Functions, flags, parameters
    {"UnaryFunctionOfPool", "fn=max", "fn=relu", "core 1, pc 2: `pool",
     "fn is relu, expected one of: max, sum"},
    {"MeanOfPool", "fn=max", "fn=mean", "core 1, pc 2: `pool",
     "fn is mean, expected one of: max, sum"},
    {"UnknownFunction", "fn=max", "fn=0x1b", "core 1, pc 2: `pool",
     "fn is 27, expected a function below 27"},
    {"BinaryFunctionAfterwards", "post=relu", "post=add", "core 0, pc 2: `matmul",
     "post is add, expected a function of one operand"},
    {"UnknownFlag", "acc=bias", "acc=0x100", "core 0, pc 2: `matmul",
     "acc is 0x100, expected a set of accumulate, partial, bias, scale, indexed, grouped, zeros "
     "and "
     "states"},
    {"ScaleOfAnotherType", "acc=bias", "acc=bias|scale", "core 0, pc 2: `matmul",
     "acc has scale, expected none but in int8"},
    {"BiasOnPartialSums", "acc=bias", "acc=accumulate|bias", "core 0, pc 2: `matmul",
     "acc adds a bias to partial sums that have it, expected only one of the two"},
    {"BiasWithoutOperand", "acc=0", "acc=bias", "core 1, pc 2: `pool",
     "acc has bias or scale, expected none with an instruction without that operand"},
    // Step-indexed synapses: the product has 8 rows of 16 positions
    {"IndexedWithoutOperand", "acc=0", "acc=indexed", "core 1, pc 2: `pool",
     "acc has indexed, expected it with conv and matmul only"},
    {"CostsOfDenseSynapses", "pe_wait=0", "pe_wait=1", "core 0, pc 2: `matmul",
     "pe_wait is 1, expected 0 as wt is not indexed"},
    {"IndexedWithStrides", "wt_rs=16 wt_cs=1 acc=bias", "wt_rs=16 wt_cs=2 acc=indexed|bias",
     "core 0, pc 2: `matmul", "wt is indexed and has strides, expected 16 and 1"},
    {"IndexedInTooFewBytes",
     "acc=bias post=relu alpha=0 beta=0 gamma=1 wt_bytes=0 wt_nz=0 pe_cycles=0",
     "acc=bias|indexed post=relu alpha=0 beta=0 gamma=1 wt_bytes=265 wt_nz=100 pe_cycles=1",
     "core 0, pc 2: `matmul", "wt_bytes is 265, expected at least 266 for 100 synapses"},
    {"MoreSynapsesThanPositions",
     "acc=bias post=relu alpha=0 beta=0 gamma=1 wt_bytes=0 wt_nz=0 pe_cycles=0",
     "acc=bias|indexed post=relu alpha=0 beta=0 gamma=1 wt_bytes=288 wt_nz=129 pe_cycles=1",
     "core 0, pc 2: `matmul", "wt_nz is 129, expected at most 128"},
    {"FasterThanTheMultipliers",
     "acc=bias post=relu alpha=0 beta=0 gamma=1 wt_bytes=0 wt_nz=0 pe_cycles=0",
     "acc=bias|indexed post=relu alpha=0 beta=0 gamma=1 wt_bytes=266 wt_nz=100 pe_cycles=0",
     "core 0, pc 2: `matmul", "pe_cycles is 0, expected at least 1"},
    // Synapses in groups
    {"GroupsWithoutExpander", "acc=bias", "acc=bias|grouped", "core 0, pc 2: `matmul",
     "wt is in groups, expected a core that expands them"},
    {"GroupsWithoutOperand", "acc=0", "acc=grouped", "core 1, pc 2: `pool",
     "acc has grouped or zeros, expected them with conv and matmul only"},
    {"FormatOfDenseSynapses", "wt_group=0", "wt_group=8", "core 0, pc 2: `matmul",
     "wt_group is 8, expected 0 as wt is not in groups"},
    {"ZerosOfDenseSynapses", "acc=bias", "acc=bias|zeros", "core 0, pc 2: `matmul",
     "zero points of synapses that are not in groups"},
    {"InfiniteParameter", "gamma=1", "gamma=0x7f800000", "core 0, pc 2: `matmul",
     "gamma is not finite, expected a number"},
    // Layers
    {"UnknownLayer", "matmul wait(ln,ls) signal(st) op(0)", "matmul wait(ln,ls) signal(st) op(2)",
     "core 0, pc 2: `matmul", "belongs to layer 2, expected one below 2"},
    // Streams
    {"HaltInTheMiddle", "  signal op(0) core=c1 sem=5", "  halt op(0)", "core 0, pc 4: `halt",
     "instructions follow, expected the core's only halt at its end"},
    {"NoHalt", "  halt op(1)\n.stream c1", ".stream c1", "core 0, pc 5: `barrier",
     "is the core's last, expected a halt"},
    {"EmptyStream", ".stream c1\n", ".stream c1\n.stream c2\n", "",
     "core 1 has no instruction, expected a halt"},
    // Tokens
    {"TokenNotGiven", "load.s signal(cp)", "load.s", "core 0, pc 2: `matmul",
     "takes a token of the ls engine that no earlier instruction gives, expected one"},
    {"TokenLeftOver", "matmul wait(ln,ls)", "matmul wait(ln)", "core 0, pc 1: `load.s",
     "1 tokens for the cp engine are left over at the halt, expected each taken"},
    {"TokenTakenTooEarly", "load.n signal(cp) op(0)", "load.n wait(st) signal(cp) op(0)",
     "core 0, pc 0: `load.n",
     "takes a token of the st engine that no earlier instruction gives, expected one"},
    {"TokenToItself", "load.s signal(cp)", "load.s signal(ls,cp)", "core 0, pc 1: `load.s",
     "a token between the ls engine and itself, expected another engine"},
    {"TokenOfControl", "barrier op(0)", "barrier wait(st) op(0)", "core 0, pc 5: `barrier",
     "takes or gives tokens, expected none in the control processor"},
    // Between cores
    {"BarrierWithoutItself", "barrier op(0) id=1 mask_lo=3", "barrier op(0) id=1 mask_lo=2",
     "core 0, pc 5: `barrier", "meets cores 0x2, expected core 0 among them"},
    {"BarrierOfUnknownCores", "barrier op(0) id=1 mask_lo=3", "barrier op(0) id=1 mask_lo=7",
     "core 0, pc 5: `barrier", "meets cores 0x7, expected a set of the object's 2"},
    {"BarrierOfUnknownHighCores", "mask_lo=3 mask_hi=0\n  halt op(1)\n.stream c1",
     "mask_lo=3 mask_hi=1\n  halt op(1)\n.stream c1", "core 0, pc 5: `barrier",
     "meets cores 0x100000003, expected a set of the object's 2"},
    {"BarrierThatNobodyMeets", "  barrier op(1) id=1 mask_lo=3 mask_hi=0\n", "",
     "core 0, pc 5: `barrier",
     "never goes on: core 1 stands at pc 4 `halt op(1)`, expected it to meet this barrier"},
    {"BarrierOfAnotherSet", "barrier op(1) id=1 mask_lo=3", "barrier op(1) id=1 mask_lo=2",
     "core 0, pc 5: `barrier",
     "never goes on: core 1 stands at pc 5 `halt op(1)`, expected it to meet this barrier"},
    {"BarrierOfAnotherNumber", "barrier op(1) id=1", "barrier op(1) id=2", "core 0, pc 5: `barrier",
     "meets barrier 2 of core 1, expected the same serial number"},
    {"WaitThatNobodySignals", "  signal op(0) core=c1 sem=5\n", "", "core 0, pc 4: `barrier",
     "never goes on: core 1 stands at pc 0 `wait op(1) core=c0 sem=5`, expected it to meet this "
     "barrier"},
    {"WaitForAnotherSemaphore", "wait op(1) core=c0 sem=5", "wait op(1) core=c0 sem=6",
     "core 0, pc 5: `barrier",
     "never goes on: core 1 stands at pc 0 `wait op(1) core=c0 sem=6`, expected it to meet this "
     "barrier"},
    {"SignalLeftOver", "  wait op(1) core=c0 sem=5\n", "", "core 0, pc 4: `signal",
     "1 signals are left over in semaphore 5 of core 1, expected a wait for each"},
    {"SignalToItself", "signal op(0) core=c1", "signal op(0) core=c0", "core 0, pc 4: `signal",
     "core is c0, expected another core below c2"},
    {"SignalToAnUnknownCore", "signal op(0) core=c1", "signal op(0) core=c2",
     "core 0, pc 4: `signal", "core is c2, expected another core below c2"},
    // Tables
    {"TwoBuffersOfOneName", "name=\"w\"", "name=\"x\"", "",
     "two buffers are called \"x\", expected different names"},
    {"UnknownInputLayer", "inputs=0", "inputs=2", "",
     "inputs of layer 1 name layer 2, expected one below 2"},
    {"UnknownTopologyBuffer", ".topology b2", ".topology b4", "",
     "the topology names buffer b4, expected one below b4"},
    {"UnknownWriter", "writers=0", "writers=9", "",
     "writers of \"y\" name layer 9, expected one below 2"},
    {"ReadersOutOfOrder", "readers=1", "readers=1,0", "",
     "readers of \"y\" are not ascending, expected each layer once, in order"},
};

class Verify : public testing::TestWithParam<Fault> {};

TEST_P(Verify, NamesTheFault) {
  const Fault& fault = GetParam();
  const Object object = assemble(small_program_with(fault.from, fault.to), "t.s");
  const std::string error = input_error([&] { verify(object); });
  const std::string begin = "\"net\": " + std::string(fault.where);
  EXPECT_TRUE(error.starts_with(begin)) << error << "\nexpected it to begin with " << begin;
  const std::string end = (fault.where.empty() ? "" : "`: ") + std::string(fault.what);
  EXPECT_TRUE(error.ends_with(end)) << error << "\nexpected it to end with " << end;
  EXPECT_EQ(error.find('\n'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Verify, testing::ValuesIn(kFaults),
                         [](const auto& param) { return std::string(param.param.kind); });

TEST(VerifyAccepts, TheProgramWithoutFault) {
  EXPECT_EQ(input_error([] { verify(assemble(small_program(), "t.s")); }), "");
}

TEST(VerifyAccepts, TheLastByteOfEveryMemory) {
  for (const auto& [from, to] : {std::pair{"out=nbin[0] buf=b0", "out=nbin[7936] buf=b0"},
                                 {"out=sb[0] buf=b1", "out=sb[32480] buf=b1"},
                                 {"in=nbout[0] buf=b2", "in=nbout[8064] buf=b2"},
                                 {"out=nbout[0] rows", "out=nbout[8064] rows"},
                                 {"wt=sb[0]", "wt=sb[32512]"},
                                 {"bias=sb[256]", "bias=sb[32736]"}})
    EXPECT_EQ(input_error([&] { verify(assemble(small_program_with(from, to), "t.s")); }), "");
}

TEST(VerifyAccepts, BiasAddressThatIsNotUsed) {
  EXPECT_EQ(input_error([] {
              verify(assemble(
                  replaced(small_program_with("acc=bias", "acc=0"), "bias=sb[256]", "bias=nbin[0]"),
                  "t.s"));
            }),
            "");
}

/// small_program() in which core 1 pools `rounds` times in the same bytes of NBin and NBout. Of the
/// last round, the load is told that its bytes have been read, and the pool that its have been
/// stored, unless a token is left out.
Object pooling_in_rounds(int rounds, bool load_waits, bool pool_waits) {
  std::string text;
  for (int k = 0; k < rounds; ++k) {
    const bool first = k == 0;
    const auto next = [&](bool waits) { return k + 1 < rounds && (waits || k + 2 < rounds); };
    const auto waits = [&](bool token) { return !first && (token || k + 1 < rounds); };
    text += fmt::format(
        "  load.n op(1) out=nbin[4096] buf=b2 off=0 run=64 LEVELS\n"  // which is in nobody's way
        "  load.n {}signal(cp) op(1) out=nbin[0] buf=b2 off=0 run=128 LEVELS\n"
        "  pool wait(ln{}) signal(st{}) op(1) in=nbin[0] out=nbout[0] in_h=4 in_w=2 in_c=8 out_h=2 "
        "out_w=1 kh=2 kw=2 sy=2 sx=2 dy=1 dx=1 pad_t=0 pad_l=0 fn=max acc=0 gamma=0\n"
        "  store wait(cp) {}op(1) in=nbout[0] buf=b3 off=0 run=32 LEVELS\n",
        waits(load_waits) ? "wait(cp) " : "", waits(pool_waits) ? ",st" : "",
        next(load_waits) ? ",ln" : "", next(pool_waits) ? "signal(cp) " : "");
  }
  const std::string whole = small_program();
  const std::size_t from = whole.find("  load.n", whole.find(".stream c1"));
  const std::size_t until = whole.find("  barrier", from);
  const std::string marker = "ROUNDS\n";
  std::string program = whole.substr(0, from) + marker + whole.substr(until);
  constexpr std::string_view kLevels = "n1=1 s1=0 d1=0 n2=1 s2=0 d2=0 n3=1 s3=0 d3=0";
  for (std::size_t at; (at = text.find("LEVELS")) != std::string::npos;)
    text.replace(at, 6, kLevels);
  return assemble(replaced(program, marker, text), "t.s");
}

TEST(VerifyHazards, ARaceIsFoundHoweverLongAllWasInOrder) {
  for (const int rounds : {2, 3, 50}) {
    const auto error = [&](bool load_waits, bool pool_waits) {
      return input_error([&] { verify(pooling_in_rounds(rounds, load_waits, pool_waits)); });
    };
    EXPECT_EQ(error(true, true), "");
    const int last = 4 * rounds - 2;  // the first instruction waits for core 0
    const std::string load = error(false, true);
    EXPECT_TRUE(load.starts_with(fmt::format("\"net\": core 1, pc {}: `load.n", last))) << load;
    EXPECT_NE(load.find(fmt::format("writes bytes [0, 128) of nbin without order after pc {} `pool",
                                    last - 3)),
              std::string::npos)
        << load;
    const std::string pool = error(true, false);
    EXPECT_TRUE(pool.starts_with(fmt::format("\"net\": core 1, pc {}: `pool", last + 1))) << pool;
    EXPECT_NE(pool.find(fmt::format(
                  "writes bytes [0, 32) of nbout without order after pc {} `store", last - 2)),
              std::string::npos)
        << pool;
  }
}

Instruction control(Opcode opcode, std::uint32_t first, std::uint32_t second) {
  Instruction i(opcode, OpId(0));
  i.operands[0] = first;
  i.operands[1] = second;
  return i;
}

/// An object of control instructions only.
Object synchronisation(std::vector<std::vector<Instruction>> streams) {
  Object object;
  object.network = "net";
  object.streams = std::move(streams);
  for (auto& stream : object.streams) stream.emplace_back(Opcode::halt, OpId(0));
  object.layers.push_back({"l", "k", 0, 0});
  return object;
}

TEST(VerifyBetweenCores, SubsetsOfCoresMayMeet) {
  const auto barrier = [](std::uint32_t mask) { return control(Opcode::barrier, mask, mask); };
  EXPECT_EQ(input_error([&] {
              verify(synchronisation({{barrier(3), barrier(7)},
                                      {barrier(3), barrier(6), barrier(7)},
                                      {barrier(6), barrier(7)}}));
            }),
            "");
}

TEST(VerifyBetweenCores, BarriersInDifferentOrdersAreRejected) {
  const auto barrier = [](std::uint32_t mask) { return control(Opcode::barrier, mask, mask); };
  EXPECT_EQ(
      input_error([&] {
        verify(synchronisation(
            {{barrier(3), barrier(5)}, {barrier(6), barrier(3)}, {barrier(5), barrier(6)}}));
      }),
      "\"net\": core 0, pc 0: `barrier op(0) id=3 mask_lo=3 mask_hi=0`: never goes on: core 1 "
      "stands at pc 0 `barrier op(0) id=6 mask_lo=6 mask_hi=0`, expected it to meet this "
      "barrier");
}

TEST(VerifyBetweenCores, WaitsInACircleAreRejected) {
  EXPECT_EQ(
      input_error([&] {
        verify(synchronisation({{control(Opcode::wait, 1, 0), control(Opcode::signal, 1, 0)},
                                {control(Opcode::wait, 0, 0), control(Opcode::signal, 0, 0)}}));
      }),
      "\"net\": core 0, pc 0: `wait op(0) core=c1 sem=0`: never goes on: core 1 stands at pc 0 "
      "`wait op(0) core=c0 sem=0`, expected it to signal");
}

TEST(VerifyBetweenCores, PingPongPasses) {
  EXPECT_EQ(
      input_error([&] {
        verify(synchronisation({{control(Opcode::signal, 1, 0), control(Opcode::wait, 1, 0)},
                                {control(Opcode::wait, 0, 0), control(Opcode::signal, 0, 0)}}));
      }),
      "");
}

TEST(VerifyBetweenCores, SemaphoreWithTwoSignallersIsRejected) {
  EXPECT_EQ(
      input_error([&] {
        verify(synchronisation({{control(Opcode::signal, 2, 0)},
                                {control(Opcode::signal, 2, 0)},
                                {control(Opcode::wait, 0, 0), control(Opcode::wait, 1, 0)}}));
      }),
      "\"net\": core 1, pc 0: `signal op(0) core=c2 sem=0`: core 0 signals this semaphore too, "
      "expected one signaller for each");
}

TEST(VerifyBetweenCores, WaitThatNamesAnotherSignallerIsRejected) {
  EXPECT_EQ(input_error([&] {
              verify(synchronisation(
                  {{control(Opcode::signal, 2, 0)}, {}, {control(Opcode::wait, 1, 0)}}));
            }),
            "\"net\": core 2, pc 0: `wait op(0) core=c1 sem=0`: core 0 signals this semaphore, "
            "expected core 1");
}

TEST(VerifyOperands, ZeroPointsAreNumbersOfEightBits) {
  const auto program = [](std::int32_t zero) {
    Instruction i(Opcode::quant, OpId(0));
    for (const Operand o : {Operand::s_in, Operand::s_in2, Operand::s_mid, Operand::s_out})
      i.set_real(o, 1);
    i.set(Operand::z_out, static_cast<std::uint32_t>(zero));
    return synchronisation({{i, control(Opcode::signal, 1, 0)}, {i, control(Opcode::wait, 0, 0)}});
  };
  for (const std::int32_t zero : {-128, 0, 127})
    EXPECT_EQ(input_error([&] { verify(program(zero)); }), "");
  for (const std::int32_t zero : {-129, 128})
    EXPECT_EQ(
        input_error([&] { verify(program(zero)); }),
        fmt::format("\"net\": core 0, pc 0: `quant op(0) s_in=1 s_in2=1 s_mid=1 s_out=1 z_in=0 "
                    "z_in2=0 z_mid=0 z_out={}`: z_out is {}, expected a zero point from -128 "
                    "to 127",
                    zero, zero));
}

TEST(VerifyOperands, ScalesAreAboveZeroAndSynchroniseNobody) {
  const auto program = [](float scale) {
    Instruction i(Opcode::quant, OpId(0));
    for (const Operand o : {Operand::s_in, Operand::s_in2, Operand::s_mid, Operand::s_out})
      i.set_real(o, scale);
    return synchronisation({{i, control(Opcode::signal, 1, 0)}, {i, control(Opcode::wait, 0, 0)}});
  };
  EXPECT_EQ(input_error([&] { verify(program(0.5F)); }), "");
  EXPECT_EQ(input_error([&] { verify(program(0)); }),
            "\"net\": core 0, pc 0: `quant op(0) s_in=0 s_in2=0 s_mid=0 s_out=0 z_in=0 z_in2=0 "
            "z_mid=0 z_out=0`: s_in is 0, expected a scale above 0");
}

/// The product has 8 rows of 16 positions: with codes of 4 bits and a scale for each 8 they take
/// 8 x (8 + 2 x 2) bytes.
TEST(VerifyOperands, SynapsesInGroupsTakeExactlyWhatTheirFormatSays) {
  const std::string dense = replaced(small_program(), "expansion=none", "expansion=groups");
  const auto fault = [&](std::string_view acc, std::string_view format) {
    std::string text = replaced(dense, "acc=bias", fmt::format("acc=bias|{}", acc));
    text = replaced(text, "wt_bytes=0 wt_nz=0 pe_cycles=0 pe_wait=0 wt_bits=0 wt_group=0", format);
    const std::string message = input_error([&] { verify(assemble(text, "t.s")); });
    return message.substr(message.rfind("`: ") == std::string::npos ? 0 : message.rfind("`: ") + 3);
  };
  constexpr std::string_view kRest = "wt_nz=0 pe_cycles=0 pe_wait=0";
  EXPECT_EQ(fault("grouped", fmt::format("wt_bytes=96 {} wt_bits=4 wt_group=8", kRest)), "");
  EXPECT_EQ(fault("grouped", fmt::format("wt_bytes=95 {} wt_bits=4 wt_group=8", kRest)),
            "wt_bytes is 95, expected 96");
  EXPECT_EQ(fault("grouped|zeros", fmt::format("wt_bytes=96 {} wt_bits=4 wt_group=8", kRest)),
            "wt_bytes is 96, expected 112");
  EXPECT_EQ(fault("grouped", fmt::format("wt_bytes=144 {} wt_bits=8 wt_group=0", kRest)), "");
  EXPECT_EQ(fault("grouped", fmt::format("wt_bytes=96 {} wt_bits=5 wt_group=8", kRest)),
            "wt_bits is 5, expected 4 or 8");
  EXPECT_EQ(fault("indexed|grouped", fmt::format("wt_bytes=300 {} wt_bits=4 wt_group=8",
                                                 "wt_nz=0 pe_cycles=1 pe_wait=0")),
            "wt is indexed and in groups, expected one of them");
}

TEST(VerifyOperands, OperatorsOverRowsHaveFlagsOfTheirOwn) {
  const auto fault = [](Opcode opcode, std::uint32_t flags, Function function) {
    Instruction i(opcode, OpId(0));
    for (const Operand o : {Operand::in, Operand::in2})
      if (i.has(o)) i.set_local(o, {Memory::nbin, 0});
    i.set_local(Operand::out, {Memory::nbout, 0}).set_count(Operand::rows, 1);
    i.set_count(Operand::cols, 1).set(Operand::acc, flags);
    if (i.has(Operand::fn)) i.set_fn(Operand::fn, function);
    const std::string message = input_error([&] {
      verify(synchronisation({{i, control(Opcode::signal, 1, 0)}, {control(Opcode::wait, 0, 0)}}));
    });
    return message.empty() ? message : message.substr(message.rfind("`: ") + 3);
  };
  EXPECT_EQ(fault(Opcode::softmax, kStates, Function::none), "");
  EXPECT_EQ(fault(Opcode::stats, kAccumulate, Function::exp), "");
  EXPECT_EQ(fault(Opcode::softmax, kAccumulate, Function::none),
            "acc is 0x1, expected none or states");
  EXPECT_EQ(fault(Opcode::stats, kStates, Function::max),
            "acc is 0x80, expected none or accumulate");
  EXPECT_EQ(fault(Opcode::stats, 0, Function::add),
            "fn is add, expected one of: max, exp, sum, mul");
}

TEST(VerifyStreams, NoCoreAndTooManyAreRejected) {
  EXPECT_EQ(input_error([] { verify(synchronisation({})); }),
            "\"net\": 0 instruction streams, expected 1 to 64");
  EXPECT_EQ(input_error([] { verify(synchronisation(std::vector<std::vector<Instruction>>(65))); }),
            "\"net\": 65 instruction streams, expected 1 to 64");
  EXPECT_EQ(input_error([] { verify(synchronisation(std::vector<std::vector<Instruction>>(64))); }),
            "");
}

}  // namespace
}  // namespace unna
