#include "flow/functional_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/synapses.h"
#include "flow/finiteness.h"
#include "flow/given_numbers.h"
#include "sim/poisoned_memory.h"

namespace unna {

namespace {

const PlacedTensor* place_of(const Placement& placement, TensorId tensor) {
  const auto at = std::ranges::lower_bound(placement.tensors, tensor, {}, &PlacedTensor::tensor);
  return at != placement.tensors.end() && at->tensor == tensor ? &*at : nullptr;
}

void add_input(const Compiled& compiled, const Encoding& encoding, const PlacedTensor& place,
               const std::vector<float>& values, InitialMemory& memory) {
  const Graph& graph = compiled.graph;
  const PlacedStorage& storage = compiled.placement.storages[place.storage];
  std::vector<double> wide(values.begin(), values.end());
  if (storage.quantisation != Quantisation{})
    for (double& v : wide)
      v = v / static_cast<double>(storage.quantisation.scale) + storage.quantisation.zero;
  std::vector<std::byte> logical(wide.size() * static_cast<std::size_t>(storage.element));
  encoding.put_elements(wide, logical);
  // What a state has no values for yet, nobody may read.
  InitialMemory::Content content{
      storage.cuts.first(),
      std::vector<std::byte>(
          static_cast<std::size_t>(compiled.object->buffers[storage.cuts.first().index()].size),
          kPoison)};
  const auto element = static_cast<std::ptrdiff_t>(storage.element);
  auto from = logical.begin();
  for_each_element(graph, compiled.placement, place, [&](const BufferPosition& to) {
    std::copy(from, from + element, content.bytes.begin() + to.offset);
    from += element;
  });
  memory.contents.push_back(std::move(content));
}

}  // namespace

InitialMemory initial_memory(const Compiled& compiled, const InputValues& inputs) {
  const Encoding encoding = Encoding::of(compiled.machine.config);
  InitialMemory memory;
  for (const Parameter& p : compiled.parameters) {
    if (p.groups) {
      memory.contents.push_back({p.buffer, grouped_image(compiled.graph, p)});
      continue;
    }
    Bytes size = compiled.object->buffers[p.buffer.index()].size;
    if (p.indexing) size = p.recipe.elements * p.indexing->element;
    std::vector<std::byte> bytes = parameter_bytes(compiled.graph, p, encoding, size);
    if (p.indexing) bytes = indexed_image(p, bytes);
    memory.contents.push_back({p.buffer, std::move(bytes)});
  }
  for (const auto& [tensor, values] : inputs)
    if (const PlacedTensor* place = place_of(compiled.placement, tensor))
      add_input(compiled, encoding, *place, values, memory);
  return memory;
}

void write_memory(const InitialMemory& memory, Functional& run) {
  for (const InitialMemory::Content& c : memory.contents) {
    invariant(c.bytes.size() == run.buffer(c.buffer).size(), "{} bytes for buffer {} of {}",
              c.bytes.size(), c.buffer.value, run.buffer(c.buffer).size());
    std::ranges::copy(c.bytes, run.buffer(c.buffer).begin());
  }
}

std::vector<double> read_tensor(const Compiled& compiled, const Functional& run,
                                const PlacedTensor& tensor) {
  const Encoding encoding = Encoding::of(compiled.machine.config);
  const Quantisation& q = compiled.placement.storages[tensor.storage].quantisation;
  const auto unit = static_cast<double>(q.scale);
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(compiled.graph.tensor(tensor.tensor).elements()));
  for_each_element(compiled.graph, compiled.placement, tensor, [&](const BufferPosition& at) {
    values.push_back(
        unit *
        (encoding.element(run.buffer(at.buffer), static_cast<std::size_t>(at.offset)) - q.zero));
  });
  return values;
}

double tolerance_of(DataType type) {
  return type == DataType::fp16 ? 4e-3 : type == DataType::fp32 ? 1e-5 : 0;
}

namespace {

std::string index_text(const Shape& shape, std::size_t element) {
  std::string text;
  auto rest = static_cast<std::int64_t>(element);
  for (std::size_t d = shape.size(); d-- > 0;) {
    text = fmt::format("{}{}{}", rest % shape[d], text.empty() ? "" : ",", text);
    rest /= shape[d];
  }
  return text;
}

/// Magnitude below which errors count absolutely: what cancels leaves large relative errors.
constexpr double kSmallest = 0.125;

/// Compares one tensor; `unit` is what the reference counts in.
void compare(const GraphTensor& tensor, const std::vector<double>& got,
             std::span<const double> expected, double unit, double tolerance, Check& check) {
  ++check.tensors;
  double most = 0;
  for (const double e : expected)
    if (std::isfinite(e)) most = std::max(most, std::fabs(e * unit));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double want = expected[i] * unit;
    if (got[i] == want) continue;
    const double error = std::fabs(got[i] - want) / std::max(most, kSmallest);
    check.largest_error = std::max(check.largest_error, error);
    if (error <= tolerance) continue;
    if (!check.difference)
      check.difference = fmt::format("{}[{}] is {}, the reference has {}", tensor.name,
                                     index_text(tensor.shape, i), got[i], want);
    return;
  }
}

}  // namespace

Check check_against_reference(const Compiled& compiled, const InputValues& inputs,
                              const Functional& run) {
  const Encoding encoding = Encoding::of(compiled.machine.config);
  const double tolerance = tolerance_of(encoding.type);
  Check check;
  const std::string_view type = kDataTypeNames[static_cast<std::size_t>(encoding.type)];
  Finiteness finite(compiled.graph, inputs, type);
  run_reference(compiled.graph, inputs, encoding, [&](TensorId id, std::span<double> values) {
    const PlacedTensor* place = place_of(compiled.placement, id);
    if (check.difference) return;
    if (place == nullptr) return finite.look(id, values);
    const std::vector<double> got = read_tensor(compiled, run, *place);
    finite.look(id, got);
    const Quantisation& q = compiled.placement.storages[place->storage].quantisation;
    const double unit =
        encoding.is_fixed() ? encoding.fixed.value(1) * static_cast<double>(q.scale) : 1;
    compare(compiled.graph.tensor(id), got, values, unit, tolerance, check);
    if (!encoding.is_fixed()) std::ranges::copy(got, values.begin());
  });
  return check;
}

std::vector<std::byte> output_bytes(const Compiled& compiled, const Functional& run) {
  std::vector<std::byte> all;
  for (std::size_t b = 0; b < compiled.object->buffers.size(); ++b) {
    const BufferKind kind = compiled.object->buffers[b].kind;
    if (kind != BufferKind::output && kind != BufferKind::state) continue;
    const auto bytes = run.buffer(BufferId(b));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

namespace {

/// One run of the image with values.
class ValueRun {
 public:
  ValueRun(const Compiled& compiled, const Layout& layout, const InitialMemory& memory,
           bool poison_dead)
      : machine_(compiled.machine.config),
        image_(link(compiled.object, layout, std::numeric_limits<Bytes>::max())),
        values_(image_, machine_, {poison_dead}) {
    write_memory(memory, values_);
  }

  /// Cycles.
  Cycle run(const std::optional<std::uint64_t>& perturb) {
    SimOptions options;
    options.values = &values_;
    options.perturb = perturb;
    return simulate(image_, perturb ? with_ideal_memory(machine_) : machine_, options).cycles;
  }
  const Functional& values() const { return values_; }

 private:
  const MachineConfig& machine_;
  Image image_;
  Functional values_;
};

std::map<TensorId, std::vector<double>> outputs_of(const Compiled& compiled,
                                                   const Functional& run) {
  std::map<TensorId, std::vector<double>> outputs;
  for (const PlacedTensor& place : compiled.placement.tensors)
    if (compiled.graph.tensor(place.tensor).is_output)
      outputs[place.tensor] = read_tensor(compiled, run, place);
  return outputs;
}

std::map<std::string, TensorFile> files_of(const Graph& graph,
                                           const std::map<TensorId, std::vector<double>>& outputs) {
  std::map<std::string, TensorFile> files;
  for (const auto& [id, values] : outputs) {
    TensorFile& file = files[graph.tensor(id).name];
    file.shape = graph.tensor(id).shape;
    for (const double v : values) file.values.push_back(static_cast<float>(v));
  }
  return files;
}

std::optional<std::vector<SaturatedLayer>> saturated_layers(const Compiled& compiled,
                                                            const Functional& run) {
  if (compiled.machine.config.data_type == DataType::fp32) return std::nullopt;
  std::vector<SaturatedLayer> layers;
  for (std::size_t l = 0; l < run.saturated().size(); ++l)
    if (run.saturated()[l] > 0)
      layers.push_back({compiled.object->layers[l].name, run.saturated()[l]});
  return layers;
}

/// Also without a reference, outputs are numbers.
void expect_numbers(const Graph& graph, const std::map<TensorId, std::vector<double>>& outputs) {
  for (const auto& [id, values] : outputs)
    for (std::size_t i = 0; i < values.size(); ++i)
      if (std::isnan(values[i]))
        throw InputError(
            fmt::format("output {}[{}] is no number, expected one: --check names the first layer "
                        "that makes it so",
                        graph.tensor(id).name, index_text(graph.tensor(id).shape, i)));
}

}  // namespace

std::map<std::string, TensorFile> compute_outputs(const Compiled& compiled,
                                                  const InputValues& inputs) {
  ValueRun run(compiled,
               identity_layout(*compiled.object, compiled.machine.config.dram.alignment_bytes),
               initial_memory(compiled, inputs), false);
  run.run(std::nullopt);
  return files_of(compiled.graph, outputs_of(compiled, run.values()));
}

FunctionalOutcome run_functional(const Compiled& compiled, const Executed& executed,
                                 const Layout& shared, const NetworkValues& values, bool check,
                                 std::int64_t perturbed, std::uint64_t seed) {
  FunctionalOutcome outcome;
  FunctionalFigures& figures = outcome.figures;
  figures.seed = seed;
  figures.inputs = values.files;
  const InitialMemory memory = initial_memory(compiled, values.inputs);
  const Bytes alignment = compiled.machine.config.dram.alignment_bytes;

  std::vector<std::byte> expected;
  {
    ValueRun alone(compiled, identity_layout(*compiled.object, alignment), memory, false);
    const Cycle cycles = alone.run(std::nullopt);
    invariant(cycles == executed.result.cycles, "with values the run takes {} cycles instead of {}",
              cycles, executed.result.cycles);
    expected = output_bytes(compiled, alone.values());
    const auto outputs = outputs_of(compiled, alone.values());
    if (!check) expect_numbers(compiled.graph, outputs);
    outcome.outputs = files_of(compiled.graph, outputs);
    figures.saturated = saturated_layers(compiled, alone.values());
    figures.saturated_tensors = saturated_tensors(compiled, values.inputs);
    if (values.outputs) figures.fidelity = fidelity(compiled.graph, *values.outputs, outputs);
    if (check) {
      const Check found = check_against_reference(compiled, values.inputs, alone.values());
      if (found.difference) throw InternalError(*found.difference);
      figures.tensors = found.tensors;
      figures.largest_error = found.largest_error;
      figures.tolerance = tolerance_of(compiled.machine.config.data_type);
    }
  }
  for (std::int64_t i = 0; i <= perturbed; ++i) {
    ValueRun sharing(compiled, shared, memory, true);
    sharing.run(i == 0 ? std::nullopt : std::optional(seed + static_cast<std::uint64_t>(i - 1)));
    invariant(output_bytes(compiled, sharing.values()) == expected,
              "outputs with shared memory differ from those without{}",
              i == 0 ? "" : " under random delays");
  }
  figures.perturbed = perturbed;
  return outcome;
}

}  // namespace unna
