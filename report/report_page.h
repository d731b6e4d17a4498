#pragma once

// report.html: one file with everything in it (docs/report.md). What a page shows is packed here;
// how it is shown is in the sources under report/page, which are built into the program.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isa/object.h"
#include "isa/trace.h"
#include "report/columns.h"

namespace unna {

/// The files of a run directory, as `simulate` and `fit` leave them.
struct PageRun {
  std::string path;
  std::string summary;                  ///< summary.json
  std::string layers;                   ///< layers.csv
  std::string plan;                     ///< plan.csv
  Object object;                        ///< program.uno
  Trace trace;                          ///< trace.unt
  std::optional<std::string> front;     ///< front.csv of `fit`
  std::optional<std::string> schedule;  ///< schedule.txt of `fit`
};

/// The points of a sweep: a row each, axes first.
struct PageSweep {
  std::string path;
  std::string name;
  std::vector<std::string> axes;
  std::vector<ColumnInfo> figures;
  std::vector<std::vector<Cell>> rows;  ///< values of the axes, then figures
};

/// What a page holds of a run or of a sweep, packed. Throws InputError, one line, where the files
/// of a run do not belong together.
std::string packed_run(const PageRun& run);
std::string packed_sweep(const PageSweep& sweep);

/// The page. The same contents give the same bytes.
std::string report_page(std::span<const std::string> contents);

}  // namespace unna
