#include "report/packing.h"

#include <zlib.h>

#include "base/error.h"

namespace unna {

PackedColumn pack_column(std::string name, const std::vector<std::int64_t>& values) {
  PackedColumn column{std::move(name), values.size(), false, {}};
  constexpr std::int64_t kNarrow = 0x7fffffff;
  std::int64_t before = 0;
  for (const std::int64_t value : values) {
    column.wide = column.wide || value > kNarrow || value < -kNarrow;
    const std::int64_t difference = value - before;
    before = value;
    // Zigzag: small differences of either sign are small numbers.
    auto rest = (static_cast<std::uint64_t>(difference) << 1U) ^
                static_cast<std::uint64_t>(difference >> 63);
    for (; rest >= 0x80; rest >>= 7U) column.bytes += static_cast<char>((rest & 0x7fU) | 0x80U);
    column.bytes += static_cast<char>(rest);
  }
  return column;
}

std::string gzip(std::string_view bytes) {
  constexpr int kGzipWindow = 15 + 16;
  constexpr int kMemory = 9;
  z_stream stream{};
  invariant(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory,
                         Z_DEFAULT_STRATEGY) == Z_OK,
            "zlib does not start");
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  std::string input(bytes);  // zlib's interface takes bytes that may change
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int end = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  invariant(end == Z_STREAM_END, "zlib ends with {}", end);
  return packed;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i)
      three =
          (three << 8U) | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      text += at + i <= bytes.size() ? kDigits[(three >> (18 - 6 * i)) & 63U] : '=';
  }
  return text;
}

}  // namespace unna
