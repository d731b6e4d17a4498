// What a long run says of itself, and that it says nothing but on a terminal.

#include "cli/progress.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <system_error>
#include <thread>

namespace unna {
namespace {

TEST(RunProgress, says_how_much_is_done_and_how_long_the_rest_takes) {
  EXPECT_EQ(progress_line({"simulating", 1024, 4096, 12345}, 3),
            "simulating: 1,024 of 4,096 instructions (25.0 %), 12,345 cycles, 3 s gone, 9 s to go");
}

TEST(RunProgress, says_the_time_alone_where_nobody_knows_how_much_there_is) {
  EXPECT_EQ(progress_line({"planning", 0, 0, 0}, 4), "planning, 4 s gone");
}

TEST(RunProgress, is_not_asked_for_where_it_is_not_wanted) {
  RunProgress silent(false);
  EXPECT_FALSE(silent.sink());
}

/// A terminal that takes the place of stderr while this lives.
class TerminalAsStderr {
 public:
  TerminalAsStderr() : saved_(::dup(STDERR_FILENO)) {
    int slave = -1;
    if (::openpty(&master_, &slave, nullptr, nullptr, nullptr) != 0)
      throw std::system_error(errno, std::generic_category(), "openpty");
    ::dup2(slave, STDERR_FILENO);
    ::close(slave);
  }
  ~TerminalAsStderr() {
    ::dup2(saved_, STDERR_FILENO);
    ::close(saved_);
    ::close(master_);
  }
  TerminalAsStderr(const TerminalAsStderr&) = delete;
  TerminalAsStderr& operator=(const TerminalAsStderr&) = delete;

  /// What is written until the terminal says nothing more for a second.
  std::string written() const {
    std::string text;
    for (pollfd from{master_, POLLIN, 0}; ::poll(&from, 1, 1000) == 1;) {
      std::array<char, 256> piece;
      const ssize_t bytes = ::read(master_, piece.data(), piece.size());
      if (bytes <= 0) break;
      text.append(piece.data(), static_cast<std::size_t>(bytes));
    }
    return text;
  }

 private:
  int saved_ = -1, master_ = -1;
};

TEST(RunProgress, shows_a_stage_after_two_seconds_and_takes_the_line_away) {
  const TerminalAsStderr terminal;
  RunProgress progress(true);
  progress.stage("reading a short file");
  progress.stage("reading a long file");
  std::this_thread::sleep_for(std::chrono::milliseconds(4000));
  progress.end_stage();
  const std::string text = terminal.written();
  EXPECT_TRUE(text.starts_with("\rreading a long file, ")) << text;
  EXPECT_TRUE(text.ends_with(" \r")) << text;
}

}  // namespace
}  // namespace unna
