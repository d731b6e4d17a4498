#pragma once

// How each kernel is divided over the cores, and tiled: what partitioning hands to scheduling and
// emission. The unit of work is (core, kernel, box of the output).

#include <memory>
#include <variant>
#include <vector>

#include "compiler/ir.h"
#include "compiler/tile.h"

namespace unna {

/// Tile of an element-wise or row-wise kernel: extents of the box that is on chip at a time.
struct PointTile {
  Dims extent{1, 1, 1, 1, 1};
  std::int64_t slots = 2;  ///< of each operand and of the result; with one nothing overlaps
  bool pieces = false;     ///< rows are longer than the tile: three passes over their pieces
  Cycle compute = 0;
  Bytes traffic = 0;
  Cycle time = 0;
};

using Tile = std::variant<MacTile, WindowTile, PointTile>;

struct UnitOfWork {
  KernelId kernel;
  CoreId core;
  Box box;

  friend bool operator==(const UnitOfWork&, const UnitOfWork&) = default;
};

/// Cores [first, first + count) work on the kernel; its output is cut into batch x rows x columns x
/// channels boxes, one for each core in that order.
struct Grid {
  std::int64_t batch = 1, rows = 1, channels = 1, columns = 1;

  std::int64_t units() const { return batch * rows * columns * channels; }
};

class SynapseTable;

/// Bytes [begin, end) of a core's SB, for the synapses and biases of a kernel.
struct SbRoom {
  Bytes begin = 0, end = 0;
  /// There is room for all that the core's units need: it is loaded once, and stays while the
  /// kernel's walk lasts. Otherwise each unit loads anew, slot by slot.
  bool stay = false;

  Bytes bytes() const { return end - begin; }
};

/// All units of a kernel. Their synapses are packed in one way: `tile` says how, and is that of
/// every unit where no tiles of their own are scheduled.
struct KernelPlan {
  KernelId kernel;
  Grid grid;
  std::vector<UnitOfWork> units;
  Tile tile;
  Cycle estimate = 0;  ///< cycles of the slowest unit, and of waiting for other cores
  /// The synapses' tiles where they are step-indexed or in groups; null: dense.
  std::shared_ptr<const SynapseTable> synapses = nullptr;
  SbRoom sb;            ///< on each of its cores
  bool walked = false;  ///< band by band: its units are short, and are emitted as one flow
};

}  // namespace unna
