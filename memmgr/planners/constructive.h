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

/// Orders worth trying first, ties by size and then by index: the buffers of the bound first, the
/// rest by size; greatest load over the lifetime; the bound first, the rest by load and end; size;
/// size x lifetime; lifetime; arrival and its reverse. Loads and lifetimes of a partial order are
/// those of its sequence.
std::vector<ConstructiveOrder> constructive_orders(const PlanProblem& problem);

}  // namespace unna
