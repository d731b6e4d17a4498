#pragma once

// The walls between the folders, as a table (docs/architecture.md, "Layers").

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace unna::layering {

/// One `#include` line of a source file; `path` and project includes are rooted at the project.
struct Include {
  std::string path;  ///< "sim/core.cpp"
  int line = 0;
  std::string target;  ///< "isa/object.h" or "systemc"
  bool angled = false;
};

/// The folders of the table, ascending.
std::vector<std::string> layers();

/// The includes of one file's text.
std::vector<Include> includes_of(const std::string& path, const std::string& text);

/// What is wrong with the includes of the whole tree: one `path:line: ...` message a breach.
std::vector<std::string> breaches(const std::vector<Include>& includes);

}  // namespace unna::layering
