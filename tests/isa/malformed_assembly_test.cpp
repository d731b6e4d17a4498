// Malformed assembly: one row a kind of fault, with its whole message.

#include <gtest/gtest.h>

#include "base/rng.h"
#include "isa/object.h"
#include "tests/isa/fixtures.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

struct Malformed {
  std::string_view kind;
  std::string_view from;  ///< empty: the whole text
  std::string_view to;
  std::string_view error;
};

const Malformed kMalformed[] = {
    {"Empty", "", "", "t:1:1: no text, expected .unnasim 1"},
    {"NoVersion", ".unnasim 1\n", "", "t:1:1: '.network', expected .unnasim 1"},
    {"OtherVersion", ".unnasim 1", ".unnasim 2", "t:1:10: version '2', expected 1"},
    {"NoStream", "", ".unnasim 1\n", "t:1:1: no stream, expected .stream c0 and its instructions"},
    {"UnknownDirective", ".topology", ".topologie",
     "t:11:1: unknown directive '.topologie', expected one of: .network, .data_type, .core, "
     ".parallel_layers, .buffer, .layer, .topology, .stream"},
    {"UnknownDataType", ".data_type int16", ".data_type int4",
     "t:3:12: data type 'int4', expected one of: int8, int16, fp16, fp32"},
    {"CoreFieldMissing", " pes=16", "",
     "t:4:1: no field 'core.pes', expected every field of the core"},
    {"CoreFieldUnknown", " pes=16", " pes=16 pe=16",
     "t:4:1: field 'core.pe' is unknown or there twice, expected each field of the core once"},
    {"CoreFieldTwice", " pes=16", " pes=16 pes=16",
     "t:4:14: 'pes' twice in .core, expected it once"},
    {"CoreFieldOutOfRange", " pes=16", " pes=0",
     "t:4:1: value is 0, out of range, expected 1 to 1024"},
    {"ParallelLayersWithWord", ".topology", ".parallel_layers yes\n.topology",
     "t:11:1: 2 words, expected .parallel_layers"},
    {"BufferGap", ".buffer b1", ".buffer b2",
     "t:6:9: 'b2', expected b1: numbers ascend without gaps"},
    {"BufferWithoutName", "name=\"x\" kind", "kind",
     "t:5:1: .buffer has no 'name', expected name=..."},
    {"BufferKind", "kind=input", "kind=temporary",
     "t:5:26: kind is 'temporary', expected one of: input, output, weight, intermediate, state"},
    {"BufferSize", "bytes=256", "bytes=256KB",
     "t:5:38: bytes is '256KB', expected an integer from 0 to 9223372036854775807"},
    {"LayerField", "macs=1024", "macs=1024 mac=1",
     "t:9:42: unknown 'mac' in .layer, expected no such "
     "field"},
    {"InputsOfSomeLayers", " inputs=none", "",
     "t:26:1: some layers have inputs=, expected all or none"},
    {"InputsThatAreNoNumbers", "inputs=0", "inputs=0,x",
     "t:10:71: inputs is 'x', expected a number from 0 to 4294967295"},
    {"TopologyBuffer", ".topology b2", ".topology 2",
     "t:11:11: buffer is '2', expected b0, b1, ..."},
    {"StreamGap", ".stream c1", ".stream c2",
     "t:20:9: 'c2', expected c1: numbers ascend without gaps"},
    {"InstructionOutsideAStream", ".stream c0\n", "",
     "t:12:3: instruction 'load.n' outside a stream, expected .stream c0 before it"},
    {"UnknownInstruction", "  halt", "  stop",
     "t:19:3: unknown instruction 'stop', expected one of: halt, barrier, signal, wait, load.n, "
     "load.s, store, conv, dwconv, matmul, pool, ewise, act, reduce, softmax, norm, lrn, resize, "
     "move, lstm, quant, stats"},
    {"NoLayer", "  halt op(1)", "  halt",
     "t:19:3: no op(...) here, expected the instruction's layer such as op(3)"},
    {"LayerThatIsNoNumber", "  halt op(1)", "  halt op(one)",
     "t:19:11: layer is 'one', expected a number from 0 to 4294967295"},
    {"UnknownEngine", "wait(ln,ls)", "wait(ln,dma)",
     "t:15:10: 'wait(ln,dma)', expected a set of engines such as wait(ln,cp)"},
    {"EngineTwice", "wait(ln,ls)", "wait(ln,ln)",
     "t:15:10: 'wait(ln,ln)', expected a set of engines such as wait(ln,cp)"},
    {"TokensOutOfPlace", "wait(ln,ls) signal(st)", "signal(st) wait(ln,ls)",
     "t:15:21: no op(...) here, expected the instruction's layer such as op(3)"},
    {"OperandMissing", " core=c1 sem=5", " core=c1",
     "t:17:3: signal has no operand 'sem', expected sem=..."},
    {"OperandTwice", "core=c1 sem=5", "core=c1 sem=5 sem=5",
     "t:17:30: operand 'sem' twice, expected it once"},
    {"OperandOfAnother", "core=c1 sem=5", "core=c1 sem=5 run=3",
     "t:17:30: 'run' is no operand of signal, expected name=value"},
    {"OperandWithoutValue", "core=c1 sem=5", "core=c1 sem",
     "t:17:24: 'sem' is no operand of signal, expected name=value"},
    {"CoreOperand", "core=c1", "core=1", "t:17:21: core is '1', expected a core such as c3"},
    {"CountOperand", "sem=5", "sem=-5",
     "t:17:28: sem is '-5', expected a number from 0 to 4294967295"},
    {"CountBeyond32Bits", "sem=5", "sem=4294967296",
     "t:17:28: sem is '4294967296', expected a number from 0 to 4294967295"},
    {"QuotedOperand", "sem=5", "sem=\"5\"",
     "t:17:28: sem is '5', expected a number from 0 to 4294967295"},
    {"LocalOperand", "out=nbin[0] buf=b0", "out=nbin(0) buf=b0",
     "t:13:31: out is 'nbin(0)', expected an on-chip address such as nbin[64], sb[0] or nbout[0]"},
    {"LocalBeyond30Bits", "out=nbin[0] buf=b0", "out=nbin[1073741824] buf=b0",
     "t:13:31: out is 'nbin[1073741824]', expected an on-chip address such as nbin[64], sb[0] or "
     "nbout[0]"},
    {"BufferOperand", "buf=b0", "buf=x", "t:13:43: buf is 'x', expected a buffer such as b12"},
    {"FunctionOperand", "post=relu", "post=relu6",
     "t:15:139: post is 'relu6', expected a function such as relu or add"},
    {"FlagsOperand", "acc=bias", "acc=bias|bias",
     "t:15:129: acc is 'bias|bias', expected 0 or a set of accumulate|partial|bias|indexed"},
    {"RealOperand", "gamma=1", "gamma=nan",
     "t:15:165: gamma is 'nan', expected a finite number in single precision"},
};

class MalformedAssembly : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedAssembly, IsRefusedWithOneLine) {
  const Malformed& row = GetParam();
  const std::string text =
      row.from.empty() ? std::string(row.to) : replaced(small_program(), row.from, row.to);
  EXPECT_EQ(input_error([&] { assemble(text, "t"); }), row.error);
}

INSTANTIATE_TEST_SUITE_P(Kinds, MalformedAssembly, testing::ValuesIn(kMalformed),
                         [](const auto& param) { return std::string(param.param.kind); });

TEST(Assembly, MutationsNeverCrash) {
  const std::string program = small_program();
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Rng rng(seed);
    std::string text = program;
    for (std::uint64_t n = rng.below(3) + 1; n > 0; --n) {
      const std::size_t at = rng.below(text.size());
      if (rng.chance(1, 2)) {
        text[at] =
            rng.chance(1, 2) ? static_cast<char>(rng.next()) : "0=()[],\"\\ \n"[rng.below(11)];
      } else {
        text.erase(at, rng.below(20));
      }
    }
    const std::string error = input_error([&] { verify(assemble(text, "t")); });
    ASSERT_EQ(error.find('\n'), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace unna
