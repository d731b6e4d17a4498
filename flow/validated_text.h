#pragma once

// What validate() found, as text: so it comes from a child process.

#include <string>

#include "flow/pipeline.h"

namespace unna {

/// Of `shared` the cycles and what memory counted; validate() throws where there are violations.
std::string to_text(const Validated& validated);
/// The inverse, for text of this process's own child.
Validated validated_of(const std::string& text);

}  // namespace unna
