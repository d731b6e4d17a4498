#include "cli/console.h"

#include <fmt/color.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/output_files.h"
#include "text/printable.h"

namespace unna {

void say(const Options& options, std::string_view text, std::span<const std::string_view> outputs) {
  if (options.flag("quiet")) return;
  fmt::print(output_to_stdout(options, outputs) ? stderr : stdout, "{}", printable_lines(text));
}

bool has_colours(std::FILE* stream) {
  const char* const no_colour = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return ::isatty(::fileno(stream)) != 0 && (no_colour == nullptr || *no_colour == '\0') &&
         terminal != nullptr && std::string_view(terminal) != "dumb";
}

std::string error_line(std::string_view message) {
  const std::string text = printable(message);
  const std::size_t end = text.find(": ");
  if (!has_colours(stderr) || end == std::string::npos) return text;
  return fmt::format("{}{}", fmt::format(fmt::emphasis::bold, "{}:", text.substr(0, end)),
                     text.substr(end + 1));
}

}  // namespace unna
