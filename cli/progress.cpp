#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "text/units.h"

namespace unna {

Progress::Progress(std::size_t total, std::string_view what, Say say)
    : total_(total), what_(what), terminal_(::isatty(STDERR_FILENO) != 0), say_(say) {}

void Progress::finished(std::size_t done, std::size_t failed) {
  if (say_ == Say::nothing) return;
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

Progress::Say say_progress(const Options& options) {
  return options.flag("quiet") ? Progress::Say::nothing : Progress::Say::progress;
}

std::string progress_line(const StageProgress& now, double seconds) {
  if (now.total == 0 || now.done == 0)
    return fmt::format("{}, {} gone", now.stage, readable_seconds(seconds));
  const double ratio = static_cast<double>(now.done) / static_cast<double>(now.total);
  return fmt::format("{}: {} of {} ({}), {}, {} gone, {} to go", now.stage,
                     grouped(static_cast<std::int64_t>(now.done)),
                     counted(now.total, "instruction"), percent(ratio),
                     counted(now.cycles, "cycle"), readable_seconds(seconds),
                     readable_seconds(seconds / ratio - seconds));
}

RunProgress::RunProgress(bool wanted) : wanted_(wanted && ::isatty(STDERR_FILENO) != 0) {}

RunProgress::~RunProgress() {
  end_stage();
}

ProgressSink RunProgress::sink() {
  if (!wanted_) return {};
  return [this](const StageProgress& now) { tell(now); };
}

void RunProgress::stage(const std::string& what) {
  if (wanted_) tell({what, 0, 0, 0});
}

void RunProgress::tell(const StageProgress& now) {
  constexpr double kSecondsUntilShown = 2, kSecondsBetween = 0.2;
  if (now.stage != stage_ || now.done == 0) {
    end_stage();
    stage_ = now.stage;
    since_ = Stopwatch();
    if (now.total > 0) return;
    clock_ = std::jthread([this](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        const double gone = since_.seconds();
        if (gone >= kSecondsUntilShown && gone >= shown_at_ + 5 * kSecondsBetween)
          show({stage_, 0, 0, 0});
      }
    });
    return;
  }
  const double gone = since_.seconds();
  if (gone >= kSecondsUntilShown && gone >= shown_at_ + kSecondsBetween) show(now);
}

void RunProgress::show(const StageProgress& now) {
  shown_at_ = since_.seconds();
  const std::string line = progress_line(now, shown_at_);
  fmt::print(stderr, "\r{:<{}}", line, shown_);
  std::fflush(stderr);
  shown_ = std::max(shown_, line.size());
}

void RunProgress::end_stage() {
  if (clock_.joinable()) {
    clock_.request_stop();
    clock_.join();
  }
  if (shown_ > 0) {
    fmt::print(stderr, "\r{:<{}}\r", "", shown_);
    std::fflush(stderr);
  }
  shown_ = 0;
  shown_at_ = 0;
}

}  // namespace unna
