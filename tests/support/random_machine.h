#pragma once

// Machines and compiler options for random tests: small buffers, odd numbers of cores.

#include <array>

#include "base/rng.h"
#include "compiler/compile.h"
#include "configs/machine.h"

namespace unna {

inline MachineConfig random_machine(Rng& rng, DataType type) {
  constexpr std::int64_t kCores[] = {1, 2, 3, 4, 5, 8, 16};
  MachineConfig m;
  m.cores = kCores[rng.below(std::size(kCores))];
  m.core.pes = 1 << rng.below(5);
  m.core.multipliers = 1 << rng.below(5);
  m.core.nbin_bytes = 1024 << rng.below(5);
  m.core.nbout_bytes = 1024 << rng.below(5);
  m.core.sb_bytes = 4096 << rng.below(5);
  m.core.queue_depth = rng.between(1, 16);
  m.core.dma_outstanding = rng.between(1, 4);
  m.core.fraction_bits = rng.between(5, 11);
  m.core.table_bits = rng.between(2, 6);
  m.data_type = type;
  const bool whole = type == DataType::int16 || type == DataType::int8;
  if (whole && rng.chance(1, 4)) m.core.accumulator_bytes = 8;
  return m;
}

inline CompileOptions random_options(Rng& rng) {
  CompileOptions o;
  constexpr std::array kGranularities = {Granularity::tensor, Granularity::slice, Granularity::band,
                                         Granularity::automatic};
  o.granularity = kGranularities.at(rng.below(kGranularities.size()));
  o.partition = static_cast<Partition>(rng.below(5));
  o.bands = rng.between(1, 8);
  return o;
}

}  // namespace unna
