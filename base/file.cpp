#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/output_file.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& path, int error) {
  throw InputError(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(error)));
}

}  // namespace

std::string read_descriptor(int fd, const fs::path& path) {
  constexpr std::size_t kPiece = 1 << 16;
  std::string content;
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
    content.reserve(static_cast<std::size_t>(status.st_size) + kPiece);
  for (;;) {
    const std::size_t end = content.size();
    content.resize(end + kPiece);
    const ssize_t got = ::read(fd, &content[end], kPiece);
    const int error = errno;
    content.resize(end + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got == 0) return content;
    if (got < 0 && error != EINTR) fail(path, error);
  }
}

std::string read_file(const fs::path& path) {
  if (fs::is_directory(path))
    throw InputError(fmt::format("{}: is a directory, expected a file", path.string()));
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path, errno);
  const std::unique_ptr<const int, void (*)(const int*)> closer(&fd,
                                                                [](const int* f) { ::close(*f); });
  return read_descriptor(fd, path);
}

void write_file(const fs::path& path, std::string_view content) {
  OutputFile file(path);
  file.write(content);
  file.finish();
  file.publish();
}

std::uint64_t hash_bytes(std::string_view bytes) {
  return XXH64(bytes.data(), bytes.size(), 0);
}

std::string hash_hex(std::string_view bytes) {
  return fmt::format("{:016x}", hash_bytes(bytes));
}

}  // namespace unna
