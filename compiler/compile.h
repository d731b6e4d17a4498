#pragma once

// The compiler: a network and a machine in, a relocatable object out.
//
// Passes, each a function over plain values: canonicalise (fold, fuse) -> lower (views, kernels) ->
// partition over cores -> tile to the on-chip buffers -> schedule (units and their dependences) ->
// emit -> synchronise (tokens inside a core, barriers between cores).

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "compiler/packing.h"
#include "compiler/parameters.h"
#include "compiler/placement.h"
#include "compiler/schedule.h"
#include "compiler/walk.h"
#include "configs/machine.h"
#include "isa/object.h"
#include "workloads/graph.h"

namespace unna {

/// How a tensor is stored: liveness is per buffer, so smaller buffers can die earlier.
enum class Granularity : std::uint8_t {
  tensor,  ///< one buffer
  slice,   ///< one buffer for each core's part
  band,    ///< each core's part in groups of rows
  /// One for what the same units write and, on each core, the same unit reads last.
  lifetime,
  /// In groups of rows where the transfers that the cuts add take next to no time, else one buffer.
  automatic,
};
inline constexpr std::string_view kGranularityNames[] = {"tensor", "slice", "band", "lifetime",
                                                         "auto"};

/// How an operator's output is divided among the cores.
enum class Partition : std::uint8_t {
  automatic,  ///< whatever the cost functions say is fastest, for each operator
  channels,   ///< output channels
  rows,       ///< output rows
  batch,      ///< samples of the batch; rows where the batch is too small
  branches,   ///< independent branches on different groups of cores, `automatic` inside a group
};
inline constexpr std::string_view kPartitionNames[] = {"auto", "channels", "rows", "batch",
                                                       "branches"};

/// A schedule as text (compiler/walk.h), and where it comes from, for messages.
struct ScheduleText {
  std::string file;
  std::string text;
};
/// Where cores wait for one another.
enum class Barriers : std::uint8_t {
  data,    ///< only where a core reads what another one wrote
  layers,  ///< after each layer, as topology liveness takes for granted; the rest of the program is
           ///< the same
};
inline constexpr std::string_view kBarriersNames[] = {"data", "layers"};

/// What a user gets who does not say; programs that share a layout, and walks, take others.
inline constexpr Granularity kDefaultGranularity = Granularity::automatic;

struct TileMemo;

struct CompileOptions {
  Granularity granularity = Granularity::tensor;
  Partition partition = Partition::automatic;
  std::int64_t bands = 4;  ///< groups of rows a core's part is cut into, with band and automatic
  /// Of the kernels that lower_network() makes of the same network and machine; null: layer by
  /// layer.
  std::shared_ptr<const WalkPlan> walks = nullptr;
  std::optional<ScheduleText> schedule = std::nullopt;  ///< instead of `walks`
  Barriers barriers = Barriers::data;
  /// Weights that another program has packed, and that this one takes as they are; null: none.
  /// Layer by layer only.
  std::shared_ptr<const PackedWeights> packed = nullptr;
  /// What units wait for besides the data that they read: indices of CompileResult::uses of the
  /// program without these. Layer by layer not with Barriers::layers.
  std::vector<UnitOrder> waits = {};
  bool unit_uses = false;  ///< fill in CompileResult::uses
  /// Tiles of other programs for the same machine, to which this one's are added; null: none. The
  /// program does not depend on it.
  std::shared_ptr<TileMemo> tiles = nullptr;
};

/// A unit (a core's part of a layer, or of a band of it) that reads or writes a buffer.
struct UnitUse {
  std::size_t unit = 0;  ///< its place in the schedule
  std::size_t step = 0;  ///< units of one step may run at the same time, and all others one by one
  CoreId core;
  bool writes = false;
};

struct CompileResult {
  Object object;
  // What functional simulation has to know; the object says nothing of values.
  std::vector<Parameter> parameters;  ///< of every weight buffer
  Placement placement;
  PackedWeights packed;  ///< of products and convolutions
  /// Of each intermediate buffer, by BufferId, ascending by unit; only with
  /// CompileOptions::unit_uses.
  std::vector<std::vector<UnitUse>> uses;
  // Text of the intermediate values, for `--dump`.
  std::string graph;      ///< after canonicalisation: kernels with their views
  std::string partition;  ///< for each kernel the grid and the estimate it was chosen by
  std::string tiles;      ///< for each kernel the tile sizes, loop order and estimated traffic
  std::string schedule;   ///< the walks (compiler/walk.h)
};

/// The kernels of a network on a machine, with the masks of pruned synapses.
LoweredGraph lower_network(const Graph& graph, const MachineConfig& machine);

/// Deterministic: the same arguments give the same bytes. Throws InputError listing every operator
/// that can't be lowered, and CapacityError where a single tile does not fit the buffers.
CompileResult compile(const Graph& graph, const MachineConfig& machine,
                      const CompileOptions& options);

}  // namespace unna
