#pragma once

// Messages in protobuf's wire format (protobuf.dev/programming-guides/encoding), field by field,
// without a schema.

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace unna {

class ProtoMessage {
 public:
  /// Of the types uint32, uint64, int64 (not negative), bool and enum.
  ProtoMessage& number(std::uint32_t field, std::uint64_t value) {
    varint(std::uint64_t{field} << 3U | kVarint);
    varint(value);
    return *this;
  }
  ProtoMessage& fixed64(std::uint32_t field, std::uint64_t value) {
    varint(std::uint64_t{field} << 3U | kFixed64);
    for (int byte = 0; byte < 8; ++byte) bytes_ += static_cast<char>(value >> (8 * byte) & 0xffU);
    return *this;
  }
  ProtoMessage& real(std::uint32_t field, double value) {
    return fixed64(field, std::bit_cast<std::uint64_t>(value));
  }
  ProtoMessage& text(std::uint32_t field, std::string_view value) {
    varint(std::uint64_t{field} << 3U | kLength);
    varint(value.size());
    bytes_ += value;
    return *this;
  }
  ProtoMessage& message(std::uint32_t field, const ProtoMessage& value) {
    return text(field, value.bytes_);
  }

  const std::string& bytes() const { return bytes_; }

 private:
  static constexpr unsigned kVarint = 0, kFixed64 = 1, kLength = 2;

  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) bytes_ += static_cast<char>(value | 0x80U);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

}  // namespace unna
