#pragma once

// What commands say to people.

#include <cstdio>
#include <span>
#include <string>
#include <string_view>

#include "cli/options.h"

namespace unna {

inline constexpr OptionRow kQuietOption = {"quiet,q", "", "", "print nothing but errors"};

/// Prints text on stdout, or on stderr where one of the options `outputs` names stdout; nothing
/// with
/// --quiet. Control characters in it, of names, are escaped.
void say(const Options& options, std::string_view text,
         std::span<const std::string_view> outputs = {});

/// Whether text on a stream may have colours: it is a terminal, which is not dumb, and NO_COLOR is
/// not set (no-color.org).
bool has_colours(std::FILE* stream);

/// A message for stderr, without control characters, its place (`file:line:column:`) in bold where
/// there are colours.
std::string error_line(std::string_view message);

}  // namespace unna
