#pragma once

// What `unnasim plan NETWORK --objective peak,waits` finds: layouts smaller than the program's own
// synchronisation allows, and what the waiting costs that makes them valid (docs/planning.md, "Few
// waits").

#include <cstdint>
#include <string>
#include <vector>

#include "base/units.h"
#include "report/columns.h"
#include "report/run_report.h"

namespace unna {

/// A layout, with the program that waits as it asks for.
struct WaitsRow {
  std::string name;
  Bytes peak = 0;
  std::int64_t cost = 0;  ///< weights of the pairs that share bytes though nothing orders them
  std::int64_t cost_bound = 0;  ///< no layout of that peak costs less
  std::int64_t pairs = 0;       ///< these pairs
  std::int64_t signals = 0;     ///< that were added to the program
  Cycle cycles = 0;             ///< of the program with them
  double slowdown = 0;          ///< cycles over those of the program without, less 1
};

struct WaitsReport {
  std::string network, machine;
  std::int64_t cores = 0;
  std::int64_t pairs = 0;  ///< that a barrier after each step would order, and the program does not
  Bytes in_step = 0;       ///< least peak that is known with these barriers
  std::vector<WaitsRow> rows;
  ValidationFigures validation;  ///< of every row
};

Columns<WaitsRow> waits_columns();
std::string waits_text(const WaitsReport& report);
std::string waits_csv(const WaitsReport& report);

}  // namespace unna
