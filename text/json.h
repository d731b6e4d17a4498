#pragma once

#include <string>

#include "text/yaml.h"

namespace unna {

/// A JSON text as the tree that strict readers walk: objects as maps, arrays as sequences, strings
/// as quoted scalars, numbers and booleans as plain ones. Throws InputError with line and column
/// for what is not JSON, for duplicate keys, and for more than 32 levels or 100 keys an object.
YamlNode parse_json(const std::string& text, const std::string& file);

}  // namespace unna
