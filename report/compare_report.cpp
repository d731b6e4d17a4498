#include "report/compare_report.h"

#include <fmt/format.h>

#include <map>

#include "text/table.h"
#include "text/units.h"

namespace unna {

namespace {

constexpr std::string_view kTensorFlow = "bfc";

/// "topology" takes the place of the long name where columns are narrow.
std::string column_title(const MemoryFigures& plan) {
  return fmt::format("{}\n{}", plan.liveness, plan.planner);
}

std::vector<std::string> plan_titles(const CompareCase& c) {
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < c.plans.size(); ++i) {
    titles.push_back(column_title(c.plans[i]));
    if (i + 1 == c.plans.size() || c.plans[i + 1].liveness != c.plans[i].liveness)
      titles.push_back(c.plans[i].liveness + "\nbound");
  }
  return titles;
}

std::vector<std::string> text_row(const CompareCase& c, const std::string& planner, bool timed) {
  std::vector<std::string> cells = {c.network, fmt::format("{}", c.cores),
                                    readable_seconds(c.latency_seconds)};
  if (timed) cells.push_back(readable_seconds(c.compile_seconds.value_or(0)));
  cells.push_back(readable_bytes(c.without_sharing));
  for (std::size_t i = 0; i < c.plans.size(); ++i) {
    cells.push_back(readable_bytes(c.plans[i].peak) + (c.plans[i].unsafe ? "*" : ""));
    if (i + 1 == c.plans.size() || c.plans[i + 1].liveness != c.plans[i].liveness)
      cells.push_back(readable_bytes(c.plans[i].lower_bound));
  }
  const MemoryFigures* best = find_plan(c, "instruction", planner);
  const auto tf = best == nullptr ? std::nullopt : versus_bfc(c, *best);
  cells.push_back(best == nullptr
                      ? "-"
                      : percent(reduction(static_cast<Bytes>(best->peak), best->lower_bound)));
  cells.push_back(best == nullptr ? "-" : percent(reduction(c.without_sharing, best->peak)));
  cells.push_back(tf ? percent(*tf) : "-");
  return cells;
}

std::string averages_text(const CompareReport& report) {
  const auto shown = [](const std::optional<double>& ratio) {
    return ratio ? percent(*ratio) : std::string("-");
  };
  std::string text = fmt::format(
      "Averages of what {} with instruction liveness saves (mean over the networks of the "
      "ratio):\n",
      report.planner);
  TextTable table({"cores", "networks", "of the bytes\nwithout sharing", "Tetris paper",
                   "of TensorFlow BFC's\n(topology) peak", "Tetris paper"});
  for (const CompareAverage& average : averages(report.cases, report.planner)) {
    const char* paper = average.cores == 4 ? "91.9 %" : average.cores == 16 ? "87.9 %" : "-";
    table.add({fmt::format("{}", average.cores), fmt::format("{}", average.networks),
               shown(average.versus_none), paper, shown(average.versus_bfc), "35.3 to 47.0 %"});
  }
  return text + table.str() +
         "The denominator without sharing is the sum of all intermediate buffers, aligned; "
         "inputs,\n"
         "outputs and weights are not counted. The paper's networks, lowering and denominator are\n"
         "not public: compare the trend.\n";
}

bool any_unsafe(const CompareReport& report) {
  for (const CompareCase& c : report.cases)
    for (const MemoryFigures& plan : c.plans)
      if (plan.unsafe) return true;
  return false;
}

}  // namespace

std::optional<double> versus_bfc(const CompareCase& c, const MemoryFigures& plan) {
  const MemoryFigures* bfc = find_plan(c, "topology", kTensorFlow);
  if (bfc == nullptr) return std::nullopt;
  return reduction(bfc->peak, plan.peak);
}

const MemoryFigures* find_plan(const CompareCase& c, std::string_view liveness,
                               std::string_view planner) {
  for (const MemoryFigures& plan : c.plans)
    if (plan.liveness == liveness && plan.planner == planner) return &plan;
  return nullptr;
}

std::vector<CompareAverage> averages(const std::vector<CompareCase>& cases,
                                     std::string_view planner) {
  struct Sums {
    std::size_t none_count = 0, bfc_count = 0;
    double none = 0, bfc = 0;
  };
  std::map<std::int64_t, Sums> by_cores;
  for (const CompareCase& c : cases) {
    const MemoryFigures* plan = find_plan(c, "instruction", planner);
    if (plan == nullptr) continue;
    Sums& sums = by_cores[c.cores];
    sums.none += reduction(c.without_sharing, plan->peak);
    ++sums.none_count;
    if (const auto ratio = versus_bfc(c, *plan)) {
      sums.bfc += *ratio;
      ++sums.bfc_count;
    }
  }
  std::vector<CompareAverage> result;
  for (const auto& [cores, sums] : by_cores) {
    CompareAverage average{cores, sums.none_count, sums.none / static_cast<double>(sums.none_count),
                           std::nullopt};
    if (sums.bfc_count > 0) average.versus_bfc = sums.bfc / static_cast<double>(sums.bfc_count);
    result.push_back(average);
  }
  return result;
}

std::string compare_text(const CompareReport& report) {
  if (report.cases.empty()) return "nothing to compare\n";
  const bool timed = report.cases.front().compile_seconds.has_value();
  std::vector<std::string> titles = {"network", "cores", "latency"};
  if (timed) titles.emplace_back("compile");
  titles.emplace_back("without\nsharing");
  for (std::string& title : plan_titles(report.cases.front())) titles.push_back(std::move(title));
  titles.insert(titles.end(), {"fragmen-\ntation", "saved", "saved of\nTF BFC"});
  TextTable table(titles);
  for (std::size_t i = 0; i < report.cases.size(); ++i) {
    if (i > 0 && report.cases[i].network != report.cases[i - 1].network) table.rule();
    table.add(text_row(report.cases[i], report.planner, timed));
  }
  std::string text = table.str() + "\n" + averages_text(report) +
                     "validated: " + validation_text(report.cases.front().validation) +
                     ", for every plan without *\n";
  if (any_unsafe(report))
    text +=
        "*: corrupts data in this program. Topology liveness takes all cores to finish a layer\n"
        "before the next one starts; the program has barriers only where data flows.\n";
  for (const CompareCase& c : report.cases)
    if (!c.gains.empty())
      text +=
          fmt::format("\n{} on {} cores: buffers that profit most from instruction liveness\n{}",
                      c.network, c.cores, gains_text(c.gains));
  return text;
}

}  // namespace unna
