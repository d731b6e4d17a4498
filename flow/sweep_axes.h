#pragma once

// The axes that a sweep can have: what a value must be, and what it does to a run.

#include <string>

#include "flow/sweep.h"

namespace unna {

/// Throws InputError at `pos` for what is no axis.
void check_axis_name(const std::string& name, const SourcePos& pos);

/// Throws InputError at the node's place where it is no value of the axis.
SweepValue checked_axis_value(const std::string& axis, const YamlNode& node);

/// Gives the run, or the choice of its machine, a value that has been checked.
void apply_axis(const SweepSpec& spec, const std::string& axis, const std::string& value,
                SweepRun& run, MachineChoice& machine);

}  // namespace unna
