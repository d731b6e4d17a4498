#include "flow/generate.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/host.h"
#include "base/version.h"
#include "compiler/rows.h"
#include "energy/work.h"
#include "flow/generate_values.h"
#include "flow/joint_memory.h"
#include "flow/sample_steps.h"
#include "memmgr/checker.h"
#include "report/conservation.h"
#include "text/printable.h"
#include "text/units.h"

namespace unna {
namespace {

template <class Messages, class Text>
void require_none(const Messages& messages, const std::string& what, Text&& text) {
  if (!messages.empty()) throw InternalError(fmt::format("{}: {}", what, text(messages.front())));
}

std::string step_name(std::int64_t past, std::int64_t length) {
  return fmt::format("the step of {} behind {}", counted(length, "token"), past);
}

class Generator {
 public:
  Generator(const NetworkChoice& network, const ChosenMachine& machine,
            const GenerateOptions& options)
      : machine_(machine),
        options_(options),
        context_(options.context.value_or(options.prompt + options.tokens - 1)),
        family_(network, options.batch, context_),
        energy_(options.run.energy ? load_energy(*options.run.energy) : default_energy()),
        memory_(machine.config.dram.alignment_bytes) {}

  GenerateReport run() {
    prove();
    describe();
    report_.prefill = simulate_step(0, options_.prompt, options_.run.perturbed);
    const std::int64_t last = options_.prompt + steps() - 1;
    SampledSteps sampled =
        sample_steps(options_.prompt, steps(), options_.tolerance, [&](std::int64_t past) {
          const bool end = past == options_.prompt || past == last;
          return simulate_step(past, 1, end ? options_.run.perturbed : 0);
        });
    report_.steps = std::move(sampled.steps);
    report_.simulated = sampled.simulated;
    report_.deviation = sampled.deviation;
    if (options_.functional) {
      progress("computing values", 0, 0);
      report_.functional = generate_values(
          family_, [&](std::int64_t past, std::int64_t length) { return compiled(past, length); },
          memory_, options_, machine_.config);
    }
    return std::move(report_);
  }

  double compile_seconds = 0, simulate_seconds = 0, plan_seconds = 0;

 private:
  std::int64_t steps() const { return options_.tokens - 1; }

  void progress(std::string_view stage, std::size_t done, std::size_t total) const {
    if (options_.run.progress) options_.run.progress({stage, done, total, 0});
  }

  /// All programs take the weights as the first decode step packs them: that one waits for them.
  Compiled compiled(std::int64_t past, std::int64_t length) {
    const Stopwatch watch;
    ReadNetwork read = family_.at(past, length);
    CompileOptions options = options_.run.compile;
    options.packed = packed_;
    InputFile file = std::move(read.file);
    Compiled made =
        compile_graph(with_short_rows(std::move(read.graph), machine_.config), machine_, options);
    made.network_file = std::move(file);
    compile_seconds += watch.seconds();
    return made;
  }

  void plan() {
    const Stopwatch watch;
    memory_.plan(options_.run.planner, options_.run.plan);
    plan_seconds += watch.seconds();
  }

  /// One layout for all programs, held against each of them. What a program needs that the plan has
  /// not seen makes a new plan.
  void prove() {
    progress("compiling", 0, 0);
    const std::int64_t decode = std::max<std::int64_t>(1, options_.prompt);
    if (steps() > 0) packed_ = std::make_shared<const PackedWeights>(compiled(decode, 1).packed);
    const Compiled prompt = compiled(0, options_.prompt);
    report_.network = prompt.object->network;
    report_.network_file = prompt.network_file;
    memory_.add(*prompt.object);
    if (steps() > 0) memory_.add(*compiled(options_.prompt + steps() - 1, 1).object);
    plan();
    for (std::int64_t i = -1; i < steps(); ++i) {
      const Compiled step = i < 0 ? prompt : compiled(options_.prompt + i, 1);
      progress("checking the layout", static_cast<std::size_t>(i + 1),
               static_cast<std::size_t>(steps() + 1));
      if (is_safe(*step.object)) continue;
      invariant(memory_.add(*step.object), "{}: the plan takes it into account and is not safe",
                step_name(step_past(i), step_length(i)));
      plan();
      i = -2;  // all over again
    }
    report_.proved = static_cast<std::size_t>(steps() + 1);
    require_fit();
  }
  std::int64_t step_past(std::int64_t i) const { return i < 0 ? 0 : options_.prompt + i; }
  std::int64_t step_length(std::int64_t i) const { return i < 0 ? options_.prompt : 1; }

  bool is_safe(const Object& object) const {
    return memory_.fits(object) && check_layout(order_of(object), memory_.layout(object)).empty();
  }

  void require_fit() const {
    const Bytes capacity = dram_capacity(machine_.config);
    if (memory_.total() <= capacity) return;
    throw CapacityError(fmt::format(
        "{} needs {} bytes of DRAM ({} of weights, {} of caches), {} more than the {} of {}",
        report_.network, grouped(memory_.total()), grouped(memory_.bytes(BufferKind::weight)),
        grouped(memory_.bytes(BufferKind::state)), grouped(memory_.total() - capacity),
        grouped(capacity), machine_.config.name));
  }

  void describe() {
    GenerateReport& r = report_;
    r.version = kVersion;
    r.machine_file = machine_.file;
    r.machine = machine_.config;
    r.batch = options_.batch.value_or(1);
    r.prompt = options_.prompt;
    r.tokens = options_.tokens;
    r.context = context_;
    r.seed = options_.run.plan.seed;
    r.perturbed = options_.run.perturbed;
    r.footprint = {memory_.bytes(BufferKind::weight),
                   memory_.bytes(BufferKind::state),
                   memory_.plan().peak,
                   memory_.bytes(BufferKind::input) + memory_.bytes(BufferKind::output),
                   memory_.total(),
                   memory_.plan().lower_bound,
                   memory_.plan().planner};
  }

  /// Simulates a program in the layout, with the owner of every byte.
  StepFigures simulate_step(std::int64_t past, std::int64_t length, std::int64_t perturbed) {
    const Compiled step = compiled(past, length);
    const std::string name = step_name(past, length);
    progress("simulating",
             static_cast<std::size_t>(std::max<std::int64_t>(0, past - options_.prompt)),
             static_cast<std::size_t>(steps()));
    const Stopwatch watch;
    const Image image = link(step.object, memory_.layout(*step.object), memory_.total());
    SimOptions sim;
    sim.shadow = true;
    const MachineConfig& machine = machine_.config;
    const SimResult result = simulate(image, machine, sim);
    const auto message = [](const ShadowViolation& v) { return v.message; };
    require_none(result.violations, name, message);
    require_none(conservation_breaches(step.graph, *step.object, machine, result),
                 name + " does not add up", [](const std::string& text) { return text; });
    for (std::int64_t i = 0; i < perturbed; ++i) {
      sim.perturb = options_.run.plan.seed + static_cast<std::uint64_t>(i);
      require_none(simulate(image, machine_for_delays(machine), sim).violations,
                   name + " under random delays", message);
    }
    simulate_seconds += watch.seconds();
    return figures(past, length, *step.object, result);
  }

  StepFigures figures(std::int64_t past, std::int64_t length, const Object& object,
                      const SimResult& result) const {
    RunReport run;
    run.machine = machine_.config;
    run.result = result;
    run.work = work_of(object, machine_.config.core);
    run.energy_table = energy_;
    return {past,
            length,
            true,
            static_cast<double>(result.cycles),
            static_cast<double>(result.dram_read),
            static_cast<double>(result.dram_written),
            energy(run).total(),
            static_cast<double>(result.macs)};
  }

  const ChosenMachine& machine_;
  const GenerateOptions& options_;
  std::int64_t context_;
  StepFamily family_;
  EnergyTable energy_;
  JointMemory memory_;
  std::shared_ptr<const PackedWeights> packed_;
  GenerateReport report_;
};

}  // namespace

GenerateReport generate(const NetworkChoice& network, const ChosenMachine& machine,
                        const GenerateOptions& options, bool timing) {
  const Stopwatch total;
  if (options.functional) check_computable(machine.config, machine.places);
  Generator generator(network, machine, options);
  GenerateReport report = generator.run();
  if (timing) {
    report.host.emplace();
    report.host->compile_seconds = generator.compile_seconds;
    report.host->simulate_seconds = generator.simulate_seconds;
    report.host->plan_seconds = generator.plan_seconds;
    report.host->total_seconds = total.seconds();
    report.host->max_rss_kib = max_rss_kib();
  }
  return report;
}

}  // namespace unna
