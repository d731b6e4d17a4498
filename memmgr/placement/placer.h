#pragma once

#include <cstdint>

#include "base/units.h"
#include "memmgr/placement/fit.h"

namespace unna {

/// Buffers of a problem that lie somewhere already, and the places that they leave. Reserved ranges
/// are taken from the start.
class Placer {
 public:
  virtual ~Placer() = default;
  virtual void put(std::uint32_t buffer, Bytes at) = 0;
  /// The place of a buffer among those that it conflicts with.
  virtual Bytes find(std::uint32_t buffer, Fit fit) = 0;
};

}  // namespace unna
