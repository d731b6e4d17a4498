#include "cli/output_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.h"

namespace unna {

void check_output_files(const Options& options, std::span<const std::string_view> names) {
  std::set<std::string> written;
  for (const std::string_view name : names) {
    const auto file = options.text(name);
    if (!file || written.insert(*file).second) continue;
    options.fail(name, *file == "-"
                           ? "only one output can be stdout"
                           : fmt::format("{} is written by another option already", *file));
  }
}

bool output_to_stdout(const Options& options, std::span<const std::string_view> names) {
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return options.text(name) == "-"; });
}

void write_output(const std::string& file, const std::string& content) {
  if (file == "-")
    fmt::print("{}", content);
  else
    write_file(file, content);
}

}  // namespace unna
