// Reads tensors. Whatever the file says is checked before memory is taken for it.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "workloads/onnx/protos.h"

namespace unna::onnx_import {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

// Types that libonnx 1.12 does not know: two elements a byte, the first one in the low half.
constexpr std::int32_t kUint4 = 21, kInt4 = 22;

float from_half(std::uint16_t bits) {
  const bool negative = (bits & 0x8000U) != 0;
  const int exponent = (bits >> 10) & 0x1f;
  const auto fraction = static_cast<float>(bits & 0x3ffU);
  float value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? std::numeric_limits<float>::infinity()
                          : std::numeric_limits<float>::quiet_NaN();
  } else if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else {
    value = std::ldexp(fraction + 1024, exponent - 25);
  }
  return negative ? -value : value;
}

float from_bfloat(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

/// Bytes of `count` elements.
std::int64_t bytes_of(std::int32_t type, std::int64_t count) {
  switch (type) {
    case Proto::DOUBLE:
    case Proto::INT64:
    case Proto::UINT64:
      return 8 * count;
    case Proto::FLOAT:
    case Proto::INT32:
    case Proto::UINT32:
      return 4 * count;
    case Proto::FLOAT16:
    case Proto::BFLOAT16:
    case Proto::INT16:
    case Proto::UINT16:
      return 2 * count;
    case kUint4:
    case kInt4:
      return ceil_div<std::int64_t>(count, 2);
    default:
      return count;
  }
}

template <class To, class From, class Convert>
std::vector<To> converted(std::string_view raw, Convert convert) {
  std::vector<To> out(raw.size() / sizeof(From));
  for (std::size_t i = 0; i < out.size(); ++i) {
    From value;
    std::memcpy(&value, raw.data() + i * sizeof(From), sizeof(From));
    out[i] = convert(value);
  }
  return out;
}

/// Halves of bytes, the low one first.
template <class T>
std::vector<T> nibbles(const Proto& proto, std::string_view raw, std::int64_t count) {
  std::vector<T> out;
  const bool has_sign = proto.data_type() == kInt4;
  const auto stored = static_cast<std::int64_t>(
      raw.empty() ? static_cast<std::size_t>(proto.int32_data_size()) : raw.size());
  for (std::int64_t i = 0; i < count && i / 2 < stored; ++i) {
    const auto byte = raw.empty()
                          ? static_cast<unsigned>(proto.int32_data(static_cast<int>(i / 2)))
                          : static_cast<unsigned char>(raw[static_cast<std::size_t>(i / 2)]);
    const unsigned half = (i % 2 == 0 ? byte : byte >> 4U) & 15U;
    out.push_back(static_cast<T>(static_cast<int>(half) - (has_sign && half > 7 ? 16 : 0)));
  }
  return out;
}

/// Of raw bytes, or of the typed field where there are none.
template <class T>
std::vector<T> values(const Proto& proto, std::string_view raw, std::int64_t count) {
  const auto cast = [](auto value) { return static_cast<T>(value); };
  const auto half = [](auto bits) { return static_cast<T>(from_half(std::uint16_t(bits))); };
  const auto bfloat = [](auto bits) { return static_cast<T>(from_bfloat(std::uint16_t(bits))); };
  const auto typed = [&](const auto& field, auto convert) {
    std::vector<T> out;
    if (field.size() != count) return out;
    out.reserve(static_cast<std::size_t>(count));
    for (const auto value : field) out.push_back(convert(value));
    return out;
  };
  const bool has_raw = !raw.empty();
  switch (proto.data_type()) {
    case Proto::FLOAT:
      return has_raw ? converted<T, float>(raw, cast) : typed(proto.float_data(), cast);
    case Proto::DOUBLE:
      return has_raw ? converted<T, double>(raw, cast) : typed(proto.double_data(), cast);
    case Proto::FLOAT16:
      return has_raw ? converted<T, std::uint16_t>(raw, half) : typed(proto.int32_data(), half);
    case Proto::BFLOAT16:
      return has_raw ? converted<T, std::uint16_t>(raw, bfloat) : typed(proto.int32_data(), bfloat);
    case Proto::INT64:
      return has_raw ? converted<T, std::int64_t>(raw, cast) : typed(proto.int64_data(), cast);
    case Proto::UINT64:
      return has_raw ? converted<T, std::uint64_t>(raw, cast) : typed(proto.uint64_data(), cast);
    case Proto::UINT32:
      return has_raw ? converted<T, std::uint32_t>(raw, cast) : typed(proto.uint64_data(), cast);
    case Proto::INT32:
      return has_raw ? converted<T, std::int32_t>(raw, cast) : typed(proto.int32_data(), cast);
    case Proto::INT16:
      return has_raw ? converted<T, std::int16_t>(raw, cast) : typed(proto.int32_data(), cast);
    case Proto::UINT16:
      return has_raw ? converted<T, std::uint16_t>(raw, cast) : typed(proto.int32_data(), cast);
    case kUint4:
    case kInt4:
      return nibbles<T>(proto, raw, count);
    case Proto::INT8:
      return has_raw ? converted<T, std::int8_t>(raw, cast) : typed(proto.int32_data(), cast);
    default:
      return has_raw ? converted<T, std::uint8_t>(raw, cast) : typed(proto.int32_data(), cast);
  }
}

}  // namespace

ElementKind kind_of(std::int32_t type, const std::string& what, const fs::path& file) {
  switch (type) {
    case Proto::FLOAT:
    case Proto::DOUBLE:
    case Proto::FLOAT16:
    case Proto::BFLOAT16:
      return ElementKind::real;
    case Proto::INT8:
    case Proto::INT16:
    case Proto::INT32:
    case Proto::INT64:
    case Proto::UINT8:
    case Proto::UINT16:
    case Proto::UINT32:
    case Proto::UINT64:
    case kUint4:
    case kInt4:
      return ElementKind::integer;
    case Proto::BOOL:
      return ElementKind::boolean;
    default:
      throw InputError(
          SourcePos{file.string()},
          fmt::format("{} has element type {}, expected real, integer or boolean", what, type));
  }
}

/// The bytes of a tensor that stands in a file of its own; none where that is absent.
std::optional<std::string> TensorReader::external(const Proto& proto, std::int64_t bytes) {
  std::string location;
  std::int64_t offset = 0;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = std::atoll(entry.value().c_str());
  }
  const fs::path relative = fs::path(location).lexically_normal();
  if (location.empty() || relative.is_absolute() || *relative.begin() == "..")
    fail(fmt::format("tensor '{}' is in '{}', expected a file beside the model", proto.name(),
                     location));
  std::ifstream in(file_.parent_path() / relative, std::ios::binary);
  if (!in) {
    missing_files_.insert(location);
    return std::nullopt;
  }
  in.seekg(0, std::ios::end);
  const std::int64_t end = in.tellg();
  if (offset < 0 || offset > end || bytes > end - offset)
    fail(fmt::format("tensor '{}' has {} bytes at {} of '{}', expected them within its {}",
                     proto.name(), bytes, offset, location, end));
  std::string out(static_cast<std::size_t>(bytes), '\0');
  in.seekg(offset);
  in.read(out.data(), bytes);
  return out;
}

Shape TensorReader::dims(const Proto& proto, const std::string& what) const {
  Shape dims;
  for (const std::int64_t dim : proto.dims()) {
    if (dim < 0 || dim > kMaxDimension)
      fail(fmt::format("{} has a dimension of {}, expected 0 to {}", what, dim, kMaxDimension));
    dims.push_back(dim);
  }
  if (element_count(dims) > kMaxElements)
    fail(
        fmt::format("{} is {}, expected at most {} elements", what, to_string(dims), kMaxElements));
  return dims;
}

Constant TensorReader::read(const Proto& proto, const std::string& name) {
  const std::string what = fmt::format("tensor '{}'", name);
  Constant out;
  out.stored = true;
  out.name = name;
  out.kind = kind_of(proto.data_type(), what, file_);
  out.type = proto.data_type();
  out.dims = dims(proto, what);
  const std::int64_t count = out.count();
  const std::int64_t bytes = bytes_of(proto.data_type(), count);
  std::optional<std::string> outside;
  if (proto.data_location() == Proto::EXTERNAL) outside = external(proto, bytes);
  const std::string_view raw = outside ? *outside : proto.raw_data();
  if (!raw.empty() && static_cast<std::int64_t>(raw.size()) != bytes)
    fail(fmt::format("{} has {} bytes of data, expected {} for {}", what, raw.size(), bytes,
                     to_string(out.dims)));
  if (out.kind == ElementKind::real) {
    Reals reals = values<float>(proto, raw, count);
    if (static_cast<std::int64_t>(reals.size()) == count) {
      out.reals = std::make_shared<const Reals>(std::move(reals));
    } else {
      ++missing_;
    }
    return out;
  }
  Integers integers = values<std::int64_t>(proto, raw, count);
  if (static_cast<std::int64_t>(integers.size()) != count)
    fail(fmt::format("{} has no values, expected {} integers", what, count));
  out.integers = std::make_shared<const Integers>(std::move(integers));
  return out;
}

Constant read_tensor(std::string_view bytes, const fs::path& file) {
  const SourcePos pos{file.string()};
  constexpr const char* kExpected =
      "is no ONNX tensor, expected a serialised TensorProto of at most 2 GiB";
  Proto proto;
  parse(proto, bytes, file, kExpected);
  if (!proto.has_data_type()) throw InputError(pos, kExpected);
  Constant tensor = TensorReader(file).read(proto, proto.name());
  if (!tensor.known())
    throw InputError(pos, fmt::format("has no values, expected {}", to_string(tensor.dims)));
  return tensor;
}

}  // namespace unna::onnx_import
