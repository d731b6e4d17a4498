#include "report/limit.h"

#include <algorithm>

namespace unna {

ComputeShares compute_shares(const SimResult& result) {
  Cycle busy = 0, awaiting = 0;
  for (const CoreStats& core : result.cores) {
    const EngineStats& compute = core.engines[static_cast<std::size_t>(Engine::compute)];
    busy += compute.busy;
    awaiting += compute.stall[static_cast<std::size_t>(Stall::sync)] +
                compute.stall[static_cast<std::size_t>(Stall::done)];
  }
  const auto all = static_cast<double>(result.cycles) * static_cast<double>(result.cores.size());
  if (all == 0) return {};
  ComputeShares shares;
  shares.busy = static_cast<double>(busy) / all;
  shares.awaiting = static_cast<double>(awaiting) / all;
  shares.waiting = std::max(0.0, 1 - shares.busy - shares.awaiting);
  return shares;
}

Limit limit(const ComputeShares& shares, double memory_busy) {
  constexpr double kBusy = 0.5;
  constexpr double kSaturated = 0.9;
  if (memory_busy >= kSaturated && shares.busy < kSaturated) return Limit::bandwidth;
  if (shares.busy >= std::max(shares.waiting, shares.awaiting)) return Limit::compute;
  if (shares.awaiting > shares.waiting) return Limit::synchronisation;
  return memory_busy >= kBusy ? Limit::bandwidth : Limit::latency;
}

}  // namespace unna
