#pragma once

// Lines on stderr about how far long work in pieces is.

#include <cstddef>
#include <string>
#include <string_view>
#include <thread>

#include "base/host.h"
#include "cli/options.h"
#include "flow/pipeline.h"

namespace unna {

/// Rewritten in place on a terminal, else a line every few seconds and at the end.
class Progress {
 public:
  /// `what` a piece is ("point").
  enum class Say { progress, nothing };
  Progress(std::size_t total, std::string_view what, Say say = Say::progress);

  void finished(std::size_t done, std::size_t failed);

 private:
  std::size_t total_;
  std::string_view what_;
  bool terminal_;
  Say say_;
  Stopwatch watch_;
  double last_ = 0;
};

/// Nothing with --quiet.
Progress::Say say_progress(const Options& options);

/// What one long run is doing: a line that is rewritten in place once a stage has taken two
/// seconds, on a terminal only, and taken away when the stage ends.
class RunProgress {
 public:
  /// Says nothing unless `wanted`, whatever it is told.
  explicit RunProgress(bool wanted);
  ~RunProgress();
  RunProgress(const RunProgress&) = delete;
  RunProgress& operator=(const RunProgress&) = delete;

  /// Hands on what it is told; lives no longer than this. Empty where nothing is to be said.
  ProgressSink sink();
  /// Begins a stage of unknown size, such as "reading net.onnx"; ends the one before.
  void stage(const std::string& what);
  void end_stage();

 private:
  void tell(const StageProgress& now);
  void show(const StageProgress& now);

  bool wanted_;
  std::string stage_;
  Stopwatch since_;
  double shown_at_ = 0;
  std::size_t shown_ = 0;  ///< columns of the line that stands there
  /// Shows the time that is gone where nobody tells how much is done.
  std::jthread clock_;
};

/// The line: "simulating: 1,024 of 4,096 instructions (25.0 %), 12,345 cycles, 3 s gone, 9 s to
/// go".
std::string progress_line(const StageProgress& now, double seconds);

}  // namespace unna
