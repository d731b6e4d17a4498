#pragma once

// What `unnasim generate --requests` found out: requests that arrive at any time, served by one
// machine with continuous batching. docs/generate.md defines the figures.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/generate_report.h"

namespace unna {

struct Request {
  double arrival = 0;  ///< s
  std::int64_t prompt = 1, tokens = 1;
};

struct ServedRequest {
  Request request;
  std::int64_t slot = 0;
  double start = 0;  ///< s: its prompt's run begins
  double first = 0;  ///< its first token is there
  double end = 0;    ///< its last one is

  double first_token() const { return first - request.arrival; }
  double latency() const { return end - request.arrival; }
  /// Of the tokens behind the first; none where there are none.
  std::optional<double> per_token() const {
    if (request.tokens < 2) return std::nullopt;
    return (end - first) / static_cast<double>(request.tokens - 1);
  }
};

/// What the machine did.
struct ServeTimeline {
  std::vector<ServedRequest> requests;  ///< in the order of the file
  double end = 0;                       ///< s
  double busy = 0;                      ///< s
  std::int64_t prompts = 0, steps = 0;  ///< runs
  std::int64_t step_tokens = 0;         ///< that steps made
  double energy_pj = 0;
  double dram = 0;  ///< bytes
};

/// The smallest value that `share` of all are not above (nearest rank); 0 where there is none.
double percentile(std::vector<double> values, double share);

struct ServeReport {
  std::string version;
  std::string network;
  InputFile network_file, requests_file;
  std::optional<InputFile> machine_file;
  MachineConfig machine;
  std::int64_t slots = 1;
  std::int64_t context = 0;
  std::size_t simulated = 0;      ///< programs
  double deviation = 0;           ///< as GenerateReport::deviation
  std::vector<LeftOut> left_out;  ///< as GenerateReport::left_out
  ServeTimeline timeline;
  GenerateFootprint footprint;
  std::optional<HostFigures> host;
};

std::string serve_text(const ServeReport& report);
std::string serve_json(const ServeReport& report);
/// A line a request. Seconds are written in full: latencies are small beside late arrivals.
std::string served_csv(const ServeReport& report);

}  // namespace unna
