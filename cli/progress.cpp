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
  const bool last = done >= total_;
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  const std::string time =
      last ? fmt::format("in {}", readable_seconds(elapsed))
           : fmt::format("{} gone, {} to go, {} a minute", readable_seconds(elapsed),
                         readable_seconds(static_cast<double>(total_ - done) / rate),
                         significant(60 * rate));
  fmt::print(stderr, "{}{} of {}{}, {}{}", terminal_ ? "\r" : "", done, counted(total_, what_),
             failed > 0 ? fmt::format(", {} failed", failed) : "", time,
             terminal_ && !last ? "    " : "\n");
  std::fflush(stderr);
}

}  // namespace unna
