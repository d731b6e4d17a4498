#include "flow/generate_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "compiler/adapt.h"
#include "flow/functional_run.h"
#include "flow/host.h"
#include "workloads/random_values.h"
#include "workloads/weight_groups.h"

namespace unna {
namespace {

/// A tensor of the run over all tokens.
struct Whole {
  Shape shape;
  std::vector<double> values;
};
using Wholes = std::map<std::string, Whole, std::less<>>;

/// Which tokens a run is about: `length` behind `past`.
struct Span {
  std::int64_t past = 0, length = 0;
};

/// The part of a whole tensor that a run sees: dimensions of its own tokens start behind the past,
/// others at the beginning.
std::vector<double> part_of(const Whole& whole, const Shape& shape, const Span& span,
                            const std::string& name) {
  invariant(whole.shape.size() == shape.size(), "{} has another rank", name);
  Shape start(shape.size(), 0);
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == whole.shape[d]) continue;
    if (shape[d] == span.length)
      start[d] = span.past;
    else if (shape[d] != span.past + span.length && shape[d] != span.past)
      throw InputError(
          fmt::format("{} is {} for {} tokens behind {}, expected dimensions of new or "
                      "of all tokens",
                      name, to_string(shape), span.length, span.past));
  }
  std::vector<double> part;
  Shape index(shape.size(), 0);
  for (std::int64_t n = element_count(shape); n > 0; --n) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < shape.size(); ++d) at = at * whole.shape[d] + start[d] + index[d];
    part.push_back(whole.values[static_cast<std::size_t>(at)]);
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++index[d] < shape[d]) break;
      index[d] = 0;
    }
  }
  return part;
}

/// The tensor of that name in one of the maps below.
template <class T>
const T& named(const std::map<std::string, T, std::less<>>& tensors, const std::string& name) {
  const auto at = tensors.find(name);
  invariant(at != tensors.end(), "{} is in no earlier run", name);
  return at->second;
}

/// Far below all others, and a number of every type.
constexpr float kUnseen = -1e4F;

void fill_mask(const Shape& shape, std::vector<float>& values) {
  const std::int64_t columns = shape.back();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto element = static_cast<std::int64_t>(i);
    const std::int64_t row = element / columns % shape[shape.size() - 2];
    values[i] = element % columns > row ? kUnseen : 0;
  }
}

/// What the host of an ONNX model is given: everything is seen, positions count, tokens are some of
/// the first eight of the vocabulary.
OnnxTensor host_input(const OnnxHost::Input& input, const Span& span) {
  TensorFile file{input.dims, {}};
  const std::int64_t columns = input.dims.empty() ? 1 : input.dims.back();
  const std::int64_t first = columns == span.length ? span.past : 0;
  for (std::int64_t i = 0; i < element_count(input.dims); ++i) {
    const std::int64_t token = first + i % columns;
    const bool mask = input.name.find("mask") != std::string::npos;
    const bool position = input.name.find("position") != std::string::npos;
    const std::int64_t word = (token * 5 + 3 + i / columns) % 8;
    file.values.push_back(static_cast<float>(mask ? 1 : position ? token : word));
  }
  return onnx_tensor(file, input.kind);
}

/// The inputs of the graph that the host makes of tokens and positions.
void run_host(const OnnxHost& host, const Graph& graph, const Span& span, InputValues& inputs) {
  onnx_import::HostValues given;
  for (const OnnxHost::Input& input : host.inputs)
    if (input.kind != onnx_import::ElementKind::real) given[input.name] = host_input(input, span);
  run_host_before(host, graph, given, inputs);
}

/// Synapses by name: packed in the same way in all programs.
class SameWeights {
 public:
  void look(const Compiled& compiled, const InitialMemory& memory) {
    for (const InitialMemory::Content& c : memory.contents) {
      const BufferInfo& buffer = compiled.object->buffers[c.buffer.index()];
      if (!compiled.packed.contains(buffer.name)) continue;
      const auto [at, added] = bytes_.emplace(buffer.name, c.bytes);
      invariant(added || at->second == c.bytes, "weight '{}' has other bytes than before",
                buffer.name);
    }
  }

 private:
  std::map<std::string, std::vector<std::byte>, std::less<>> bytes_;
};

class ValueSteps {
 public:
  ValueSteps(StepPrograms& programs, const GenerateOptions& options, const MachineConfig& machine)
      : programs_(programs), options_(options), machine_(machine) {}

  GenerateFunctional run() {
    const std::int64_t tokens = options_.prompt + options_.tokens - 1;
    figures_.seed = options_.run.plan.seed;
    run_whole(tokens);
    run_step({0, options_.prompt}, options_.tokens == 1);
    for (std::int64_t past = options_.prompt; past < tokens; ++past)
      run_step({past, 1}, past + 1 == tokens);
    return figures_;
  }

 private:
  StepShape shape(const Span& span) const { return {span.past, span.length, options_.batch}; }

  /// All tokens at once, by the reference executor.
  void run_whole(std::int64_t tokens) {
    ReadNetwork read = programs_.family().at(shape({0, tokens}));
    Graph graph = adapted(std::move(read.graph), machine_);
    fill_weights(graph, figures_.seed);
    settle_groups(graph, element_bytes(machine_.data_type));
    for (const GraphTensor& t : graph.tensors)
      if (t.kind == TensorKind::weight) weights_of_all_[t.name] = t.values;
    const Graph next =
        programs_.family().at(shape({std::max<std::int64_t>(1, tokens - 1), 1})).graph;
    InputValues inputs;
    run_host(read.host, graph, {0, tokens}, inputs);
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
      const GraphTensor& t = graph.tensors[i];
      if (t.kind != TensorKind::input || inputs.contains(TensorId(i))) continue;
      std::vector<float> values = random_input(graph, TensorId(i), figures_.seed);
      if (is_mask(t, next, tokens)) fill_mask(t.shape, values);
      whole_[t.name] = {t.shape, {values.begin(), values.end()}};
      inputs[TensorId(i)] = std::move(values);
    }
    const Encoding encoding = Encoding::of(machine_);
    run_reference(graph, inputs, encoding, [&](TensorId id, std::span<double> values) {
      const GraphTensor& t = graph.tensor(id);
      if (!t.is_output) return;
      Whole& whole = whole_[t.name];
      whole.shape = t.shape;
      const double unit = encoding.is_fixed() ? encoding.fixed.value(1) : 1;
      for (const double v : values) whole.values.push_back(v * unit);
    });
  }

  /// Random values depend on a tensor's place in its graph: all graphs have those of the first.
  void take_weights(Graph& graph) const {
    for (GraphTensor& t : graph.tensors) {
      const auto same = weights_of_all_.find(t.name);
      if (t.kind == TensorKind::weight && !t.values && same != weights_of_all_.end())
        t.values = same->second;
    }
    fill_weights(graph, figures_.seed);
    settle_groups(graph, element_bytes(machine_.data_type));
  }

  /// A row for each new token, a column for each token.
  static bool is_mask(const GraphTensor& all, const Graph& step, std::int64_t tokens) {
    const std::size_t rank = all.shape.size();
    if (rank < 2 || all.shape[rank - 1] != tokens || all.shape[rank - 2] != tokens) return false;
    return std::ranges::any_of(step.tensors, [&](const GraphTensor& t) {
      return t.name == all.name && t.shape[rank - 2] == 1 && t.shape[rank - 1] == tokens;
    });
  }

  InputValues inputs_of(const Graph& graph, const Span& span) const {
    InputValues inputs;
    run_host(programs_.family().at(shape(span)).host, graph, span, inputs);
    for (std::size_t i = 0; i < graph.tensors.size(); ++i) {
      const GraphTensor& t = graph.tensors[i];
      if (t.kind != TensorKind::input || inputs.contains(TensorId(i))) continue;
      const auto state =
          std::ranges::find(graph.states, std::optional(TensorId(i)), &GraphState::past);
      // What the last run has left.
      const auto& values = state == graph.states.end()
                               ? part_of(named(whole_, t.name), t.shape, span, t.name)
                               : named(left_, graph.tensor(state->present).name);
      inputs[TensorId(i)] = {values.begin(), values.end()};
    }
    return inputs;
  }

  void run_step(const Span& span, bool last) {
    Compiled step = programs_.compiled(shape(span));
    take_weights(step.graph);
    const InputValues inputs = inputs_of(step.graph, span);
    InitialMemory initial = initial_memory(step, inputs);
    weights_.look(step, initial);
    const Image image =
        link(step.object, programs_.memory().layout(*step.object), programs_.memory().total());
    Functional values(image, step.machine.config, {.poison_dead = true});
    write_memory(initial, values);
    // States are not written anew: their bytes are those that the last program left in this place.
    for (std::size_t b = 0; b < step.object->buffers.size(); ++b) {
      const auto state = states_.find(step.object->buffers[b].name);
      if (state != states_.end())
        std::ranges::copy(state->second, values.buffer(BufferId(b)).begin());
    }
    SimOptions sim;
    sim.values = &values;
    simulate(image, step.machine.config, sim);
    if (options_.check) check(step, inputs, span);
    compare(step, values, span, last);
    for (std::size_t b = 0; b < step.object->buffers.size(); ++b) {
      const BufferInfo& buffer = step.object->buffers[b];
      if (buffer.kind != BufferKind::state) continue;
      const auto bytes = values.buffer(BufferId(b));
      states_[buffer.name] = {bytes.begin(), bytes.end()};
    }
  }

  /// In a layout of its own, where nothing is poisoned.
  void check(const Compiled& step, const InputValues& inputs, const Span& span) {
    const Image image =
        link(step.object, identity_layout(*step.object, step.machine.config.dram.alignment_bytes),
             std::numeric_limits<Bytes>::max());
    Functional values(image, step.machine.config);
    write_memory(initial_memory(step, inputs), values);
    SimOptions sim;
    sim.values = &values;
    simulate(image, step.machine.config, sim);
    const Check found = check_against_reference(step, inputs, values);
    if (found.difference)
      throw InternalError(
          fmt::format("{} tokens behind {}: {}", span.length, span.past, *found.difference));
    figures_.tensors += found.tensors;
    figures_.largest_error = std::max(figures_.largest_error, found.largest_error);
  }

  /// States in every step, other outputs in the last one.
  void compare(const Compiled& step, const Functional& values, const Span& span, bool last) {
    for (const PlacedTensor& place : step.placement.tensors) {
      const GraphTensor& t = step.graph.tensor(place.tensor);
      if (!t.is_output) continue;
      const bool state = std::ranges::any_of(
          step.graph.states, [&](const GraphState& s) { return s.present == place.tensor; });
      if (!state && !last) continue;
      std::vector<double> got = read_tensor(step, values, place);
      const Whole& whole = named(whole_, t.name);
      const Span of = state ? Span{0, span.past + span.length} : span;
      compare(t.name, got, part_of(whole, t.shape, of, t.name));
      if (state) left_[t.name] = std::move(got);
    }
  }

  void compare(const std::string& name, const std::vector<double>& got,
               const std::vector<double>& want) {
    double most = 0.125;
    for (const double w : want) most = std::max(most, std::fabs(w));
    const double allowed =
        100 * tolerance_of(machine_.data_type);  // rounded anew in each of many layers
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double error = std::fabs(got[i] - want[i]) / most;
      figures_.whole_error = std::max(figures_.whole_error, error);
      if (!(error <= allowed))
        throw InternalError(fmt::format("{} element {} is {}, in one run without cache it is {}",
                                        name, i, got[i], want[i]));
    }
  }

  StepPrograms& programs_;
  const GenerateOptions& options_;
  const MachineConfig& machine_;
  Wholes whole_;
  std::map<std::string, std::vector<double>, std::less<>> left_;  ///< values of states, by name
  std::map<std::string, std::vector<std::byte>, std::less<>> states_;  ///< and their bytes
  std::map<std::string, std::shared_ptr<const std::vector<float>>, std::less<>> weights_of_all_;
  SameWeights weights_;
  GenerateFunctional figures_;
};

}  // namespace

GenerateFunctional generate_values(StepPrograms& programs, const GenerateOptions& options,
                                   const MachineConfig& machine) {
  if (machine.data_type == DataType::int8)
    throw InputError(
        "unnasim generate: --functional: scales of int8 would differ from step to step, expected "
        "another data_type");
  return ValueSteps(programs, options, machine).run();
}

}  // namespace unna
