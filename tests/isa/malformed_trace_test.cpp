// Malformed traces, text and binary: one row a kind of fault, with its whole message.

#include <gtest/gtest.h>

#include "isa/trace.h"
#include "isa/wire.h"
#include "tests/isa/fixtures.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

constexpr std::string_view kTrace = R"(unnasim-trace 1
network "n"
cores 2
buffer b0 name="x" kind=input bytes=64
buffer b1 name="y" kind=intermediate bytes=64
layer 0 name="l"
read c0 pc=0 engine=ln buf=b0 bytes=0..64 signal=cp time=0..5
compute c0 pc=1 engine=cp wait=ln signal=st op=0 time=5..9
write c0 pc=2 engine=st buf=b1 bytes=0..64 wait=cp time=9..12
signal c0 pc=3 engine=st sem=0 to=c1
barrier c0 pc=4 id=1 cores=c0,c1
halt c0 pc=5
wait c1 pc=0 engine=ln sem=0 from=c0
barrier c1 pc=1 id=1 cores=c0,c1
halt c1 pc=2
)";

struct Malformed {
  std::string_view kind;
  std::string_view from;  ///< empty: the whole text
  std::string_view to;
  std::string_view error;
};

const Malformed kText[] = {
    {"Empty", "", "", "t:1:1: no text, expected unnasim-trace 1"},
    {"OnlyComments", "", "# nothing\n", "t:1:1: no text, expected unnasim-trace 1"},
    {"NoVersion", "unnasim-trace 1\n", "", "t:1:1: 'network', expected unnasim-trace 1"},
    {"OtherVersion", "trace 1", "trace 2", "t:1:15: version '2', expected 1"},
    {"VersionWithoutNumber", "trace 1", "trace", "t:1:1: 1 words, expected unnasim-trace 1"},
    {"NoCores", "", "unnasim-trace 1\n", "t:1:1: no 'cores', expected cores 1 to 64"},
    {"ZeroCores", "cores 2", "cores 0", "t:3:7: cores is '0', expected 1 to 64"},
    {"TooManyCores", "cores 2", "cores 65", "t:3:7: cores is '65', expected 1 to 64"},
    {"CoresInWords", "cores 2", "cores two", "t:3:7: cores is 'two', expected 1 to 64"},
    {"EventBeforeCores", "cores 2\n", "halt c0 pc=7\n",
     "t:3:1: event before 'cores', expected cores 1 to 64"},
    {"UnquotedName", "network \"n\"", "network n", "t:2:9: 'n' is not quoted, expected \"n\""},
    {"OpenQuote", "network \"n\"", "network \"n",
     "t:2:9: no closing '\"' on this line, expected one"},
    {"UnknownEscape", "\"n\"", "\"a\\t\"",
     "t:2:11: unknown escape '\\t', expected \\\", \\\\, \\n or \\x and two digits"},
    {"QuoteInAWord", "cores 2", "co\"res\" 2",
     "t:3:3: '\"' within a word, expected it behind a space or '='"},
    {"WordBehindQuote", "\"n\"", "\"n\"m", "t:2:12: 'm' behind a closing '\"', expected a space"},
    {"UnknownStatement", "layer 0", "layre 0",
     "t:6:1: unknown statement 'layre', expected one of: network, cores, buffer, layer, compute, "
     "read, write, barrier, signal, wait, halt"},
    {"BufferGap", "buffer b1", "buffer b2",
     "t:5:8: 'b2', expected b1: numbers ascend without gaps"},
    {"BufferKind", "kind=input", "kind=scratch",
     "t:4:25: kind is 'scratch', expected one of: input, output, weight, intermediate, state"},
    {"NegativeSize", "bytes=64\nbuffer", "bytes=-1\nbuffer",
     "t:4:37: bytes is '-1', expected an integer from 0 to 9223372036854775807"},
    {"NoSize", "kind=input bytes=64", "kind=input",
     "t:4:1: buffer has no 'bytes', expected bytes=..."},
    {"FieldTwice", "kind=input", "kind=input kind=input",
     "t:4:31: 'kind' twice in buffer, expected it once"},
    {"UnknownField", "kind=input", "kind=input size=4",
     "t:4:31: unknown 'size' in buffer, expected no such field"},
    {"BareWord", "kind=input", "input", "t:4:20: 'input' in buffer, expected name=value"},
    {"TableBehindEvents", "halt c0", "layer 1 name=\"m\"\nhalt c0",
     "t:12:1: 'layer' behind the first event, expected one of: compute, read, write, barrier, "
     "signal, wait, halt"},
    {"NoCore", "halt c0 pc=5", "halt", "t:12:1: event without a core, expected c0"},
    {"CoreWithoutC", "halt c0", "halt 0", "t:12:6: core is '0', expected c0, c1, ..."},
    {"UnknownCore", "halt c0", "halt c2", "t:12:1: core 2, expected one below 2"},
    {"NoPc", "halt c0 pc=5", "halt c0", "t:12:1: halt has no 'pc', expected pc=..."},
    {"PcBeyond32Bits", "halt c0 pc=5", "halt c0 pc=4294967296",
     "t:12:12: pc is '4294967296', expected an integer from 0 to 4294967295"},
    {"LeadingZero", "halt c0 pc=5", "halt c0 pc=05",
     "t:12:12: pc is '05', expected an integer from 0 to 4294967295"},
    {"PcTwice", "halt c0 pc=5", "halt c0 pc=4",
     "t:15:1: core 0 has two events at pc 4, expected one"},
    {"UnknownEngine", "engine=ln buf", "engine=dma buf",
     "t:7:21: engine is 'dma', expected one of: ln, ls, cp, st"},
    {"NoEngine", "read c0 pc=0 engine=ln", "read c0 pc=0",
     "t:7:1: read without an engine, expected one"},
    {"BarrierOnAnEngine", "barrier c0 pc=4", "barrier c0 pc=4 engine=cp",
     "t:11:1: barrier on an engine, expected none"},
    {"HaltWithTokens", "halt c0 pc=5", "halt c0 pc=5 wait=st",
     "t:12:1: halt with tokens, expected none"},
    {"TokenToItself", "wait=ln", "wait=cp",
     "t:8:1: a token between engine cp and itself, expected another engine"},
    {"TokenTwice", "wait=ln", "wait=ln,ln",
     "t:8:32: wait is 'ln,ln', expected a set of engines such as ln,cp"},
    {"UnknownBuffer", "buf=b0", "buf=b2", "t:7:1: buffer b2, expected one below b2"},
    {"NoBuffer", "buf=b0 ", "", "t:7:1: read has no 'buf', expected buf=..."},
    {"PastTheBuffer", "buf=b0 bytes=0..64", "buf=b0 bytes=0..65",
     "t:7:1: bytes 0..65 of \"x\", expected them within its 64"},
    {"BytesThatDescend", "buf=b0 bytes=0..64", "buf=b0 bytes=9..8",
     "t:7:1: bytes 9..8 of \"x\", expected them within its 64"},
    {"BytesWithoutEnd", "buf=b0 bytes=0..64", "buf=b0 bytes=64",
     "t:7:37: bytes is '64', expected first..end such as 0..64"},
    {"WriteToAnInput", "buf=b1 bytes=0..64 wait", "buf=b0 bytes=0..64 wait",
     "t:9:1: write to \"x\", which is an input, expected an intermediate or an output"},
    {"UnknownLayer", "op=0", "op=1", "t:8:1: layer 1, expected one below 1"},
    {"TimeThatDescends", "time=5..9", "time=9..5",
     "t:8:1: time 9..5, expected it to ascend from 0 or later"},
    {"NegativeTime", "time=0..5", "time=-1..5",
     "t:7:1: time -1..5, expected it to ascend from 0 or later"},
    {"SignalToItself", "to=c1", "to=c0", "t:10:1: peer core 0, expected another core below 2"},
    {"WaitForAnUnknownCore", "from=c0", "from=c7",
     "t:13:1: peer core 7, expected another core below 2"},
    {"WaitWithoutSource", " from=c0", "", "t:13:1: wait has no 'from', expected from=..."},
    {"BarrierWithoutItself", "barrier c0 pc=4 id=1 cores=c0,c1", "barrier c0 pc=4 id=1 cores=c1",
     "t:11:1: barrier of cores 0x2, expected its own core 0 among them"},
    {"BarrierOfUnknownCore", "barrier c0 pc=4 id=1 cores=c0,c1", "barrier c0 pc=4 id=1 cores=c0,c2",
     "t:11:31: core c2 is twice in the set or not below c2, expected each core once"},
    {"BarrierOfNothing", "barrier c0 pc=4 id=1 cores=c0,c1",
     "barrier c0 pc=4 id=1 cores=", "t:11:28: core is '', expected c0, c1, ..."},
};

class MalformedTraceText : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedTraceText, IsRefusedWithOneLine) {
  const Malformed& row = GetParam();
  const std::string text =
      row.from.empty() ? std::string(row.to) : replaced(std::string(kTrace), row.from, row.to);
  EXPECT_EQ(input_error([&] { parse_trace(text, "t"); }), row.error);
}

INSTANTIATE_TEST_SUITE_P(Kinds, MalformedTraceText, testing::ValuesIn(kText),
                         [](const auto& param) { return std::string(param.param.kind); });

TEST(TraceTextFixture, IsAccepted) {
  EXPECT_EQ(input_error([] { parse_trace(std::string(kTrace), "t"); }), "");
}

using Bytes8 = std::initializer_list<std::uint8_t>;

std::string bytes_of(Bytes8 bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) out += static_cast<char>(b);
  return out;
}

/// 1 core, one intermediate `y` of 8 bytes, one layer `l`.
std::string binary_header(std::uint8_t cores = 1) {
  return bytes_of({1, 'n', cores, 1, 1, 'y', 3, 8, 1, 'y', 1, 1, 'l'});
}

std::string sealed(std::string bytes) {
  wire::put_u64(bytes, hash_bytes(bytes));
  return bytes;
}

/// A whole file around the frame of `raw`, with `raw_size` as its length.
std::string file_of(const std::string& raw, std::uint64_t raw_size) {
  std::string out("\x7fUNT\r\n\x1a\n");
  wire::put_u32(out, 1);
  wire::Compressor compressor([&](std::string_view piece) { out += piece; });
  compressor.add(raw);
  compressor.finish();
  wire::put_u64(out, raw_size);
  return sealed(out);
}
std::string file_of(const std::string& raw) {
  return file_of(raw, raw.size());
}
std::string event_file(Bytes8 event) {
  return file_of(binary_header() + bytes_of(event) + '\x3f');
}

struct MalformedBinary {
  std::string_view kind;
  std::string bytes;
  std::string_view error;
};

std::vector<MalformedBinary> binary_rows() {
  const std::string whole = file_of(binary_header() + '\x3f');
  const std::string body = whole.substr(0, whole.size() - 8);
  std::vector<MalformedBinary> rows = {
      {"Empty", "", "t:0x0: is no trace file, expected one that begins with 7f 55 4e 54"},
      {"OtherMagic",
       "\x7f"
       "UNO",
       "t:0x0: is no trace file, expected one that begins with 7f 55 4e 54"},
      {"Short", whole.substr(0, 20), "t:0x14: ends within the header, expected at least 28 bytes"},
      {"OtherVersion", sealed(body.substr(0, 8) + '\x02' + body.substr(9)),
       "t:0x8: version 2, expected 1"},
      {"NoFrame", sealed(body.substr(0, 12) + std::string(8, '\0')),
       "t:0xc: trace ends within its zstd frame, expected more bytes"},
      {"OtherFrame", sealed(body.substr(0, 12) + "not zstd" + std::string(8, '\0')),
       "t:0xc: trace: Unknown frame descriptor, expected a zstd frame"},
      {"TooShortLength", file_of(binary_header() + '\x3f', 5),
       "t:0xc: trace unpacks to more than 5 bytes, expected exactly that"},
      {"TooLongLength", file_of(binary_header() + '\x3f', 50),
       "t:0xc: trace unpacks to 14 bytes, expected 50"},
      {"AbsurdLength", file_of(binary_header() + '\x3f', ~0ULL),
       "t:0x23: trace unpacks to 18446744073709551615 bytes, expected at most 1073741824"},
      {"Bomb", file_of(std::string(1 << 24, '\0'), 100),
       "t:0xc: trace unpacks to more than 100 bytes, expected exactly that"},
      {"NameBeyondTheEnd", file_of(bytes_of({200, 1, 'n'})),
       "t:0xc: trace, byte 2: length of the network's name is 200, expected what 1 more bytes can "
       "hold"},
      {"PaddedNumber", file_of(bytes_of({0x81, 0})),
       "t:0xc: trace, byte 2: length of the network's name is padded, expected its shortest form"},
      {"EndlessNumber", file_of(std::string(11, '\xff')),
       "t:0xc: trace, byte 10: length of the network's name is longer than 64 bits, expected a "
       "number"},
      {"NoCores", file_of(bytes_of({1, 'n', 0})),
       "t:0xc: trace, byte 3: 0 cores, expected 1 or more"},
      {"TooManyCores", file_of(bytes_of({1, 'n', 65})),
       "t:0xc: trace, byte 3: number of cores is 65, expected at most 64"},
      {"ManyBuffers", file_of(bytes_of({1, 'n', 1, 0xff, 0xff, 0x7f, 0})),
       "t:0xc: trace, byte 6: number of buffers is 2097151, expected what 1 more bytes can hold"},
      {"BufferKind", file_of(bytes_of({1, 'n', 1, 1, 1, 'y', 5, 8, 1, 'y'})),
       "t:0xc: trace, byte 7: a buffer's kind is 5, expected at most 4"},
      {"NoEnd", file_of(binary_header()), "t:0xc: trace, byte 13: ends, expected an event"},
      {"MoreBehindTheEnd", file_of(binary_header() + "\x3f\x3f"),
       "t:0xc: trace, byte 14: 1 bytes follow, expected the end"},
      {"UnknownKind", event_file({7, 0}),
       "t:0xc: trace, byte 14: event 0x7, expected a known kind and engine"},
      {"UnknownEngine", event_file({5 << 3, 0}),
       "t:0xc: trace, byte 14: event 0x28, expected a known kind and engine"},
      {"UnknownCore", event_file({0xe6, 0, 1, 0, 0}),
       "t:0xc: trace, byte 16: core is 1, expected at most 0"},
      {"EventCutOff", file_of(binary_header() + bytes_of({0xc0, 0})),
       "t:0xc: trace, byte 15: ends, expected core"},
      {"PcBelowZero", event_file({0xa6, 0, 0, 1, 0, 0}),
       "t:0xc: trace, byte 17: pc is 18446744073709551615, expected 32 bits"},
      {"HaltOnAnEngine", event_file({0xc6, 0, 0, 0, 0}),
       "t:0xc: trace, byte 18: core 0, pc 0: halt on an engine, expected none"},
      {"ReadWithoutEngine", event_file({0xe1, 0, 0, 0, 0, 0, 0, 1}),
       "t:0xc: trace, byte 21: core 0, pc 0: read without an engine, expected one"},
      {"TokenToItself", event_file({0xc0, 1, 0, 0, 0}),
       "t:0xc: trace, byte 18: core 0, pc 0: a token between engine ln and itself, expected "
       "another "
       "engine"},
      {"NegativeStart", event_file({0xc0, 0, 0, 1, 0}),
       "t:0xc: trace, byte 18: core 0, pc 0: time -1..-1, expected it to ascend from 0 or later"},
      {"UnknownLayer", event_file({0x40, 0, 0, 2, 0, 0}),
       "t:0xc: trace, byte 19: core 0, pc 0: layer 1, expected one below 1"},
      {"UnknownBuffer", event_file({0xc1, 0, 0, 0, 0, 1, 0, 1}),
       "t:0xc: trace, byte 21: core 0, pc 0: buffer b1, expected one below b1"},
      {"PastTheBuffer", event_file({0xc1, 0, 0, 0, 0, 0, 0, 9}),
       "t:0xc: trace, byte 21: core 0, pc 0: bytes 0..9 of \"y\", expected them within its 8"},
      {"BarrierWithoutItself", event_file({0xe3, 0, 0, 0, 0, 1, 0}),
       "t:0xc: trace, byte 20: core 0, pc 0: barrier of cores 0x0, expected its own core 0 among "
       "them"},
      {"SignalToItself", event_file({0xdc, 0, 0, 0, 0, 0, 0}),
       "t:0xc: trace, byte 20: core 0, pc 0: peer core 0, expected another core below 1"},
      {"PcTwice", event_file({0xe6, 0, 0, 0, 0, 0xa6, 0, 0, 1, 0, 0}),
       "t:0xc: trace, byte 25: core 0 has two events at pc 0, expected one"},
  };
  std::string flipped = whole;
  flipped[whole.size() - 1] = static_cast<char>(flipped[whole.size() - 1] ^ 1);
  rows.push_back({"Checksum", flipped, ""});
  return rows;
}

class MalformedTraceFile : public testing::TestWithParam<MalformedBinary> {};

TEST_P(MalformedTraceFile, IsRefusedWithOneLine) {
  const std::string error = input_error([&] { decode_trace(GetParam().bytes, "t"); });
  if (GetParam().error.empty()) {
    EXPECT_NE(error.find("checksum is "), std::string::npos) << error;
  } else {
    EXPECT_EQ(error, GetParam().error);
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MalformedTraceFile, testing::ValuesIn(binary_rows()),
                         [](const auto& param) { return std::string(param.param.kind); });

TEST(TraceFileFixture, IsAccepted) {
  EXPECT_EQ(input_error([] { decode_trace(event_file({0xc1, 0, 0, 0, 0, 0, 0, 8}), "t"); }), "");
}

}  // namespace
}  // namespace unna
