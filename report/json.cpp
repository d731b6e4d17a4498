#include "report/json.h"

#include <string>
#include <type_traits>
#include <variant>

namespace unna {

void add_cell(nlohmann::ordered_json& json, const ColumnInfo& column, const Cell& cell) {
  const std::string key(json_key(column));
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::int64_t> || std::is_same_v<T, double>) {
          if (column.unit.empty())
            json[key] = value;
          else
            json[key] = figure(value, column.unit);
        } else if constexpr (!std::is_same_v<T, std::monostate>) {
          json[key] = value;
        }
      },
      cell);
}

nlohmann::ordered_json left_out_json(const std::vector<LeftOut>& rows) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const LeftOut& row : rows)
    json.push_back({{"blocks", figure(row.blocks, "blocks")},
                    {"simulated", figure(row.simulated, "blocks")},
                    {"layers", figure(row.layers.size(), "layers")}});
  return json;
}

}  // namespace unna
