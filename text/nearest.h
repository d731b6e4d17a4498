#pragma once

// What someone may have meant: the nearest of the names there are.

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace unna {

/// Letters that are wrong, missing, too many or swapped with their neighbour, at the least
/// (Damerau, CACM 1964).
std::size_t typing_mistakes(std::string_view a, std::string_view b);

/// The name with the fewest mistakes, the first of several; none where all differ by more than a
/// third of their letters. Of names with dots, the last part alone counts as well ("pes" for
/// "core.pes"), also of the word ("core.data_type" for "data_type"), and so does a beginning of
/// three letters or more
/// ("bandwidth" for "bandwidth_gbps", "convolution" for "conv").
std::optional<std::string> nearest(std::string_view word, std::span<const std::string> names);

/// The second half of a message about a word that is no name. Few names are listed: "expected one
/// of: a, b". Of many it is the nearest, "did you mean 'pes'?"; where none is near, "expected one
/// of: a, b, ... (30 in all)".
std::string expected_name(std::string_view word, std::span<const std::string> names);
std::string expected_name(std::string_view word, std::span<const std::string_view> names);

}  // namespace unna
