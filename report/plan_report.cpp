#include "report/plan_report.h"

#include <fmt/format.h>

#include <filesystem>

#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/plan_explanation.h"
#include "text/units.h"

namespace unna {
namespace {

/// Which columns there are besides those that always are.
struct Shown {
  bool pools = false;
  bool waits = false;
  bool timing = false;
};

std::vector<std::string> titles(const Shown& shown) {
  std::vector<std::string> names = {"file", "planner"};
  if (shown.pools) names.emplace_back("pool");
  for (const char* name :
       {"buffers", "without\nsharing", "peak", "lower\nbound", "above\nbound", "saved"})
    names.emplace_back(name);
  if (shown.waits) names.emplace_back("waits");
  names.emplace_back("seed");
  if (shown.timing) {
    names.emplace_back("planning");
    names.emplace_back("checking");
  }
  names.emplace_back("remark");
  return names;
}

double above(const Plan& plan) {
  if (plan.lower_bound == 0) return 0;
  return static_cast<double>(plan.fragmentation()) / static_cast<double>(plan.lower_bound);
}

std::string remark(const PlanRun& run, const MemoryView& memory) {
  std::string text;
  if (!run.fits())
    text = run.proved_impossible() ? "does not fit: proved impossible" : "does not fit";
  else if (memory.plan.proved_optimal)
    text = memory.plan.waits ? "least peak" : "optimal";
  if (run.pools && &memory.problem == &run.pools->pools.front().problem)
    text += fmt::format("{}spilled {} (at least {})", text.empty() ? "" : ", ",
                        grouped(run.pools->spilled), grouped(run.pools->spill_bound));
  if (!memory.plan.note.empty() && !memory.plan.proved_optimal)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", memory.plan.note);
  return text;
}

void add_refusal(TextTable& table, const PlanRun& run, std::size_t columns) {
  std::vector<std::string> cells(columns, "-");
  cells.front() = std::filesystem::path(run.file).filename().string();
  cells[1] = run.planner;
  cells.back() = run.refusal;
  table.add(std::move(cells));
}

std::string waits_cell(const Plan& plan) {
  if (!plan.waits) return "-";
  return fmt::format("{}{}", grouped(plan.waits->cost),
                     plan.waits->proved_optimal() ? " (least)" : "");
}

std::vector<std::string> row(const PlanRun& run, const MemoryView& memory, const Shown& shown) {
  const Plan& plan = memory.plan;
  const Bytes naive = without_sharing(memory.problem);
  std::vector<std::string> cells = {std::filesystem::path(run.file).filename().string(),
                                    run.planner};
  if (shown.pools) cells.emplace_back(memory.pool.empty() ? "-" : memory.pool);
  cells.push_back(fmt::format("{}", memory.problem.size()));
  cells.push_back(grouped(naive));
  cells.push_back(grouped(plan.peak));
  cells.push_back(grouped(plan.lower_bound));
  cells.push_back(percent(above(plan)));
  cells.push_back(percent(reduction(naive, plan.peak)));
  if (shown.waits) cells.push_back(waits_cell(plan));
  cells.push_back(fmt::format("{}", plan.seed));
  if (shown.timing) {
    cells.push_back(readable_seconds(run.plan_seconds()));
    cells.push_back(readable_seconds(run.check_seconds));
  }
  cells.push_back(remark(run, memory));
  return cells;
}

}  // namespace

bool PlanRun::proved_impossible() const {
  return plan && !fits() && plan->lower_bound > *problem->capacity;
}

bool PlanRun::fits() const {
  return !plan || !problem->capacity || plan->peak <= *problem->capacity;
}

double PlanRun::plan_seconds() const {
  return pools ? pools->seconds : plan ? plan->seconds : 0;
}

std::vector<MemoryView> memories(const PlanRun& run) {
  std::vector<MemoryView> views;
  if (run.plan) views.push_back({"", *run.problem, *run.plan});
  if (run.pools)
    for (const PlannedPool& p : run.pools->pools)
      views.push_back({run.problem->pools[p.pool].name, p.problem, p.plan});
  return views;
}

Bytes without_sharing(const PlanProblem& problem) {
  return peak_of(problem, place_without_sharing(problem));
}

TextTable plan_table(std::span<const PlanRun> runs, bool timing) {
  Shown shown;
  shown.timing = timing;
  for (const PlanRun& run : runs) {
    shown.pools = shown.pools || run.pools;
    shown.waits = shown.waits || !run.problem->avoid.empty();
  }
  const auto columns = titles(shown);
  TextTable table(columns);
  table.left_from(columns.size() - 1);
  for (const PlanRun& run : runs) {
    if (!run.refusal.empty()) add_refusal(table, run, columns.size());
    for (const MemoryView& memory : memories(run)) table.add(row(run, memory, shown));
  }
  return table;
}

std::string proof_text(const PlanProblem& problem, const Plan& plan) {
  if (!plan.proved_optimal) return "";
  if (plan.lower_bound > problem.lower_bound) return "exhaustive search";
  return "lower bound met";
}

std::string plan_explanation(const PlanRun& run) {
  std::string text;
  for (const MemoryView& memory : memories(run)) {
    text += fmt::format("\n{}, {}{}{}\n", run.file, run.planner,
                        memory.pool.empty() ? "" : ", pool ", memory.pool);
    if (memory.plan.lower_bound > memory.problem.lower_bound)
      text += fmt::format("no plan below {} bytes, proved by exhaustive search\n",
                          memory.plan.lower_bound);
    for (const AvoidPair& a : paid_pairs(memory.problem, memory.plan.offsets))
      text += fmt::format("{} and {} share bytes: {} of the waits\n",
                          memory.problem.buffers[a.pair.first].name,
                          memory.problem.buffers[a.pair.second].name, a.weight);
    text +=
        explanation_text(memory.problem, memory.plan, explain_plan(memory.problem, memory.plan));
  }
  return text;
}

}  // namespace unna
