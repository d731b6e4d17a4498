#include "cli/functional.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace unna {

namespace {

/// Elements with the accumulator's or the element's format.
std::vector<std::byte> encoded(const Encoding& encoding, const std::vector<double>& values,
                               bool accumulators, Bytes size) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  if (accumulators)
    encoding.put_accumulators(values, bytes);
  else
    encoding.put_elements(values, bytes);
  return bytes;
}

const PlacedTensor* place_of(const Placement& placement, TensorId tensor) {
  const auto at = std::ranges::lower_bound(placement.tensors, tensor, {}, &PlacedTensor::tensor);
  return at != placement.tensors.end() && at->tensor == tensor ? &*at : nullptr;
}

void add_input(const Compiled& compiled, const Encoding& encoding, const PlacedTensor& place,
               const std::vector<float>& values, InitialMemory& memory) {
  const Graph& graph = compiled.graph;
  const PlacedStorage& storage = compiled.placement.storages[place.storage];
  const std::vector<double> wide(values.begin(), values.end());
  std::vector<std::byte> logical(wide.size() * static_cast<std::size_t>(storage.element));
  encoding.put_elements(wide, logical);
  InitialMemory::Content content{storage.first,
                                 std::vector<std::byte>(static_cast<std::size_t>(
                                     compiled.object->buffers[storage.first.index()].size))};
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
  for (const Parameter& p : compiled.parameters)
    memory.contents.push_back(
        {p.buffer, encoded(encoding, parameter_values(compiled.graph, p), p.accumulators,
                           compiled.object->buffers[p.buffer.index()].size)});
  for (const auto& [tensor, values] : inputs)
    if (const PlacedTensor* place = place_of(compiled.placement, tensor))
      add_input(compiled, encoding, *place, values, memory);
  return memory;
}

void write_memory(const InitialMemory& memory, Functional& run) {
  for (const InitialMemory::Content& c : memory.contents)
    std::ranges::copy(c.bytes, run.buffer(c.buffer).begin());
}

std::vector<double> read_tensor(const Compiled& compiled, const Functional& run,
                                const PlacedTensor& tensor) {
  const Encoding encoding = Encoding::of(compiled.machine.config);
  std::vector<double> values;
  values.reserve(static_cast<std::size_t>(compiled.graph.tensor(tensor.tensor).elements()));
  for_each_element(compiled.graph, compiled.placement, tensor, [&](const BufferPosition& at) {
    values.push_back(encoding.element(run.buffer(at.buffer), static_cast<std::size_t>(at.offset)));
  });
  return values;
}

double tolerance_of(DataType type) {
  return type == DataType::fp16 ? 1e-2 : type == DataType::fp32 ? 1e-4 : 0;
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
  for (const double e : expected) most = std::max(most, std::fabs(e * unit));
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double want = expected[i] * unit;
    if (got[i] == want || (std::isnan(got[i]) && std::isnan(want))) continue;
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
  const double unit = encoding.is_fixed() ? encoding.fixed.value(1) : 1;
  const double tolerance = tolerance_of(encoding.type);
  Check check;
  run_reference(compiled.graph, inputs, encoding,
                [&](TensorId id, std::span<const double> expected) {
                  const PlacedTensor* place = place_of(compiled.placement, id);
                  if (place == nullptr || check.difference) return;
                  compare(compiled.graph.tensor(id), read_tensor(compiled, run, *place), expected,
                          unit, tolerance, check);
                });
  return check;
}

std::vector<std::byte> output_bytes(const Compiled& compiled, const Functional& run) {
  std::vector<std::byte> all;
  for (std::size_t b = 0; b < compiled.object->buffers.size(); ++b) {
    if (compiled.object->buffers[b].kind != BufferKind::output) continue;
    const auto bytes = run.buffer(BufferId(b));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

}  // namespace unna
