#pragma once

// Bytes of the binary formats: little-endian words, LEB128 varints, zigzag for signed numbers,
// strings with their length in front. Readers never run past the end, whatever the bytes say.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace unna::wire {

void put_u32(std::string& out, std::uint32_t value);
void put_u64(std::string& out, std::uint64_t value);
void put_varint(std::string& out, std::uint64_t value);
void put_string(std::string& out, std::string_view text);

constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1U) ^ (~(value & 1U) + 1U));
}

std::uint32_t get_u32(const char* bytes);
std::uint64_t get_u64(const char* bytes);

/// Reads a byte range from front to back. Every failure is an InputError
/// "file:0x<offset>: <part>, byte N: what is wrong, what was expected".
class Reader {
 public:
  /// `file_offset` is where the part stands in the file, `part` its name ("section buffers"). The
  /// bytes, `file` and `part` must outlive the reader.
  Reader(std::string_view bytes, const std::string& file, std::uint64_t file_offset,
         std::string_view part)
      : bytes_(bytes), file_(file), file_offset_(file_offset), part_(part) {}

  std::uint8_t byte(std::string_view what);
  std::uint64_t varint(std::string_view what);
  /// A varint of at most `limit`.
  std::uint64_t varint(std::string_view what, std::uint64_t limit);
  /// A number of things that take at least `least` bytes each of what is left: no length makes the
  /// reader reserve more than the file is worth.
  std::size_t length(std::string_view what, std::size_t least = 1);
  std::string string(std::string_view what);

  std::size_t left() const { return bytes_.size() - at_; }
  /// Fails unless everything has been read.
  void finish() const;
  [[noreturn]] void fail(std::string_view message) const;

 private:
  std::string_view bytes_;
  const std::string& file_;
  std::uint64_t file_offset_;
  std::string_view part_;
  std::size_t at_ = 0;
};

/// InputError "file:0x<offset>: message".
[[noreturn]] void fail_at(const std::string& file, std::uint64_t offset, std::string_view message);

/// A zstd frame written piece by piece; `sink` gets the compressed bytes as they come.
class Compressor {
 public:
  explicit Compressor(std::function<void(std::string_view)> sink);
  ~Compressor();
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  void add(std::string_view bytes);
  void finish();

 private:
  void run(std::string_view bytes, bool end);

  std::function<void(std::string_view)> sink_;
  void* context_;
  std::string buffer_;
};

/// Decompresses the one zstd frame that `stored` is, piece by piece, into `take`, and fails where
/// it is damaged, does not end with `stored`, or is not exactly `raw_size` bytes: no more than
/// that, and a window of 8 MiB, is ever held.
void decompress(std::string_view stored, std::uint64_t raw_size, const std::string& file,
                std::uint64_t file_offset, std::string_view part,
                const std::function<void(std::string_view)>& take);

}  // namespace unna::wire
