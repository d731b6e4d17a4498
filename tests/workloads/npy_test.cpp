#include "workloads/npy.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace unna {
namespace {

std::string npy(const std::string& header, const std::string& data) {
  std::string bytes = "\x93NUMPY";
  bytes += '\1';
  bytes += '\0';
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  return bytes + header + data;
}

TEST(Npy, what_is_written_can_be_read) {
  for (const Shape& shape : {Shape{}, Shape{4}, Shape{2, 3}, Shape{1, 2, 1, 3}}) {
    TensorFile tensor{shape, {}};
    for (std::int64_t i = 0; i < element_count(shape); ++i)
      tensor.values.push_back(static_cast<float>(i) * 0.5F - 1);
    const std::string bytes = npy_bytes(tensor);
    EXPECT_EQ((bytes.size() - tensor.values.size() * 4) % 64, 0U);
    const TensorFile read = parse_npy(bytes, "x.npy");
    EXPECT_EQ(read.shape, shape);
    EXPECT_EQ(read.values, tensor.values);
  }
}

TEST(Npy, other_types_are_converted) {
  const std::string header = "{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }\n";
  EXPECT_EQ(parse_npy(npy(header, std::string("\x01\x00\xff\xff", 4)), "x").values,
            (std::vector<float>{1, -1}));
  const std::string half = "{'shape': (1, 1), 'fortran_order': False, 'descr': '<f2'}";
  EXPECT_EQ(parse_npy(npy(half, std::string("\x00\x3c", 2)), "x").values, std::vector<float>{1});
}

void expect_refused(const std::string& bytes, const std::string& message) {
  try {
    parse_npy(bytes, "x.npy");
    ADD_FAILURE() << "not refused: " << message;
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()), "x.npy: " + message);
  }
}

TEST(Npy, what_is_none_is_refused_with_its_reason) {
  const auto header = [](const char* descr, const char* order, const char* shape) {
    return std::string("{'descr': '") + descr + "', 'fortran_order': " + order +
           ", 'shape': " + shape + ", }\n";
  };
  expect_refused("PK", "is no .npy file, expected \\x93NUMPY at its start");
  expect_refused("\x93NUMPY\x01", "ends within its header, expected a .npy file");
  expect_refused(npy(header("<f4", "True", "(1,)"), "1234"),
                 "is in Fortran order, expected C order");
  expect_refused(
      npy(header("<c8", "False", "(1,)"), "12345678"),
      "has elements of type '<c8', expected one of <f4, <f8, <f2, |i1, |u1, |b1, <i2, <i4, "
      "<i8");
  expect_refused(npy(header("<f4", "False", "(2,)"), "1234"),
                 "has 4 bytes of data, expected 2 elements of 4");
  expect_refused(npy(header("<f4", "False", "(-2,)"), "1234"),
                 "has a 'shape' of other things than dimensions");
  expect_refused(npy("{'descr': '<f4', 'fortran_order': False}", "1234"),
                 "has no 'shape' in its header");
}

}  // namespace
}  // namespace unna
