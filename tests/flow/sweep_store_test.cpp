#include "flow/sweep_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

PointResult good(std::int64_t cycles) {
  PointResult result;
  result.figures.resize(sweep_figures().size());
  result.figures[0] = cycles;
  result.figures[1] = 0.1 * static_cast<double>(cycles);
  return result;
}

class Store : public ::testing::Test {
 protected:
  void SetUp() override { fs::remove_all(directory_); }
  void TearDown() override { fs::remove_all(directory_); }

  /// A finished store of `n` points.
  void make(int n) const {
    SweepStore store(file_, StoreStart::fresh);
    std::vector<GridRow> rows;
    for (int i = 0; i < n; ++i)
      rows.push_back({fmt::format("key{}", i), {std::string("net.yaml"), std::int64_t{i}}});
    store.set_grid("s", {"network", "cores"}, rows);
    for (int i = 0; i < n; ++i) store.add({{fmt::format("key{}", i), good(i)}});
  }

  const fs::path directory_ =
      fs::temp_directory_path() / (std::string("unnasim_store_") +
                                   ::testing::UnitTest::GetInstance()->current_test_info()->name());
  const fs::path file_ = directory_ / "sweep.db";
};

TEST_F(Store, results_of_every_kind_come_back) {
  PointResult every = good(7);
  every.figures[2] = std::string("a,\"b\"\n");
  const PointResult bad = failed_point(WorkEnd::timeout, "took longer than 1 s");
  {
    SweepStore store(file_, StoreStart::fresh);
    store.set_grid("s", {"network"}, {{"a", {std::string("n")}}, {"b", {std::string("m")}}});
    store.add({{"a", every}, {"b", bad}});
  }
  const SweepStore again(file_, StoreStart::resume);
  EXPECT_EQ(again.results().at("a"), every);
  EXPECT_EQ(result_cells(again.results().at("b")), result_cells(bad));
  const StoredSweep read = read_sweep_store(file_);
  EXPECT_EQ(read.name, "s");
  EXPECT_EQ(read.axes, (std::vector<std::string>{"network"}));
  EXPECT_EQ(read.grid.at(1).key, "b");
}

TEST_F(Store, truth_values_come_back_as_the_table_shows_them) {
  PointResult result = good(1);
  result.figures[2] = true;
  {
    SweepStore store(file_, StoreStart::fresh);
    store.set_grid("s", {}, {});
    store.add({{"a", result}});
  }
  EXPECT_EQ(result_cells(SweepStore(file_, StoreStart::resume).results().at("a")),
            result_cells(result));
}

TEST_F(Store, a_result_takes_the_place_of_the_one_before) {
  make(1);
  {
    SweepStore store(file_, StoreStart::resume);
    store.add({{"key0", good(5)}});
  }
  EXPECT_EQ(SweepStore(file_, StoreStart::resume).results().at("key0"), good(5));
}

TEST_F(Store, another_grid_keeps_the_results) {
  make(3);
  {
    SweepStore store(file_, StoreStart::resume);
    store.set_grid("s", {"planner"}, {{"key2", {std::string("naive")}}});
  }
  const StoredSweep read = read_sweep_store(file_);
  EXPECT_EQ(read.axes, (std::vector<std::string>{"planner"}));
  EXPECT_EQ(read.grid.size(), 1U);
  EXPECT_EQ(read.results.size(), 3U);
}

TEST_F(Store, without_resume_the_old_one_is_kept_beside) {
  make(2);
  const SweepStore fresh(file_, StoreStart::fresh);
  EXPECT_TRUE(fresh.results().empty());
  EXPECT_EQ(read_sweep_store(file_.string() + ".old").results.size(), 2U);
}

TEST_F(Store, one_that_was_killed_before_its_tables_is_empty) {
  fs::create_directories(directory_);
  write_file(file_, "");
  EXPECT_TRUE(SweepStore(file_, StoreStart::resume).results().empty());
}

TEST_F(Store, a_second_process_is_refused_and_a_child_does_not_keep_the_lock) {
  const auto open_in_child = [&] {
    const pid_t child = ::fork();
    if (child == 0)
      ::_exit(input_error([&] { const SweepStore second(file_, StoreStart::resume); })
                      .starts_with(file_.string() + ".lock: a sweep into this folder is under way "
                                                    "(process ")
                  ? 1
                  : 0);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
  };
  {
    const SweepStore first(file_, StoreStart::fresh);
    EXPECT_EQ(open_in_child(), 1);
  }
  EXPECT_EQ(open_in_child(), 0);
}

/// A store in which one byte, or a block, is something else. Whatever opens, holds what was put in.
TEST_F(Store, a_damaged_one_is_refused_in_one_line_or_holds_what_it_should) {
  constexpr int kPoints = 40;
  make(kPoints);
  ASSERT_FALSE(fs::exists(file_.string() + "-wal"));
  const std::string whole = read_file(file_);
  Rng rng(11);
  int refused = 0;
  constexpr int kTries = 300;
  for (int t = 0; t < kTries; ++t) {
    std::string bytes = whole;
    const std::size_t at = rng.below(bytes.size());
    if (t % 10 == 0)
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                  std::min<std::size_t>(512, bytes.size() - at), '\0');
    else if (t % 10 == 1)
      bytes.resize(at);
    else
      bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1U << rng.below(8)));
    for (const char* part : {"-wal", "-shm"}) fs::remove(file_.string() + part);
    write_file(file_, bytes);
    const std::string error = input_error([&] {
      const SweepStore store(file_, StoreStart::resume);
      for (const auto& [key, result] : store.results())
        EXPECT_EQ(result, good(std::stoi(key.substr(3)))) << "mutation " << t << " at " << at;
    });
    EXPECT_EQ(error.find('\n'), std::string::npos);
    refused += error.empty() ? 0 : 1;
  }
  EXPECT_GT(refused, kTries / 4);  // the others hit bytes that nothing uses
}

TEST_F(Store, what_is_no_store_is_refused) {
  fs::create_directories(directory_);
  for (const std::string& text :
       {std::string("key,ok\r\n"), std::string(8192, '\0'), std::string("SQLite format 3\0", 16)}) {
    write_file(file_, text);
    EXPECT_NE(input_error([&] { const SweepStore store(file_, StoreStart::resume); }), "");
    EXPECT_NE(input_error([&] { read_sweep_store(file_); }), "");
  }
  fs::remove(file_);
  EXPECT_EQ(input_error([&] { read_sweep_store(file_); }),
            file_.string() + ": no such file, expected the store of a sweep");
}

TEST_F(Store, a_folder_that_cannot_be_made_is_named_with_the_reason) {
  write_file(directory_, "a file");
  EXPECT_NE(input_error([&] { const SweepStore store(file_, StoreStart::fresh); }), "");
}

}  // namespace
}  // namespace unna
