#pragma once

// A sweep in shares, each run by a process of its own, on any machine that sees the run directory,
// into a store of its own; then merged into the sweep's store (docs/sweeps.md, "On a cluster").

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

#include "flow/sweep_run.h"
#include "flow/sweep_store.h"

namespace unna {

/// Every `of`-th point, from the number-th on; 1 is the first.
struct SweepShare {
  std::size_t number = 1;
  std::size_t of = 1;

  bool has(std::size_t point) const { return point % of == number - 1; }
};

/// The store of the share in the sweep's run directory.
std::filesystem::path share_store(const std::filesystem::path& directory, const SweepShare& share);

/// Results of all shares in the run directory, whichever way they were shared out; of a key that
/// several have one that is final, if any is.
std::map<std::string, PointResult> share_results(const std::filesystem::path& directory);

/// Adds the shares' results to the sweep's store, but for those that would replace a final one. How
/// many were added.
std::size_t merge_shares(const std::filesystem::path& directory, SweepStore& store);

/// Removes the shares' stores: a new sweep begins.
void remove_shares(const std::filesystem::path& directory);

}  // namespace unna
