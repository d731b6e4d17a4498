#include "sim/poisoned_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/units.h"

namespace unna {
namespace {

/// Smaller ones are cheaper as they are.
constexpr std::size_t kLarge = std::size_t{1} << 20U;
/// Of poison, mapped as often as it takes: few mappings, and little memory for the one copy.
constexpr std::size_t kPiece = std::size_t{1} << 24U;

[[noreturn]] void refuse(std::size_t size) {
  throw CapacityError(
      fmt::format("the host can't map {} bytes for the contents of a core's buffer: "
                  "{}, expected a machine with smaller buffers or fewer cores",
                  size, std::strerror(errno)));
}

/// A file of one piece of poison, in memory; made once.
int poison_file() {
  static const int file = [] {
    const int fd = ::memfd_create("poison", MFD_CLOEXEC);
    if (fd < 0 || ::ftruncate(fd, kPiece) != 0) refuse(kPiece);
    void* const at = ::mmap(nullptr, kPiece, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED) refuse(kPiece);
    std::memset(at, std::to_integer<int>(kPoison), kPiece);
    ::munmap(at, kPiece);
    return fd;
  }();
  return file;
}

}  // namespace

PoisonedMemory::PoisonedMemory(Bytes size) {
  const auto count = static_cast<std::size_t>(size);
  if (count < kLarge) {
    small_.assign(count, kPoison);
    bytes_ = small_;
    return;
  }
  const int file = poison_file();
  const std::size_t whole = (count + kPiece - 1) / kPiece * kPiece;
  void* const all =
      ::mmap(nullptr, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (all == MAP_FAILED) refuse(whole);
  mapped_ = whole;
  auto* const begin = static_cast<std::byte*>(all);
  for (std::size_t at = 0; at < whole; at += kPiece)
    if (::mmap(begin + at, kPiece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED,
               file, 0) == MAP_FAILED) {
      const int error = errno;
      ::munmap(all, whole);
      errno = error;
      refuse(whole);
    }
  bytes_ = {begin, count};
}

PoisonedMemory::~PoisonedMemory() {
  if (mapped_ > 0) ::munmap(bytes_.data(), mapped_);
}

PoisonedMemory::PoisonedMemory(PoisonedMemory&& other) noexcept
    : small_(std::move(other.small_)),
      bytes_(std::exchange(other.bytes_, {})),
      mapped_(std::exchange(other.mapped_, 0)) {}

}  // namespace unna
