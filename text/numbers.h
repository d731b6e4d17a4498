#pragma once

// Numbers in text that people wrote. One rule for YAML, CSV, JSON and the command line.

#include <cstdint>
#include <string_view>

namespace unna {

/// The whole text, decimal, no sign other than a leading '-', no leading zeros. False where `text`
/// is not such a number, or where it does not fit; `value` is then unspecified.
bool parse_integer(std::string_view text, std::int64_t& value);
bool parse_number(std::string_view text, double& value);

/// Bytes: such an integer, or one with a unit behind it: 64KiB, 64 KiB, 2MiB, 1GiB, 1TiB, 512B.
/// Decimal units are not taken: people mean different things by 64KB.
bool parse_bytes(std::string_view text, std::int64_t& value);

}  // namespace unna
