// The `.uno` file, all numbers little-endian:
//
//   magic, version (u32), number of sections (u32)
//   a row a section: kind (u32), core (u32, streams only), stored bytes (u64), raw bytes (u64)
//   the sections, one behind the other, each a zstd frame: meta, buffers, layers, topology, then
//   one stream a core
//   XXH64 of everything before (u64)
//
// A stream is fixed-width: 128 bytes an instruction. The other sections are varints and strings.

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "base/file.h"
#include "isa/object.h"
#include "isa/object_tables.h"
#include "isa/wire.h"

namespace unna {
namespace {

using wire::fail_at;

constexpr std::string_view kMagic = "\x7fUNO\r\n\x1a\n";
constexpr std::uint32_t kVersion = 3;
constexpr std::size_t kHeaderBytes = 16;
constexpr std::size_t kRowBytes = 24;
constexpr std::size_t kChecksumBytes = 8;
/// A larger file is refused: 8 Mi instructions, far above what a network needs.
constexpr std::uint64_t kMaxRawBytes = 1ULL << 30U;
/// Of one table: its rows take more room in memory than in the file.
constexpr std::uint64_t kMaxTableBytes = 1ULL << 26U;

/// opcode, wait, signal, 0, layer (u32), 0 (u64), operands (u32 each).
constexpr std::size_t kInstructionHeader = 16;
constexpr std::size_t kInstructionBytes = kInstructionHeader + 4 * kMaxOperands;
static_assert(kInstructionBytes == 128);

enum SectionKind : std::uint32_t { kMeta, kBuffers, kLayers, kTopology, kStream };
constexpr std::array<std::string_view, 5> kSectionNames = {"meta", "buffers", "layers", "topology",
                                                           "stream"};
constexpr std::size_t kTables = 4;

struct Section {
  std::uint32_t kind = 0;
  std::uint32_t core = 0;
  std::uint64_t stored = 0;
  std::uint64_t raw = 0;
  std::uint64_t offset = 0;  ///< in the file

  std::string name() const {
    if (kind == kStream) return fmt::format("section stream of core {}", core);
    return fmt::format("section {}", kSectionNames[kind]);
  }
};

void put_instruction(const Instruction& i, char* out) {
  std::memset(out, 0, kInstructionHeader);
  out[0] = static_cast<char>(i.opcode);
  out[1] = static_cast<char>(i.wait);
  out[2] = static_cast<char>(i.signal);
  std::memcpy(out + 4, &i.op.value, 4);
  std::memcpy(out + kInstructionHeader, i.operands.data(), 4 * kMaxOperands);
}
static_assert(std::endian::native == std::endian::little, "instructions are copied as they stand");

/// Appends the frame to `out`.
Section put_section(std::string& out, SectionKind kind, std::string_view raw) {
  Section section{kind, 0, 0, raw.size(), out.size()};
  wire::Compressor compressor([&](std::string_view bytes) { out += bytes; });
  compressor.add(raw);
  compressor.finish();
  section.stored = out.size() - section.offset;
  return section;
}

Section put_stream(std::string& out, std::size_t core, const std::vector<Instruction>& stream) {
  Section section{kStream, static_cast<std::uint32_t>(core), 0, stream.size() * kInstructionBytes,
                  out.size()};
  wire::Compressor compressor([&](std::string_view bytes) { out += bytes; });
  std::array<char, 256 * kInstructionBytes> chunk;
  std::size_t filled = 0;
  for (const Instruction& i : stream) {
    put_instruction(i, chunk.data() + filled);
    filled += kInstructionBytes;
    if (filled < chunk.size()) continue;
    compressor.add({chunk.data(), filled});
    filled = 0;
  }
  compressor.add({chunk.data(), filled});
  compressor.finish();
  section.stored = out.size() - section.offset;
  return section;
}

/// Takes the bytes of a stream as they are decompressed, in pieces of any size.
class StreamDecoder {
 public:
  StreamDecoder(std::vector<Instruction>& out, const std::string& file, const Section& section)
      : out_(out), file_(file), section_(section) {}

  void take(std::string_view bytes) {
    if (!rest_.empty()) {
      const std::size_t missing = std::min(kInstructionBytes - rest_.size(), bytes.size());
      rest_ += bytes.substr(0, missing);
      bytes.remove_prefix(missing);
      if (rest_.size() < kInstructionBytes) return;
      add(rest_.data());
      rest_.clear();
    }
    for (; bytes.size() >= kInstructionBytes; bytes.remove_prefix(kInstructionBytes))
      add(bytes.data());
    rest_ = bytes;
  }

 private:
  void add(const char* bytes) {
    const auto opcode = static_cast<std::uint8_t>(bytes[0]);
    if (opcode >= kOpcodes.size())
      fail("opcode is {}, expected one below {}", opcode, kOpcodes.size());
    Instruction i;
    i.opcode = static_cast<Opcode>(opcode);
    i.wait = static_cast<EngineMask>(bytes[1]);
    i.signal = static_cast<EngineMask>(bytes[2]);
    if ((i.wait | i.signal) >= 1U << kEngines)
      fail("tokens of engines {:#x}, expected a set of {}", i.wait | i.signal, kEngines);
    i.op = OpId(wire::get_u32(bytes + 4));
    std::memcpy(i.operands.data(), bytes + kInstructionHeader, 4 * kMaxOperands);
    if (bytes[3] != 0 || wire::get_u64(bytes + 8) != 0 || !spare_operands_are_zero(i))
      fail("bytes that {} does not use are set, expected 0", info(i.opcode).mnemonic);
    out_.push_back(i);
  }

  static bool spare_operands_are_zero(const Instruction& i) {
    const OpcodeInfo& row = info(i.opcode);
    std::uint32_t spare = 0;
    for (std::size_t k = 0; k < kMaxOperands; ++k)
      if (!row.operands[k]) spare |= i.operands[k];
    return spare == 0;
  }

  template <class... Args>
  [[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) const {
    fail_at(file_, section_.offset,
            fmt::format("{}, pc {}: {}", section_.name(), out_.size(),
                        fmt::format(format, std::forward<Args>(args)...)));
  }

  std::vector<Instruction>& out_;
  const std::string& file_;
  const Section& section_;
  std::string rest_;
};

void check_frame(const std::string& bytes, const std::string& file) {
  const std::size_t common = std::min(bytes.size(), kMagic.size());
  if (bytes.compare(0, common, kMagic.substr(0, common)) != 0 || bytes.empty())
    fail_at(file, 0, "is no object file, expected one that begins with 7f 55 4e 4f");
  if (bytes.size() < kHeaderBytes + kChecksumBytes)
    fail_at(file, bytes.size(), "ends within the header, expected at least 24 bytes");
  const std::uint32_t version = wire::get_u32(&bytes[kMagic.size()]);
  if (version != kVersion)
    fail_at(file, kMagic.size(), fmt::format("version {}, expected {}", version, kVersion));
  const std::size_t end = bytes.size() - kChecksumBytes;
  const std::uint64_t found = hash_bytes(std::string_view(bytes).substr(0, end));
  const std::uint64_t stored = wire::get_u64(&bytes[end]);
  if (found != stored)
    fail_at(
        file, end,
        fmt::format("checksum is {:016x}, expected {:016x}: damaged or cut off", stored, found));
}

std::vector<Section> read_section_table(const std::string& bytes, const std::string& file) {
  const std::uint32_t count = wire::get_u32(&bytes[12]);
  const std::size_t end = bytes.size() - kChecksumBytes;
  if (count <= kTables || count > kTables + static_cast<std::size_t>(kMaxCores))
    fail_at(file, 12,
            fmt::format("{} sections, expected {} to {}", count, kTables + 1,
                        kTables + static_cast<std::size_t>(kMaxCores)));
  if (count > (end - kHeaderBytes) / kRowBytes)
    fail_at(file, kHeaderBytes,
            fmt::format("ends within the table of {} sections", count) +
                ", expected 24 bytes for each");
  std::vector<Section> sections;
  std::uint64_t at = kHeaderBytes + count * kRowBytes;
  std::uint64_t total = 0;
  for (std::uint32_t s = 0; s < count; ++s) {
    const std::size_t row = kHeaderBytes + s * kRowBytes;
    const Section section{wire::get_u32(&bytes[row]), wire::get_u32(&bytes[row + 4]),
                          wire::get_u64(&bytes[row + 8]), wire::get_u64(&bytes[row + 16]), at};
    const std::uint32_t core = s < kTables ? 0 : s - static_cast<std::uint32_t>(kTables);
    const std::uint32_t kind = s < kTables ? s : kStream;
    if (section.kind != kind || section.core != core)
      fail_at(file, row,
              fmt::format("section {}.{}, expected {}.{} ({})", section.kind, section.core, kind,
                          core, kSectionNames[kind]));
    if (section.stored > end - at)
      fail_at(file, row + 8,
              fmt::format("{} has {} bytes, expected at most the {} that are left", section.name(),
                          section.stored, end - at));
    const std::uint64_t limit =
        std::min(kMaxRawBytes - total, kind == kStream ? kMaxRawBytes : kMaxTableBytes);
    if (section.raw > limit)
      fail_at(file, row + 16,
              fmt::format("{} unpacks to {} bytes, expected at most {}", section.name(),
                          section.raw, limit));
    if (kind == kStream && section.raw % kInstructionBytes != 0)
      fail_at(file, row + 16,
              fmt::format("{} unpacks to {} bytes, expected a multiple of {}", section.name(),
                          section.raw, kInstructionBytes));
    at += section.stored;
    total += section.raw;
    sections.push_back(section);
  }
  if (at != end)
    fail_at(file, at,
            fmt::format("{} bytes behind the last section, expected the checksum", end - at));
  return sections;
}

std::string_view stored_bytes(const std::string& bytes, const Section& section) {
  return std::string_view(bytes).substr(section.offset, section.stored);
}

void read_table(const std::string& bytes, const std::string& file, const Section& section,
                Object& object) {
  std::string raw;
  const std::string name = section.name();
  wire::decompress(stored_bytes(bytes, section), section.raw, file, section.offset, name,
                   [&](std::string_view piece) { raw += piece; });
  wire::Reader reader(raw, file, section.offset, name);
  switch (section.kind) {
    case kMeta:
      object_tables::get_meta(reader, object);
      break;
    case kBuffers:
      object_tables::get_buffers(reader, object);
      break;
    case kLayers:
      object_tables::get_layers(reader, object);
      break;
    default:
      object_tables::get_topology(reader, object);
      break;
  }
  reader.finish();
}

void read_stream(const std::string& bytes, const std::string& file, const Section& section,
                 Object& object) {
  std::vector<Instruction>& stream = object.streams.emplace_back();
  // Growing in steps holds twice the stream for a moment; trusting a false length holds a GiB.
  constexpr std::uint64_t kTrusted = 1024;
  if (section.raw <= kTrusted * section.stored) stream.reserve(section.raw / kInstructionBytes);
  StreamDecoder decoder(stream, file, section);
  wire::decompress(stored_bytes(bytes, section), section.raw, file, section.offset, section.name(),
                   [&](std::string_view piece) { decoder.take(piece); });
}

}  // namespace

std::string encode_object(const Object& object) {
  const std::size_t cores = object.streams.size();
  invariant(cores >= 1 && cores <= static_cast<std::size_t>(kMaxCores),
            "an object of {} streams can't be encoded", cores);
  std::string out(kMagic);
  wire::put_u32(out, kVersion);
  wire::put_u32(out, static_cast<std::uint32_t>(kTables + cores));
  out.resize(kHeaderBytes + (kTables + cores) * kRowBytes);
  std::vector<Section> sections;
  sections.push_back(put_section(out, kMeta, object_tables::put_meta(object)));
  sections.push_back(put_section(out, kBuffers, object_tables::put_buffers(object)));
  sections.push_back(put_section(out, kLayers, object_tables::put_layers(object)));
  sections.push_back(put_section(out, kTopology, object_tables::put_topology(object)));
  for (std::size_t core = 0; core < cores; ++core)
    sections.push_back(put_stream(out, core, object.streams[core]));
  std::string table;
  std::uint64_t total = 0;
  for (const Section& section : sections) {
    wire::put_u32(table, section.kind);
    wire::put_u32(table, section.core);
    wire::put_u64(table, section.stored);
    wire::put_u64(table, section.raw);
    total += section.raw;
  }
  if (total > kMaxRawBytes)
    throw CapacityError(fmt::format("the program has {} bytes, an object file holds at most {}",
                                    total, kMaxRawBytes));
  out.replace(kHeaderBytes, table.size(), table);
  wire::put_u64(out, hash_bytes(out));
  return out;
}

Object decode_object(const std::string& bytes, const std::string& file) {
  check_frame(bytes, file);
  Object object;
  for (const Section& section : read_section_table(bytes, file)) {
    if (section.kind == kStream) {
      read_stream(bytes, file, section, object);
    } else {
      read_table(bytes, file, section, object);
    }
  }
  return object;
}

}  // namespace unna
