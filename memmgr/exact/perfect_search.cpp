#include "memmgr/exact/perfect_search.h"

#include <algorithm>
#include <tuple>

namespace unna {

PerfectSearch::PerfectSearch(const PerfectInstance& instance, PerfectStyle style)
    : in_(instance),
      style_(style),
      rng_(style.seed),
      skyline_(instance.slots, instance.height + 1),
      offset_(instance.count(), 0),
      level_of_(instance.count(), kNowhere),
      top_(instance.slots, kNowhere),
      place_in_niches_(instance.slots, kNowhere),
      left_choices_(instance.slots, 0),
      right_choices_(instance.slots, 0),
      marked_(instance.contacts.count, 0),
      wall_bytes_(instance.contacts.count, 0),
      left_bytes_(instance.contacts.count, 0),
      tried_(instance.count(), 0),
      words_(instance.count() / 64 + 1),
      levels_(instance.count()),
      reasons_(instance.count() * words_, 0),
      conflict_(words_, 0) {}

SearchResult PerfectSearch::run(std::uint64_t node_limit, const Deadline& deadline,
                                std::uint64_t work_limit) {
  meter_ = SearchMeter(node_limit, deadline, work_limit);
  meter_.count_work(in_.count() * words_ / 4);
  bool found = false;
  refresh(0, in_.slots);
  bool open = all_niches_can_be_filled(0, in_.slots);
  while (open && !found) {
    open_level();
    while (open && !advance()) open = !meter_.stopped() && back_up();
    found = open && depth_ == in_.count();
  }
  const SearchEnd end = found                                 ? SearchEnd::found
                        : meter_.stopped() || style_.contacts ? SearchEnd::limit
                                                              : SearchEnd::impossible;
  return {end, found ? offset_ : std::vector<Bytes>{}, meter_.nodes(), meter_.work()};
}

/// The niche and side with the fewest choices, of several the lowest.
void PerfectSearch::open_level() {
  Level& level = levels_[depth_];
  std::tuple<std::uint32_t, Bytes> least{kNowhere, 0};
  meter_.count_work(4 * niches_.size());
  for (const std::uint32_t niche : niches_) {
    const bool left = left_choices_[niche] <= right_choices_[niche];
    const std::tuple key{left ? left_choices_[niche] : right_choices_[niche],
                         skyline_.height(niche)};
    if (key >= least) continue;
    least = key;
    level.niche = niche;
    level.side = left ? Side::left : Side::right;
  }
  level.next = 0;
  level.choices.clear();
  for_each_choice(level.niche, level.side, [&](std::uint32_t k) { level.choices.push_back(k); });
  sort_choices(level);
  std::ranges::fill(reason(depth_), 0);
  explain(reason(depth_), level.niche, level.side, skyline_.height(level.niche) + 1);
  // They would lie elsewhere if the niche had another floor.
  const std::uint32_t floor =
      top_[level.side == Side::left ? level.niche : skyline_.end(level.niche) - 1];
  if (floor != kNowhere) add_to(reason(depth_), level_of_[floor]);
  ++depth_;
}

/// Those that end level with the wall first, then as the style says; of those that are the same in
/// all respects one.
void PerfectSearch::sort_choices(Level& level) {
  const Bytes wall =
      level.side == Side::left ? skyline_.left_wall(level.niche) : skyline_.right_wall(level.niche);
  const Bytes depth = std::min(wall, in_.height) - skyline_.height(level.niche);
  using First = PerfectStyle::First;
  const auto key = [&](std::uint32_t k) -> double {
    const auto noise = static_cast<double>(rng_.between(75, 125));
    const double length = in_.end[k] - in_.begin[k];
    const auto size = static_cast<double>(in_.size[k]);
    switch (style_.first) {
      case First::longest:
        return -noise * length;
      case First::largest:
        return -noise * size;
      case First::smallest:
        return noise * size;
      case First::shortest:
        return noise * length;
      case First::any:
        break;
    }
    return static_cast<double>(rng_.below(1U << 30U));
  };
  std::vector<std::tuple<bool, double, std::uint32_t>> keyed;
  for (const std::uint32_t k : level.choices) keyed.emplace_back(in_.size[k] != depth, key(k), k);
  std::ranges::sort(keyed);
  level.choices.clear();
  ++mark_;
  for (const auto& [uneven, order, k] : keyed) {
    if (tried_[in_.twin[k]] == mark_) continue;
    tried_[in_.twin[k]] = mark_;
    level.choices.push_back(k);
  }
  meter_.count_work(16 * keyed.size());
}

/// Takes the next choice of the last level that is no failure at once; false where none is left.
bool PerfectSearch::advance() {
  Level& level = levels_[depth_ - 1];
  while (level.next < level.choices.size()) {
    meter_.count_node();
    if (meter_.out_of_budget()) return false;
    if (place(level, level.choices[level.next++])) return true;
    explain_refusal(level);
    take_back(level);
    if (!rests_on(depth_ - 1)) {  // no other choice here helps
      assign(reason(depth_ - 1), conflict_);
      return false;
    }
    add(reason(depth_ - 1), conflict_);
  }
  return false;
}

/// The last level is a failure: back to the last decision that has a part in it. False where none
/// has.
bool PerfectSearch::back_up() {
  const auto forget_itself = [&](std::uint32_t level) {
    reason(level)[level / 64] &= ~(std::uint64_t{1} << (level % 64));
  };
  --depth_;
  forget_itself(depth_);
  assign(conflict_, reason(depth_));
  for (; depth_ > 0; --depth_) {
    take_back(levels_[depth_ - 1]);
    if (!rests_on(depth_ - 1)) continue;
    add(reason(depth_ - 1), conflict_);
    return true;
  }
  return false;
}

/// False where no buffers are left for a niche after that.
bool PerfectSearch::place(Level& level, std::uint32_t k) {
  level.placed = k;
  level_of_[k] = depth_ - 1;
  offset_[k] = skyline_.height(level.niche);
  const auto slots = std::span(top_).subspan(in_.begin[k], in_.end[k] - in_.begin[k]);
  level.covered.assign(slots.begin(), slots.end());
  std::ranges::fill(slots, k);
  meter_.count_work(64 + slots.size() / 4 + words_ / 2);
  forget_niche(level.niche);
  level.undo = skyline_.raise(level.niche, in_.begin[k], in_.end[k], in_.size[k]);
  refresh(level.undo.begin(), level.undo.end());
  return all_niches_can_be_filled(level.undo.begin(), level.undo.end());
}

void PerfectSearch::take_back(Level& level) {
  const std::uint32_t k = level.placed;
  level_of_[k] = kNowhere;
  std::ranges::copy(level.covered, top_.begin() + in_.begin[k]);
  forget_niches(level.undo.begin(), level.undo.end());
  skyline_.restore(level.undo);
  refresh(level.undo.begin(), level.undo.end());
}

/// Finds niches among the segments of these slots, and counts their choices.
void PerfectSearch::refresh(std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t s = begin; s < end; s = skyline_.end(s)) {
    meter_.count_work(8);
    if (skyline_.height(s) >= in_.height || !skyline_.is_niche(s)) {
      forget_niche(s);
      continue;
    }
    left_choices_[s] = count_choices(s, Side::left);
    right_choices_[s] = count_choices(s, Side::right);

    if (place_in_niches_[s] != kNowhere) continue;
    place_in_niches_[s] = static_cast<std::uint32_t>(niches_.size());
    niches_.push_back(s);
  }
}

/// False where a niche among these slots has no choices, or too few for its walls.
bool PerfectSearch::all_niches_can_be_filled(std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t s = begin; s < end; s = skyline_.end(s))
    if (place_in_niches_[s] != kNowhere && (left_choices_[s] == 0 || right_choices_[s] == 0))
      return false;
  for (std::uint32_t s = begin; s < end; s = skyline_.end(s))
    if (place_in_niches_[s] != kNowhere &&
        !(covers_wall(s, Side::left) && covers_wall(s, Side::right)))
      return false;
  return true;
}

void PerfectSearch::forget_niches(std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t s = begin; s < end; s = skyline_.end(s)) forget_niche(s);
}

void PerfectSearch::forget_niche(std::uint32_t segment) {
  std::uint32_t& place = place_in_niches_[segment];
  if (place == kNowhere) return;
  niches_[place] = niches_.back();
  place_in_niches_[niches_[place]] = place;
  niches_.pop_back();
  place = kNowhere;
}

/// Why the last placement leaves a niche without choices, or with too few.
void PerfectSearch::explain_refusal(const Level& level) {
  std::ranges::fill(conflict_, 0);
  for (std::uint32_t s = level.undo.begin(); s < level.undo.end(); s = skyline_.end(s)) {
    if (place_in_niches_[s] == kNowhere) continue;
    for (const Side side : {Side::left, Side::right}) {
      const bool none = (side == Side::left ? left_choices_ : right_choices_)[s] == 0;
      if (!none && covers_wall(s, side)) continue;
      explain(conflict_, s, side, none ? skyline_.height(s) + 1 : brim(s));
      return;
    }
  }
}

/// Why no others than those that are counted may lie in the niche at a side below a height: its
/// wall, buffers that lie elsewhere, and the wall opposite, which others would have to pass.
void PerfectSearch::explain(Reason reason, std::uint32_t niche, Side side, Bytes until) {
  const Side opposite = side == Side::left ? Side::right : Side::left;
  const auto add_wall = [&](Side at) {
    for (const std::uint32_t w : across(niche, at))
      if (wall_of(w, niche, until) > 0) add_to(reason, level_of_[w]);
  };
  mark_wall(niche, side, until);
  meter_.count_work(4 * (across(niche, side).size() + at_side(niche, side).size()));
  add_wall(side);
  bool too_long = false;
  for (const std::uint32_t k : at_side(niche, side)) {
    if (marked_group(k, niche, side) == kNowhere) continue;
    if (!ends_within(k, niche, side))
      too_long = true;
    else if (is_placed(k))
      add_to(reason, level_of_[k]);
  }
  if (too_long) add_wall(opposite);
}

Bytes PerfectSearch::brim(std::uint32_t niche) const {
  return std::min({skyline_.left_wall(niche), skyline_.right_wall(niche), in_.height});
}

bool PerfectSearch::at_border(std::uint32_t niche, Side side) const {
  return side == Side::left ? niche == 0 : skyline_.end(niche) == in_.slots;
}

std::span<const std::uint32_t> PerfectSearch::across(std::uint32_t niche, Side side) const {
  return side == Side::left ? in_.ending[niche] : in_.starting[skyline_.end(niche)];
}

std::span<const std::uint32_t> PerfectSearch::at_side(std::uint32_t niche, Side side) const {
  return side == Side::left ? in_.starting[niche] : in_.ending[skyline_.end(niche)];
}

Bytes PerfectSearch::wall_of(std::uint32_t k, std::uint32_t niche, Bytes until) const {
  if (!is_placed(k)) return 0;
  return std::min(offset_[k] + in_.size[k], until) - std::max(offset_[k], skyline_.height(niche));
}

bool PerfectSearch::is_of_group(std::uint32_t k, std::uint32_t group, Side side) const {
  return (side == Side::left ? in_.contacts.at_begin : in_.contacts.at_end)[k] == group;
}

std::uint32_t PerfectSearch::group_of(std::uint32_t wall, Side side) const {
  return (side == Side::left ? in_.contacts.at_end : in_.contacts.at_begin)[wall];
}

bool PerfectSearch::ends_within(std::uint32_t k, std::uint32_t niche, Side side) const {
  return side == Side::left ? in_.end[k] <= skyline_.end(niche) : in_.begin[k] >= niche;
}

/// Buffers that may lie at the floor of a niche.
template <class Body>
void PerfectSearch::for_each_choice(std::uint32_t niche, Side side, Body&& body) const {
  std::optional<std::uint32_t> group;
  if (style_.contacts && !at_border(niche, side)) {
    const Bytes floor = skyline_.height(niche);
    for (const std::uint32_t w : across(niche, side))
      if (wall_of(w, niche, floor + 1) > 0) group = group_of(w, side);
  }
  for (const std::uint32_t k : at_side(niche, side))
    if (!is_placed(k) && ends_within(k, niche, side) && (!group || is_of_group(k, *group, side)))
      body(k);
}

std::uint32_t PerfectSearch::count_choices(std::uint32_t niche, Side side) {
  std::uint32_t count = 0;
  for_each_choice(niche, side, [&](std::uint32_t) { ++count; });
  meter_.count_work(4 * (across(niche, side).size() + at_side(niche, side).size()));
  return count;
}

void PerfectSearch::mark_wall(std::uint32_t niche, Side side, Bytes until) {
  ++mark_;
  const auto open = [&](std::uint32_t group) {
    if (marked_[group] == mark_) return;
    marked_[group] = mark_;
    wall_bytes_[group] = left_bytes_[group] = 0;
  };
  if (!tells_groups(niche, side)) {
    open(0);
    wall_bytes_[0] = until - skyline_.height(niche);
    return;
  }
  for (const std::uint32_t w : across(niche, side)) {
    const Bytes bytes = wall_of(w, niche, until);
    if (bytes <= 0) continue;
    open(group_of(w, side));
    wall_bytes_[group_of(w, side)] += bytes;
  }
}

std::uint32_t PerfectSearch::marked_group(std::uint32_t k, std::uint32_t niche, Side side) const {
  if (!tells_groups(niche, side)) return 0;
  const std::uint32_t group = (side == Side::left ? in_.contacts.at_begin : in_.contacts.at_end)[k];
  return marked_[group] == mark_ ? group : kNowhere;
}

/// Whether the buffers left that may lie at a side are enough up to the brim: all together, and
/// with contacts those of each group beside what the wall has of it.
bool PerfectSearch::covers_wall(std::uint32_t niche, Side side) {
  mark_wall(niche, side, brim(niche));
  meter_.count_work(4 * (across(niche, side).size() + at_side(niche, side).size()));
  for (const std::uint32_t k : at_side(niche, side)) {
    const std::uint32_t group = marked_group(k, niche, side);
    if (group != kNowhere && !is_placed(k) && ends_within(k, niche, side))
      left_bytes_[group] += in_.size[k];
  }
  if (!tells_groups(niche, side)) return left_bytes_[0] >= wall_bytes_[0];
  return std::ranges::all_of(across(niche, side), [&](std::uint32_t w) {
    const std::uint32_t group = group_of(w, side);
    return marked_[group] != mark_ || left_bytes_[group] >= wall_bytes_[group];
  });
}

}  // namespace unna
