#pragma once

#include <cstddef>
#include <string_view>

namespace unna {

/// Bytes of the well-formed UTF-8 character (RFC 3629) at the start of the text; 0 where there is
/// none.
std::size_t utf8_length(std::string_view text);

}  // namespace unna
