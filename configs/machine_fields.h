#pragma once

// The fields of a machine as text.

#include <string>
#include <vector>

#include "configs/machine.h"

namespace unna {

/// A field as text: what the dumper and the documentation say about it.
struct FieldText {
  std::string path;
  std::string value;  ///< as a YAML scalar
  std::string raw;    ///< as `--set` takes it
  std::string range;
  std::string unit;
  std::string doc;
};

/// In the order of visit_fields().
std::vector<FieldText> describe_fields(const MachineConfig& machine);

}  // namespace unna
