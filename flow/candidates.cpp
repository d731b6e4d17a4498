#include "flow/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "base/error.h"
#include "base/rng.h"
#include "base/version.h"
#include "flow/process_pool.h"
#include "flow/transfer.h"
#include "memmgr/placement/placement.h"
#include "memmgr/placement/variations.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"

namespace unna {

namespace {

constexpr std::string_view kFirstPlanner = "auto";
constexpr std::uint64_t kSeeds = 3;   ///< of planners that make use of them
constexpr std::size_t kRound = 16;    ///< layouts between two looks at the front
constexpr std::size_t kAttempts = 8;  ///< at a new layout, for each that is asked for
constexpr Bytes kAlignments[] = {1024, 4096, 16384,
                                 65536};  ///< interleaves, rows, rows of all banks

struct Candidate {
  std::string name;
  std::vector<std::string> also;
  std::vector<Bytes> offsets;
  Bytes peak = 0;
};

/// Plans of all planners, those with the same offsets once.
class Plans {
 public:
  Plans(const PlanProblem& problem, const PlanOptions& options) : problem_(problem) {
    run(planner(kFirstPlanner), options);
    for (const PlannerInfo& info : planners())
      if (info.name != kFirstPlanner) run(info, options);
  }

  std::size_t count() const { return count_; }
  const Candidate& smallest() const {
    return *std::ranges::min_element(distinct_, {}, &Candidate::peak);
  }
  std::vector<Candidate> up_to(Bytes peak) && {
    std::erase_if(distinct_, [&](const Candidate& c) { return c.peak > peak; });
    return std::move(distinct_);
  }

 private:
  void run(const PlannerInfo& info, PlanOptions options) {
    const std::uint64_t first = options.seed;
    for (; options.seed < first + (info.seeded ? kSeeds : 1); ++options.seed) {
      const std::string seed = options.seed == first ? "" : fmt::format(" seed {}", options.seed);
      add(std::string(info.name), seed, run_planner(info.name, problem_, options).offsets);
    }
  }

  void add(const std::string& planner, const std::string& seed, std::vector<Bytes> offsets) {
    ++count_;
    const auto same = std::ranges::find(distinct_, offsets, &Candidate::offsets);
    if (same == distinct_.end()) {
      const Bytes peak = peak_of(problem_, offsets);
      distinct_.push_back({planner + seed, {}, std::move(offsets), peak});
    } else if (same->name != planner && !same->name.starts_with(planner + " ") &&
               std::ranges::count(same->also, planner) == 0) {
      same->also.push_back(planner);
    }
  }

  const PlanProblem& problem_;
  std::vector<Candidate> distinct_;
  std::size_t count_ = 0;
};

class Search {
 public:
  Search(const Compiled& compiled, const Executed& executed, const PlanProblem& problem,
         const CandidateOptions& options)
      : compiled_(compiled),
        executed_(executed),
        problem_(problem),
        options_(options),
        rng_(options.plan.seed) {}

  LayoutReport run() {
    Plans plans(problem_, options_.plan);
    report_.plans = plans.count();
    const auto slack =
        static_cast<Bytes>(options_.slack * static_cast<double>(plans.smallest().peak));
    limit_ = plans.smallest().peak + slack;
    require_fit(compiled_, problem_, laid_out(plans.smallest().offsets).layout);
    std::vector<Candidate> within = std::move(plans).up_to(limit_);
    report_.within_slack = within.size();
    for (Candidate& plan : within) offer(std::move(plan));
    offer_variations_of_plans();
    simulate_waiting();
    while (report_.rows.size() < limit_of_rows() && offer_round()) simulate_waiting();
    choose();
    return std::move(report_);
  }

 private:
  std::size_t limit_of_rows() const { return static_cast<std::size_t>(options_.candidates); }

  /// To be simulated, unless it is known, too high, does not fit, or one too many.
  bool offer(Candidate candidate) {
    if (candidate.peak > limit_ || report_.rows.size() + waiting_.size() >= limit_of_rows())
      return false;
    const auto known = [&](const auto& c) { return c.offsets == candidate.offsets; };
    if (std::ranges::any_of(report_.rows, known) || std::ranges::any_of(waiting_, known))
      return false;
    if (laid_out(candidate.offsets).layout.total_bytes > dram_capacity(compiled_.machine.config))
      return false;
    waiting_.push_back(std::move(candidate));
    return true;
  }

  bool offer(std::string name, std::vector<Bytes> offsets) {
    const Bytes peak = peak_of(problem_, offsets);
    return offer({std::move(name), {}, std::move(offsets), peak});
  }

  void offer_variations_of_plans() {
    const std::vector<Candidate> plans = waiting_;
    if (plans.empty()) return;
    const Candidate& best = *std::ranges::min_element(plans, {}, &Candidate::peak);
    offer("most recent bytes", most_recent(problem_, best.peak));
    offer("most recent bytes within slack", most_recent(problem_, limit_));
    for (const Candidate& plan : plans)
      if (auto offsets = mirrored(problem_, plan.offsets))
        offer(plan.name + " mirrored", std::move(*offsets));
    for (const Bytes alignment : kAlignments)
      offer(fmt::format("{} aligned to {}", best.name, alignment),
            realigned(problem_, best.offsets, alignment));
  }

  /// A random number of changes to a layout of so many buffers: one or many, each as likely.
  std::size_t changes() {
    return std::size_t{1} << rng_.below(std::bit_width(std::max<std::size_t>(problem_.size(), 1)));
  }

  /// Variations of the layouts of the front, in turn: half of them no higher than what they come
  /// from. False where there are none that are new.
  bool offer_round() {
    const std::vector<std::size_t> front = pareto_front(all_scores());
    bool any = false;
    for (std::size_t i = 0; i < kRound * kAttempts && waiting_.size() < kRound; ++i) {
      const LayoutRow& from = report_.rows[front[i % front.size()]];
      const std::size_t n = changes();
      const Bytes limit = rng_.chance(1, 2) ? from.figures.peak : limit_;
      const std::string name = base_name(from.name);
      const std::size_t number = report_.rows.size() + waiting_.size();
      any |= rng_.chance(1, 4) ? offer(fmt::format("{} reordered #{}", name, number),
                                       reordered(problem_, from.offsets, n, rng_))
                               : offer(fmt::format("{} moved #{}", name, number),
                                       moved(problem_, from.offsets, limit, n, rng_));
    }
    return any;
  }

  /// Without what has been done to it before.
  static std::string base_name(const std::string& name) {
    std::string base = name;
    for (const std::string_view suffix : {" moved", " reordered"})
      if (const auto at = base.rfind(suffix); at != std::string::npos) base.erase(at);
    return base;
  }

  Planned laid_out(const std::vector<Bytes>& offsets) const {
    Plan plan;
    plan.offsets = offsets;
    plan.peak = peak_of(problem_, offsets);
    plan.lower_bound = problem_.lower_bound;
    plan.seed = options_.plan.seed;
    return lay_out(compiled_, executed_, problem_, std::move(plan));
  }

  /// Calls work(i) in children, and throws what the first that fails (by index) says.
  std::vector<std::string> in_children(std::size_t n,
                                       const std::function<std::string(std::size_t)>& work,
                                       const std::function<void()>& done) const {
    std::vector<ChildOutcome> outcomes(n);
    run_in_children(n, {options_.jobs, {}}, work, [&](std::size_t i, const ChildOutcome& outcome) {
      outcomes[i] = outcome;
      done();
    });
    std::vector<std::string> texts;
    for (ChildOutcome& outcome : outcomes) {
      if (!outcome.ok()) throw InternalError(fmt::format("a layout fails: {}", outcome.text));
      texts.push_back(std::move(outcome.text));
    }
    return texts;
  }

  void simulate_waiting() {
    const auto results = in_children(
        waiting_.size(),
        [&](std::size_t i) {
          Planned planned = laid_out(waiting_[i].offsets);
          const Validated run = validate(compiled_, executed_, problem_, planned,
                                         {0, options_.plan.seed, ReplayTiming::measured, {}});
          return packed(layout_figures(*run.shared, planned.plan.peak));
        },
        [&] { options_.progress(++simulated_); });
    for (std::size_t i = 0; i < results.size(); ++i) {
      Candidate& c = waiting_[i];
      report_.rows.push_back({std::move(c.name), std::move(c.also),
                              unpacked<LayoutFigures>(results[i]), std::move(c.offsets), false,
                              false});
    }
    waiting_.clear();
  }

  std::vector<Scores> all_scores() const {
    std::vector<Scores> all;
    for (const LayoutRow& row : report_.rows)
      all.push_back(scores(options_.objectives, row.figures));
    return all;
  }

  /// Marks the front and the choice, and replays all of the front under random delays.
  void choose() {
    const std::vector<Scores> all = all_scores();
    const std::vector<std::size_t> front = pareto_front(all);
    for (const std::size_t i : front) report_.rows[i].front = true;
    report_.rows[lexicographic_choice(all, options_.slack)].chosen = true;
    in_children(
        front.size(),
        [&](std::size_t i) {
          Planned planned = laid_out(report_.rows[front[i]].offsets);
          validate(compiled_, executed_, problem_, planned,
                   {options_.perturbed, options_.plan.seed});
          return std::string("valid");
        },
        [] {});
    report_.validation = {true, true, options_.perturbed, true};
  }

  const Compiled& compiled_;
  const Executed& executed_;
  const PlanProblem& problem_;
  const CandidateOptions& options_;
  Rng rng_;
  Bytes limit_ = 0;
  std::vector<Candidate> waiting_;
  std::size_t simulated_ = 0;
  LayoutReport report_;
};

}  // namespace

LayoutReport choose_layout(const Compiled& compiled, const Executed& executed,
                           const PlanProblem& problem, const CandidateOptions& options) {
  const MachineConfig& machine = compiled.machine.config;
  LayoutReport report = Search(compiled, executed, problem, options).run();
  report.version = kVersion;
  report.network = compiled.object->network;
  report.machine = machine.name;
  report.cores = machine.cores;
  report.seed = options.plan.seed;
  report.slack = options.slack;
  report.objectives = options.objectives;
  report.cache = machine.cache.size_bytes > 0;
  report.lower_bound = problem.lower_bound;
  report.without_sharing = layout_figures(executed.result, executed.without_sharing);
  for (const PlanBuffer& buffer : problem.buffers) report.buffers.push_back(buffer.name);
  return report;
}

}  // namespace unna
