#include "flow/transfer.h"

#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "base/error.h"

namespace unna {

// Lists of fields. A field more in one of these types has to be listed, too.
static_assert(sizeof(DramStats) == 8 * sizeof(std::int64_t));
static_assert(sizeof(CacheCounts) == 4 * sizeof(std::int64_t));
static_assert(sizeof(PortStats) == 6 * sizeof(std::int64_t));
static_assert(sizeof(LayoutFigures) == 7 * sizeof(std::int64_t));
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DramStats, reads, writes, row_hits, row_misses, row_conflicts,
                                   activates, refreshes, forwarded)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CacheCounts, reads, read_hits, writes, write_hits)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CacheStats, total, by_buffer, merged, fills, writebacks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PortStats, packets, bytes, request_wait, response_wait, latency,
                                   occupied)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(MemoryStats, dram, burst_bytes, cache, ports)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ValidationFigures, checker, shadow, perturbed, conservation)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(LayoutFigures, peak, cycles, row_hits, row_accesses, cache_hits,
                                   cache_accesses, dram_bytes)

namespace {

using Tree = nlohmann::json;

Tree to_tree(const LayoutFigures& figures) {
  return figures;
}
void from_tree(const Tree& tree, LayoutFigures& figures) {
  figures = tree.get<LayoutFigures>();
}

Tree to_tree(const Validated& validated) {
  invariant(validated.shared && validated.shared->memory, "no memory by bursts was simulated");
  return {{"figures", validated.figures},
          {"cycles", validated.shared->cycles},
          {"memory", *validated.shared->memory}};
}
void from_tree(const Tree& tree, Validated& validated) {
  validated.figures = tree.at("figures").get<ValidationFigures>();
  SimResult& shared = validated.shared.emplace();
  shared.cycles = tree.at("cycles").get<Cycle>();
  shared.memory = tree.at("memory").get<MemoryStats>();
}

Tree to_tree(const std::vector<Cell>& cells) {
  Tree tree = Tree::array();
  for (const Cell& cell : cells)
    tree.push_back(std::visit(
        [](const auto& value) -> Tree {
          if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
            return nullptr;
          else
            return value;
        },
        cell));
  return tree;
}
void from_tree(const Tree& tree, std::vector<Cell>& cells) {
  for (const Tree& value : tree) {
    if (value.is_null())
      cells.emplace_back();
    else if (value.is_boolean())
      cells.emplace_back(value.get<bool>());
    else if (value.is_number_integer())
      cells.emplace_back(value.get<std::int64_t>());
    else if (value.is_number_float())
      cells.emplace_back(value.get<double>());
    else
      cells.emplace_back(value.get<std::string>());
  }
}

}  // namespace

template <class T>
std::string packed(const T& value) {
  std::string bytes;
  Tree::to_cbor(to_tree(value), bytes);
  return bytes;
}

template <class T>
T unpacked(std::string_view bytes) {
  try {
    T value;
    from_tree(Tree::from_cbor(bytes.begin(), bytes.end()), value);
    return value;
  } catch (const Tree::exception& error) {
    throw InternalError(fmt::format("a child process's result is damaged: {}", error.what()));
  }
}

template std::string packed(const Validated&);
template std::string packed(const LayoutFigures&);
template std::string packed(const std::vector<Cell>&);
template Validated unpacked(std::string_view);
template LayoutFigures unpacked(std::string_view);
template std::vector<Cell> unpacked(std::string_view);

}  // namespace unna
