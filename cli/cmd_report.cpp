// report: runs and sweeps on a page that opens in a browser.

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "flow/run_directory.h"
#include "report/report_page.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr CommandHelp kReportHelp = {
    "report", "DIR...",
    "Writes one HTML file that shows what is in the directories which simulate, fit and sweep\n"
    "left: the figures and what limits the run, the memory map, the timeline, the layers, the\n"
    "differences of two runs, the points of a sweep, the front of fit. It opens without a "
    "network."};

constexpr OptionRow kReportOptions[] = {
    {"output,o", "FILE", "report.html", "the page"},
    kQuietOption,
};

}  // namespace

CommandInterface report_interface() {
  return {kReportHelp, {std::begin(kReportOptions), std::end(kReportOptions)}};
}

int report_command(const Options& options) {
  constexpr std::string_view kReportFiles[] = {"output"};
  check_output_files(options, kReportFiles);
  if (options.positional().empty())
    throw InputError(
        "unnasim report: expected the directory of a run or a sweep, see unnasim "
        "report --help");
  std::vector<std::string> contents;
  std::set<std::string> seen;
  for (const std::string& directory : options.positional())
    if (!seen.insert(std::filesystem::weakly_canonical(directory).string()).second)
      throw InputError(
          fmt::format("unnasim report: '{}' is given twice, expected it once", directory));
  RunProgress progress(!options.flag("quiet"));
  for (const std::string& directory : options.positional()) {
    progress.stage(fmt::format("reading {}", directory));
    contents.push_back(packed_directory(directory));
  }
  progress.stage("writing the page");
  const std::string page = report_page(contents);
  OutputFiles files;
  files.add(options.required("output"), page);
  files.commit();
  progress.end_stage();
  say(options,
      fmt::format("{} ({})\n", options.required("output"),
                  readable_bytes(static_cast<Bytes>(page.size()))),
      kReportFiles);
  return kExitOk;
}

}  // namespace unna
