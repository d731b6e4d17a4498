#include "numbers/encoding.h"

#include <gtest/gtest.h>

#include <cmath>

namespace unna {
namespace {

TEST(Encoding, elements_come_back_rounded_to_their_type) {
  const std::vector<double> values = {0, 1.25, -3.1, 1e6};
  const std::pair<DataType, std::vector<double>> cases[] = {
      {DataType::int16, {0, 1.25, -794.0 / 256, 32767.0 / 256}},
      {DataType::fp16, {0, 1.25, -3.099609375, HUGE_VAL}},
      {DataType::fp32, {0, 1.25, static_cast<double>(-3.1F), 1e6}}};
  for (const auto& [type, expected] : cases) {
    MachineConfig machine;
    machine.data_type = type;
    const Encoding encoding = Encoding::of(machine);
    const auto size = static_cast<std::size_t>(element_bytes(type));
    std::vector<std::byte> bytes(values.size() * size);
    encoding.put_elements(values, bytes);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_EQ(encoding.element(bytes, i * size), expected[i]);
  }
}

TEST(Encoding, biases_have_twice_the_fraction_bits) {
  const Encoding encoding = Encoding::of(MachineConfig{});
  std::vector<std::byte> bytes(4);
  encoding.put_accumulators(std::vector<double>{1.0 / 65536}, bytes);
  EXPECT_EQ(bytes, (std::vector<std::byte>{std::byte{1}, {}, {}, {}}));
}

}  // namespace
}  // namespace unna
