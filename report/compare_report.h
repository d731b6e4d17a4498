#pragma once

// What `unnasim compare` found out: the bytes that a network's intermediates need on a machine
// under each kind of liveness and each planner. docs/metrics.md defines the columns.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "report/columns.h"
#include "report/explain.h"
#include "report/explain_peaks.h"
#include "report/run_report.h"

namespace unna {

/// The same network as another program: with a barrier after each layer and planned from its
/// topology, which is what frameworks do, where it is right; or walked below the tensor.
struct OtherProgram {
  Cycle cycles = 0;  ///< of the run without sharing
  double latency_seconds = 0;
  MemoryFigures plan;  ///< of the planner that the averages are about; validated
};

/// One network on one machine.
struct CompareCase {
  std::string network;
  std::int64_t cores = 0;
  std::string machine;
  Cycle cycles = 0;
  double latency_seconds = 0;
  std::optional<double> compile_seconds;  ///< none with --no-timing
  Bytes without_sharing = 0;
  std::vector<MemoryFigures> plans;  ///< by liveness, then planner
  ValidationFigures validation;      ///< of every plan not marked unsafe
  std::optional<OtherProgram> barriers;
  std::optional<OtherProgram> walk;      ///< where one within the limits needs less memory
  std::vector<Gain> gains;               ///< with --explain
  std::optional<PeakExplanation> peaks;  ///< with --explain
};

/// The plan of a liveness kind and planner, or nullptr.
const MemoryFigures* find_plan(const CompareCase& c, std::string_view liveness,
                               std::string_view planner);

/// What a plan saves of the bytes that TensorFlow's manager needs from topology liveness; nothing
/// where that did not take part.
std::optional<double> versus_bfc(const CompareCase& c, const MemoryFigures& plan);
/// What a plan saves of the bytes that the program with a barrier after each layer needs.
std::optional<double> versus_barriers(const CompareCase& c, const MemoryFigures& plan);

/// Mean over the networks that ran on this many cores.
struct CompareAverage {
  std::int64_t cores = 0;
  std::size_t networks = 0;
  std::optional<double> versus_none;      ///< 1 - instruction/best planner over without sharing
  std::optional<double> versus_bfc;       ///< the same over topology/bfc (TensorFlow's manager)
  std::optional<double> versus_barriers;  ///< the same over the program with a barrier a layer
  /// 1 - the peak / without sharing, of walks where they need less, else as above; with --walks
  std::optional<double> walks_versus_none;
  std::optional<double> time_saved;  ///< 1 - cycles / cycles of that program
};
/// `planner` under instruction liveness against the denominators; ascending cores.
std::vector<CompareAverage> averages(const std::vector<CompareCase>& cases,
                                     std::string_view planner);

struct CompareReport {
  std::string version;
  std::string granularity;  ///< how tensors are stored
  std::uint64_t seed = 0;
  std::vector<CompareCase> cases;
  std::string planner;  ///< the one that the averages are about
};

std::string compare_text(const CompareReport& report);
std::string compare_json(const CompareReport& report);

/// What a row of compare.csv is about: in compare.json, figures of the case stand once.
struct ComparePlanRow {
  const CompareCase& of;
  const MemoryFigures& plan;
  const OtherProgram* other;  ///< set: the plan is of that program

  bool is_walk() const { return of.walk && other == &*of.walk; }
};
enum class CompareScope : std::uint8_t { of_case, of_plan };
struct CompareColumn {
  Column<ComparePlanRow> column;
  CompareScope scope;
};
std::span<const CompareColumn> compare_columns();
std::string compare_csv(const CompareReport& report);

}  // namespace unna
