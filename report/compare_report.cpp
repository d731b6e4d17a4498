#include "report/compare_report.h"

#include <fmt/format.h>

#include <algorithm>
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

/// Each kind of liveness ends with its bound; that of time stamps bounds nothing.
bool bound_follows(const CompareCase& c, std::size_t i) {
  const std::string& liveness = c.plans[i].liveness;
  return liveness != "observed" && (i + 1 == c.plans.size() || c.plans[i + 1].liveness != liveness);
}

std::vector<std::string> plan_titles(const CompareCase& c, std::string_view granularity,
                                     const std::string& planner, bool walks) {
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < c.plans.size(); ++i) {
    titles.push_back(column_title(c.plans[i]));
    if (bound_follows(c, i))
      titles.push_back(fmt::format(
          "bound of\n{}", stored_text(c.plans[i].liveness == "topology" ? "tensor" : granularity)));
  }
  if (c.barriers) {
    titles.push_back("barriers\n" + c.barriers->plan.planner);
    titles.emplace_back("barriers\nlatency");
  }
  if (walks) {
    titles.push_back("walk\n" + planner);
    titles.emplace_back("walk\nlatency");
  }
  return titles;
}

std::vector<std::string> text_row(const CompareCase& c, const std::string& planner, bool timed,
                                  bool walks) {
  std::vector<std::string> cells = {c.network, fmt::format("{}", c.cores),
                                    readable_seconds(c.latency_seconds)};
  if (timed) cells.push_back(readable_seconds(c.compile_seconds.value_or(0)));
  cells.push_back(readable_bytes(c.without_sharing));
  for (std::size_t i = 0; i < c.plans.size(); ++i) {
    cells.push_back(readable_bytes(c.plans[i].peak) + (c.plans[i].unsafe ? "*" : ""));
    if (bound_follows(c, i)) cells.push_back(readable_bytes(c.plans[i].lower_bound));
  }
  if (c.barriers) {
    cells.push_back(readable_bytes(c.barriers->plan.peak));
    cells.push_back(readable_seconds(c.barriers->latency_seconds));
  }
  if (walks) {
    cells.push_back(c.walk ? readable_bytes(c.walk->plan.peak) : "-");
    cells.push_back(c.walk ? readable_seconds(c.walk->latency_seconds) : "-");
  }
  const MemoryFigures* best = find_plan(c, "instruction", planner);
  const auto tf = best == nullptr ? std::nullopt : versus_bfc(c, *best);
  const auto sound = best == nullptr ? std::nullopt : versus_barriers(c, *best);
  cells.push_back(best == nullptr
                      ? "-"
                      : percent(reduction(static_cast<Bytes>(best->peak), best->lower_bound)));
  cells.push_back(best == nullptr ? "-" : percent(reduction(c.without_sharing, best->peak)));
  cells.push_back(tf ? percent(*tf) : "-");
  cells.push_back(sound ? percent(*sound) : "-");
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
  const std::vector<CompareAverage> all = averages(report.cases, report.planner);
  const bool walks = std::ranges::any_of(
      all, [](const CompareAverage& a) { return a.walks_versus_none.has_value(); });
  std::vector<std::string> titles = {"cores",
                                     "networks",
                                     "of the bytes\nwithout sharing",
                                     "Tetris paper",
                                     "of TensorFlow BFC's\n(topology) peak",
                                     "Tetris paper",
                                     "of the program with\nbarriers: bytes",
                                     "time"};
  if (walks) titles.emplace_back("walks, of the bytes\nwithout sharing");
  TextTable table(titles);
  for (const CompareAverage& average : all) {
    const char* paper = average.cores == 4 ? "91.9 %" : average.cores == 16 ? "87.9 %" : "-";
    std::vector<std::string> row = {
        fmt::format("{}", average.cores), fmt::format("{}", average.networks),
        shown(average.versus_none),       paper,
        shown(average.versus_bfc),        "35.3 to 47.0 %",
        shown(average.versus_barriers),   shown(average.time_saved)};
    if (walks) row.push_back(shown(average.walks_versus_none));
    table.add(row);
  }
  return text + table.str() +
         "The denominator without sharing is the sum of all intermediate buffers, aligned; "
         "inputs,\n"
         "outputs and weights are not counted. The paper's networks, lowering and denominator are\n"
         "not public: compare the trend. The program with barriers is the same one with a barrier "
         "after\n"
         "each layer, for which a plan from topology is right; time is that without the "
         "barriers.\n";
}

/// Where the instructions need more than a topology plan that the program does not bear out.
std::string losses_hint(const CompareReport& report) {
  std::string text;
  for (const CompareCase& c : report.cases) {
    const MemoryFigures* topology = find_plan(c, "topology", report.planner);
    const MemoryFigures* instruction = find_plan(c, "instruction", report.planner);
    if (topology == nullptr || instruction == nullptr || c.peaks) continue;
    if (instruction->peak > topology->peak)
      text += fmt::format(
          "{} on {} core{}: instruction liveness needs {} more than topology's plan, as layers "
          "overlap; --explain says where\n",
          c.network, c.cores, c.cores == 1 ? "" : "s",
          readable_bytes(instruction->peak - topology->peak));
  }
  return text;
}

bool any_unsafe(const CompareReport& report) {
  for (const CompareCase& c : report.cases)
    for (const MemoryFigures& plan : c.plans)
      if (plan.unsafe) return true;
  return false;
}

}  // namespace

namespace {

/// With --explain: both peaks, and the buffers that profit where the peak does.
std::string explanation(const CompareCase& c) {
  if (!c.peaks) return "";
  std::string text = fmt::format("\n{} on {} core{}\n{}", c.network, c.cores,
                                 c.cores == 1 ? "" : "s", peaks_text(*c.peaks));
  if (c.peaks->instruction_bytes >= c.peaks->topology_bytes)
    return text + "  no buffer's profit from instruction liveness lowers the peak\n";
  if (c.gains.empty()) return text + gains_text(c.gains);
  return text + "buffers that profit most from instruction liveness\n" + gains_text(c.gains);
}

}  // namespace

std::optional<double> versus_bfc(const CompareCase& c, const MemoryFigures& plan) {
  const MemoryFigures* bfc = find_plan(c, "topology", kTensorFlow);
  if (bfc == nullptr) return std::nullopt;
  return reduction(bfc->peak, plan.peak);
}

std::optional<double> versus_barriers(const CompareCase& c, const MemoryFigures& plan) {
  if (!c.barriers) return std::nullopt;
  return reduction(c.barriers->plan.peak, plan.peak);
}

const MemoryFigures* find_plan(const CompareCase& c, std::string_view liveness,
                               std::string_view planner) {
  for (const MemoryFigures& plan : c.plans)
    if (plan.liveness == liveness && plan.planner == planner) return &plan;
  return nullptr;
}

std::vector<CompareAverage> averages(const std::vector<CompareCase>& cases,
                                     std::string_view planner) {
  struct Mean {
    double sum = 0;
    std::size_t count = 0;

    void add(std::optional<double> value) {
      if (!value) return;
      sum += *value;
      ++count;
    }
    std::optional<double> value() const {
      if (count == 0) return std::nullopt;
      return sum / static_cast<double>(count);
    }
  };
  struct Means {
    Mean none, bfc, barriers, walks, time;
  };
  std::map<std::int64_t, Means> by_cores;
  std::map<std::int64_t, bool> any_walk;
  for (const CompareCase& c : cases) {
    const MemoryFigures* plan = find_plan(c, "instruction", planner);
    if (plan == nullptr) continue;
    Means& means = by_cores[c.cores];
    means.none.add(reduction(c.without_sharing, plan->peak));
    means.bfc.add(versus_bfc(c, *plan));
    means.barriers.add(versus_barriers(c, *plan));
    // Where no walk needs less, layer by layer is what there is.
    const MemoryFigures& walked = c.walk ? c.walk->plan : *plan;
    means.walks.add(reduction(walked.without_sharing, walked.peak));
    any_walk[c.cores] = any_walk[c.cores] || c.walk;
    if (c.barriers) means.time.add(reduction(c.barriers->cycles, c.cycles));
  }
  std::vector<CompareAverage> result;
  for (const auto& [cores, m] : by_cores)
    result.push_back({cores, m.none.count, m.none.value(), m.bfc.value(), m.barriers.value(),
                      any_walk[cores] ? m.walks.value() : std::nullopt, m.time.value()});
  return result;
}

std::string compare_text(const CompareReport& report) {
  if (report.cases.empty()) return "nothing to compare\n";
  const bool timed = report.cases.front().compile_seconds.has_value();
  std::vector<std::string> titles = {"network", "cores", "latency"};
  if (timed) titles.emplace_back("compile");
  titles.emplace_back("without\nsharing");
  const bool walks =
      std::ranges::any_of(report.cases, [](const CompareCase& c) { return c.walk.has_value(); });
  for (std::string& title :
       plan_titles(report.cases.front(), report.granularity, report.planner, walks))
    titles.push_back(std::move(title));
  titles.insert(titles.end(),
                {"fragmen-\ntation", "saved", "saved of\nTF BFC", "saved of\nbarriers"});
  TextTable table(titles);
  for (std::size_t i = 0; i < report.cases.size(); ++i) {
    if (i > 0 && report.cases[i].network != report.cases[i - 1].network) table.rule();
    table.add(text_row(report.cases[i], report.planner, timed, walks));
  }
  std::string text = table.str() + "\n" + averages_text(report) +
                     "validated: " + validation_text(report.cases.front().validation) +
                     ", for every plan without *\n";
  if (any_unsafe(report))
    text +=
        "*: corrupts data in this program, or would in another run of it. Topology liveness takes\n"
        "all cores to finish a layer before the next one starts, but the program has barriers "
        "only\n"
        "where data flows; observed liveness takes the time stamps of one run for those of all.\n";
  text += losses_hint(report);
  for (const CompareCase& c : report.cases) text += explanation(c);
  return text;
}

}  // namespace unna
