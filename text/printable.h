#pragma once

// Text from files and command lines, as a terminal may see it.

#include <string>
#include <string_view>

namespace unna {

/// Control characters, and bytes that are not UTF-8, as \x1b: no file's name or content can move
/// the cursor, set colours or hide what stands before it. A line end becomes \n, a tab \t, and '\\'
/// stays.
std::string printable(std::string_view text);

/// The same for text of several lines, whose ends stay.
std::string printable_lines(std::string_view text);

}  // namespace unna
