#include "flow/file_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/error.h"

namespace unna {

// A record lock of fcntl rather than flock(): a child that outlives its killed parent for a moment
// must not keep the lock, and network file systems know it.
FileLock::FileLock(const std::filesystem::path& file, const char* what)
    : fd_(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (fd_ < 0)
    throw InputError(fmt::format("{}: cannot be written: {}", file.string(), std::strerror(errno)));
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  struct flock other = whole;
  if (::fcntl(fd_, F_SETLK, &whole) == 0) return;
  const int reason = errno;
  std::string who;
  if (::fcntl(fd_, F_GETLK, &other) == 0 && other.l_type != F_UNLCK)
    who = fmt::format(" (process {})", other.l_pid);
  ::close(fd_);
  if (reason != EACCES && reason != EAGAIN)
    throw InputError(fmt::format("{}: cannot be locked: {}", file.string(), std::strerror(reason)));
  throw InputError(fmt::format("{}: {} is under way{}, expected none or another folder",
                               file.string(), what, who));
}

FileLock::~FileLock() {
  ::close(fd_);
}

}  // namespace unna
