#include "flow/generate.h"

#include <algorithm>
#include <functional>
#include <map>

#include "base/host.h"
#include "base/version.h"
#include "flow/generate_values.h"
#include "flow/sample_steps.h"
#include "flow/step_programs.h"

namespace unna {
namespace {

/// What ran, where, and how much of it.
void describe(const ChosenMachine& machine, const GenerateOptions& options, std::int64_t context,
              GenerateReport& report) {
  report.version = kVersion;
  report.machine_file = machine.file;
  report.machine = machine.config;
  report.batch = options.batch.value_or(1);
  report.prompt = options.prompt;
  report.tokens = options.tokens;
  report.context = context;
  report.seed = options.run.plan.seed;
  report.perturbed = options.run.perturbed;
}

/// Simulates some of the steps, or all where lines would not be near enough.
SampledSteps sampled_steps(const StepPrograms& programs, const std::vector<StepShape>& steps,
                           const GenerateOptions& options,
                           const std::function<StepFigures(std::int64_t past)>& simulate) {
  std::vector<StepLength> lengths;
  Bytes largest = 0;
  for (const StepShape& step : steps) {
    const StepOutline& outline = programs.outline(step);
    lengths.push_back({step.past, outline.kind});
    largest = std::max(largest, outline.traffic.read + outline.traffic.written);
  }
  std::map<std::int64_t, StepFigures> done;
  const auto once = [&](std::int64_t past) {
    const auto at = done.find(past);
    return at != done.end() ? at->second : done[past] = simulate(past);
  };
  if (steps.empty()) return {};
  const bool is_short = once(steps.front().past).cycles <= options.short_step;
  const double tolerance = is_short ? 0 : options.tolerance;
  SampledSteps sampled = sample_steps(lengths, tolerance, once);
  if (sampled.rough && largest <= kRoughStep) sampled = sample_steps(lengths, 0, once);
  return sampled;
}

/// Of a step that was not simulated, only the time is interpolated, and what depends on it.
void know_work(const StepOutline& outline, StepFigures& step) {
  step.dram_read = static_cast<double>(outline.traffic.read);
  step.dram_written = static_cast<double>(outline.traffic.written);
  step.macs = outline.macs;
  step.energy_pj += outline.work_pj - step.work_pj;
  step.work_pj = outline.work_pj;
}

}  // namespace

GenerateReport generate(const NetworkChoice& network, const ChosenMachine& machine,
                        const GenerateOptions& options, bool timing) {
  const Stopwatch total;
  if (options.functional) check_computable(machine.config, machine.places);
  const std::int64_t steps = options.tokens - 1;
  const std::int64_t context = options.context.value_or(options.prompt + steps);
  const auto step = [&](std::int64_t i) { return StepShape{options.prompt + i, 1, options.batch}; };
  const StepShape prompt{0, options.prompt, options.batch};
  StepPrograms programs(network, machine, options.run, context);
  GenerateReport report;
  describe(machine, options, context, report);

  std::vector<StepShape> shapes;
  for (std::int64_t i = 0; i < steps; ++i) shapes.push_back(step(i));
  std::vector<StepShape> all{prompt};
  all.insert(all.end(), shapes.begin(), shapes.end());
  if (steps > 0) programs.pack(shapes.front());
  programs.prove({prompt, all.back()}, all);
  report.proved = all.size();
  report.footprint = programs.footprint();
  report.left_out = programs.left_out();
  const Compiled first = programs.compiled(prompt);
  report.network = first.object->network;
  report.network_file = first.network_file;

  report.prefill = programs.simulate(prompt, options.run.perturbed);
  SampledSteps sampled = sampled_steps(programs, shapes, options, [&](std::int64_t past) {
    if (options.run.progress)
      options.run.progress({"simulating", static_cast<std::size_t>(past - options.prompt),
                            static_cast<std::size_t>(steps), 0});
    const bool end = past == options.prompt || past == options.prompt + steps - 1;
    return programs.simulate(step(past - options.prompt), end ? options.run.perturbed : 0);
  });
  report.steps = std::move(sampled.steps);
  for (std::size_t i = 0; i < shapes.size(); ++i)
    if (!report.steps[i].simulated) know_work(programs.outline(shapes[i]), report.steps[i]);
  report.simulated = sampled.simulated;
  report.kinds = sampled.kinds;
  report.deviation = sampled.deviation;
  if (options.functional) {
    if (options.run.progress) options.run.progress({"computing values", 0, 0, 0});
    report.functional = generate_values(programs, options, machine.config);
  }
  if (timing) {
    report.host.emplace();
    report.host->compile_seconds = programs.compile_seconds;
    report.host->simulate_seconds = programs.simulate_seconds;
    report.host->plan_seconds = programs.plan_seconds;
    report.host->total_seconds = total.seconds();
    report.host->max_rss_kib = max_rss_kib();
  }
  return report;
}

}  // namespace unna
