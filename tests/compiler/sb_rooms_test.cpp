#include "compiler/sb_rooms.h"

#include <gtest/gtest.h>

namespace unna {
namespace {

CoreConfig core() {
  CoreConfig c;
  c.sb_bytes = 1000;
  return c;
}

TEST(SbRooms, AllStayWhereAllFit) {
  const SbWish wishes[] = {{SbUse::stay, 600}, {SbUse::nothing, 0}, {SbUse::stay, 400}};
  const std::vector<SbRoom> rooms = share_sb(wishes, core());
  ASSERT_EQ(rooms.size(), 3U);
  EXPECT_TRUE(rooms[0].stay);
  EXPECT_TRUE(rooms[2].stay);
  EXPECT_EQ(rooms[2].begin, 0);
  EXPECT_EQ(rooms[0].begin, 400);
  EXPECT_EQ(rooms[0].end, 1000);
}

TEST(SbRooms, AByteTooManyAndNotAllStay) {
  const SbWish wishes[] = {{SbUse::stay, 601}, {SbUse::stay, 400}};
  const std::vector<SbRoom> rooms = share_sb(wishes, core());
  EXPECT_FALSE(rooms[0].stay);
  EXPECT_TRUE(rooms[1].stay);
  const SbWish halves[] = {{SbUse::stay, 501}, {SbUse::stay, 501}};
  for (const SbRoom& room : share_sb(halves, core())) EXPECT_FALSE(room.stay);
}

TEST(SbRooms, TheSmallestStayInHalfAndTheOthersHaveTheRest) {
  const SbWish wishes[] = {{SbUse::stay, 600}, {SbUse::stay, 300}, {SbUse::stay, 150}};
  const std::vector<SbRoom> rooms = share_sb(wishes, core());
  EXPECT_TRUE(rooms[1].stay);
  EXPECT_TRUE(rooms[2].stay);
  EXPECT_FALSE(rooms[0].stay);
  EXPECT_EQ(rooms[0].begin, 500);
  EXPECT_EQ(rooms[0].end, 1000);
  // Computed operands need slots, though all else would fit.
  const SbWish computed[] = {{SbUse::stay, 600}, {SbUse::slots, 0}};
  for (const SbRoom& room : share_sb(computed, core())) {
    EXPECT_FALSE(room.stay);
    EXPECT_EQ(room.bytes(), 1000);
  }
}

TEST(SbRooms, NoneStayWhereOtherKernelsUseTheSynapsesToo) {
  const SbWish wishes[] = {{SbUse::stay, 10}, {SbUse::all, 0}};
  for (const SbRoom& room : share_sb(wishes, core())) {
    EXPECT_FALSE(room.stay);
    EXPECT_EQ(room.bytes(), 1000);
  }
}

}  // namespace
}  // namespace unna
