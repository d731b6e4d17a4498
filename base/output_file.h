#pragma once

// Files that a run writes. A name may be anything that can be written to:
//
//   -                       standard output (also /dev/stdout, /dev/fd/1, /proc/self/fd/1)
//   a regular file          written beside, synced and renamed: a reader sees the old file or the
//   or none yet             new one, never a part; permissions of the old one stay
//   a symbolic link         what it points to is written so; the link stays
//   a device or a FIFO      written through
//
// Directories are never made for a file. All errors are InputErrors with the reason of the call
// that failed.

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace unna {

bool is_standard_output(const std::filesystem::path& path);

/// The same for all names of a file, whether it is there or not.
std::filesystem::path file_identity(const std::filesystem::path& path);

/// Throws where it can be seen beforehand that `path` can't be written.
void check_output_file(const std::filesystem::path& path);
/// The same for a directory, which may have to be made.
void check_output_directory(const std::filesystem::path& path);

/// One file. What is not published is gone with the object, except from devices and the like.
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// All bytes are on the disk then; no more follow.
  void finish();
  /// Gives a finished file its name.
  void publish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The files of a run, which appear together at commit(): before it, none does, and a directory
/// that was made for them goes away with the object.
class OutputFiles {
 public:
  OutputFiles();
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  /// With its parents, where they are missing.
  void make_directory(const std::filesystem::path& path);
  /// A file that the run reads: it is neither written nor removed.
  void keep(const std::filesystem::path& path);
  /// Devices and the like see the content at commit(). Throws InputError for a file that is kept or
  /// was added already.
  void add(const std::filesystem::path& path, std::string content);
  /// For a file that is written in another way: throws as add() does.
  void claim(const std::filesystem::path& path);
  /// Takes away what stands there when commit() has written all, unless it was added, claimed or
  /// kept.
  void remove(const std::filesystem::path& path);
  void commit();

 private:
  struct Pending;
  std::vector<std::filesystem::path> made_;  ///< directories, parents first
  std::vector<Pending> pending_;
  std::set<std::filesystem::path> kept_, claimed_;  ///< identities
  std::vector<std::filesystem::path> removed_;
};

/// Makes a directory and its parents where they are missing.
void make_directory(const std::filesystem::path& path);

}  // namespace unna
