#pragma once

// Memory that nobody has written, as large as a machine may have it: 64 cores with three buffers of
// 1 GiB each.

#include <cstddef>
#include <span>
#include <vector>

#include "base/units.h"

namespace unna {

/// What memory holds that nobody has written: large in every number type, so that it is noticed.
inline constexpr std::byte kPoison{0x7f};

/// Bytes of poison. Large ones take memory of the host only where they are written, page by page.
class PoisonedMemory {
 public:
  /// Throws CapacityError where the host has not even the addresses.
  explicit PoisonedMemory(Bytes size);
  ~PoisonedMemory();
  PoisonedMemory(PoisonedMemory&& other) noexcept;
  PoisonedMemory(const PoisonedMemory&) = delete;
  PoisonedMemory& operator=(const PoisonedMemory&) = delete;

  std::span<std::byte> bytes() { return bytes_; }

 private:
  std::vector<std::byte> small_;
  std::span<std::byte> bytes_;
  std::size_t mapped_ = 0;  ///< bytes of address space; 0: small_ holds them
};

}  // namespace unna
