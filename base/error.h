#pragma once

// The four ways a run can end badly, one exception type each; `cli` maps them to exit codes.

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace unna {

/// A place in an input file. Line and column count from 1; 0 means "the file as a whole".
struct SourcePos {
  std::string file;
  int line = 0;
  int column = 0;
};

/// Bad input (exit 2). what() is one line: `file:line:column: what is wrong, what was expected`.
/// Binary files use `file:0x<byte offset>: ...` by passing a message without a line.
class InputError : public std::runtime_error {
 public:
  InputError(const SourcePos& pos, std::string_view message)
      : std::runtime_error(describe(pos, message)) {}
  explicit InputError(const std::string& message) : std::runtime_error(message) {}

 private:
  static std::string describe(const SourcePos& pos, std::string_view message) {
    if (pos.line <= 0) return fmt::format("{}: {}", pos.file, message);
    return fmt::format("{}:{}:{}: {}", pos.file, pos.line, pos.column, message);
  }
};

/// The network does not fit the machine (exit 3). what() says by how much, and names the culprits.
class CapacityError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The simulated machine hangs (exit 4). what() has each core's pc, instruction and wait reason.
class DeadlockError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A broken invariant of ours (exit 70): a bug in unnasim, never the user's fault.
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError unless `condition` holds. Always on, in every build type.
template <class... Args>
void invariant(bool condition, fmt::format_string<Args...> format, Args&&... args) {
  if (!condition) throw InternalError(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace unna
