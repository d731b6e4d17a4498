#pragma once

// A golden test is one text file: comment, input files, and runs with what they should print.
//
//   # anything before the first section is a comment
//   --- file net.yaml
//   ...                        written into an empty directory, where the runs take place
//   --- run
//   unnasim simulate net.yaml  given to sh -e; $SRC is the source tree
//   --- stdout
//   ...                        missing: expected to be empty
//   --- stderr
//   ...                        the same
//   --- exit 2                 missing: 0
//
// The source tree's and the directory's paths in an output are replaced by $SRC and $DIR.

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace unna::golden {

struct Outcome {
  std::string out;
  std::string err;
  int exit_code = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

struct Run {
  std::string command;
  Outcome expected;
};

struct GoldenFile {
  std::string comment;
  std::vector<std::pair<std::string, std::string>> inputs;  ///< name, content
  std::vector<Run> runs;
};

/// Throws InputError with the line.
GoldenFile parse(const std::string& text, const std::string& file);

/// parse(format(g)) == g; a rebased file is in this form.
std::string format(const GoldenFile& golden);

/// Runs `command` with sh in `directory`, `program`'s folder first in PATH and SRC set.
Outcome run(const std::string& command, const std::filesystem::path& directory,
            const std::filesystem::path& program, const std::filesystem::path& source);

/// Lines that differ, as `-expected` and `+actual`; empty where there are none.
std::string difference(const Outcome& expected, const Outcome& actual);

}  // namespace unna::golden
