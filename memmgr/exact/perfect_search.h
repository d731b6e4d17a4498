#pragma once

// Depth-first search for a perfect packing.

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/rng.h"
#include "memmgr/exact/perfect_instance.h"
#include "memmgr/exact/reason.h"
#include "memmgr/exact/search.h"
#include "memmgr/exact/search_meter.h"
#include "memmgr/exact/skyline.h"

namespace unna {

/// What the search tries first.
struct PerfectStyle {
  enum class First : std::uint8_t { longest, largest, any, smallest, shortest };
  First first = First::longest;
  /// Only buffers of a group touch where one ends and the other begins (contacts.h): few choices
  /// are left, but nothing is proved.
  bool contacts = true;
  std::uint64_t seed = 0;
};

/// Buffers are stacked from the floor up, anywhere that is lower than both its sides, not only at
/// the lowest place. What fills such a niche lies within its walls; as nothing is wasted, a buffer
/// has to begin at its left wall, and one has to end at its right. So a node is a niche and a side
/// with the fewest buffers left that may lie there. A niche is a failure as soon as there are none,
/// or too few to cover the lower of its walls.
/// A node costs what the neighbourhood of the niche has, not what the problem has.
///
/// A failure knows the decisions that it rests on (conflict-directed backjumping, Prosser 1993, as
/// in search.h): the buffers at both walls, the one below, and those that would fit but lie
/// elsewhere.
class PerfectSearch {
 public:
  PerfectSearch(const PerfectInstance& instance, PerfectStyle style);

  using Deadline = SearchMeter::Deadline;
  /// Ends with `limit` at so many nodes, so much work, or the deadline.
  SearchResult run(std::uint64_t node_limit, const Deadline& deadline = std::nullopt,
                   std::uint64_t work_limit = std::numeric_limits<std::uint64_t>::max());

 private:
  enum class Side : std::uint8_t { left, right };
  /// A decision: who lies in a niche at a side.
  struct Level {
    std::uint32_t niche = 0;
    Side side = Side::left;
    std::vector<std::uint32_t> choices;
    std::size_t next = 0;
    std::uint32_t placed = 0;
    Skyline::Undo undo;
    std::vector<std::uint32_t> covered;  ///< what was on top of its slots
  };

  void open_level();
  bool advance();
  bool back_up();
  bool place(Level& level, std::uint32_t k);
  void take_back(Level& level);
  void refresh(std::uint32_t begin, std::uint32_t end);
  bool all_niches_can_be_filled(std::uint32_t begin, std::uint32_t end);
  void forget_niches(std::uint32_t begin, std::uint32_t end);
  void forget_niche(std::uint32_t segment);
  void explain_refusal(const Level& level);
  void explain(Reason reason, std::uint32_t niche, Side side, Bytes until);
  void sort_choices(Level& level);

  bool is_placed(std::uint32_t k) const { return level_of_[k] != kNowhere; }
  /// Up to the lower wall: all that lies below that in the niche lies within its walls.
  Bytes brim(std::uint32_t niche) const;
  /// No buffers but the border of time.
  bool at_border(std::uint32_t niche, Side side) const;
  /// Buffers that end (begin) where the niche begins (ends): placed ones are its wall.
  std::span<const std::uint32_t> across(std::uint32_t niche, Side side) const;
  /// Buffers that begin (end) with the niche.
  std::span<const std::uint32_t> at_side(std::uint32_t niche, Side side) const;
  /// Bytes of the wall from the floor of the niche to `until` that are a buffer's; none or fewer
  /// where it is not there.
  Bytes wall_of(std::uint32_t k, std::uint32_t niche, Bytes until) const;
  /// Groups (contacts.h): of a buffer in the wall, and of one that would lie at it.
  std::uint32_t group_of(std::uint32_t wall, Side side) const;
  bool is_of_group(std::uint32_t k, std::uint32_t group, Side side) const;
  bool ends_within(std::uint32_t k, std::uint32_t niche, Side side) const;
  template <class Body>
  void for_each_choice(std::uint32_t niche, Side side, Body&& body) const;
  std::uint32_t count_choices(std::uint32_t niche, Side side);
  bool covers_wall(std::uint32_t niche, Side side);
  /// Notes the groups of the wall up to a height; at a border, and without contacts, every buffer
  /// is of one group.
  void mark_wall(std::uint32_t niche, Side side, Bytes until);
  /// The group among those noted that a buffer at the side would be of; none for kNowhere.
  std::uint32_t marked_group(std::uint32_t k, std::uint32_t niche, Side side) const;
  bool tells_groups(std::uint32_t niche, Side side) const {
    return style_.contacts && !at_border(niche, side);
  }

  Reason reason(std::uint32_t level) { return Reason(reasons_).subspan(level * words_, words_); }
  bool rests_on(std::uint32_t level) const {
    return (conflict_[level / 64] >> (level % 64) & 1U) != 0;
  }

  static constexpr std::uint32_t kNowhere = 0xffffffffU;

  const PerfectInstance& in_;
  PerfectStyle style_;
  Rng rng_;
  Skyline skyline_;
  std::vector<Bytes> offset_;
  std::vector<std::uint32_t> level_of_;  ///< of each buffer
  std::vector<std::uint32_t> top_;       ///< buffer on top of each slot
  std::vector<std::uint32_t> niches_;    ///< segments
  std::vector<std::uint32_t> place_in_niches_;
  std::vector<std::uint32_t> left_choices_, right_choices_;  ///< how many, of each niche

  // By group, of the wall that was marked last.
  std::vector<std::uint64_t> marked_;  ///< which of the walls that was
  std::vector<Bytes> wall_bytes_, left_bytes_;
  std::uint64_t mark_ = 0;
  std::vector<std::uint64_t> tried_;  ///< by twin: the node that has it among its choices

  std::size_t words_;  ///< of a reason
  std::vector<Level> levels_;
  std::uint32_t depth_ = 0;
  std::vector<std::uint64_t> reasons_;  ///< why the choices of each level are no more than they are
  std::vector<std::uint64_t> conflict_;

  SearchMeter meter_;
};

}  // namespace unna
