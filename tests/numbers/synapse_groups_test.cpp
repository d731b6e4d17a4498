#include "numbers/synapse_groups.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "numbers/half.h"

namespace unna {
namespace {

MachineConfig machine_of(DataType type) {
  MachineConfig machine;
  machine.data_type = type;
  return machine;
}

std::vector<double> expanded(const GroupFormat& format, const GroupedRow& row, DataType type) {
  const Encoding encoding = Encoding::of(machine_of(type));
  const Bytes element = element_bytes(type);
  std::vector<std::byte> bytes, elements;
  append_row(format, row, element, bytes);
  const auto positions = static_cast<std::int64_t>(row.codes.size());
  EXPECT_EQ(static_cast<Bytes>(bytes.size()), grouped_row_bytes(format, positions, element));
  expand_row(format, bytes, positions, encoding, elements);
  std::vector<double> values;
  for (std::size_t at = 0; at < elements.size(); at += static_cast<std::size_t>(element))
    values.push_back(encoding.element(elements, at));
  return values;
}

TEST(SynapseGroups, take_the_bytes_that_published_formats_take) {
  // MatMulNBits of a row of 4,096: half a byte a weight, a half-precision scale for each 32.
  EXPECT_EQ(grouped_row_bytes({4, 32, false}, 4096, 2), 2048 + 128 * 2);
  EXPECT_EQ(grouped_row_bytes({4, 128, true}, 4096, 2), 2048 + 32 * 3);
  EXPECT_EQ(grouped_row_bytes({8, 0, false}, 4096, 2), 4096 + 2);
  EXPECT_EQ(grouped_row_bytes({4, 32, false}, 4096, 4), 2048 + 128 * 4);
  // The last group may be short; odd rows end at a whole element.
  EXPECT_EQ(grouped_row_bytes({4, 4, true}, 5, 2), 3 + 2 * 2 + 2 + 1);
}

TEST(SynapseGroups, stand_in_memory_as_the_page_says) {
  std::vector<std::byte> bytes;
  append_row({4, 2, true}, {{1, -2, 7}, {0.5F, 2.0F}, {1, -1}}, 2, bytes);
  const std::uint16_t half = float_to_half(0.5F), two = float_to_half(2.0F);
  const auto byte = [](int v) { return static_cast<std::byte>(v); };
  EXPECT_EQ(bytes,
            (std::vector<std::byte>{byte(0xe1), byte(0x07), byte(half & 0xff), byte(half >> 8),
                                    byte(two & 0xff), byte(two >> 8), byte(1), byte(0xff)}));
}

TEST(SynapseGroups, are_expanded_to_scale_times_code_less_zero_point) {
  const GroupFormat format{4, 2, true};
  const GroupedRow row{{1, -8, 7}, {0.5F, 2.0F}, {1, -1}};
  for (const DataType type : {DataType::fp32, DataType::fp16, DataType::int16})
    EXPECT_EQ(expanded(format, row, type), (std::vector<double>{0, -4.5, 16}));
  // int8 has whole numbers, halves up.
  EXPECT_EQ(expanded(format, row, DataType::int8), (std::vector<double>{0, -4, 16}));
  EXPECT_EQ(expanded({8, 0, false}, {{-128, 127}, {0.25F}, {}}, DataType::fp32),
            (std::vector<double>{-32, 31.75}));
}

TEST(SynapseGroups, round_scales_to_half_precision_but_on_fp32_machines) {
  EXPECT_EQ(stored_scale(0.1F, 4), 0.1F);
  EXPECT_NE(stored_scale(0.1F, 2), 0.1F);
  EXPECT_EQ(expanded({8, 0, false}, {{1}, {0.1F}, {}}, DataType::fp32).front(),
            static_cast<double>(0.1F));
}

TEST(SynapseGroups, of_wrong_sizes_are_an_error) {
  std::vector<std::byte> bytes;
  EXPECT_THROW(append_row({4, 2, false}, {{1, 2, 3}, {1.0F}, {}}, 2, bytes), InternalError);
  EXPECT_THROW(append_row({4, 0, true}, {{1, 2, 3}, {1.0F}, {}}, 2, bytes), InternalError);
}

}  // namespace
}  // namespace unna
