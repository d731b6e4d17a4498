#include "workloads/npy.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <bit>
#include <charconv>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "numbers/half.h"

namespace unna {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kAlignment = 64;  ///< of the data, as NumPy writes it

static_assert(std::endian::native == std::endian::little);

template <class T>
float converted(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return static_cast<float>(value);
}
float half(const char* at) {
  std::uint16_t bits = 0;
  std::memcpy(&bits, at, sizeof bits);
  return half_to_float(bits);
}

struct ElementType {
  std::string_view name;
  std::size_t size;
  float (*read)(const char*);
};
constexpr ElementType kTypes[] = {
    {"<f4", 4, converted<float>},
    {"<f8", 8, converted<double>},
    {"<f2", 2, half},
    {"|i1", 1, converted<std::int8_t>},
    {"|u1", 1, converted<std::uint8_t>},
    {"|b1", 1, converted<std::uint8_t>},
    {"<i2", 2, converted<std::int16_t>},
    {"<i4", 4, converted<std::int32_t>},
    {"<i8", 8, converted<std::int64_t>},
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  TensorFile read() {
    const std::string_view header = read_header();
    const ElementType& type = element_type(text_value(header, "descr"));
    if (value(header, "fortran_order").starts_with("True"))
      fail("is in Fortran order, expected C order");
    TensorFile tensor{shape(value(header, "shape")), {}};
    const std::int64_t count = element_count(tensor.shape);
    if (count > kMaxElements || static_cast<std::size_t>(count) * type.size != bytes_.size())
      fail(fmt::format("has {} bytes of data, expected {} elements of {}", bytes_.size(), count,
                       type.size));
    tensor.values.reserve(static_cast<std::size_t>(count));
    for (const char* at = bytes_.data(); at != bytes_.data() + bytes_.size(); at += type.size)
      tensor.values.push_back(type.read(at));
    return tensor;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw InputError(SourcePos{file_, 0, 0}, what);
  }

  std::string_view take(std::size_t count) {
    if (bytes_.size() < count) fail("ends within its header, expected a .npy file");
    const std::string_view part = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return part;
  }

  std::string_view read_header() {
    if (!bytes_.starts_with(kMagic)) fail("is no .npy file, expected \\x93NUMPY at its start");
    take(kMagic.size());
    const std::string_view version = take(2);
    if (version[0] != 1 && version[0] != 2)
      fail(fmt::format("has format {}, expected 1 or 2", static_cast<int>(version[0])));
    std::size_t length = 0;
    const std::string_view raw = take(version[0] == 1 ? 2 : 4);
    for (std::size_t i = raw.size(); i-- > 0;)
      length = length * 256 + static_cast<unsigned char>(raw[i]);
    return take(length);
  }

  /// What follows a key of the header's dictionary.
  std::string_view value(std::string_view header, std::string_view key) const {
    const std::size_t at = header.find(fmt::format("'{}'", key));
    if (at == std::string_view::npos) fail(fmt::format("has no '{}' in its header", key));
    std::string_view rest = header.substr(at + key.size() + 2);
    while (!rest.empty() && (rest.front() == ':' || rest.front() == ' ')) rest.remove_prefix(1);
    return rest;
  }
  std::string_view text_value(std::string_view header, std::string_view key) const {
    std::string_view rest = value(header, key);
    if (!rest.starts_with('\'')) fail(fmt::format("has a '{}' that is no text", key));
    rest.remove_prefix(1);
    return rest.substr(0, rest.find('\''));
  }

  const ElementType& element_type(std::string_view wanted) const {
    for (const ElementType& type : kTypes)
      if (type.name == wanted) return type;
    std::vector<std::string_view> names;
    for (const ElementType& type : kTypes) names.push_back(type.name);
    fail(fmt::format("has elements of type '{}', expected one of {}", wanted,
                     fmt::join(names, ", ")));
  }

  Shape shape(std::string_view text) const {
    Shape dims;
    if (!text.starts_with('(')) fail("has a 'shape' that is no tuple");
    text = text.substr(1, text.find(')') - 1);
    const char* at = text.data();
    const char* end = at + text.size();
    while (at != end) {
      if (*at == ' ' || *at == ',') {
        ++at;
        continue;
      }
      std::int64_t dim = 0;
      const auto [next, error] = std::from_chars(at, end, dim);
      if (error != std::errc{} || dim < 0 || dim > kMaxDimension)
        fail("has a 'shape' of other things than dimensions");
      dims.push_back(dim);
      at = next;
    }
    return dims;
  }

  std::string_view bytes_;
  const std::string& file_;
};

}  // namespace

TensorFile parse_npy(std::string_view bytes, const std::string& file) {
  return Reader(bytes, file).read();
}

std::string npy_bytes(const TensorFile& tensor) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
                  fmt::join(tensor.shape, ", "), tensor.shape.size() == 1 ? "," : "");
  const std::size_t before = kMagic.size() + 4;
  const std::size_t length = round_up(before + header.size() + 1, kAlignment) - before;
  header.resize(length - 1, ' ');
  header += '\n';
  std::string bytes(kMagic);
  bytes += '\1';
  bytes += '\0';
  bytes += static_cast<char>(length & 0xffU);
  bytes += static_cast<char>(length >> 8U);
  bytes += header;
  const std::size_t data = bytes.size();
  bytes.resize(data + tensor.values.size() * sizeof(float));
  std::memcpy(&bytes[data], tensor.values.data(), tensor.values.size() * sizeof(float));
  return bytes;
}

TensorFile load_tensor(const std::filesystem::path& path) {
  if (path.extension() != ".npy")
    throw InputError(SourcePos{path.string(), 0, 0},
                     fmt::format("has extension '{}', expected .npy", path.extension().string()));
  return parse_npy(read_file(path), path.string());
}

}  // namespace unna
