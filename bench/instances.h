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

/// Threads that never wait for one another, each a perfect packing of its own, all shuffled: the
/// sum of their heights is the optimum, and nothing of the input's order tells it.
struct ConcurrentPackings {
  std::uint64_t seed = 1;
  std::size_t threads = 4;
  std::size_t count = 500;  ///< about so many buffers of all threads together
  Bytes height = 1 << 20;   ///< of each
};
Lifetimes make(const ConcurrentPackings& kind);

/// Threads of buffers that live one after another; of each hundred buffers `waits` wait for one of
/// another thread, not far back. Only these edges are given. Shuffled.
struct Strands {
  std::uint64_t seed = 1;
  std::size_t count = 100'000;
  std::size_t strands = 32;
  std::uint64_t waits = 10;
};
Lifetimes make(const Strands& kind);

/// What cores that walk several layers line by line need (docs/walks.md): each core makes a line of
/// each layer a step, from lines of the layer before that it and its neighbours have made; a signal
/// after each step. The first layer's input is there from the start. Shuffled.
struct WalkLike {
  std::uint64_t seed = 1;
  std::size_t cores = 4;
  std::size_t layers = 8;
  std::size_t steps = 40;
  std::size_t walks = 4;  ///< one after another, the output of each is the input of the next
};
Lifetimes make(const WalkLike& kind);

}  // namespace unna::bench
