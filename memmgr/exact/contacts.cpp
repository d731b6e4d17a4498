#include "memmgr/exact/contacts.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace unna {
namespace {

/// Buffers that end in the low bits, buffers that begin behind them.
using Set = std::uint32_t;

constexpr std::size_t kMostOnASide = 10;
constexpr std::size_t kMostSets = 4096;

struct Sum {
  Bytes bytes;
  Set set;

  friend auto operator<=>(const Sum&, const Sum&) = default;
};

/// Of all subsets but the empty one.
std::vector<Sum> sums(std::span<const Bytes> size, std::span<const std::uint32_t> buffers) {
  std::vector<Sum> all{{0, 0}};
  for (std::size_t i = 0; i < buffers.size(); ++i)
    for (std::size_t s = 0, until = all.size(); s < until; ++s)
      all.push_back({all[s].bytes + size[buffers[i]], all[s].set | (Set{1} << i)});
  all.erase(all.begin());
  return all;
}

/// Sets of buffers that end and buffers that begin with equal sums, no set within another; empty
/// where there are too many.
std::vector<Set> least_balanced(std::span<const Bytes> size, std::span<const std::uint32_t> ending,
                                std::span<const std::uint32_t> starting) {
  if (ending.size() > kMostOnASide || starting.size() > kMostOnASide) return {};
  std::vector<Sum> ends = sums(size, ending);
  std::ranges::sort(ends);
  std::vector<Set> balanced;
  for (const Sum& begins : sums(size, starting)) {
    auto e = std::ranges::lower_bound(ends, begins.bytes, {}, &Sum::bytes);
    for (; e != ends.end() && e->bytes == begins.bytes; ++e)
      balanced.push_back(e->set | (begins.set << ending.size()));
    if (balanced.size() > kMostSets) return {};
  }
  std::ranges::sort(balanced, {}, [](Set s) { return std::pair(std::popcount(s), s); });
  std::vector<Set> least;
  for (const Set s : balanced)
    if (std::ranges::none_of(least, [&](Set l) { return (s & l) == l; })) least.push_back(s);
  return least;
}

/// Sets that have something in common become one.
std::vector<Set> unite(const std::vector<Set>& sets) {
  std::vector<Set> groups;
  for (Set group : sets) {
    const auto meets = [&](Set other) { return (other & group) != 0; };
    for (auto other = std::ranges::find_if(groups, meets); other != groups.end();
         other = std::ranges::find_if(groups, meets)) {
      group |= *other;
      groups.erase(other);
    }
    groups.push_back(group);
  }
  return groups;
}

}  // namespace

Contacts find_contacts(std::span<const Bytes> size, const Rows& ending, const Rows& starting) {
  Contacts contacts{std::vector<std::uint32_t>(size.size(), 0),
                    std::vector<std::uint32_t>(size.size(), 0), 0};
  std::uint32_t& next = contacts.count;
  for (std::size_t t = 0; t < ending.size(); ++t) {
    const auto ends = ending[t];
    const auto begins = starting[t];
    ++next;  // of what is in no set
    for (const std::uint32_t k : ends) contacts.at_end[k] = next;
    for (const std::uint32_t k : begins) contacts.at_begin[k] = next;
    for (const Set group : unite(least_balanced(size, ends, begins))) {
      ++next;
      for (std::size_t i = 0; i < ends.size(); ++i)
        if ((group >> i & 1U) != 0) contacts.at_end[ends[i]] = next;
      for (std::size_t i = 0; i < begins.size(); ++i)
        if ((group >> (ends.size() + i) & 1U) != 0) contacts.at_begin[begins[i]] = next;
    }
  }
  ++contacts.count;
  return contacts;
}

}  // namespace unna
