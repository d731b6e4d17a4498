#pragma once

#include <string>
#include <string_view>

namespace unna {

/// Text of an XML (SVG, HTML) element or attribute: markup escaped, what XML can't hold replaced by
/// U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace unna
