// Malformed object files behind a checksum that is right: one row a kind of fault, with its whole
// message.

#include <gtest/gtest.h>

#include <functional>

#include "isa/object.h"
#include "isa/object_tables.h"
#include "isa/wire.h"
#include "tests/isa/fixtures.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

/// The parts of an object file, to be damaged one at a time.
struct Parts {
  std::string magic = "\x7fUNO\r\n\x1a\n";
  std::uint32_t version = 3;
  struct Section {
    std::uint32_t kind = 0;
    std::uint32_t core = 0;
    std::string raw;
    std::int64_t more_stored = 0;  ///< added to the true length in the table
    std::int64_t more_raw = 0;
    std::string stored;  ///< instead of the frame of `raw`
  };
  std::vector<Section> sections;
  std::int64_t more_sections = 0;
  std::string behind;
};

/// Tables of the small program, and one core with a halt.
Parts whole() {
  const Object object = assemble(small_program(), "t.s");
  Parts parts;
  const auto add = [&](std::uint32_t kind, std::string raw) {
    Parts::Section section;
    section.kind = kind;
    section.raw = std::move(raw);
    parts.sections.push_back(std::move(section));
  };
  add(0, object_tables::put_meta(object));
  add(1, object_tables::put_buffers(object));
  add(2, object_tables::put_layers(object));
  add(3, object_tables::put_topology(object));
  add(4, std::string(128, '\0'));
  return parts;
}

std::string framed(std::string_view raw) {
  std::string out;
  wire::Compressor compressor([&](std::string_view piece) { out += piece; });
  compressor.add(raw);
  compressor.finish();
  return out;
}

std::string file_of(const Parts& parts) {
  std::string out = parts.magic;
  wire::put_u32(out, parts.version);
  const auto count = static_cast<std::int64_t>(parts.sections.size()) + parts.more_sections;
  wire::put_u32(out, static_cast<std::uint32_t>(count));
  std::string frames;
  for (const Parts::Section& section : parts.sections) {
    const std::string frame = section.stored.empty() ? framed(section.raw) : section.stored;
    wire::put_u32(out, section.kind);
    wire::put_u32(out, section.core);
    wire::put_u64(out, frame.size() + static_cast<std::uint64_t>(section.more_stored));
    wire::put_u64(out, section.raw.size() + static_cast<std::uint64_t>(section.more_raw));
    frames += frame;
  }
  out += frames + parts.behind;
  wire::put_u64(out, hash_bytes(out));
  return out;
}

struct Malformed {
  std::string_view kind;
  std::function<void(Parts&)> damage;
  std::string_view error;
};

/// Replaces the raw bytes of a section.
std::function<void(Parts&)> raw(std::size_t section, std::string bytes) {
  return [=](Parts& p) { p.sections[section].raw = bytes; };
}
/// Sets one byte of the halt's 128.
std::function<void(Parts&)> halt_byte(std::size_t at, char value) {
  return [=](Parts& p) { p.sections[4].raw[at] = value; };
}
std::string text(std::initializer_list<int> bytes) {
  std::string out;
  for (const int b : bytes) out += static_cast<char>(b);
  return out;
}

const Malformed kMalformed[] = {
    {"OtherMagic", [](Parts& p) { p.magic[0] = 'x'; },
     "t:0x0: is no object file, expected one that begins with 7f 55 4e 4f"},
    {"TextModeTransfer", [](Parts& p) { p.magic.erase(4, 1); },
     "t:0x0: is no object file, expected one that begins with 7f 55 4e 4f"},
    {"OtherVersion", [](Parts& p) { p.version = 4; }, "t:0x8: version 4, expected 3"},
    {"NoSections", [](Parts& p) { p.more_sections = -5; }, "t:0xc: 0 sections, expected 5 to 68"},
    {"NoStreams", [](Parts& p) { p.sections.pop_back(); }, "t:0xc: 4 sections, expected 5 to 68"},
    {"TooManySections", [](Parts& p) { p.more_sections = 64; },
     "t:0xc: 69 sections, expected 5 to 68"},
    {"AbsurdSections", [](Parts& p) { p.more_sections = 0xfffffff0; },
     "t:0xc: 4294967285 sections, expected 5 to 68"},
    {"SectionsOutOfOrder", [](Parts& p) { std::swap(p.sections[1], p.sections[2]); },
     "t:0x28: section 2.0, expected 1.0 (buffers)"},
    {"UnknownSection", [](Parts& p) { p.sections[3].kind = 9; },
     "t:0x58: section 9.0, expected 3.0 (topology)"},
    {"StreamOfAnotherCore", [](Parts& p) { p.sections[4].core = 1; },
     "t:0x70: section 4.1, expected 4.0 (stream)"},
    {"SectionBeyondTheEnd", [](Parts& p) { p.sections[4].more_stored = 1; }, "BEYOND"},
    {"AbsurdStoredLength", [](Parts& p) { p.sections[0].more_stored = -1000; }, "BEYOND"},
    {"BytesBehindTheSections", [](Parts& p) { p.behind = "xy"; }, "BEHIND"},
    {"AbsurdRawLength", [](Parts& p) { p.sections[4].more_raw = 1LL << 40; },
     "t:0x80: section stream of core 0 unpacks to 1099511627904 bytes, expected at most LIMIT"},
    {"LargeTable", [](Parts& p) { p.sections[1].more_raw = 1LL << 26; }, "LARGE"},
    {"PartOfAnInstruction", [](Parts& p) { p.sections[4].raw += "x"; },
     "t:0x80: section stream of core 0 unpacks to 129 bytes, expected a multiple of 128"},
    {"UnpacksToLess", [](Parts& p) { p.sections[4].more_raw = 128; },
     "STREAM: section stream of core 0 unpacks to 128 bytes, expected 256"},
    {"UnpacksToMore", [](Parts& p) { p.sections[4].more_raw = -128; },
     "STREAM: section stream of core 0 unpacks to more than 0 bytes, expected exactly that"},
    {"Bomb", [](Parts& p) { p.sections[4].stored = framed(std::string(1 << 26, '\0')); },
     "STREAM: section stream of core 0 unpacks to more than 128 bytes, expected exactly that"},
    {"NoFrame", [](Parts& p) { p.sections[4].stored = "this is not zstd"; },
     "STREAM: section stream of core 0: Unknown frame descriptor, expected a zstd frame"},
    {"CutFrame",
     [](Parts& p) {
       p.sections[4].stored = framed(p.sections[4].raw);
       p.sections[4].stored.pop_back();
     },
     "FRAME_END: section stream of core 0 ends within its zstd frame, expected more bytes"},
    {"TwoFrames", [](Parts& p) { p.sections[4].stored = framed(p.sections[4].raw) + framed("x"); },
     "SECOND: section stream of core 0 goes on for 10 bytes behind its zstd frame, expected the "
     "end"},
    {"UnknownOpcode", halt_byte(0, '\x16'),
     "STREAM: section stream of core 0, pc 0: opcode is 22, expected one below 22"},
    {"UnknownEngine", halt_byte(1, '\x10'),
     "STREAM: section stream of core 0, pc 0: tokens of engines 0x10, expected a set of 4"},
    {"ReservedByte", halt_byte(3, '\x01'),
     "STREAM: section stream of core 0, pc 0: bytes that halt does not use are set, expected 0"},
    {"ReservedWord", halt_byte(15, '\x01'),
     "STREAM: section stream of core 0, pc 0: bytes that halt does not use are set, expected 0"},
    {"SpareOperand", halt_byte(127, '\x01'),
     "STREAM: section stream of core 0, pc 0: bytes that halt does not use are set, expected 0"},
    {"EmptyMeta", raw(0, ""), "META, byte 0: ends, expected length of the network's name"},
    {"NameBeyondTheEnd", raw(0, text({100, 'n'})),
     "META, byte 1: length of the network's name is 100, expected what 1 more bytes can hold"},
    {"AbsurdName", raw(0, std::string(9, '\xff') + '\x01'),
     "META, byte 10: length of the network's name is 18446744073709551615, expected what 0 more "
     "bytes can hold"},
    {"UnknownDataType", raw(0, text({1, 'n', 4, 0, 0})),
     "META, byte 3: data type is 4, expected at most 3"},
    {"ParallelLayers", raw(0, text({1, 'n', 0, 2, 0})),
     "META, byte 4: parallel_layers is 2, expected at most 1"},
    {"NoCoreFields", raw(0, text({1, 'n', 0, 0, 0})),
     "META, byte 5: core: no field 'core.accumulator_bytes', expected every field of the core"},
    {"UnknownCoreField", raw(0, text({1, 'n', 0, 0, 1, 1, 'a', 1, '1'})),
     "META, byte 9: core: field 'a' is unknown or there twice, expected each field of the core "
     "once"},
    {"ManyBuffers", raw(1, text({0xff, 0xff, 0xff, 0x7f})),
     "BUFFERS, byte 4: number of buffers is 268435455, expected what 0 more bytes can hold"},
    {"BufferKind", raw(1, text({1, 1, 'x', 5, 8, 1, 'x'})),
     "BUFFERS, byte 4: a buffer's kind is 5, expected at most 4"},
    {"MoreBehindTheBuffers", raw(1, text({0, 7})),
     "BUFFERS, byte 1: 1 bytes follow, expected the end"},
};

/// Offsets of sections in the undamaged file, for the messages.
std::string expand(std::string error) {
  const Parts parts = whole();
  std::uint64_t offset = 16 + 24 * parts.sections.size();
  std::vector<std::string> at;
  for (const Parts::Section& section : parts.sections) {
    at.push_back(fmt::format("t:{:#x}", offset));
    offset += framed(section.raw).size();
  }
  std::uint64_t raw_bytes = 0;
  for (std::size_t i = 0; i < 4; ++i) raw_bytes += parts.sections[i].raw.size();
  const std::pair<std::string_view, std::string> kWords[] = {
      {"STREAM", at[4]},
      {"META", at[0] + ": section meta"},
      {"BUFFERS", at[1] + ": section buffers"},
      {"FRAME_END", fmt::format("t:{:#x}", offset - 1)},
      {"SECOND", fmt::format("t:{:#x}", offset)},
      {"LIMIT", fmt::format("{}", (1ULL << 30U) - raw_bytes)},
      {"BEHIND",
       fmt::format("t:{:#x}: 2 bytes behind the last section, expected the checksum", offset)},
      {"LARGE",
       fmt::format("t:{:#x}: section buffers unpacks to {} bytes, expected at most {}",
                   16 + 24 + 16, (1ULL << 26U) + parts.sections[1].raw.size(), 1ULL << 26U)},
  };
  for (const auto& [word, value] : kWords)
    if (error.starts_with(word) || (word == "LIMIT" && error.ends_with(word)))
      error = replaced(error, word, value);
  return error;
}

class MalformedObject : public testing::TestWithParam<Malformed> {};

TEST_P(MalformedObject, IsRefusedWithOneLine) {
  Parts parts = whole();
  GetParam().damage(parts);
  const std::string error = input_error([&] { decode_object(file_of(parts), "t"); });
  if (GetParam().error == "BEYOND") {
    EXPECT_NE(error.find("expected at most the"), std::string::npos) << error;
    EXPECT_TRUE(error.starts_with("t:0x")) << error;
  } else {
    EXPECT_EQ(error, expand(std::string(GetParam().error)));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, MalformedObject, testing::ValuesIn(kMalformed),
                         [](const auto& param) { return std::string(param.param.kind); });

TEST(MalformedObjectFixture, IsAccepted) {
  EXPECT_EQ(input_error([] { decode_object(file_of(whole()), "t"); }), "");
}

}  // namespace
}  // namespace unna
