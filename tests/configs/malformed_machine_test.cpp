// Malformed machine files: one row a kind of fault, with its whole message.

#include <gtest/gtest.h>

#include "configs/machine.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

struct Malformed {
  std::string_view kind;
  std::string_view yaml;
  std::string_view error;
};

constexpr std::string_view kTopKeys =
    "name, cores, clock_mhz, data_type, core, sync, dram, "
    "interconnect, cache";

const Malformed kMalformed[] = {
    {"Empty", "", "m.yaml:1:1: empty, expected a YAML map"},
    {"OnlyComment", "# nothing\n", "m.yaml:1:1: empty, expected a YAML map"},
    {"Scalar", "4", "m.yaml:1:1: the machine is '4', expected a map"},
    {"Sequence", "- cores: 4\n", "m.yaml:1:1: the machine is a sequence, expected a map"},
    {"Null", "~", "m.yaml:1:1: the machine is nothing, expected a map"},
    {"UnknownKey", "cores: 4\ncoers: 4\n",
     "m.yaml:2:1: unknown key 'coers' in the machine, did you mean 'cores'?"},
    {"UnknownKeyInSection", "sync:\n  barier_cycles: 3\n",
     "m.yaml:2:3: unknown key 'barier_cycles' in sync, expected one of: barrier_cycles, "
     "signal_cycles"},
    {"UnknownSection", "fan:\n  size: 3\n",
     "m.yaml:1:1: unknown key 'fan' in the machine, expected one of: TOP"},
    {"PathAsKey", "core.pes: 4\n",
     "m.yaml:1:1: unknown key 'core.pes' in the machine, did you mean 'core'?"},
    {"DuplicateKey", "cores: 4\ncores: 5\n",
     "m.yaml:2:1: duplicate key 'cores', expected each key once"},
    {"DuplicateInSection", "sync:\n  signal_cycles: 4\n  signal_cycles: 4\n",
     "m.yaml:3:3: duplicate key 'signal_cycles', expected each key once"},
    {"DuplicateSection", "sync: {signal_cycles: 4}\nsync: {barrier_cycles: 4}\n",
     "m.yaml:2:1: duplicate key 'sync', expected each key once"},
    {"EmptySection", "core:\ncores: 4\n", "m.yaml:1:1: core is nothing, expected a map"},
    {"ScalarSection", "core: 16\n", "m.yaml:1:7: core is '16', expected a map"},
    {"WordForInteger", "cores: four\n",
     "m.yaml:1:8: cores is 'four', expected an integer from 1 to 64"},
    {"QuotedInteger", "cores: \"4\"\n",
     "m.yaml:1:8: cores is '4', expected an integer from 1 to 64"},
    {"FractionForInteger", "cores: 4.0\n",
     "m.yaml:1:8: cores is '4.0', expected an integer from 1 to 64"},
    {"Octal", "cores: 010\n", "m.yaml:1:8: cores is '010', expected an integer from 1 to 64"},
    {"Hexadecimal", "cores: 0x10\n",
     "m.yaml:1:8: cores is '0x10', expected an integer from 1 to 64"},
    {"PlusSign", "cores: +4\n", "m.yaml:1:8: cores is '+4', expected an integer from 1 to 64"},
    {"DigitGroups", "cores: 1_0\n", "m.yaml:1:8: cores is '1_0', expected an integer from 1 to 64"},
    {"Negative", "cores: -4\n", "m.yaml:1:8: cores is -4, out of range, expected 1 to 64"},
    {"TooLarge", "cores: 65\n", "m.yaml:1:8: cores is 65, out of range, expected 1 to 64"},
    {"Beyond64Bits", "cores: 18446744073709551617\n",
     "m.yaml:1:8: cores is '18446744073709551617', expected an integer from 1 to 64"},
    {"NothingForInteger", "cores:\n",
     "m.yaml:1:1: cores is nothing, expected an integer from 1 to 64"},
    {"SequenceForInteger", "cores: [1, 4]\n",
     "m.yaml:1:8: cores is a sequence, expected an integer from 1 to 64"},
    {"MapForInteger", "cores: {n: 4}\n",
     "m.yaml:1:8: cores is a map, expected an integer from 1 to 64"},
    {"NotANumber", "dram:\n  bandwidth_gbps: .nan\n",
     "m.yaml:2:19: dram.bandwidth_gbps is '.nan', expected a number from 0.001 to 1000000"},
    {"Infinite", "dram:\n  bandwidth_gbps: .inf\n",
     "m.yaml:2:19: dram.bandwidth_gbps is '.inf', expected a number from 0.001 to 1000000"},
    {"InfiniteWord", "dram:\n  bandwidth_gbps: inf\n",
     "m.yaml:2:19: dram.bandwidth_gbps is 'inf', expected a number from 0.001 to 1000000"},
    {"Overflow", "dram:\n  bandwidth_gbps: 1e400\n",
     "m.yaml:2:19: dram.bandwidth_gbps is '1e400', expected a number from 0.001 to 1000000"},
    {"ZeroBandwidth", "dram:\n  bandwidth_gbps: 0\n",
     "m.yaml:2:19: dram.bandwidth_gbps is 0, out of range, expected 0.001 to 1000000"},
    {"UnitInNumber", "dram:\n  bandwidth_gbps: 38.4GB\n",
     "m.yaml:2:19: dram.bandwidth_gbps is '38.4GB', expected a number from 0.001 to 1000000"},
    {"UnknownChoice", "data_type: int12\n",
     "m.yaml:1:12: data_type is 'int12', expected one of: int8, int16, fp16, fp32"},
    {"UnknownModel", "dram: {model: banked2}\n",
     "m.yaml:1:15: dram.model is 'banked2', expected one of: MODELS"},
    {"UnknownKeyInNestedSection", "dram: {controller: {queue: 3}}\n",
     "m.yaml:1:21: unknown key 'queue' in dram.controller, expected one of: read_queue, "
     "write_queue, write_high, write_low, turn, max_passed, page"},
    {"ScalarNestedSection", "dram: {timing: 16}\n",
     "m.yaml:1:16: dram.timing is '16', expected a map"},
    {"MapForText", "name: {a: b}\n", "m.yaml:1:7: name is a map, expected a string"},
    {"SecondDocument", "cores: 4\n---\ncores: 4\n",
     "m.yaml:3:1: second document, expected only one"},
    {"Tab", "core:\n\tpes: 4\n", "m.yaml:2:5: illegal map value, expected YAML"},
    {"UnterminatedQuote", "name: \"abc\n",
     "m.yaml:2:1: the document ends within quotes, expected their end"},
    {"UnterminatedQuoteWithoutNewline", "name: 'abc",
     "m.yaml:2:1: the document ends within quotes, expected their end"},
    {"NotUtf8", "name: caf\xe9\n", "m.yaml:1:10: byte 0xe9 is not UTF-8, expected UTF-8 text"},
    {"UnterminatedMap", "core: {pes: 4\n", "m.yaml:2:1: end of map flow not found, expected YAML"},
    {"UndefinedAlias", "cores: *four\n",
     "m.yaml:1:8: the referenced anchor is not defined, expected YAML"},
    {"BadIndentation", "core:\n    pes: 4\n  sb_bytes: 64\n",
     "m.yaml:3:3: end of map not found, expected YAML"},
    {"MapAsKey", "{a: b}: 4\n", "m.yaml:1:1: key is not a scalar, expected a name"},
    {"NullKey", "~: 4\n", "m.yaml:1:1: key is not a scalar, expected a name"},
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class MalformedMachine : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedMachine, IsRefusedWithOneLine) {
  std::string models;
  for (const std::string_view name : kDramModelNames)
    models += (models.empty() ? "" : ", ") + std::string(name);
  const std::string expected =
      replaced(replaced(std::string(GetParam().error), "TOP", kTopKeys), "MODELS", models);
  EXPECT_EQ(input_error([&] { parse_machine(std::string(GetParam().yaml), "m.yaml"); }), expected);
}

INSTANTIATE_TEST_SUITE_P(Kinds, MalformedMachine, testing::ValuesIn(kMalformed),
                         [](const auto& param) { return std::string(param.param.kind); });

}  // namespace
}  // namespace unna
