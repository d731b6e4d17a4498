#include "isa/wire.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

namespace unna::wire {
namespace {

constexpr int kWindowLog = 23;
constexpr int kLevel = 1;  // the programs' redundancy is near: higher levels gain little

template <class T>
void put_word(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out += static_cast<char>(static_cast<unsigned char>(value >> (8 * i)));
}

template <class T>
T get_word(const char* bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value |= static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[i])) << (8 * i));
  return value;
}

}  // namespace

void put_u32(std::string& out, std::uint32_t value) {
  put_word(out, value);
}
void put_u64(std::string& out, std::uint64_t value) {
  put_word(out, value);
}

void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(static_cast<unsigned char>(value | 0x80U));
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

void put_string(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

std::uint32_t get_u32(const char* bytes) {
  return get_word<std::uint32_t>(bytes);
}
std::uint64_t get_u64(const char* bytes) {
  return get_word<std::uint64_t>(bytes);
}

void fail_at(const std::string& file, std::uint64_t offset, std::string_view message) {
  throw InputError(fmt::format("{}:{:#x}: {}", file, offset, message));
}

void Reader::fail(std::string_view message) const {
  fail_at(file_, file_offset_, fmt::format("{}, byte {}: {}", part_, at_, message));
}

std::uint8_t Reader::byte(std::string_view what) {
  if (left() == 0) fail(fmt::format("ends, expected {}", what));
  return static_cast<std::uint8_t>(bytes_[at_++]);
}

std::uint64_t Reader::varint(std::string_view what) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t b = byte(what);
    if (shift == 63 && b > 1) break;
    value |= static_cast<std::uint64_t>(b & 0x7fU) << shift;
    if ((b & 0x80U) != 0) continue;
    if (b == 0 && shift > 0) fail(fmt::format("{} is padded, expected its shortest form", what));
    return value;
  }
  fail(fmt::format("{} is longer than 64 bits, expected a number", what));
}

std::uint64_t Reader::varint(std::string_view what, std::uint64_t limit) {
  const std::uint64_t value = varint(what);
  if (value > limit) fail(fmt::format("{} is {}, expected at most {}", what, value, limit));
  return value;
}

std::size_t Reader::length(std::string_view what, std::size_t least) {
  const std::uint64_t value = varint(what);
  if (value > left() / least)
    fail(fmt::format("{} is {}, expected what {} more bytes can hold", what, value, left()));
  return value;
}

std::string Reader::string(std::string_view what) {
  const std::size_t size = length(fmt::format("length of {}", what));
  std::string text(bytes_.substr(at_, size));
  at_ += size;
  return text;
}

void Reader::finish() const {
  if (left() > 0) fail(fmt::format("{} bytes follow, expected the end", left()));
}

Compressor::Compressor(std::function<void(std::string_view)> sink)
    : sink_(std::move(sink)), context_(ZSTD_createCCtx()), buffer_(ZSTD_CStreamOutSize(), '\0') {
  auto* context = static_cast<ZSTD_CCtx*>(context_);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
}

Compressor::~Compressor() {
  ZSTD_freeCCtx(static_cast<ZSTD_CCtx*>(context_));
}

void Compressor::run(std::string_view bytes, bool end) {
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  const ZSTD_EndDirective directive = end ? ZSTD_e_end : ZSTD_e_continue;
  while (true) {
    ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
    const std::size_t left =
        ZSTD_compressStream2(static_cast<ZSTD_CCtx*>(context_), &out, &in, directive);
    invariant(ZSTD_isError(left) == 0, "zstd: {}", ZSTD_getErrorName(left));
    if (out.pos > 0) sink_(std::string_view(buffer_.data(), out.pos));
    if (end ? left == 0 : in.pos == in.size) return;
  }
}

void Compressor::add(std::string_view bytes) {
  run(bytes, false);
}
void Compressor::finish() {
  run({}, true);
}

void decompress(std::string_view stored, std::uint64_t raw_size, const std::string& file,
                std::uint64_t file_offset, std::string_view part,
                const std::function<void(std::string_view)>& take) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLog);
  std::string buffer(ZSTD_DStreamOutSize(), '\0');
  ZSTD_inBuffer in{stored.data(), stored.size(), 0};
  std::uint64_t raw = 0;
  std::size_t more = 1;
  while (more != 0) {
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    const std::size_t consumed = in.pos;
    more = ZSTD_decompressStream(context.get(), &out, &in);
    if (ZSTD_isError(more) != 0)
      fail_at(file, file_offset + consumed,
              fmt::format("{}: {}, expected a zstd frame", part, ZSTD_getErrorName(more)));
    raw += out.pos;
    if (raw > raw_size)
      fail_at(
          file, file_offset,
          fmt::format("{} unpacks to more than {} bytes, expected exactly that", part, raw_size));
    if (out.pos > 0) take(std::string_view(buffer.data(), out.pos));
    if (more != 0 && out.pos == 0 && in.pos == in.size)
      fail_at(file, file_offset + in.pos,
              fmt::format("{} ends within its zstd frame, expected more bytes", part));
  }
  if (in.pos != in.size)
    fail_at(file, file_offset + in.pos,
            fmt::format("{} goes on for {} bytes behind its zstd frame, expected the end", part,
                        in.size - in.pos));
  if (raw != raw_size)
    fail_at(file, file_offset,
            fmt::format("{} unpacks to {} bytes, expected {}", part, raw, raw_size));
}

}  // namespace unna::wire
