// TensorFlow's BFCAllocator: bins of free chunks by power of two, the smallest sufficient chunk of
// the first bin that has one, splitting, and coalescing with free neighbours on both sides.
//
// Unlike there the one region is as large as needed (its tail is a free chunk without end), as with
// a device memory that is never exhausted: regions that grow in steps can't coalesce with each
// other and would only add to the peak. The peak is the region's high-water mark.

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <map>
#include <set>

#include "base/error.h"
#include "memmgr/plan.h"
#include "memmgr/planners/features.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/planners.h"
#include "memmgr/problem.h"

namespace unna {
namespace {

class BfcAllocator {
 public:
  explicit BfcAllocator(Bytes granularity) : granularity_(granularity) {
    chunks_[0] = {kEndless, true};
    insert_free(0);
  }

  Bytes allocate(Bytes size) {
    const Bytes rounded = round_up(std::max(size, Bytes{1}), granularity_);
    for (std::size_t bin = bin_of(rounded); bin < kBins; ++bin) {
      const auto found = bins_[bin].lower_bound({rounded, 0});
      if (found == bins_[bin].end()) continue;
      const Bytes at = found->second;
      take(at, rounded);
      return at;
    }
    throw InternalError("the endless chunk is gone");
  }

  void free(Bytes at) {
    auto chunk = chunks_.find(at);
    chunk->second.free = true;
    const auto next = std::next(chunk);
    if (next != chunks_.end() && next->second.free) {
      remove_free(next->first);
      chunk->second.size += next->second.size;
      chunks_.erase(next);
    }
    if (chunk != chunks_.begin() && std::prev(chunk)->second.free) {
      const auto previous = std::prev(chunk);
      remove_free(previous->first);
      previous->second.size += chunk->second.size;
      chunks_.erase(chunk);
      chunk = previous;
    }
    insert_free(chunk->first);
  }

  Bytes high_water() const { return high_water_; }

 private:
  struct Chunk {
    Bytes size = 0;
    bool free = false;
  };
  static constexpr std::size_t kBins = 21;
  static constexpr Bytes kMinAllocation = 256;
  static constexpr Bytes kEndless = std::numeric_limits<Bytes>::max() / 2;
  /// A chunk that leaves less than this and less than half over is handed out whole.
  static constexpr Bytes kMaxInternalFragmentation = Bytes{128} << 20U;

  /// floor(log2(size / 256)), as BinNumForSize().
  static std::size_t bin_of(Bytes size) {
    const auto units = static_cast<std::uint64_t>(std::max(size, kMinAllocation) / kMinAllocation);
    return std::min(static_cast<std::size_t>(std::bit_width(units)) - 1, kBins - 1);
  }

  void insert_free(Bytes at) { bins_[bin_of(chunks_[at].size)].insert({chunks_[at].size, at}); }
  void remove_free(Bytes at) { bins_[bin_of(chunks_[at].size)].erase({chunks_[at].size, at}); }

  void take(Bytes at, Bytes rounded) {
    remove_free(at);
    Chunk& chunk = chunks_[at];
    chunk.free = false;
    if (chunk.size >= rounded * 2 || chunk.size - rounded >= kMaxInternalFragmentation) {
      chunks_[at + rounded] = {chunk.size - rounded, true};
      chunk.size = rounded;
      insert_free(at + rounded);
    }
    high_water_ = std::max(high_water_, at + chunk.size);
  }

  Bytes granularity_;
  Bytes high_water_ = 0;
  std::map<Bytes, Chunk> chunks_;                              ///< by address; they tile the region
  std::array<std::set<std::pair<Bytes, Bytes>>, kBins> bins_;  ///< (size, address)
};

}  // namespace

/// It allocates as the program runs, and so can't keep to places or pairs given beforehand; of gaps
/// and in-place pairs it makes no use. A buffer is freed when every buffer that is still to come is
/// ordered after it. On intervals that is its end; on a partial order it is the earliest moment
/// that is safe whatever is placed then.
Plan plan_bfc(const PlanProblem& problem, const PlanOptions&) {
  refuse(problem, "bfc", {Feature::fixed, Feature::reserved, Feature::apart});
  Bytes granularity = 256;
  for (const PlanBuffer& b : problem.buffers) {
    if (!std::has_single_bit(static_cast<std::uint64_t>(b.alignment)))
      throw InputError(
          fmt::format("bfc can't align buffer {} to {}: alignments must be powers of "
                      "two",
                      b.name, b.alignment));
    granularity = std::max(granularity, b.alignment);
  }
  BfcAllocator allocator(granularity);
  Plan plan;
  plan.offsets.resize(problem.size());
  std::vector<std::vector<std::uint32_t>> freed_before(problem.size() + 1);
  const auto sequence = problem.sequence();
  for (std::size_t p = 0; p < sequence.size(); ++p) {
    for (const std::uint32_t dead : freed_before[p]) allocator.free(plan.offsets[dead]);
    const std::uint32_t b = sequence[p];
    plan.offsets[b] = allocator.allocate(problem.buffers[b].size);
    freed_before[problem.index.last_overlap(b) + 1].push_back(b);
  }
  plan.peak = allocator.high_water();
  return plan;
}

}  // namespace unna
