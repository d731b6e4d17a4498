#pragma once

// What `fit` measured, as a table for people and one for tools.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "report/columns.h"

namespace unna {

struct FitRow {
  Bytes footprint = 0;  ///< peak of a layout found
  Bytes bound = 0;      ///< of any layout of the program
  Cycle cycles = 0;
  Bytes dram_bytes = 0;
  double energy_pj = 0;
  std::size_t buffers = 0;
  std::size_t walked = 0;         ///< kernels that are not layer by layer
  Bytes estimated_footprint = 0;  ///< what the search expected; 0 for layer by layer
  Cycle estimated_cycles = 0;     ///< likewise
  bool front = false;             ///< no other row is better in footprint, cycles and DRAM bytes
  bool chosen = false;
};

/// The rows of the front and the chosen one, by descending footprint, beside `layers`, which is
/// layer by layer, and beside `row_bound`: what no order of whole lines needs less than.
std::string fit_text(const std::vector<FitRow>& rows, const FitRow& layers, Bytes row_bound);
Columns<FitRow> fit_columns();
/// All rows.
std::string fit_csv(const std::vector<FitRow>& rows);

/// What was searched, for `fit --json`.
struct FitSubject {
  std::string_view version;
  std::string_view network;
  std::string_view machine;
  std::int64_t cores = 0;
  std::string_view objective;
  std::optional<Bytes> budget;  ///< of the intermediates; none: no limit
  Bytes row_bound = 0;          ///< what no order of whole lines needs less than
};
/// All of the rows with what was searched (report/schemas/fit.schema.json).
std::string fit_json(const std::vector<FitRow>& rows, const FitSubject& of);

}  // namespace unna
