#pragma once

// Rules between the fields of a machine. What one field may be is a row of configs/machine.h; what
// two fields may be together stands here, and nowhere else.

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "base/error.h"
#include "configs/machine.h"

namespace unna {

/// Where fields were given, by path ("dram.channels"): in a machine file or by `--set`.
struct FieldPlaces {
  std::map<std::string, SourcePos, std::less<>> by_path;

  /// The scalars and lists of a machine file.
  static FieldPlaces of_file(const std::string& yaml, const std::string& file);
  /// `path=value`, as set_field() takes it; wins over the file.
  void set(std::span<const std::string> assignments);
};

/// Throws InputError for the first rule that is broken: at the place where one of the fields that
/// the message names was given, without a place where they all have their defaults.
void check_machine(const MachineConfig& machine, const FieldPlaces& places = {});

/// Bytes that a packet of the interconnect carries: interconnect.packet_bytes, but at least a burst
/// and at most what lies in one channel contiguously.
Bytes packet_bytes(const MachineConfig& machine);

}  // namespace unna
