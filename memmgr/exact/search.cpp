#include "memmgr/exact/search.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/target_clones.h"
#include "memmgr/exact/reason.h"

namespace unna {
namespace {

constexpr Bytes kFar = std::numeric_limits<Bytes>::max() / 4;

std::uint64_t mix(std::uint64_t x) {  // the finaliser of SplitMix64 (Steele et al. 2014)
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}

/// Adds to each of `count` values and returns the greatest. Compiled for AVX2 as well.
UNNA_FOR_HOSTS Bytes add_to_all(Bytes* values, std::size_t count, Bytes more) {
  Bytes most = 0;
  for (std::size_t i = 0; i < count; ++i) {
    values[i] += more;
    most = std::max(most, values[i]);
  }
  return most;
}

}  // namespace

PackingSearch::PackingSearch(const PackingInstance& instance, Bytes capacity, SearchStyle style,
                             SearchMemory& memory)
    : in_(instance), capacity_(capacity), style_(style), memory_(memory) {
  const std::size_t n = in_.count();
  rank_ = ranks(in_, style);
  for (std::uint64_t k = 0; k < n; ++k) salt_.push_back(mix(k * 0x9e3779b97f4a7c15ULL + 1));
  const std::size_t sections = in_.members.size();
  rest_.assign(sections, 0);
  options_.assign(sections, 0);
  crossing_.assign(sections + 1, 0);
}

SearchResult PackingSearch::run(std::uint64_t node_limit, const Deadline& deadline,
                                std::uint64_t work_limit) {
  const std::size_t n = in_.count();
  placed_.assign(n, 0);
  passed_.assign(n, 0);
  floor_.assign(n, 0);
  low_.assign(n, 0);
  offset_.assign(n, 0);
  trail_.clear();
  trail_reasons_.clear();
  // Decisions beyond the last level share its bit, and no one jumps back over them.
  words_ = n / 16 + 2;
  level_ = 0;
  passed_at_.assign(n, 0);
  why_placed_.assign(n * words_, 0);
  why_floor_.assign(n * words_, 0);
  why_low_.assign(n * words_, 0);
  conflict_.assign(words_, 0);
  meter_ = SearchMeter(node_limit, deadline, work_limit);
  meter_.count_work(n * words_ / 4);
  Part all(n);
  std::iota(all.begin(), all.end(), 0U);
  for (std::uint32_t k = 0; k < n; ++k) low_[k] = in_.fixed[k] ? *in_.fixed[k] : in_.allowed(k, 0);
  const bool found = dive(all);
  const SearchEnd end = found              ? SearchEnd::found
                        : meter_.stopped() ? SearchEnd::limit
                                           : SearchEnd::impossible;
  return {end, found ? offset_ : std::vector<Bytes>{}, meter_.nodes(), meter_.work()};
}

void PackingSearch::save(std::uint32_t k) {
  trail_.push_back({k, passed_[k] != 0, passed_at_[k], floor_[k], low_[k]});
  meter_.count_work(words_ / 4);
  for (const Reason reason : {row(why_floor_, k), row(why_low_, k)})
    trail_reasons_.insert(trail_reasons_.end(), reason.begin(), reason.end());
}

void PackingSearch::undo(std::size_t mark) {
  while (trail_.size() > mark) {
    const Change& c = trail_.back();
    passed_[c.buffer] = c.passed ? 1 : 0;
    passed_at_[c.buffer] = c.passed_at;
    floor_[c.buffer] = c.floor;
    low_[c.buffer] = c.low;
    const auto saved = std::span(trail_reasons_).last(2 * words_);
    assign(row(why_floor_, c.buffer), saved.first(words_));
    assign(row(why_low_, c.buffer), saved.last(words_));
    trail_reasons_.resize(trail_reasons_.size() - 2 * words_);
    trail_.pop_back();
  }
}

/// False where a neighbour has no room left.
bool PackingSearch::place(std::uint32_t k, Bytes offset) {
  placed_[k] = 1;
  offset_[k] = offset;
  const Reason why = row(why_placed_, k);
  assign(why, row(why_low_, k));
  add_level(why, level_ - 1);
  const Bytes end = offset + in_.size[k];
  for (const std::uint32_t j : in_.neighbours[k]) {
    if (placed_[j] != 0 || floor_[j] >= end) continue;
    if (in_.fixed[j] && *in_.fixed[j] < end) {
      assign(conflict_, why);
      return false;
    }
    save(j);
    floor_[j] = end;
    passed_[j] = 0;
    // It could not lie below either.
    assign(row(why_floor_, j), why);
    if (in_.size[j] <= offset) add(row(why_floor_, j), row(why_low_, j));
    const Bytes low = in_.allowed(j, end);
    if (in_.fixed[j] || low <= low_[j]) continue;
    low_[j] = low;
    assign(row(why_low_, j), row(why_floor_, j));
    if (low + in_.size[j] <= capacity_) continue;
    assign(conflict_, row(why_low_, j));
    return false;
  }
  return true;
}

/// A buffer that was passed over rests on a neighbour that is not placed yet.
bool PackingSearch::lift(std::uint32_t k, bool& changed) {
  Bytes start = kFar;
  Bytes end = kFar;
  meter_.count_work(in_.neighbours[k].size() / 4 + 1);
  for (const std::uint32_t j : in_.neighbours[k]) {
    if (placed_[j] != 0) continue;
    start = std::min(start, low_[j]);
    end = std::min(end, low_[j] + in_.size[j]);
  }
  // Nothing comes near its old place: pressed down it would be where it was tried in vain.
  if (start >= in_.allowed(k, floor_[k]) + in_.size[k]) {
    std::ranges::fill(conflict_, 0);
    explain_lift(conflict_, k, kFar);
    return false;
  }
  const Bytes low = in_.allowed(k, end);
  if (low <= low_[k]) return true;
  save(k);
  low_[k] = low;
  changed = true;
  explain_lift(row(why_low_, k), k, low);
  if (low + in_.size[k] <= capacity_) return true;
  assign(conflict_, row(why_low_, k));
  return false;
}

/// To a fixed point, or nearly: what is not lifted is only seen later. A search that stops in
/// between has failed like one that stops elsewhere.
bool PackingSearch::propagate(const Part& part) {
  constexpr int kMostPasses = 16;
  bool changed = true;
  for (int pass = 0; changed && pass < kMostPasses; ++pass) {
    changed = false;
    for (const std::uint32_t k : part)
      if (passed_[k] != 0 && !lift(k, changed)) return false;
    if (meter_.out_of_budget()) return false;
  }
  return true;
}

/// Buffers of a section are stacked, each from its lowest offset on: as jobs with release dates on
/// one machine (Jackson's schedule), any of them with all that start no earlier.
bool PackingSearch::sections_fit(Part& part) {
  // Nearly in order already, as it comes from the node above.
  std::uint32_t first = in_.sections_of[part[0]].front();
  std::uint32_t last = in_.sections_of[part[0]].back();
  for (std::size_t x = 1; x < part.size(); ++x) {
    const std::uint32_t k = part[x];
    first = std::min(first, in_.sections_of[k].front());
    last = std::max(last, in_.sections_of[k].back());
    std::size_t y = x;
    for (; y > 0 && low_[part[y - 1]] < low_[k]; --y) part[y] = part[y - 1];
    part[y] = k;
  }
  std::fill(rest_.begin() + first, rest_.begin() + last + 1, 0);
  return std::ranges::all_of(part, [&](std::uint32_t k) { return stack(k); });
}

/// Adds a buffer to the rests of its sections, which start no lower.
bool PackingSearch::stack(std::uint32_t k) {
  const auto sections = in_.sections_of[k];
  meter_.count_work(4 + sections.size() * (in_.closed.empty() ? 1 : 3));
  if (in_.closed.empty() && sections.back() - sections.front() + 1 == sections.size()) {
    const Bytes most = add_to_all(&rest_[sections.front()], sections.size(), in_.size[k]);
    if (most <= capacity_ - low_[k]) return true;
  } else {
    for (const std::uint32_t s : sections) rest_[s] += in_.size[k];
  }
  for (const std::uint32_t s : sections)
    if (rest_[s] > in_.room(s, low_[k], capacity_)) {
      blame_section(s, low_[k]);
      return false;
    }
  return true;
}

/// Sections that no buffer spans from one to the next fall apart.
std::vector<PackingSearch::Part> PackingSearch::split(const Part& part) {
  std::uint32_t first = 0xffffffffU;
  std::uint32_t last = 0;
  for (const std::uint32_t k : part) {
    const auto sections = in_.sections_of[k];
    ++crossing_[sections.front()];
    --crossing_[sections.back()];
    first = std::min(first, sections.front());
    last = std::max(last, sections.back());
  }
  // cut: the last section of each piece
  std::vector<std::uint32_t> cut;
  std::int32_t open = 0;
  for (std::uint32_t s = first; s <= last; ++s) {
    open += crossing_[s];
    crossing_[s] = 0;
    if (open == 0) cut.push_back(s);
  }
  std::vector<Part> parts(cut.size());
  if (cut.size() == 1) {
    parts[0] = part;
    return parts;
  }
  for (const std::uint32_t k : part) {
    const auto at = std::ranges::lower_bound(cut, in_.sections_of[k].back());
    parts[static_cast<std::size_t>(at - cut.begin())].push_back(k);
  }
  std::erase_if(parts, [](const Part& p) { return p.empty(); });
  return parts;
}

SearchMemory::Key PackingSearch::key(const Part& part) const {
  SearchMemory::Key key{0x243f6a8885a308d3ULL, 0x13198a2e03707344ULL};
  for (const std::uint32_t k : part) {
    const std::uint64_t h =
        mix(salt_[k] ^ (static_cast<std::uint64_t>(floor_[k]) * 2 + (passed_[k] != 0 ? 1 : 0)));
    key.low += h;
    key.high += mix(h + salt_[k]);
  }
  return key;
}

bool PackingSearch::dive(Part part) {
  if (part.empty()) return true;
  meter_.count_node();
  meter_.count_work(4 * part.size() + words_);
  if (meter_.out_of_budget()) return false;
  const std::size_t mark = trail_.size();
  if (propagate(part) && sections_fit(part)) {
    std::vector<Part> parts = split(part);
    if (parts.size() == 1) {
      if (decide(parts[0])) return true;
    } else {
      // The smallest first: they tell soonest that there is nothing to be had.
      std::ranges::stable_sort(parts, {}, &Part::size);
      const std::uint32_t level = level_;
      const bool all = std::ranges::all_of(parts, [&](const Part& p) { return dive(p); });
      if (all) return true;
      level_ = level;
      for (const std::uint32_t k : part) placed_[k] = 0;
    }
  }
  undo(mark);
  return false;
}

PackingSearch::Niche PackingSearch::choose_niche(const Part& part) {
  Niche niche;
  niche.line = kFar;
  for (const std::uint32_t k : part) niche.line = std::min(niche.line, low_[k]);
  for (const std::uint32_t k : part)
    if (low_[k] == niche.line)
      for (const std::uint32_t s : in_.sections_of[k]) options_[s] = 0;
  for (const std::uint32_t k : part)
    if (low_[k] == niche.line)
      for (const std::uint32_t s : in_.sections_of[k]) ++options_[s];
  std::uint32_t best = 0xffffffffU;
  // a before b: fewer choices (for its blame), then less to spare.
  const auto more_urgent = [&](std::uint32_t a, std::uint32_t b) {
    const bool blamed = style_.niche == SearchStyle::Niche::blamed;
    const std::uint64_t of_a = options_[a] * (blamed ? memory_.blame_of(b) : 1);
    const std::uint64_t of_b = options_[b] * (blamed ? memory_.blame_of(a) : 1);
    return of_a != of_b ? of_a < of_b : rest_[a] > rest_[b];
  };
  for (const std::uint32_t k : part) {
    if (low_[k] != niche.line) continue;
    for (const std::uint32_t s : in_.sections_of[k])
      if (best == 0xffffffffU || more_urgent(s, best)) best = s;
  }
  niche.section = best;
  for (const std::uint32_t k : in_.members[best])
    if (placed_[k] == 0 && low_[k] == niche.line) niche.choices.push_back(k);
  std::ranges::sort(niche.choices, {}, [&](std::uint32_t k) { return rank_[k]; });
  return niche;
}

/// No one starts at the niche's line: whoever could rests on something else, and lies higher. False
/// where that alone is too much for the section.
bool PackingSearch::pass(const Niche& niche, std::uint32_t level) {
  for (const std::uint32_t k : niche.choices) {
    save(k);
    passed_[k] = 1;
    passed_at_[k] = level;
    low_[k] = in_.allowed(k, niche.line + 1);
    add_level(row(why_low_, k), level);
  }
  Bytes bottom = kFar;
  Bytes rest = 0;
  for (const std::uint32_t k : in_.members[niche.section])
    if (placed_[k] == 0) {
      bottom = std::min(bottom, low_[k]);
      rest += in_.size[k];
    }
  if (bottom < capacity_ && rest <= in_.room(niche.section, bottom, capacity_)) return true;
  blame_section(niche.section, bottom);
  return false;
}

bool PackingSearch::decide(const Part& part) {
  const SearchMemory::Key state = key(part);
  if (memory_.has_failed(state)) {
    blame_state(part);
    return false;
  }
  const Niche niche = choose_niche(part);
  const std::uint32_t level = level_++;
  const std::size_t mark = trail_.size();
  std::vector<std::uint64_t> conflict(words_, 0);
  // Whether this decision has a part in the failure; if not, no other choice here helps.
  const auto concerned = [&] {
    undo(mark);
    level_ = level + 1;
    if (meter_.stopped() || !rests_on(level)) return false;
    add(conflict, conflict_);
    return true;
  };
  const auto give_up = [&] {
    level_ = level;
    if (!meter_.stopped()) memory_.add_failed(state);
    return false;
  };
  std::vector<std::uint32_t> tried;
  Part rest;
  rest.reserve(part.size());
  bool may_pass = true;
  for (const std::uint32_t k : niche.choices) {
    may_pass = may_pass && !in_.fixed[k];
    add(conflict, row(why_low_, k));
    if (std::ranges::find(tried, in_.twin_class[k]) != tried.end()) continue;
    tried.push_back(in_.twin_class[k]);
    rest.clear();
    for (const std::uint32_t j : part)
      if (j != k) rest.push_back(j);
    if (place(k, niche.line) && dive(rest)) return true;
    placed_[k] = 0;
    if (!concerned()) return give_up();
  }
  if (may_pass) {
    if (pass(niche, level) && dive(part)) return true;
    if (!concerned()) return give_up();
  }
  if (level < 64 * words_ - 1) conflict[level / 64] &= ~(std::uint64_t{1} << (level % 64));
  conflict_ = std::move(conflict);
  return give_up();
}

}  // namespace unna
