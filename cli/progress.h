#pragma once

// Lines on stderr about how far long work in pieces is.

#include <cstddef>
#include <string_view>

#include "base/host.h"

namespace unna {

/// Rewritten in place on a terminal, else a line every few seconds and at the end.
class Progress {
 public:
  /// `what` a piece is ("point").
  Progress(std::size_t total, std::string_view what);

  void finished(std::size_t done, std::size_t failed);

 private:
  std::size_t total_;
  std::string_view what_;
  bool terminal_;
  Stopwatch watch_;
  double last_ = 0;
};

}  // namespace unna
