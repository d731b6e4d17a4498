#include "flow/sweep_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "text/csv.h"
#include "text/table.h"

namespace unna {

namespace fs = std::filesystem;

SweepJournal::SweepJournal(const fs::path& path, bool resume, std::size_t cells) : path_(path) {
  std::error_code ignored;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), ignored);
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd_ < 0)
    throw InputError(fmt::format("{}: cannot be written: {}", path.string(), std::strerror(errno)));
  try {
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0)
      throw InputError(
          fmt::format("{}: another sweep is writing it, choose another -o", path.string()));
    if (resume) {
      read_back(cells);
      return;
    }
    const std::string old = read_file(path);
    if (!old.empty()) write_file(path.string() + ".old", old);
    invariant(::ftruncate(fd_, 0) == 0, "{}: {}", path.string(), std::strerror(errno));
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

SweepJournal::~SweepJournal() {
  ::close(fd_);
}

void SweepJournal::read_back(std::size_t cells) {
  const std::string text = read_file(path_);
  std::size_t begin = 0;
  int line = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    ++line;
    std::vector<std::string> row = split_csv_line(text.substr(begin, end - begin));
    if (row.size() != cells + 1)
      throw InputError({path_.string(), line, 1},
                       fmt::format("{} cells, expected {}: not a journal of this sweep file; run "
                                   "without --resume",
                                   row.size(), cells + 1));
    const std::string key = row.front();
    row.erase(row.begin());
    finished_[key] = std::move(row);
    begin = end + 1;
  }
  invariant(::ftruncate(fd_, static_cast<off_t>(begin)) == 0, "{}: {}", path_.string(),
            std::strerror(errno));
}

void SweepJournal::add(const std::string& key, const std::vector<std::string>& cells) {
  std::vector<std::string> row = {key};
  row.insert(row.end(), cells.begin(), cells.end());
  const std::string line = csv_line(row) + "\n";
  const ssize_t written = ::write(fd_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size()) || ::fdatasync(fd_) != 0)
    throw InputError(
        fmt::format("{}: cannot be written: {}", path_.string(), std::strerror(errno)));
}

}  // namespace unna
