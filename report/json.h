#pragma once

// Private to report's sources: nlohmann's header is expensive to compile.

#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "report/columns.h"
#include "report/whole_network.h"

namespace unna {

/// Every figure of a JSON report has its unit beside it.
template <class T>
nlohmann::ordered_json figure(const T& value, std::string_view unit) {
  return {{"value", value}, {"unit", unit}};
}

/// Rows of which a program has some blocks only (report/whole_network.h).
nlohmann::ordered_json left_out_json(const std::vector<LeftOut>& rows);

/// Adds a column's cell: numbers with a unit as figures, everything else as it is; nothing where
/// the cell is empty.
void add_cell(nlohmann::ordered_json& json, const ColumnInfo& column, const Cell& cell);

}  // namespace unna
