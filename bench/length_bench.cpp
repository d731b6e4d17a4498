// length_bench [operators...]: seconds of each stage for chains and wide networks of 1,000 to
// 16,000 operators, and what an operator takes: in a column where that grows with the length,
// something is not linear.

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/host.h"
#include "flow/pipeline.h"
#include "text/table.h"
#include "workloads/graph.h"

namespace {

using namespace unna;

constexpr std::int64_t kCores = 4;
constexpr std::int64_t kChannels = 16;

TensorId convolution(GraphBuilder& builder, const std::string& name, TensorId x) {
  const TensorId w = builder.weight(name + ".w", {kChannels, kChannels, 1, 1});
  return builder.op(OpKind::conv, name, {x, w}, ConvAttrs{}).front();
}

Graph chain(std::size_t operators) {
  GraphBuilder builder("chain");
  TensorId x = builder.input("x", {1, kChannels, 4, 4});
  for (std::size_t i = 0; i < operators; ++i) x = convolution(builder, fmt::format("c{}", i), x);
  builder.mark_output(x);
  return builder.finish();
}

/// Branches of four operators from one input, whose results are concatenated.
Graph wide(std::size_t operators) {
  GraphBuilder builder("wide");
  const TensorId x = builder.input("x", {1, kChannels, 4, 4});
  std::vector<TensorId> ends;
  for (std::size_t b = 0; 4 * b + 4 <= operators; ++b) {
    TensorId y = x;
    for (std::size_t i = 0; i < 4; ++i) y = convolution(builder, fmt::format("b{}.{}", b, i), y);
    ends.push_back(y);
  }
  builder.mark_output(builder.op(OpKind::concat, "all", ends, AxisAttrs{1, {}}).front());
  return builder.finish();
}

struct Seconds {
  double compile = 0, simulate = 0, liveness = 0, plan = 0, validate = 0;

  double total() const { return compile + simulate + liveness + plan + validate; }
};

Seconds measure(Graph graph) {
  MachineChoice choice;
  choice.cores = kCores;
  const ChosenMachine machine = choose_machine(choice);
  Seconds seconds;
  Stopwatch watch;
  const auto lap = [&] {
    const double taken = watch.seconds();
    watch = Stopwatch();
    return taken;
  };
  const Compiled compiled = compile_graph(std::move(graph), machine, {});
  seconds.compile = lap();
  const Executed executed = execute(compiled);
  seconds.simulate = lap();
  const PlanProblem problem = problem_of(compiled, executed, LivenessKind::instruction);
  seconds.liveness = lap();
  Planned planned = plan_memory(compiled, executed, problem, "auto", {});
  seconds.plan = lap();
  validate(compiled, executed, problem, planned);
  seconds.validate = lap();
  return seconds;
}

}  // namespace

int main(int count, char** arguments) {
  std::vector<std::size_t> lengths = {1000, 2000, 4000, 8000, 16000};
  if (count > 1) lengths.clear();
  for (int i = 1; i < count; ++i)
    lengths.push_back(std::strtoul(arguments[i], nullptr, 10));  // NOLINT(*-pointer-arithmetic)
  TextTable table({"network", "operators", "compile s", "simulate s", "liveness s", "plan s",
                   "validate s", "total s", "us an\noperator"});
  for (const bool is_chain : {true, false}) {
    for (const std::size_t operators : lengths) {
      const Seconds s = measure(is_chain ? chain(operators) : wide(operators));
      std::vector<std::string> cells = {is_chain ? "chain" : "wide", fmt::format("{}", operators)};
      for (const double value : {s.compile, s.simulate, s.liveness, s.plan, s.validate, s.total()})
        cells.push_back(fmt::format("{:.3f}", value));
      cells.push_back(fmt::format("{:.0f}", 1e6 * s.total() / static_cast<double>(operators)));
      table.add(std::move(cells));
    }
    table.rule();
  }
  fmt::print("{}", table.str());
  return 0;
}
