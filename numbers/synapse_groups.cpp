#include "numbers/synapse_groups.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "numbers/half.h"

namespace unna {
namespace {

template <class T>
void append(T value, std::vector<std::byte>& out) {
  const auto at = out.size();
  out.resize(at + sizeof value);
  std::memcpy(&out[at], &value, sizeof value);
}

template <class T>
T read(std::span<const std::byte> bytes, std::size_t at) {
  T value;
  std::memcpy(&value, &bytes[at], sizeof value);
  return value;
}

int code_at(const GroupFormat& format, std::span<const std::byte> bytes, std::size_t position) {
  if (format.bits == 8) return static_cast<std::int8_t>(bytes[position]);
  const auto pair = static_cast<unsigned>(bytes[position / 2]);
  const int nibble = static_cast<int>(position % 2 == 0 ? pair & 15U : pair >> 4U);
  return nibble < 8 ? nibble : nibble - 16;
}

}  // namespace

float stored_scale(float scale, Bytes element) {
  return scale_bytes(element) == 4 ? scale : half_to_float(float_to_half(scale));
}

void append_row(const GroupFormat& format, const GroupedRow& row, Bytes element,
                std::vector<std::byte>& out) {
  const auto positions = static_cast<std::int64_t>(row.codes.size());
  const auto groups = static_cast<std::size_t>(groups_of(format, positions));
  invariant(row.scales.size() == groups && row.zeros.size() == (format.zeros ? groups : 0),
            "{} scales and {} zero points of {} groups", row.scales.size(), row.zeros.size(),
            groups);
  const std::size_t begin = out.size();
  out.resize(begin + static_cast<std::size_t>(ceil_div<Bytes>(positions * format.bits, 8)));
  for (std::size_t i = 0; i < row.codes.size(); ++i) {
    const auto code = static_cast<unsigned>(static_cast<std::uint8_t>(row.codes[i]));
    if (format.bits == 8)
      out[begin + i] = static_cast<std::byte>(code);
    else
      out[begin + i / 2] |= static_cast<std::byte>((code & 15U) << (i % 2 * 4));
  }
  for (const float scale : row.scales) {
    if (scale_bytes(element) == 4)
      append(scale, out);
    else
      append(float_to_half(scale), out);
  }
  for (const std::int8_t zero : row.zeros) append(zero, out);
  out.resize(begin + static_cast<std::size_t>(grouped_row_bytes(format, positions, element)));
}

void expand_row(const GroupFormat& format, std::span<const std::byte> bytes, std::int64_t positions,
                const Encoding& encoding, std::vector<std::byte>& elements) {
  const Bytes element = element_bytes(encoding.type);
  const auto scale_size = static_cast<std::size_t>(scale_bytes(element));
  const auto scales = static_cast<std::size_t>(ceil_div<Bytes>(positions * format.bits, 8));
  const auto groups = static_cast<std::size_t>(groups_of(format, positions));
  const std::size_t zeros = scales + groups * scale_size;
  const auto size = static_cast<std::size_t>(format.size == 0 ? positions : format.size);
  std::vector<double> values(static_cast<std::size_t>(positions));
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t at = scales + g * scale_size;
    const float scale =
        scale_size == 4 ? read<float>(bytes, at) : half_to_float(read<std::uint16_t>(bytes, at));
    const int zero = format.zeros ? read<std::int8_t>(bytes, zeros + g) : 0;
    for (std::size_t i = g * size; i < std::min(values.size(), (g + 1) * size); ++i)
      values[i] = static_cast<double>(scale) * (code_at(format, bytes, i) - zero);
  }
  elements.resize(values.size() * static_cast<std::size_t>(element));
  encoding.put_elements(values, elements);
}

}  // namespace unna
