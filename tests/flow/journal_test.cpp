#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "flow/sweep_journal.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

class Journal : public ::testing::Test {
 protected:
  void SetUp() override { fs::remove_all(directory_); }
  void TearDown() override { fs::remove_all(directory_); }

  const fs::path directory_ =
      fs::temp_directory_path() / (std::string("unnasim_journal_") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const fs::path path_ = directory_ / "journal.csv";
};

TEST_F(Journal, finished_points_come_back) {
  { SweepJournal(path_, false, 2).add("key", {"ok", "a,b"}); }
  const SweepJournal again(path_, true, 2);
  ASSERT_EQ(again.finished().size(), 1U);
  EXPECT_EQ(again.finished().at("key"), (std::vector<std::string>{"ok", "a,b"}));
}

TEST_F(Journal, a_torn_last_line_is_dropped_and_the_next_one_stands_alone) {
  { SweepJournal(path_, false, 1).add("one", {"ok"}); }
  std::ofstream(path_, std::ios::app) << "two,o";
  { SweepJournal(path_, true, 1).add("three", {"ok"}); }
  EXPECT_EQ(read_file(path_), "one,ok\nthree,ok\n");
}

TEST_F(Journal, without_resume_the_old_one_is_kept_beside) {
  { SweepJournal(path_, false, 1).add("one", {"ok"}); }
  const SweepJournal fresh(path_, false, 1);
  EXPECT_TRUE(fresh.finished().empty());
  EXPECT_EQ(read_file(path_), "");
  EXPECT_EQ(read_file(path_.string() + ".old"), "one,ok\n");
}

TEST_F(Journal, one_of_another_shape_or_in_use_is_refused) {
  { SweepJournal(path_, false, 1).add("one", {"ok"}); }
  EXPECT_THROW(SweepJournal(path_, true, 2), InputError);
  const SweepJournal open(path_, true, 1);
  EXPECT_THROW(SweepJournal(path_, true, 1), InputError);
}

}  // namespace
}  // namespace unna
