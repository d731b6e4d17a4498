#pragma once

// Attributes of one operator of the network language: which keys a kind has, what they may be, and
// their defaults. docs/workloads.md has the same as a table.

#include <vector>

#include "text/yaml.h"
#include "workloads/layers.h"

namespace unna {

/// Takes the keys of `kind` from `fields` (not `op`, `name`, `from` and `weights`) and gives a
/// layer without name, inputs and position. `inputs` are the shapes of its inputs: `pad: same` and
/// `groups: depthwise` depend on them. Throws InputError where a value is not what it should be.
/// With `own_weights`, also what they are like (`channels`, `features`, `bias`).
Layer read_layer(OpKind kind, YamlMapReader& fields, const std::vector<Shape>& inputs,
                 bool own_weights = true);

/// A list of integers in [lo, hi].
std::vector<std::int64_t> read_integers(const YamlNode& node, std::string_view what,
                                        std::int64_t lo, std::int64_t hi);

}  // namespace unna
