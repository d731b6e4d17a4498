#include <gtest/gtest.h>

#include "isa/object.h"

namespace unna {
namespace {

Object object_with(std::vector<BufferInfo> buffers) {
  Object object;
  object.network = "net";
  object.buffers = std::move(buffers);
  return object;
}

const std::vector<BufferInfo> kBuffers = {{"x", BufferKind::input, 100, "x"},
                                          {"a", BufferKind::intermediate, 65, "a"},
                                          {"w", BufferKind::weight, 64, "w"},
                                          {"b", BufferKind::intermediate, 10, "b"},
                                          {"y", BufferKind::output, 1, "y"}};

TEST(Layout, IdentityPutsIntermediatesFirstAndSharesNothing) {
  const Layout layout = identity_layout(object_with(kBuffers), 64);
  EXPECT_EQ(layout.base, (std::vector<Bytes>{192, 0, 320, 128, 384}));
  EXPECT_EQ(layout.arena_bytes, 138);
  EXPECT_EQ(layout.total_bytes, 385);
}

TEST(Layout, OffsetsPlaceIntermediatesAndTheRestFollows) {
  const Layout layout = layout_from_offsets(object_with(kBuffers), {-7, 64, -7, 64, -7}, 64);
  EXPECT_EQ(layout.base, (std::vector<Bytes>{192, 64, 320, 64, 384}));
  EXPECT_EQ(layout.arena_bytes, 129);
}

TEST(Layout, OffsetsThatAreNotAlignedAreABug) {
  EXPECT_THROW(layout_from_offsets(object_with(kBuffers), {0, 32, 0, 0, 0}, 64), InternalError);
  EXPECT_THROW(layout_from_offsets(object_with(kBuffers), {0, -64, 0, 0, 0}, 64), InternalError);
  EXPECT_THROW(layout_from_offsets(object_with(kBuffers), {0, 0}, 64), InternalError);
}

TEST(Layout, SizesThatOverflowDoNotFit) {
  constexpr Bytes kHuge = 1LL << 61;
  EXPECT_THROW(identity_layout(object_with({{"a", BufferKind::intermediate, kHuge, ""},
                                            {"b", BufferKind::weight, kHuge, ""}}),
                               64),
               CapacityError);
}

TEST(Link, LastByteFitsAndOneMoreDoesNot) {
  const auto object = std::make_shared<const Object>(object_with(kBuffers));
  const Layout layout = identity_layout(*object, 64);
  EXPECT_EQ(link(object, layout, 385).layout.total_bytes, 385);
  try {
    link(object, layout, 384);
    FAIL() << "an image of 385 bytes was linked into 384";
  } catch (const CapacityError& e) {
    EXPECT_STREQ(e.what(),
                 "\"net\" needs 385 bytes of DRAM (138 of them for intermediates), 1 more than the "
                 "capacity of 384; largest: \"x\" 100 bytes, \"a\" 65 bytes, \"w\" 64 bytes");
  }
}

TEST(Link, LayoutOfAnotherObjectIsABug) {
  const auto object = std::make_shared<const Object>(object_with(kBuffers));
  EXPECT_THROW(link(object, Layout{}, 1000), InternalError);
}

}  // namespace
}  // namespace unna
