#pragma once

// The store of a sweep: one SQLite database (docs/sweeps.md, "The store"), written as points
// finish. It holds the grid (a row a point) and the results (a row a key); a view joins them. Every
// row carries a checksum, so that a damaged store is refused rather than believed in part.

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flow/sweep_columns.h"

namespace unna {

/// A point of the grid as the store knows it.
struct GridRow {
  std::string key;
  std::vector<Cell> axes;  ///< values, by axis
};

/// What a store holds.
struct StoredSweep {
  std::string name;  ///< of the sweep
  std::vector<std::string> axes;
  std::vector<GridRow> grid;                   ///< in the order of the sweep's points
  std::map<std::string, PointResult> results;  ///< by key; also of points of earlier grids
};

/// Reads a store that another process may be writing. Throws InputError, one line, where there is
/// none, or one that is damaged or of another version.
StoredSweep read_sweep_store(const std::filesystem::path& file);

/// The results of a store that another process may be writing or may have left unfinished; none
/// where it has not been begun. Throws as read_sweep_store().
std::map<std::string, PointResult> read_results(const std::filesystem::path& file);

enum class StoreStart { fresh, resume };
/// Who opens a store: processes of one machine, which lets them read while one writes, or of
/// several that share a file system.
enum class StoreHosts { one, several };

/// A store that is open for writing. One process at a time can have it.
class SweepStore {
 public:
  /// Opens `file`, creating it and its folder. `resume` keeps its results; `fresh` keeps an old
  /// store as `<file>.old`. Throws InputError, one line, where another process has it, where it
  /// can't be written, and with `resume` where it is damaged or of another version.
  SweepStore(const std::filesystem::path& file, StoreStart start,
             StoreHosts hosts = StoreHosts::one);
  ~SweepStore();
  SweepStore(const SweepStore&) = delete;
  SweepStore& operator=(const SweepStore&) = delete;

  const std::map<std::string, PointResult>& results() const { return results_; }

  /// Replaces the grid.
  void set_grid(const std::string& name, const std::vector<std::string>& axes,
                const std::vector<GridRow>& rows);
  /// Adds results, or replaces those of the same keys: all of them or, after a kill, none. On disk
  /// when it returns.
  void add(const std::vector<std::pair<std::string, PointResult>>& results);

 private:
  class Database;

  std::unique_ptr<Database> database_;
  std::map<std::string, PointResult> results_;
};

}  // namespace unna
