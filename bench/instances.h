#pragma once

// Planning instances to judge planners by, made from seeds.

#include <cstdint>
#include <string>

#include "memmgr/lifetimes.h"

namespace unna::bench {

/// Buffers as `id,lower,upper,size`.
std::string to_csv(const Lifetimes& lifetimes);

/// A rectangle of `horizon` x `height` cut at random into about `count` buffers: straight cuts, and
/// pinwheels of five (which no sequence of straight cuts makes). Cuts lie at multiples of `unit`.
/// `height` is the optimum, and the live sum at any time.
struct PerfectPacking {
  std::uint64_t seed = 1;
  std::size_t count = 180;
  std::int64_t horizon = 200;
  Bytes height = 1 << 20;
  Bytes unit = 1024;
  std::uint64_t pinwheel_percent = 10;
};
Lifetimes make(const PerfectPacking& kind);
/// The one of a seed: 120 to 240 buffers, horizons, units and shares of pinwheels at random.
PerfectPacking packing_of(std::uint64_t seed);

/// Lifetimes as networks have them. Inference: short chains with residuals and branches, in
/// stages of shrinking tensors. Training: activations are kept until the backward pass comes by,
/// gradients are made in reverse, temporaries live for an operator or two, a few buffers stay.
struct NetworkLike {
  std::uint64_t seed = 1;
  std::size_t count = 20'000;
  bool training = true;
};
Lifetimes make(const NetworkLike& kind);

}  // namespace unna::bench
