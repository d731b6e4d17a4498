#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "text/units.h"

namespace unna {

Progress::Progress(std::size_t total, std::string_view what)
    : total_(total), what_(what), terminal_(::isatty(STDERR_FILENO) != 0) {}

void Progress::finished(std::size_t done, std::size_t failed) {
  const double elapsed = watch_.seconds();
  constexpr double kSecondsBetweenLines = 5;
  if (!terminal_ && elapsed - last_ < kSecondsBetweenLines && done < total_) return;
  last_ = elapsed;
  const double left = elapsed / static_cast<double>(done) * static_cast<double>(total_ - done);
  fmt::print(stderr, "{}{} of {} {}, {} failed, {} gone, {} to go{}", terminal_ ? "\r" : "", done,
             total_, what_, failed, readable_seconds(elapsed), readable_seconds(left),
             terminal_ && done < total_ ? "    " : "\n");
  std::fflush(stderr);
}

}  // namespace unna
