#pragma once

// The `$(...)` of the network language: integer arithmetic over named variables, replaced inside
// text before anything else looks at it.

#include <functional>
#include <map>
#include <string>

#include "text/yaml.h"

namespace unna {

/// Variables of a scope; values are kept as they were written (`64`, `relu`).
using Variables = std::map<std::string, std::string, std::less<>>;

/// `text` with each `$(expression)` replaced by its value. An expression has integers, variables,
/// + - * / % (division rounds down), unary minus and parentheses; a lone variable may also be text.
/// Throws InputError at the column of the offending character (counted from `pos`).
std::string expand(const std::string& text, const Variables& variables, const SourcePos& pos);

/// A copy of the tree with all scalars expanded, except in values of the key `but_not`.
YamlNode expand(const YamlNode& node, const Variables& variables, std::string_view but_not = "");

}  // namespace unna
