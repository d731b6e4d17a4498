#pragma once

// Rules between the fields of a machine. What one field may be is a row of configs/machine.h; what
// several fields may be together stands here, and nowhere else.

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "configs/machine.h"

namespace unna {

/// Fields that can't be what they are together.
class Contradiction : public InputError {
 public:
  Contradiction(std::vector<std::string> fields, const std::string& message)
      : InputError(message), fields_(std::move(fields)) {}

  /// Paths of those that are involved, the one that the message is about first.
  const std::vector<std::string>& fields() const { return fields_; }

 private:
  std::vector<std::string> fields_;
};

/// Where fields were given, by path ("dram.channels"): in a machine file or by `--set`.
struct FieldPlaces {
  std::map<std::string, SourcePos, std::less<>> by_path;

  /// The scalars and lists of a machine file.
  static FieldPlaces of_file(const std::string& yaml, const std::string& file);
  /// `path=value`, as set_field() takes it; wins over the file.
  void set(std::span<const std::string> assignments);
};

/// Throws InputError for the first rule that is broken: at the `--set` that gave one of the fields
/// that are involved, or else at the line that did; without a place where all have their defaults.
void check_machine(const MachineConfig& machine, const FieldPlaces& places = {});

/// The same for what a simulation with values needs besides (docs/functional.md).
void check_computable(const MachineConfig& machine, const FieldPlaces& places = {});

/// The rules of the banked DRAM alone; throws Contradiction.
void check_dram(const DramDevice& device, const DramLayout& layout,
                const DramController& controller);

/// Bytes that a packet of the interconnect carries: interconnect.packet_bytes, but at least a burst
/// and at most what lies in one channel at consecutive addresses. The machine has passed
/// check_machine(), or check_dram() at least.
Bytes packet_bytes(const MachineConfig& machine);

}  // namespace unna
