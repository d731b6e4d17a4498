#include <fmt/format.h>

#include "memmgr/plan.h"
#include "memmgr/plan_explanation.h"
#include "memmgr/planners/registry.h"
#include "memmgr/problem.h"
#include "report/json.h"
#include "report/plan_report.h"
#include "text/units.h"

namespace unna {
namespace {

using Json = nlohmann::ordered_json;

Json bound_json(const PlanProblem& problem) {
  Json buffers = Json::array();
  for (std::size_t k = 0; k < problem.bound_buffers.size(); ++k) {
    const PlanBuffer& b = problem.buffers[problem.bound_buffers[k]];
    const bool together = problem.bound_kind == BoundKind::together;
    buffers.push_back({{"id", b.name}, {"bytes", together ? problem.antichain_bytes[k] : b.size}});
  }
  return {{"kind", kBoundKindNames[static_cast<std::size_t>(problem.bound_kind)]},
          {"bytes", figure(problem.lower_bound, "B")},
          {"buffers", buffers}};
}

Json gaps_json(const MemoryView& memory) {
  Json gaps = Json::array();
  for (const WastedGap& gap : explain_plan(memory.problem, memory.plan).gaps) {
    Json json = {{"begin", gap.begin},
                 {"end", gap.end},
                 {"under", memory.problem.buffers[gap.under].name},
                 {"reason", kGapReasonNames[static_cast<std::size_t>(gap.reason)]}};
    if (gap.above) json["above"] = memory.problem.buffers[*gap.above].name;
    if (gap.support) json["rests_on"] = memory.problem.buffers[*gap.support].name;
    gaps.push_back(std::move(json));
  }
  return gaps;
}

Json or_null(const auto& value, std::string_view unit) {
  return value ? figure(*value, unit) : Json();
}

Json waits_json(const MemoryView& memory) {
  const auto& buffers = memory.problem.buffers;
  Json pairs = Json::array();
  for (const AvoidPair& a : paid_pairs(memory.problem, memory.plan.offsets))
    pairs.push_back({{"first", buffers[a.pair.first].name},
                     {"second", buffers[a.pair.second].name},
                     {"weight", a.weight}});
  return {{"cost", figure(memory.plan.waits->cost, "weight")},
          {"lower_bound", figure(memory.plan.waits->lower_bound, "weight")},
          {"pairs", pairs}};
}

Json memory_json(const MemoryView& memory) {
  const Plan& plan = memory.plan;
  const Bytes naive = without_sharing(memory.problem);
  Json json;
  json["pool"] = memory.pool.empty() ? Json() : Json(memory.pool);
  json["capacity"] = or_null(memory.problem.capacity, "B");
  json["buffers"] = figure(memory.problem.size(), "1");
  json["without_sharing"] = figure(naive, "B");
  json["peak"] = figure(plan.peak, "B");
  json["lower_bound"] = figure(plan.lower_bound, "B");
  json["fragmentation"] = figure(plan.fragmentation(), "B");
  json["above_bound"] = figure(plan.lower_bound == 0 ? 0.0
                                                     : static_cast<double>(plan.fragmentation()) /
                                                           static_cast<double>(plan.lower_bound),
                               "1");
  json["reduction"] = figure(reduction(naive, plan.peak), "1");
  json["proved_optimal"] = plan.proved_optimal;
  const std::string proof = proof_text(memory.problem, plan);
  json["proved_by"] = proof.empty() ? Json() : Json(proof);
  json["note"] = plan.note;
  if (plan.objects)
    json["objects"] = {{"sizes", plan.objects->sizes},
                       {"total", figure(plan.objects->total(), "B")},
                       {"lower_bound", figure(plan.objects->lower_bound, "B")},
                       {"proved_optimal", plan.objects->proved_optimal()}};
  if (plan.waits) json["waits"] = waits_json(memory);
  json["bound"] = bound_json(memory.problem);
  json["wasted_gaps"] = gaps_json(memory);
  return json;
}

Json offsets_json(const PlanRun& run) {
  Json list = Json::array();
  const auto& offsets = run.plan ? run.plan->offsets : run.pools->offsets;
  for (std::size_t i = 0; i < run.problem->size(); ++i) {
    const PlanBuffer& b = run.problem->buffers[i];
    Json json = {{"id", b.name}, {"size", b.size}, {"offset", offsets[i]}};
    if (run.plan && run.plan->objects) json["object"] = run.plan->objects->object[i];
    if (run.pools) json["pool"] = run.problem->pools[run.pools->pool[i]].name;
    list.push_back(std::move(json));
  }
  return list;
}

Json run_json(const PlanRun& run, bool timing) {
  Json json;
  json["file"] = run.file;
  json["planner"] = run.planner;
  if (!run.refusal.empty()) {
    json["refused"] = run.refusal;
    return json;
  }
  json["reference"] = run.given ? Json() : Json(planner(run.planner).reference);
  json["seed"] = figure(memories(run).front().plan.seed, "1");
  json["checked"] = true;  // nothing is reported that did not pass
  json["fits"] = run.fits();
  if (timing) {
    json["planning"] = figure(run.plan_seconds(), "s");
    json["checking"] = figure(run.check_seconds, "s");
  }
  if (run.pools) {
    json["spilled"] = figure(run.pools->spilled, "weight");
    json["spill_bound"] = figure(run.pools->spill_bound, "weight");
  }
  for (const MemoryView& memory : memories(run)) json["memories"].push_back(memory_json(memory));
  json["offsets"] = offsets_json(run);
  return json;
}

}  // namespace

std::string plan_json(std::span<const PlanRun> runs, std::string_view version, bool timing) {
  Json json;
  json["version"] = version;
  json["plans"] = Json::array();
  for (const PlanRun& run : runs) json["plans"].push_back(run_json(run, timing));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace unna
