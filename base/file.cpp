#include "base/file.h"

#include <fmt/format.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/error.h"

namespace unna {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  if (fs::is_directory(path))
    throw InputError(fmt::format("{}: is a directory, expected a file", path.string()));
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw InputError(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  std::ostringstream content;
  content << in.rdbuf();
  return std::move(content).str();
}

void write_file(const fs::path& path, std::string_view content) {
  std::error_code ec;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), ec);
  const fs::path beside = path.string() + fmt::format(".{}.tmp", ::getpid());
  {
    std::ofstream out(beside, std::ios::binary | std::ios::trunc);
    out.write(content.data(), static_cast<std::streamsize>(content.size()));
    out.flush();
    if (!out) {
      const std::string reason = std::strerror(errno);
      fs::remove(beside, ec);
      throw InputError(fmt::format("{}: cannot be written: {}", path.string(), reason));
    }
  }
  fs::rename(beside, path, ec);
  if (ec) {
    const std::string reason = ec.message();
    fs::remove(beside, ec);
    throw InputError(fmt::format("{}: cannot be written: {}", path.string(), reason));
  }
}

std::uint64_t hash_bytes(std::string_view bytes) {
  return XXH64(bytes.data(), bytes.size(), 0);
}

std::string hash_hex(std::string_view bytes) {
  return fmt::format("{:016x}", hash_bytes(bytes));
}

}  // namespace unna
