#pragma once

// A language model at each of its lengths: one network for every number of tokens that its caches
// have, and of new tokens.

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "flow/pipeline.h"

namespace unna {

/// Names of the dimensions that change, of a model or among a network's params.
struct StepDims {
  std::string past, length;
  std::optional<std::string> total;    ///< past + length, where that has a name of its own
  std::optional<std::string> batch;    ///< none: as many sequences as the network says
  std::optional<std::string> context;  ///< room of the caches, where the network says it
};

/// One of its networks: `length` new tokens of each sequence behind `past` earlier ones.
struct StepShape {
  std::int64_t past = 0, length = 1;
  std::optional<std::int64_t> batch = {};  ///< sequences; none: as the network says

  friend auto operator<=>(const StepShape&, const StepShape&) = default;
};

class StepFamily {
 public:
  /// `context` is the room of the caches, in tokens. Throws InputError where the network does not
  /// say which of its dimensions are which: the params `past` and `length` (and `batch`, `context`)
  /// of a YAML network, or named dimensions of an ONNX model's inputs.
  StepFamily(NetworkChoice network, std::int64_t context);

  /// Notes of the first go to stderr. Throws InputError where none of its tensors grows, or a batch
  /// is given that it does not have.
  ReadNetwork at(const StepShape& shape) const;

 private:
  NetworkChoice network_;
  StepDims dims_;
  std::int64_t context_;
  mutable bool noted_ = false;
};

}  // namespace unna
