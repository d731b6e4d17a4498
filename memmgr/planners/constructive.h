#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "memmgr/problem.h"

namespace unna {

/// An order to place buffers in, and what it goes by.
struct ConstructiveOrder {
  std::string_view name;
  std::vector<std::uint32_t> order;
};

/// For large problems: the buffers of the bound by size, by lifetime in steps, or by start; then
/// the rest by size, or by distance from the bound's time. Steps are of the intervals' ends, or of
/// the sequence of a partial order.
std::vector<ConstructiveOrder> peak_orders(const PlanProblem& problem);

/// For partial orders: chain by chain of the index.
ConstructiveOrder chain_order(const PlanProblem& problem);

/// For partial orders: by the number of conflicting buffers (degree) or their bytes (pressure),
/// alone or times the size, exactly or in steps of a part of a doubling; and by size in steps of a
/// doubling. Within a step by late end or by start. Buffers that live long come first then, and
/// among equals those that are released together lie together.
std::vector<ConstructiveOrder> conflict_orders(const PlanProblem& problem);

/// Orders worth trying first, ties by size and then by index: the buffers of the bound first, the
/// rest by size; greatest load over the lifetime; the bound first, the rest by load and end; size;
/// size x lifetime; lifetime; arrival and its reverse. Loads and lifetimes of a partial order are
/// those of its sequence.
std::vector<ConstructiveOrder> constructive_orders(const PlanProblem& problem);

}  // namespace unna
