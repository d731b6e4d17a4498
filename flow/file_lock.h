#pragma once

// A file that one process at a time can hold.

#include <sys/types.h>

#include <filesystem>

namespace unna {

/// A lock of the whole process, which ends with it however it ends, and which its children do not
/// have. The file stays, empty.
class FileLock {
 public:
  /// Creates the file, whose folder exists. Throws InputError, naming the process that has the
  /// lock, and `what` is done by one process only ("a sweep into this folder").
  FileLock(const std::filesystem::path& file, const char* what);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  int fd_ = -1;
};

}  // namespace unna
