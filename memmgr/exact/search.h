#pragma once

// Depth-first search for a layout of an instance below a capacity.

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "memmgr/exact/instance.h"
#include "memmgr/exact/reason.h"
#include "memmgr/exact/search_memory.h"
#include "memmgr/exact/search_meter.h"
#include "memmgr/exact/search_style.h"

namespace unna {

enum class SearchEnd : std::uint8_t {
  found,
  impossible,  ///< proved: there is no layout below the capacity
  limit,       ///< nodes spent, or stopped: nothing is known
};

struct SearchResult {
  SearchEnd end = SearchEnd::limit;
  std::vector<Bytes> offsets;  ///< by buffer of the instance, when found
  std::uint64_t nodes = 0;
  std::uint64_t work = 0;  ///< looks at a buffer or a section
};

/// Layouts are searched from the floor up. Every buffer rests on the floor or on another (any
/// layout can be pressed down to such a one), and offsets never decrease along a branch. A node
/// takes a section with the lowest free place and decides who of it starts there; the last branch
/// is that no one does. A buffer that is not placed where it could be rests on one that is placed
/// later, which raises its lowest offset ("lifting"). Cut are nodes where
///   - the rest of a section, stacked from its lowest offset, exceeds the capacity;
///   - a buffer not placed where it could be would still fit below all that may come near it, so
///     that pressing it down leads to a layout of a branch that has failed;
///   - the same buffers are left over the same ends as in a node that has failed.
/// A failure knows the decisions that it rests on; those in between are not tried otherwise
/// (conflict-directed backjumping, Prosser, "Hybrid algorithms for the constraint satisfaction
/// problem", 1993): regions far apart in time are interleaved along a branch, but do not share
/// reasons.
/// Sections without a common buffer left are searched on their own, so that a failure of one does
/// not repeat the others.
class PackingSearch {
 public:
  PackingSearch(const PackingInstance& instance, Bytes capacity, SearchStyle style,
                SearchMemory& memory);

  using Deadline = SearchMeter::Deadline;
  /// Ends with `limit` at so many nodes, so much work, or the deadline.
  SearchResult run(std::uint64_t node_limit, const Deadline& deadline = std::nullopt,
                   std::uint64_t work_limit = std::numeric_limits<std::uint64_t>::max());

 private:
  struct Change {
    std::uint32_t buffer;
    bool passed;
    std::uint32_t passed_at;
    Bytes floor, low;
  };
  struct Niche {
    Bytes line = 0;
    std::uint32_t section = 0;
    std::vector<std::uint32_t> choices;
  };
  using Part = std::vector<std::uint32_t>;

  bool dive(Part part);  ///< sorts it
  bool decide(const Part& part);
  bool propagate(const Part& part);
  bool lift(std::uint32_t k, bool& changed);
  void explain_lift(Reason reason, std::uint32_t k, Bytes low);
  bool sections_fit(Part& part);
  bool stack(std::uint32_t k);
  std::vector<Part> split(const Part& part);
  Niche choose_niche(const Part& part);
  bool pass(const Niche& niche, std::uint32_t level);

  Reason row(std::vector<std::uint64_t>& table, std::uint32_t k) {
    return Reason(table).subspan(k * words_, words_);
  }
  void add_level(Reason reason, std::uint32_t level) const;
  bool rests_on(std::uint32_t level) const;
  void add_rest(Reason reason, std::uint32_t k);
  void blame_section(std::uint32_t section, Bytes from);
  void blame_state(const Part& part);
  bool place(std::uint32_t k, Bytes offset);
  void save(std::uint32_t k);
  void undo(std::size_t mark);
  SearchMemory::Key key(const Part& part) const;

  const PackingInstance& in_;
  Bytes capacity_;
  SearchStyle style_;
  SearchMemory& memory_;
  std::vector<std::uint32_t> rank_;  ///< of each buffer in the order of `first`
  std::vector<std::uint64_t> salt_;

  std::vector<char> placed_;
  std::vector<char> passed_;  ///< not placed at its floor: rests on one that is placed later
  std::vector<Bytes> floor_;  ///< highest end of its neighbours that are placed
  std::vector<Bytes> low_;    ///< no solution of this branch has it lower
  std::vector<Bytes> offset_;
  std::vector<Change> trail_;
  std::vector<std::uint64_t> trail_reasons_;  ///< of floor and low, as the trail

  std::size_t words_ = 1;    ///< of a reason
  std::uint32_t level_ = 0;  ///< decisions in force
  std::vector<std::uint32_t> passed_at_;
  std::vector<std::uint64_t> why_placed_, why_floor_, why_low_;  ///< reasons by buffer
  std::vector<std::uint64_t> conflict_;                          ///< of the failure seen last
  // By section, of the part looked at last.
  std::vector<Bytes> rest_;
  std::vector<std::uint32_t> options_;
  std::vector<std::int32_t> crossing_;

  SearchMeter meter_;
};

}  // namespace unna
