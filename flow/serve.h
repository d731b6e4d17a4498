#pragma once

// Requests that arrive at any time, served by continuous batching (Yu et al., "Orca", OSDI 2022):
// sequences join and leave between steps.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "flow/generate.h"
#include "report/serve_report.h"

namespace unna {

/// CSV with the columns arrival (seconds), prompt and tokens (numbers of them). Throws InputError.
std::vector<Request> parse_requests(const std::string& text, const std::string& file);

/// What a run takes: cycles, bytes and energy.
using RunCost = std::function<StepFigures(const StepShape&)>;

/// One machine, one run at a time. A request that has arrived and for which there is a slot has its
/// prompt run next, the earliest first (at a tie in the file's order); else all sequences make a
/// token in one step. Sequences keep their slot, the lowest that is free when they come: a step
/// costs what one of all slots up to the highest in use does, behind the longest past among them.
ServeTimeline serve_requests(const std::vector<Request>& requests, std::int64_t slots,
                             double clock_hz, const RunCost& cost);

/// The same with the costs of a network on a machine: simulated at some lengths and batches,
/// between these on lines. The layout is checked for every program that is simulated; prompts also
/// in the last slot.
ServeReport serve(const NetworkChoice& network, const std::filesystem::path& requests,
                  const ChosenMachine& machine, const GenerateOptions& options, bool timing);

}  // namespace unna
