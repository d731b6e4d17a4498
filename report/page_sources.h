#pragma once

// The files of report/page, which the build puts into the program. Private to report's sources.

#include <array>
#include <string>
#include <string_view>

namespace unna {

/// In the order in which the page has them: each uses only what stands before it, but for what it
/// calls when the page is open.
inline constexpr std::array<std::string_view, 28> kPageScripts = {
    "data.js",        "format.js",          "tips.js",          "palette.js",  "causes.js",
    "selection.js",   "interval.js",        "canvas.js",        "chart.js",    "table.js",
    "liveness.js",    "roofline.js",        "machine.js",       "overview.js", "buffers.js",
    "memory.js",      "curves.js",          "barriers.js",      "idle.js",     "timeline.js",
    "engines.js",     "synchronisation.js", "timeline_view.js", "layers.js",   "compare.js",
    "differences.js", "sweep.js",           "main.js"};

/// Throws InternalError where the build has no file of this name.
std::string page_source(std::string_view name);

}  // namespace unna
