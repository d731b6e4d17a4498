#include "numbers/encoding.h"

#include <cstring>

#include "base/error.h"
#include "numbers/half.h"

namespace unna {
namespace {

template <class T, class Convert>
void put(std::span<const double> values, std::span<std::byte> bytes, Convert&& convert) {
  invariant(values.size() * sizeof(T) == bytes.size(), "{} numbers of {} bytes for {} bytes",
            values.size(), sizeof(T), bytes.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T number = static_cast<T>(convert(values[i]));
    std::memcpy(&bytes[i * sizeof(T)], &number, sizeof(T));
  }
}

template <class T>
T get(std::span<const std::byte> bytes, std::size_t offset) {
  T number;
  std::memcpy(&number, bytes.subspan(offset, sizeof(T)).data(), sizeof(T));
  return number;
}

}  // namespace

[[gnu::noinline]] double to_single(double value) {
  return static_cast<double>(static_cast<float>(value));
}

Encoding Encoding::of(const MachineConfig& m) {
  return {m.data_type,
          {8 * static_cast<int>(element_bytes(m.data_type)),
           m.data_type == DataType::int8 ? 0 : static_cast<int>(m.core.fraction_bits),
           static_cast<int>(m.core.table_bits)},
          m.core.accumulator_bytes};
}

void Encoding::put_elements(std::span<const double> values, std::span<std::byte> bytes) const {
  const auto quantised = [this](double v) { return fixed.quantise(v); };
  switch (type) {
    case DataType::int8:
      return put<std::int8_t>(values, bytes, quantised);
    case DataType::int16:
      return put<std::int16_t>(values, bytes, quantised);
    case DataType::fp16:
      return put<std::uint16_t>(values, bytes,
                                [](double v) { return float_to_half(static_cast<float>(v)); });
    case DataType::fp32:
      return put<float>(values, bytes, [](double v) { return v; });
  }
}

void Encoding::put_accumulators(std::span<const double> values, std::span<std::byte> bytes) const {
  if (!is_fixed()) return put<float>(values, bytes, [](double v) { return v; });
  const int bits = 8 * static_cast<int>(accumulator_bytes);
  const auto quantised = [&](double v) { return quantise(v, 2 * fixed.fraction, bits); };
  if (accumulator_bytes == 8) return put<std::int64_t>(values, bytes, quantised);
  put<std::int32_t>(values, bytes, quantised);
}

double Encoding::element(std::span<const std::byte> bytes, std::size_t offset) const {
  switch (type) {
    case DataType::int8:
      return fixed.value(get<std::int8_t>(bytes, offset));
    case DataType::int16:
      return fixed.value(get<std::int16_t>(bytes, offset));
    case DataType::fp16:
      return static_cast<double>(half_to_float(get<std::uint16_t>(bytes, offset)));
    case DataType::fp32:
      return static_cast<double>(get<float>(bytes, offset));
  }
  throw InternalError("unknown number type");
}

}  // namespace unna
