#pragma once

// Private to report's sources: nlohmann's header is expensive to compile.

#include <nlohmann/json.hpp>
#include <string_view>

namespace unna {

/// Every figure of a JSON report has its unit beside it.
template <class T>
nlohmann::ordered_json figure(const T& value, std::string_view unit) {
  return {{"value", value}, {"unit", unit}};
}

}  // namespace unna
