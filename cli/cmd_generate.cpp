#include <fmt/format.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/console.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "flow/generate.h"
#include "flow/serve.h"
#include "flow/shipped_files.h"
#include "memmgr/planners/registry.h"

namespace unna {

namespace {

constexpr CommandHelp kGenerateHelp = {
    "generate", "NETWORK",
    "Runs a language model with caches over a prompt, then once for each further token: time to\n"
    "the first token and per token, energy, DRAM traffic, and the memory that all of it needs.\n"
    "Caches stay in place and grow; one layout serves all steps, and is checked for each."};

constexpr OptionRow kGenerateOptions[] = {
    {"prompt", "N", "128", "tokens of the prompt"},
    {"tokens", "N", "64", "tokens that are made, the first by the run over the prompt"},
    {"batch", "N", "", "sequences at a time (default: as the network says; with --requests 8)"},
    {"requests", "FILE", "",
     "CSV of requests (arrival,prompt,tokens; arrival in seconds) that are served as they come, "
     "with continuous batching"},
    {"context", "N", "",
     "tokens that caches have room for (default: all but the last new one, or what the longest "
     "request needs)"},
    kBlocksOption,
    {"every-step", "", "",
     "simulate every step (default: of large models some, the others are interpolated)"},
    {"functional", "", "",
     "also compute, and hold caches and outputs against one run over all tokens"},
    {"check", "", "", "compare every stored tensor with a reference executor; with --functional"},
    {"cores", "N", "", "number of cores (default: the machine's, or 1)"},
    {"planner", "NAME", "auto", "unnasim plan --list shows them"},
    {"perturb", "N", "1", "replays under random delays of the prompt, the first and the last step"},
    kEnergyOption,
    {"json", "FILE", "",
     "write all figures there, step by step; - is stdout, the summary then goes to stderr"},
    {"csv", "FILE", "", "write a line a step there"},
    {"no-timing", "", "", "leave out what depends on the host"},
    kQuietOption,
};

GenerateOptions generate_choice(const Options& options) {
  GenerateOptions choice;
  choice.prompt = options.required_integer("prompt", 1, kMostTokens);
  choice.tokens = options.required_integer("tokens", 1, kMostTokens);
  choice.batch = options.integer("batch", 1, kMostTokens);
  if (!options.given("requests"))
    choice.context = options.integer("context", choice.prompt + choice.tokens - 1, kMaxDimension);
  if (options.flag("every-step")) choice.tolerance = 0;
  choice.run.blocks = static_cast<Blocks>(options.choice("equal-blocks", kBlocksNames));
  if (choice.run.blocks == Blocks::once && options.given("functional"))
    options.fail("functional", "is of whole networks, expected no --equal-blocks once");
  choice.functional = options.flag("functional");
  choice.check = options.flag("check");
  if (choice.check && !choice.functional && !options.given("requests"))
    options.fail("check", "takes effect with --functional only");
  // Its programs share one layout.
  choice.run.compile = compile_choice(options, Granularity::tensor);
  choice.run.planner = planner_choice(options, "planner", options.required("planner"));
  choice.run.plan = plan_choice(options);
  choice.run.perturbed = options.required_integer("perturb", 0, 1000);
  if (const auto file = options.text("energy"))
    choice.run.energy = find_input(Shipped::energy_table, *file);
  return choice;
}

/// Requests instead of one prompt.
int serve_command(const Options& options, const NetworkChoice& network,
                  const ChosenMachine& machine, GenerateOptions choice,
                  std::span<const std::string_view> files) {
  for (const char* name : {"prompt", "tokens"})
    if (options.given(name))
      options.fail(name,
                   "the file of --requests says how many tokens, expected only one of the two");
  for (const char* name : {"functional", "check"})
    if (options.given(name))
      options.fail(name, "values are computed of one prompt, expected no --requests");
  constexpr std::int64_t kSlots = 8;
  if (!choice.batch) choice.batch = kSlots;
  choice.context = options.integer("context", 1, kMaxDimension);
  RunProgress progress(!options.flag("quiet"));
  choice.run.progress = progress.sink();
  const ServeReport report =
      serve(network, options.required("requests"), machine, choice, !options.flag("no-timing"));
  progress.end_stage();
  OutputFiles out;
  if (const auto json = options.text("json")) out.add(*json, serve_json(report));
  if (const auto csv = options.text("csv")) out.add(*csv, served_csv(report));
  out.commit();
  say(options, serve_text(report), files);
  return kExitOk;
}

}  // namespace

CommandInterface generate_interface() {
  return {kGenerateHelp,
          std::vector<OptionRow>(std::begin(kGenerateOptions), std::end(kGenerateOptions)) +
              network_options() + machine_options() + compile_options() + search_options()};
}

int generate_command(const Options& options) {
  constexpr std::string_view kGenerateFiles[] = {"json", "csv"};
  check_output_files(options, kGenerateFiles);
  MachineChoice machine = machine_choice(options);
  machine.cores = options.integer("cores", 1, kMaxCores);
  GenerateOptions choice = generate_choice(options);
  const NetworkChoice network = network_choice(options, options.only());
  const ChosenMachine chosen = choose_machine(machine);
  if (options.given("requests"))
    return serve_command(options, network, chosen, choice, kGenerateFiles);
  RunProgress progress(!options.flag("quiet"));
  choice.run.progress = progress.sink();
  const GenerateReport report = generate(network, chosen, choice, !options.flag("no-timing"));
  progress.end_stage();
  OutputFiles files;
  if (const auto json = options.text("json")) files.add(*json, generate_json(report));
  if (const auto csv = options.text("csv")) files.add(*csv, steps_csv(report));
  files.commit();
  say(options, generate_text(report), kGenerateFiles);
  return kExitOk;
}

}  // namespace unna
