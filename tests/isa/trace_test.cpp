#include "isa/trace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/rng.h"
#include "tests/isa/fixtures.h"
#include "tests/support/committed.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

class TraceFile : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::path(testing::TempDir()) /
           testing::UnitTest::GetInstance()->current_test_info()->name();
    fs::remove_all(dir_);
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(dir_), fs::directory_iterator()));
  }
  std::string write(const Trace& trace, const std::vector<TraceEvent>& events) const {
    TraceWriter writer(dir_ / "t.unt", trace);
    for (const TraceEvent& event : events) writer.add(event);
    writer.close();
    return read_file(dir_ / "t.unt");
  }

  fs::path dir_;
};

TEST_F(TraceFile, TracesRoundTrip) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Trace trace = random_trace(seed);
    ASSERT_TRUE(decode_trace(write(trace, trace.events), "t.unt") == trace) << "seed " << seed;
  }
}

TEST_F(TraceFile, LongTracesRoundTrip) {
  const Trace trace = random_trace(3, 200'000);
  EXPECT_TRUE(decode_trace(write(trace, trace.events), "t.unt") == trace);
}

TEST_F(TraceFile, EventsInOrderOfCompletionAreSortedByCoreAndPc) {
  Trace trace = random_trace(5);
  ASSERT_GT(trace.events.size(), 20U);
  std::vector<TraceEvent> shuffled = trace.events;
  Rng(1).shuffle(shuffled);
  const Trace again = decode_trace(write(trace, shuffled), "t.unt");
  std::sort(trace.events.begin(), trace.events.end(), [](const auto& a, const auto& b) {
    return std::pair(a.core, a.pc) < std::pair(b.core, b.pc);
  });
  EXPECT_TRUE(again == trace);
}

TEST_F(TraceFile, AppearsOnlyWhenItIsClosed) {
  const Trace trace = random_trace(1);
  {
    TraceWriter writer(dir_ / "t.unt", trace);
    for (const TraceEvent& event : trace.events) writer.add(event);
    EXPECT_FALSE(fs::exists(dir_ / "t.unt"));
    writer.close();
    EXPECT_TRUE(fs::exists(dir_ / "t.unt"));
  }
  EXPECT_EQ(files(), 1U);
  { TraceWriter abandoned(dir_ / "u.unt", trace); }
  EXPECT_EQ(files(), 1U);
}

TEST_F(TraceFile, PlaceThatCannotBeWrittenIsSaidSo) {
  write_file(dir_ / "file", "x");
  const std::string path = (dir_ / "file" / "t.unt").string();
  EXPECT_EQ(input_error([&] { TraceWriter writer(path, Trace{}); }),
            path + ": cannot be written: Not a directory");
}

TEST_F(TraceFile, EveryTruncationIsRefused) {
  const Trace trace = random_trace(11, 20);
  const std::string bytes = write(trace, trace.events);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string error = input_error([&] { decode_trace(bytes.substr(0, size), "t.unt"); });
    ASSERT_TRUE(error.starts_with("t.unt:0x")) << size << ": " << error;
    ASSERT_NE(error.find(", expected "), std::string::npos) << size << ": " << error;
  }
}

TEST_F(TraceFile, EveryFlippedBitIsRefused) {
  const Trace trace = random_trace(11, 20);
  const std::string bytes = write(trace, trace.events);
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] =
        static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ 1U << bit % 8);
    ASSERT_NE(input_error([&] { decode_trace(damaged, "t.unt"); }), "") << bit;
  }
}

TEST(TraceText, TracesRoundTrip) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    const Trace trace = random_trace(seed);
    const std::string text = format_trace(trace);
    ASSERT_TRUE(parse_trace(text, "t.txt") == trace) << "seed " << seed << "\n" << text;
  }
}

TEST(TraceText, MutationsNeverCrash) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(seed);
    std::string text = format_trace(random_trace(seed % 20, 10));
    for (std::uint64_t n = rng.below(3) + 1; n > 0; --n) {
      const std::size_t at = rng.below(text.size());
      if (rng.chance(1, 2)) {
        text[at] = rng.chance(1, 2) ? static_cast<char>(rng.next()) : "0=c.,\"\\ \n"[rng.below(9)];
      } else {
        text.erase(at, rng.below(20));
      }
    }
    const std::string error = input_error([&] { parse_trace(text, "t.txt"); });
    if (!error.empty()) {
      ASSERT_TRUE(error.starts_with("t.txt:")) << error;
      ASSERT_EQ(error.find('\n'), std::string::npos) << error;
    }
  }
}

TEST(TraceEventOf, InstructionsSayWhatTheyTouch) {
  const Object object = assemble(small_program(), "t.s");
  const auto event = [&](std::size_t core, std::uint32_t pc) {
    return trace_event(object.streams[core][pc], CoreId(core), pc);
  };
  const TraceEvent read = event(0, 0);
  EXPECT_EQ(read.kind, TraceKind::read);
  EXPECT_EQ(read.engine, Engine::load_neuron);
  EXPECT_EQ(read.buffer, BufferId(0));
  EXPECT_EQ(read.begin, 0);
  EXPECT_EQ(read.end_byte, 256);
  EXPECT_EQ(read.signal, engine_bit(Engine::compute));
  const TraceEvent compute = event(0, 2);
  EXPECT_EQ(compute.kind, TraceKind::compute);
  EXPECT_EQ(compute.wait, engine_bit(Engine::load_neuron) | engine_bit(Engine::load_synapse));
  const TraceEvent write = event(0, 3);
  EXPECT_EQ(write.kind, TraceKind::write);
  EXPECT_EQ(write.buffer, BufferId(2));
  EXPECT_EQ(write.end_byte, 128);
  const TraceEvent signal = event(0, 4);
  EXPECT_EQ(signal.kind, TraceKind::signal);
  EXPECT_EQ(signal.engine, Engine::store);
  EXPECT_EQ(signal.sync, 5U);
  EXPECT_EQ(signal.peer, CoreId(1));
  const TraceEvent barrier = event(0, 5);
  EXPECT_EQ(barrier.kind, TraceKind::barrier);
  EXPECT_EQ(barrier.engine, std::nullopt);
  EXPECT_EQ(barrier.sync, 1U);
  EXPECT_EQ(barrier.cores, 3U);
  EXPECT_EQ(event(0, 6).kind, TraceKind::halt);
  EXPECT_EQ(event(0, 6).op, OpId(1));
  EXPECT_EQ(event(1, 0).kind, TraceKind::wait);
  EXPECT_EQ(event(1, 0).engine, Engine::load_neuron);
}

}  // namespace
}  // namespace unna
