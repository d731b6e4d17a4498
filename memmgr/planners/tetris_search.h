#pragma once

// The parts of tetris: layouts as orders, their decoding, and the operators that make new ones.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/rng.h"
#include "memmgr/problem.h"

namespace unna {

/// An allocation order with the layout that lowest-offset placement makes of it.
struct Genome {
  std::vector<std::uint32_t> order;
  std::vector<Bytes> offsets;  ///< by buffer
  Bytes peak = 0;
  Bytes excess = 0;  ///< what sticks out above the lower bound, added up: tells equal peaks apart
};

inline bool better(const Genome& a, const Genome& b) {
  return a.peak != b.peak ? a.peak < b.peak : a.excess < b.excess;
}

/// Who conflicts with whom among the buffers that orders are about, as compressed rows.
struct Neighbourhoods {
  std::vector<std::uint64_t> row;
  std::vector<std::uint32_t> column;

  /// All of the problem but the buffers `aside`. Needs stored lists.
  Neighbourhoods(const PlanProblem& problem, std::span<const std::uint32_t> aside);
  std::span<const std::uint32_t> of(std::uint32_t i) const {
    return std::span(column).subspan(row[i], row[i + 1] - row[i]);
  }
};

/// Decodes orders. One a thread (it has scratch memory).
class Decoder {
 public:
  Decoder(const PlanProblem& problem, const Neighbourhoods& around);

  /// Places genome.order[kept...] anew; the buffers before keep genome.offsets. Gives up (false)
  /// when an end rises above `cutoff`.
  bool decode(Genome& genome, std::size_t kept, Bytes cutoff = std::numeric_limits<Bytes>::max());

  /// Neighbours looked at so far: the measure of effort.
  std::uint64_t visits() const { return visits_; }

 private:
  Bytes lowest_place(std::uint32_t buffer);

  const PlanProblem& problem_;
  const Neighbourhoods& around_;
  std::vector<char> placed_;
  std::vector<Bytes> begin_;  ///< taken bytes around the buffer being placed
  std::vector<Bytes> end_;
  const Genome* genome_ = nullptr;
  std::uint64_t visits_ = 0;
};

/// A child of `a` (and `b`), not decoded: its offsets are a's, and the result tells how many
/// leading buffers of its order keep them.
std::size_t cross(const Genome& a, const Genome& b, Rng& rng, Genome& child);
/// By chance alone: two buffers swap places, or one moves.
std::size_t mutate_anywhere(const Genome& parent, Rng& rng, Genome& child);
/// In the tight region: what sticks out above the bound, or lies in a pile under it.
std::size_t mutate(const PlanProblem& problem, const Neighbourhoods& around, const Genome& parent,
                   Rng& rng, Genome& child);

}  // namespace unna
