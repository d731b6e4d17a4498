#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/id.h"

namespace unna {

/// Where an event stands in a text that parse_trace() has accepted; nothing where it has no such
/// event.
std::optional<SourcePos> place_in_trace(const std::string& text, const std::string& file,
                                        CoreId core, std::uint32_t pc);

}  // namespace unna
