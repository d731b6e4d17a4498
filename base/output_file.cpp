#include "base/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "base/error.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kStandardOutput[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};

[[noreturn]] void fail(const fs::path& path, int error) {
  throw InputError(fmt::format("{}: cannot be written: {}", path.string(), std::strerror(error)));
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

enum class Way {
  standard_output,
  beside,   ///< and renamed
  append,   ///< what an open file descriptor names
  through,  ///< a device, a FIFO
};

/// How a name is written.
struct Target {
  Way way = Way::beside;
  fs::path file;               ///< behind symbolic links
  std::optional<mode_t> mode;  ///< of a file that is there, as are the next two
  uid_t owner = 0;
  gid_t group = 0;
};

/// What is behind symbolic links, which need not be there.
fs::path followed(const fs::path& path) {
  constexpr int kMaxLinks = 40;  // as Linux
  fs::path at = path;
  std::error_code ignored;
  for (int i = 0; i < kMaxLinks; ++i) {
    if (fs::symlink_status(at, ignored).type() != fs::file_type::symlink) return at;
    at = directory_of(at) / fs::read_symlink(at, ignored);
  }
  fail(path, ELOOP);
}

/// Links in there name open files, and can be opened only as they are.
bool among_descriptors(const fs::path& path) {
  std::error_code ec;
  return fs::canonical(directory_of(path), ec).string().starts_with("/proc/");
}

Target target_of(const fs::path& path) {
  if (path.empty()) throw InputError("an output file has no name, expected one");
  if (is_standard_output(path)) return {Way::standard_output, path, {}};
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) fail(path, errno);
    return {Way::beside, followed(path), {}};
  }
  if (S_ISDIR(status.st_mode))
    throw InputError(fmt::format("{}: is a directory, expected a file", path.string()));
  if (!S_ISREG(status.st_mode)) return {Way::through, path, {}};
  if (among_descriptors(path)) return {Way::append, path, {}};
  return {Way::beside, followed(path), status.st_mode & 07777U, status.st_uid, status.st_gid};
}

void check(const fs::path& path, const Target& target) {
  if (target.way == Way::standard_output) return;
  if ((target.mode || target.way != Way::beside) &&
      ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0)
    fail(path, errno);
  if (target.way != Way::beside) return;
  const fs::path directory = directory_of(target.file);
  std::error_code ec;
  if (!fs::exists(directory, ec) && !ec)
    throw InputError(fmt::format("{}: cannot be written: there is no directory {}, expected one",
                                 path.string(), directory.string()));
  if (!target.file.has_filename())
    throw InputError(fmt::format("{}: names a directory, expected a file", path.string()));
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) fail(path, errno);
}

/// A new file in the same directory. Its name is short, whatever the length of the other.
std::pair<int, fs::path> open_beside(const fs::path& path, const Target& target) {
  constexpr int kTries = 10'000;
  for (int i = 0; i < kTries; ++i) {
    const fs::path beside =
        directory_of(target.file) / fmt::format(".unnasim.{}.{}.tmp", ::getpid(), i);
    const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0) return {fd, beside};
    if (errno != EEXIST) fail(path, errno);
  }
  fail(path, EEXIST);
}

/// A rename is certain only when its directory is on the disk. Some file systems can't do that.
void sync_directory(const fs::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

bool is_standard_output(const fs::path& path) {
  return std::ranges::find(kStandardOutput, path.string()) != std::end(kStandardOutput);
}

void check_output_file(const fs::path& path) {
  check(path, target_of(path));
}

void check_output_directory(const fs::path& path) {
  if (path.empty()) throw InputError("an output directory has no name, expected one");
  if (is_standard_output(path))
    throw InputError(fmt::format("{}: is standard output, expected a directory", path.string()));
  fs::path there = path;
  std::error_code ec;
  while (!fs::exists(fs::symlink_status(there, ec)) && there.has_parent_path() &&
         there != there.parent_path())
    there = there.parent_path();
  if (!fs::exists(fs::symlink_status(there, ec))) there = ".";
  if (!fs::is_directory(there, ec))
    throw InputError(fmt::format("{}: cannot be made: {} is not a directory, expected one",
                                 path.string(), there.string()));
  if (::faccessat(AT_FDCWD, there.c_str(), W_OK | X_OK, AT_EACCESS) != 0) fail(path, errno);
}

struct OutputFile::State {
  explicit State(const fs::path& name) : path(name), target(target_of(name)) {}

  void open() {
    check(path, target);
    if (target.way == Way::standard_output) return;
    if (target.way == Way::beside) {
      std::tie(fd, beside) = open_beside(path, target);
      // Who may not give files away owns the new one: that is no reason to fail.
      if (target.mode && ::fchown(fd, target.owner, target.group) != 0 && errno != EPERM)
        fail(path, errno);
      if (target.mode && ::fchmod(fd, *target.mode) != 0) fail(path, errno);
      return;
    }
    fd = ::open(path.c_str(),
                O_WRONLY | O_CLOEXEC | O_NOCTTY | (target.way == Way::append ? O_APPEND : 0));
    if (fd < 0) fail(path, errno);
  }
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }

  fs::path path;
  Target target;
  int fd = -1;
  fs::path beside;  ///< what is to be renamed; empty: nothing
};

OutputFile::OutputFile(const fs::path& path) : state_(std::make_unique<State>(path)) {
  state_->open();
}

OutputFile::~OutputFile() {
  state_->close();
  std::error_code ignored;
  if (!state_->beside.empty()) fs::remove(state_->beside, ignored);
}

void OutputFile::write(std::string_view bytes) {
  if (state_->target.way == Way::standard_output) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size())
      fail(state_->path, errno);
    return;
  }
  while (!bytes.empty()) {
    const ssize_t written = ::write(state_->fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(state_->path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void OutputFile::finish() {
  if (state_->target.way == Way::standard_output) {
    if (std::fflush(stdout) != 0) fail(state_->path, errno);
    return;
  }
  if (!state_->beside.empty() && ::fsync(state_->fd) != 0 && errno != EINVAL)
    fail(state_->path, errno);
  // Some file systems say only here that they have no space left.
  if (::close(std::exchange(state_->fd, -1)) != 0) fail(state_->path, errno);
}

void OutputFile::publish() {
  if (state_->beside.empty()) return;
  if (::rename(state_->beside.c_str(), state_->target.file.c_str()) != 0) fail(state_->path, errno);
  state_->beside.clear();
  sync_directory(directory_of(state_->target.file));
}

struct OutputFiles::Pending {
  fs::path path;
  std::string content;               ///< of what is not written beside
  std::unique_ptr<OutputFile> file;  ///< finished; none: not written beside
};

fs::path file_identity(const fs::path& path) {
  std::error_code none;
  return fs::weakly_canonical(fs::absolute(path, none), none);
}

OutputFiles::OutputFiles() = default;

OutputFiles::~OutputFiles() {
  pending_.clear();
  std::error_code ignored;
  std::for_each(made_.rbegin(), made_.rend(), [&](const fs::path& directory) {
    fs::remove(directory, ignored);  // which a directory with files in it survives
  });
}

void OutputFiles::make_directory(const fs::path& path) {
  fs::path at;
  for (const fs::path& part : path) {
    at /= part;
    std::error_code ec;
    if (fs::create_directory(at, ec)) made_.push_back(at);
    if (ec == std::errc::file_exists || ec == std::errc::not_a_directory)
      throw InputError(fmt::format("{}: cannot be made: {} is not a directory, expected one",
                                   path.string(), at.string()));
    if (ec) throw InputError(fmt::format("{}: cannot be made: {}", path.string(), ec.message()));
  }
}

void OutputFiles::add(const fs::path& path, std::string content) {
  const Target target = target_of(path);
  if (target.way == Way::beside) claim(path);
  check(path, target);
  Pending pending{path, {}, nullptr};
  if (target.way == Way::beside) {
    pending.file = std::make_unique<OutputFile>(path);
    pending.file->write(content);
    pending.file->finish();
  } else {
    pending.content = std::move(content);
  }
  pending_.push_back(std::move(pending));
}

void OutputFiles::keep(const fs::path& path) {
  std::error_code none;
  if (fs::is_regular_file(path, none)) kept_.insert(file_identity(path));
}

void OutputFiles::claim(const fs::path& path) {
  if (is_standard_output(path)) return;
  const fs::path file = file_identity(path);
  if (kept_.contains(file))
    throw InputError(
        fmt::format("{}: would be overwritten though the run reads it, expected "
                    "another place for outputs",
                    path.string()));
  if (!claimed_.insert(file).second)
    throw InputError(fmt::format("{}: would be written twice, expected outputs of different names",
                                 path.string()));
}

void OutputFiles::remove(const fs::path& path) {
  removed_.push_back(path);
}

void OutputFiles::commit() {
  for (const Pending& pending : pending_) {
    if (pending.file) {
      pending.file->publish();
      continue;
    }
    OutputFile through(pending.path);
    through.write(pending.content);
    through.finish();
  }
  std::error_code none;
  for (const fs::path& path : removed_) {
    const fs::path file = file_identity(path);
    if (!claimed_.contains(file) && !kept_.contains(file)) fs::remove(path, none);
  }
  removed_.clear();
  pending_.clear();
  made_.clear();
}

void make_directory(const fs::path& path) {
  OutputFiles files;
  files.make_directory(path);
  files.commit();
}

}  // namespace unna
