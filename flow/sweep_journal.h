#pragma once

// Finished points of a sweep, kept as they finish: a killed sweep loses at most those under way.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace unna {

/// A CSV file of `key,cell,...` lines. Only one process can have a journal open.
class SweepJournal {
 public:
  /// Opens `path`, creating it and its folder. With `resume`, its whole lines become finished()
  /// and a torn last line is dropped; otherwise an old journal is kept as `<path>.old`. Throws
  /// InputError where another process has it open, or a line is not of `cells` cells.
  SweepJournal(const std::filesystem::path& path, bool resume, std::size_t cells);
  ~SweepJournal();
  SweepJournal(const SweepJournal&) = delete;
  SweepJournal& operator=(const SweepJournal&) = delete;

  /// On disk when it returns.
  void add(const std::string& key, const std::vector<std::string>& cells);

  const std::map<std::string, std::vector<std::string>>& finished() const { return finished_; }

 private:
  void read_back(std::size_t cells);

  std::filesystem::path path_;
  int fd_ = -1;
  std::map<std::string, std::vector<std::string>> finished_;
};

}  // namespace unna
