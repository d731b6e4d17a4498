#include "memmgr/exact/instance.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

namespace unna {
namespace {

/// The live sets that are in no other: taken when someone leaves after someone came.
Rows interval_sections(const PlanProblem& problem, std::span<const std::uint32_t> chosen) {
  struct Event {
    std::int64_t time;
    bool enters;
    std::uint32_t local;
  };
  std::vector<Event> events;
  Rows sections;
  for (std::uint32_t k = 0; k < chosen.size(); ++k) {
    const std::vector<Interval> segments = live_segments(problem.lifetimes, chosen[k]);
    for (const Interval& s : segments) {
      events.push_back({s.lower, true, k});
      events.push_back({s.upper, false, k});
    }
    if (!segments.empty()) continue;
    sections.push(k);  // nothing but gaps: on its own
    sections.close();
  }
  std::ranges::sort(events, {},
                    [](const Event& e) { return std::tuple(e.time, e.enters, e.local); });
  std::vector<std::uint32_t> live;
  bool grown = false;
  for (const Event& e : events) {
    const auto at = std::ranges::lower_bound(live, e.local);
    if (e.enters) {
      live.insert(at, e.local);
      grown = true;
      continue;
    }
    if (grown) {
      for (const std::uint32_t k : live) sections.push(k);
      sections.close();
      grown = false;
    }
    live.erase(at);
  }
  return sections;
}

/// Cliques that cover all conflicting pairs: from each pair that is in none yet, grown as far as it
/// goes, along the sequence.
class CliqueCover {
 public:
  CliqueCover(const PlanProblem& problem, std::span<const std::uint32_t> chosen)
      : problem_(problem), chosen_(chosen), local_(problem.size(), kNone) {
    for (std::uint32_t k = 0; k < chosen.size(); ++k) local_[chosen[k]] = k;
  }

  Rows run() {
    covered_.resize(chosen_.size());
    for (std::uint32_t k = 0; k < chosen_.size(); ++k) {
      const std::vector<std::uint32_t> around = neighbours(k);
      for (const std::uint32_t other : around)
        if (other > k && !std::ranges::binary_search(covered_[k], other)) grow(k, other, around);
      if (around.empty()) emit({k});
    }
    return std::move(sections_);
  }

 private:
  static constexpr std::uint32_t kNone = 0xffffffffU;

  std::vector<std::uint32_t> neighbours(std::uint32_t k) {
    std::vector<std::uint32_t> result;
    for (const std::uint32_t j : problem_.neighbours(chosen_[k], scratch_))
      if (local_[j] != kNone) result.push_back(local_[j]);
    std::ranges::sort(result);
    return result;
  }

  void grow(std::uint32_t a, std::uint32_t b, const std::vector<std::uint32_t>& around) {
    std::vector<std::uint32_t> clique{a, b};
    for (const std::uint32_t c : around) {
      const auto meets = [&](std::uint32_t m) {
        return m != c && problem_.conflict(chosen_[m], chosen_[c]);
      };
      if (c != b && std::ranges::all_of(clique, meets)) clique.push_back(c);
    }
    std::ranges::sort(clique);
    emit(clique);
    for (std::size_t x = 0; x < clique.size(); ++x)
      for (std::size_t y = x + 1; y < clique.size(); ++y) cover(clique[x], clique[y]);
  }

  void cover(std::uint32_t a, std::uint32_t b) {
    const auto at = std::ranges::lower_bound(covered_[a], b);
    if (at == covered_[a].end() || *at != b) covered_[a].insert(at, b);
  }

  void emit(const std::vector<std::uint32_t>& clique) {
    for (const std::uint32_t k : clique) sections_.push(k);
    sections_.close();
  }

  const PlanProblem& problem_;
  std::span<const std::uint32_t> chosen_;
  std::vector<std::uint32_t> local_;
  std::vector<std::vector<std::uint32_t>> covered_;  ///< by buffer: later ones, ascending
  std::vector<std::uint32_t> scratch_;
  Rows sections_;
};

/// Whether others must keep away from it at all: not where gaps leave it nothing to need.
bool matters(const PlanProblem& problem, std::uint32_t i) {
  if (problem.buffers[i].size == 0) return false;
  if (!problem.apart_from(i).empty()) return true;
  if (problem.index.unused(i)) return false;
  return problem.lifetimes.gaps.empty() || !live_segments(problem.lifetimes, i).empty();
}

std::vector<std::uint32_t> that_matter(const PlanProblem& problem,
                                       std::span<const std::uint32_t> chosen) {
  std::vector<std::uint32_t> result;
  for (const std::uint32_t i : chosen)
    if (matters(problem, i)) result.push_back(i);
  return result;
}

/// The number of the component of each section.
std::vector<std::uint32_t> components(const Rows& members, const Rows& sections_of) {
  constexpr std::uint32_t kNone = 0xffffffffU;
  std::vector<std::uint32_t> component(members.size(), kNone);
  std::uint32_t next = 0;
  for (std::uint32_t s = 0; s < members.size(); ++s) {
    if (component[s] != kNone) continue;
    std::vector<std::uint32_t> stack{s};
    component[s] = next;
    while (!stack.empty()) {
      const std::uint32_t at = stack.back();
      stack.pop_back();
      for (const std::uint32_t k : members[at])
        for (const std::uint32_t t : sections_of[k])
          if (component[t] == kNone) {
            component[t] = next;
            stack.push_back(t);
          }
    }
    ++next;
  }
  return component;
}

void find_neighbours(PackingInstance& instance) {
  std::vector<std::uint32_t> around;
  std::vector<std::uint32_t> seen_by(instance.count(), 0);  // the last that saw it, from 1 on
  for (std::uint32_t k = 0; k < instance.count(); ++k) {
    around.clear();
    seen_by[k] = k + 1;
    for (const std::uint32_t s : instance.sections_of[k])
      for (const std::uint32_t j : instance.members[s])
        if (std::exchange(seen_by[j], k + 1) != k + 1) around.push_back(j);
    std::ranges::sort(around);
    for (const std::uint32_t j : around) instance.neighbours.push(j);
    instance.neighbours.close();
  }
}

void find_twins(PackingInstance& instance) {
  using Key = std::tuple<Bytes, Bytes, std::vector<std::uint32_t>, std::vector<Bytes>>;
  std::map<Key, std::uint32_t> classes;
  for (std::uint32_t k = 0; k < instance.count(); ++k) {
    const auto sections = instance.sections_of[k];
    std::vector<Bytes> blocked;
    if (!instance.blocked.empty())
      for (const ByteRange& r : instance.blocked[k])
        blocked.insert(blocked.end(), {r.begin, r.end});
    Key key{instance.size[k],
            instance.alignment[k],
            {sections.begin(), sections.end()},
            std::move(blocked)};
    const std::uint32_t number =
        instance.fixed[k] ? 0xffffffffU - k : classes.try_emplace(std::move(key), k).first->second;
    instance.twin_class.push_back(number);
  }
}

/// What is closed above a capacity does not count; sums of the rest.
void close(PackingInstance& instance, Bytes capacity) {
  for (std::vector<ByteRange>& ranges : instance.closed) {
    for (ByteRange& r : ranges) r.end = std::min(r.end, capacity);
    std::erase_if(ranges, [](const ByteRange& r) { return r.begin >= r.end; });
    std::vector<Bytes>& from = instance.closed_from.emplace_back(ranges.size(), 0);
    Bytes sum = 0;
    for (std::size_t k = ranges.size(); k-- > 0;) from[k] = sum += ranges[k].end - ranges[k].begin;
  }
}

void finish(PackingInstance& instance) {
  instance.sections_of = instance.members.transposed(instance.count());
  for (std::size_t s = 0; s < instance.members.size(); ++s) {
    Bytes load = 0;
    for (const std::uint32_t k : instance.members[s]) load += instance.size[k];
    instance.load = std::max(instance.load, load);
  }
  find_neighbours(instance);
}

}  // namespace

Bytes PackingInstance::beyond_blocked(std::uint32_t k, Bytes from) const {
  for (const ByteRange& r : blocked[k]) {
    if (r.end <= from) continue;
    if (r.begin >= from + size[k]) break;
    from = round_up(r.end, alignment[k]);
  }
  return from;
}

Bytes PackingInstance::open_room(std::uint32_t section, Bytes low, Bytes capacity) const {
  const std::vector<ByteRange>& ranges = closed[section];
  const auto above = std::ranges::upper_bound(ranges, low, {}, &ByteRange::end);
  if (above == ranges.end()) return capacity - low;
  const Bytes closed_bytes = closed_from[section][static_cast<std::size_t>(above - ranges.begin())];
  return capacity - low - closed_bytes + std::max<Bytes>(0, low - above->begin);
}

Rows Rows::transposed(std::size_t rows) const {
  Rows result;
  result.begin_.assign(rows + 1, 0);
  for (const std::uint32_t v : values_) ++result.begin_[v + 1];
  std::partial_sum(result.begin_.begin(), result.begin_.end(), result.begin_.begin());
  result.values_.resize(values_.size());
  std::vector<std::size_t> fill(result.begin_.begin(), result.begin_.end() - 1);
  for (std::uint32_t r = 0; r < size(); ++r)
    for (const std::uint32_t v : (*this)[r]) result.values_[fill[v]++] = r;
  return result;
}

std::vector<PackingInstance> packing_instances(const PlanProblem& problem,
                                               std::span<const std::uint32_t> chosen,
                                               Bytes capacity) {
  const std::vector<std::uint32_t> used = that_matter(problem, chosen);
  const bool by_time = problem.lifetimes.intervals && problem.apart.empty();
  const Rows members =
      by_time ? interval_sections(problem, used) : CliqueCover(problem, used).run();
  const Rows sections_of = members.transposed(used.size());
  const std::vector<std::uint32_t> component = components(members, sections_of);
  std::vector<PackingInstance> instances(
      component.empty() ? 0 : *std::ranges::max_element(component) + 1);
  std::vector<std::uint32_t> local(used.size(), 0);
  for (std::uint32_t k = 0; k < used.size(); ++k) {
    PackingInstance& instance = instances[component[sections_of[k].front()]];
    const PlanBuffer& b = problem.buffers[used[k]];
    local[k] = static_cast<std::uint32_t>(instance.count());
    instance.buffer.push_back(used[k]);
    instance.size.push_back(b.size);
    instance.alignment.push_back(b.alignment);
    instance.fixed.push_back(b.fixed);
  }
  for (std::uint32_t s = 0; s < members.size(); ++s) {
    Rows& rows = instances[component[s]].members;
    for (const std::uint32_t k : members[s]) rows.push(local[k]);
    rows.close();
  }
  for (PackingInstance& instance : instances) {
    finish(instance);
    if (!problem.reserved.empty()) {
      instance.blocked.assign(instance.count(), problem.reserved);
      instance.closed.assign(instance.members.size(), problem.reserved);
      close(instance, capacity);
    }
    find_twins(instance);
  }
  std::ranges::stable_sort(instances, std::ranges::greater{}, &PackingInstance::load);
  return instances;
}

namespace {

/// Ascending and disjoint, from any ranges.
void merge(std::vector<ByteRange>& ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::begin);
  std::size_t kept = 0;
  for (const ByteRange& r : ranges) {
    if (kept > 0 && r.begin <= ranges[kept - 1].end)
      ranges[kept - 1].end = std::max(ranges[kept - 1].end, r.end);
    else
      ranges[kept++] = r;
  }
  ranges.resize(kept);
}

bool conflicts_with_all(const PlanProblem& problem, const PackingInstance& in,
                        std::span<const std::uint32_t> members, std::uint32_t other) {
  return std::ranges::all_of(
      members, [&](std::uint32_t k) { return problem.conflict(in.buffer[k], other); });
}

/// What stays around an instance: blocks each buffer that it conflicts with, and closes a section
/// when it conflicts with all of it.
void block(PackingInstance& in, const PlanProblem& problem, const std::vector<char>& is_free,
           std::span<const Bytes> offsets) {
  std::vector<std::uint32_t> scratch;
  std::vector<std::vector<std::uint32_t>> stays(in.count());
  in.blocked.assign(in.count(), problem.reserved);
  in.closed.assign(in.members.size(), problem.reserved);
  const auto range = [&](std::uint32_t j) {
    return ByteRange{offsets[j], offsets[j] + problem.buffers[j].size};
  };
  for (std::uint32_t k = 0; k < in.count(); ++k) {
    for (const std::uint32_t j : problem.neighbours(in.buffer[k], scratch))
      if (is_free[j] == 0 && problem.buffers[j].size > 0) stays[k].push_back(j);
    std::ranges::sort(stays[k]);
    for (const std::uint32_t j : stays[k]) in.blocked[k].push_back(range(j));
    merge(in.blocked[k]);
  }
  for (std::uint32_t s = 0; s < in.members.size(); ++s) {
    const auto members = in.members[s];
    for (const std::uint32_t j : stays[members.front()])
      if (conflicts_with_all(problem, in, members, j)) in.closed[s].push_back(range(j));
    merge(in.closed[s]);
  }
}

}  // namespace

std::vector<PackingInstance> packing_instances(const PlanProblem& problem,
                                               std::span<const std::uint32_t> free,
                                               const std::vector<char>& is_free,
                                               std::span<const Bytes> offsets, Bytes capacity) {
  std::vector<PackingInstance> instances = packing_instances(problem, free, capacity);
  for (PackingInstance& instance : instances) {
    block(instance, problem, is_free, offsets);
    instance.closed_from.clear();
    close(instance, capacity);
    instance.twin_class.clear();
    find_twins(instance);
  }
  return instances;
}

std::vector<std::uint32_t> always_placeable(const PlanProblem& problem, Bytes capacity) {
  // A neighbour of size t blocks the offsets less than t below and size - 1 above its own: at most
  // t + size - 1 of them, rounded to the alignment on both sides. Freed of those that are taken out
  // already, the rest must leave one.
  const std::size_t n = problem.size();
  std::vector<Bytes> blocked(n, 0);
  std::vector<std::uint32_t> scratch;
  const auto blocks = [&](Bytes size, std::uint32_t i) {
    const Bytes unit = problem.buffers[i].alignment;
    return round_up(size + problem.buffers[i].size - 1, unit) + unit - 1;
  };
  const auto fits = [&](std::uint32_t i) {
    return !problem.buffers[i].fixed && blocked[i] + problem.buffers[i].size <= capacity;
  };
  std::vector<char> out(n, 0);
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < n; ++i) {
    for (const std::uint32_t j : problem.neighbours(i, scratch))
      blocked[i] += blocks(problem.buffers[j].size, i);
    for (const ByteRange& r : problem.reserved)
      if (r.begin < capacity) blocked[i] += blocks(r.end - r.begin, i);
    if (fits(i)) {
      out[i] = 1;
      order.push_back(i);
    }
  }
  for (std::size_t next = 0; next < order.size(); ++next) {
    const std::uint32_t gone = order[next];
    for (const std::uint32_t i : problem.neighbours(gone, scratch)) {
      if (out[i] != 0) continue;
      blocked[i] -= blocks(problem.buffers[gone].size, i);
      if (!fits(i)) continue;
      out[i] = 1;
      order.push_back(i);
    }
  }
  std::ranges::reverse(order);
  return order;
}

}  // namespace unna
