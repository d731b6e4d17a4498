#pragma once

#include <string>
#include <string_view>

namespace unna {

/// In what a run that a directory has differs from the one that is to take its place, by two
/// summary.json: ", in place of a run with granularity tensor, machine.data_type int16" has up to
/// three fields and options with their values there, and how many more there are. Where these agree
/// and the programs do not, it had other options. Empty where both agree, and where the first is no
/// summary.
std::string replaced_run_text(std::string_view there, std::string_view instead, bool same_program);

}  // namespace unna
