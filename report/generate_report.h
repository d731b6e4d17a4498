#pragma once

// What `unnasim generate` found out: a language model that reads a prompt and then makes one token
// after the other. docs/generate.md defines the figures.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/units.h"
#include "configs/machine.h"
#include "report/run_report.h"
#include "report/whole_network.h"

namespace unna {

/// One run of the network: `length` new tokens of each sequence behind `past` earlier ones.
struct StepFigures {
  std::int64_t past = 0, length = 1;
  bool simulated = true;  ///< else interpolated between its neighbours that are
  double cycles = 0;      ///< whole numbers where it is simulated, as are the bytes
  double dram_read = 0, dram_written = 0;
  double energy_pj = 0;
  double macs = 0;
  double work_pj = 0;  ///< of the energy, what instructions take however long they last
};

/// Of the largest step, one memory for all of them.
struct GenerateFootprint {
  Bytes weights = 0;
  Bytes states = 0;         ///< caches, with room for the whole context
  Bytes intermediates = 0;  ///< the planned arena
  Bytes inputs_outputs = 0;
  Bytes total = 0;        ///< with what alignment leaves free
  Bytes lower_bound = 0;  ///< of the intermediates
  std::string planner;
};

struct GenerateFunctional {
  std::size_t tensors = 0;   ///< of all steps, compared with the reference; 0: no --check
  double largest_error = 0;  ///< of them, relative (docs/functional.md)
  double whole_error = 0;    ///< of caches and last outputs against one run over all tokens
  std::uint64_t seed = 0;
};

struct GenerateReport {
  std::string version;
  std::string network;
  InputFile network_file;
  std::optional<InputFile> machine_file;
  MachineConfig machine;
  std::int64_t batch = 1;    ///< sequences
  std::int64_t prompt = 0;   ///< tokens of each
  std::int64_t tokens = 0;   ///< made for each; the first by the run over the prompt
  std::int64_t context = 0;  ///< tokens that the caches have room for
  std::uint64_t seed = 0;
  StepFigures prefill;
  std::vector<StepFigures> steps;  ///< ascending by past; one a token but the first
  std::size_t simulated = 0;       ///< of `steps`
  std::size_t kinds = 0;           ///< of their programs (flow/sample_steps.h)
  /// Largest deviation of a line between two simulated steps from a simulated one between them, as
  /// a share of the latter's cycles: where lines were found near enough to be kept.
  double deviation = 0;
  std::size_t proved = 0;         ///< programs that the layout was checked for: all
  std::int64_t perturbed = 0;     ///< replays under random delays
  std::vector<LeftOut> left_out;  ///< equal blocks that no program has, and all figures count
  GenerateFootprint footprint;
  std::optional<GenerateFunctional> functional;
  std::optional<HostFigures> host;
};

double first_token_seconds(const GenerateReport& report);
double decode_seconds(const GenerateReport& report);  ///< of all steps
/// Of a step, on average; 0 where there is none.
double token_seconds(const GenerateReport& report);
/// New tokens of all sequences by the time from start to end.
double tokens_per_second(const GenerateReport& report);
/// The same without the prompt and its token.
double decode_tokens_per_second(const GenerateReport& report);

std::string generate_text(const GenerateReport& report);
std::string generate_json(const GenerateReport& report);
/// A line a run: the prompt's, then the steps. Numbers are written in full.
std::string steps_csv(const GenerateReport& report);

}  // namespace unna
