#pragma once

// Figures of a whole network whose equal blocks were compiled and simulated once
// (workloads/equal_blocks.h).

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "base/units.h"
#include "cost/activity.h"
#include "energy/work.h"
#include "isa/object.h"
#include "report/conservation.h"
#include "workloads/equal_blocks.h"

namespace unna {

struct RunReport;

/// A row of equal blocks of which a program has some only.
struct LeftOut {
  std::size_t blocks = 0;           ///< of the network
  std::size_t simulated = 0;        ///< of the program
  std::vector<std::size_t> layers;  ///< of the program, the middle block's: as each other one

  double times() const { return static_cast<double>(blocks - simulated); }
};
/// Of the program that was compiled from the folded graph.
std::vector<LeftOut> left_out(const FoldedGraph& folded, const Object& object);

using BytesByKind = std::array<Bytes, kBufferKindNames.size()>;

/// What blocks that are not in a program would add to it.
struct LeftOutWork {
  Activity activity;
  Traffic traffic;
  double macs = 0;  ///< executed
  double layers = 0;
  /// Of buffers that a block alone uses, each rounded up to the alignment.
  BytesByKind bytes{};

  /// Of `bytes`, those that no block shares with another: all but intermediates.
  Bytes outside() const;
};
LeftOutWork left_out_work(const std::vector<LeftOut>& rows, const Object& object, const Work& work,
                          Bytes alignment);

/// A run's figures, and for every block that was left out those of the middle one once more.
struct WholeNetwork {
  std::vector<LeftOut> rows;
  double cycles = 0;
  double dram_read = 0, dram_written = 0;
  double macs = 0;  ///< executed
  double energy_pj = 0;
  double layers = 0;
  Bytes without_sharing = 0;
  Bytes total = 0;  ///< of the planned region, which the blocks share, and all other buffers
};
WholeNetwork whole_network(const RunReport& report, const Object& object,
                           const std::vector<LeftOut>& rows);

/// "3 of 32 equal blocks of 38 layers were compiled, simulated and validated; ..."
std::string left_out_text(const std::vector<LeftOut>& rows);

}  // namespace unna
