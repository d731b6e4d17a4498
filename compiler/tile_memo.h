#pragma once

// Tiles that have been searched for, for all programs of one machine: a search takes time, and the
// programs that a search of walks tries have most of their tiles in common.

#include <cstdint>
#include <map>
#include <tuple>

#include "compiler/plan.h"
#include "compiler/tile.h"

namespace unna {

/// What was found does not depend on the order of the searches. Not for several threads at a time.
struct TileMemo {
  /// By shape, cores that use the DRAM at that time, and bytes of SB.
  std::map<std::tuple<MacShape, std::int64_t, Bytes>, Tile> mac;
  std::map<std::tuple<WindowShape, std::int64_t, Bytes>, Tile> window;

  /// Takes what `other` has and this one has not.
  void merge(TileMemo&& other) {
    mac.merge(other.mac);
    window.merge(other.window);
  }
};

}  // namespace unna
