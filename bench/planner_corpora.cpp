#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "bench/planner_sections.h"
#include "flow/pipeline.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "text/units.h"

namespace unna::bench {
namespace {

namespace fs = std::filesystem;

double cpu_seconds() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// CSV files of a folder of the published ones, by name.
std::vector<fs::path> published_files(const std::string& folder) {
  const char* shared = std::getenv("UNNA_SHARED");
  const fs::path path = fs::path(shared != nullptr ? shared : "../shared") / "reference" / folder;
  std::vector<fs::path> files;
  if (fs::is_directory(path))
    for (const auto& entry : fs::directory_iterator(path))
      if (entry.path().extension() == ".csv") files.push_back(entry.path());
  std::ranges::sort(files);
  if (files.empty()) fmt::print("skipped: no {} (UNNA_SHARED)\n", path.string());
  return files;
}

/// Columns name, bytes, bytes_aligned64, first_op, last_op, shape.
std::string usage_as_csv(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::string csv = "id,size,lower,end\n";
  std::getline(lines, line);
  for (int row = 0; std::getline(lines, line); ++row) {
    std::vector<std::string> cells;
    std::istringstream fields(line);
    for (std::string cell; std::getline(fields, cell, ',');) cells.push_back(cell);
    csv += fmt::format("{},{},{},{}\n", row, cells.at(2), cells.at(3), cells.at(4));
  }
  return csv;
}

}  // namespace

Measured run_measured(std::string_view planner, const PlanProblem& problem,
                      const PlanOptions& options) {
  const double start = cpu_seconds();
  Measured result{run_planner(planner, problem, options), 0};
  result.seconds = cpu_seconds() - start;
  PlanProblem unlimited = problem;  // a plan that is too large is a result
  unlimited.capacity.reset();
  for (const Violation& violation : check_plan(unlimited, result.plan, 1))
    throw InternalError(fmt::format("{}: {}", planner, violation.message));
  return result;
}

double gap_of(const Plan& plan, Bytes bound) {
  return bound == 0 ? 0 : static_cast<double>(plan.peak - bound) / static_cast<double>(bound);
}

std::string gap_text(const Plan& plan) {
  return plan.proved_optimal ? "optimal" : percent(gap_of(plan, plan.lower_bound), 3);
}

double percentile(std::vector<double> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t rank = (values.size() * percent + 99) / 100;
  return values[std::max<std::size_t>(rank, 1) - 1];
}

std::vector<NamedProblem> minimalloc_corpus() {
  std::vector<NamedProblem> corpus;
  for (const fs::path& file : published_files("minimalloc"))
    if (file.filename() != "input.12.csv")
      corpus.push_back({file.stem().stem(), parse_problem_csv(read_file(file), file.string())});
  return corpus;
}

std::vector<NamedProblem> usage_records() {
  std::vector<NamedProblem> corpus;
  for (const fs::path& file : published_files("usage_records"))
    corpus.push_back(
        {file.stem(), parse_problem_csv(usage_as_csv(read_file(file)), file.string())});
  return corpus;
}

std::vector<NamedProblem> somas() {
  std::vector<NamedProblem> corpus;
  for (const fs::path& file : published_files("lifetimes"))
    if (file.stem() == "somas_resnet50")
      corpus.push_back({file.stem(), parse_problem_csv(read_file(file), file.string())});
  return corpus;
}

NamedProblem network_problem(const std::string& network, std::int64_t cores) {
  MachineChoice choice;
  choice.cores = cores;
  CompileOptions options;
  options.granularity = Granularity::band;
  const Compiled compiled = compile_network({fmt::format("workloads/{}.yaml", network), {}},
                                            choose_machine(choice), options);
  return {fmt::format("{} on {} cores", network, cores),
          unna::problem_of(compiled, execute(compiled), LivenessKind::instruction)};
}

const std::vector<Life> kPathologicalPacking = {{1, 10, 1}, {2, 3, 9}, {4, 13, 1},  {5, 6, 8},
                                                {7, 16, 1}, {8, 9, 7}, {11, 12, 8}, {14, 15, 7}};
const std::vector<Life> kFragmentation = {{2, 4, 1}, {1, 3, 2}, {0, 0, 3}, {4, 4, 3}, {0, 2, 4},
                                          {3, 3, 3}, {3, 3, 2}, {4, 4, 4}, {1, 1, 2}};

PlanProblem problem_of_lives(std::span<const Life> lives) {
  Lifetimes lifetimes;
  lifetimes.intervals.emplace();
  for (const Life& life : lives) {
    lifetimes.buffers.push_back({fmt::format("b{}", lifetimes.size()), life.size, {}, {}});
    lifetimes.intervals->push_back({life.first, life.last + 1});
  }
  return make_problem(std::move(lifetimes), 1);
}

}  // namespace unna::bench
