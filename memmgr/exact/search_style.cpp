#include "memmgr/exact/search_style.h"

#include <algorithm>
#include <utility>

#include "base/rng.h"

namespace unna {

std::vector<std::uint32_t> ranks(const PackingInstance& in, SearchStyle style) {
  Rng rng(style.seed);
  struct Keyed {
    Bytes key, size;
    std::uint32_t buffer;
  };
  std::vector<Keyed> keyed;
  for (std::uint32_t k = 0; k < in.count(); ++k) {
    const auto length = static_cast<Bytes>(in.sections_of[k].size());
    const Bytes size = in.size[k];
    Bytes key = style.first == SearchStyle::First::length ? length : size;
    if (style.seed != 0) key *= rng.between(75, 125);
    keyed.push_back({key, size, k});
  }
  std::ranges::stable_sort(keyed, std::ranges::greater{},
                           [](const Keyed& k) { return std::pair(k.key, k.size); });
  std::vector<std::uint32_t> rank(in.count());
  for (std::uint32_t r = 0; r < keyed.size(); ++r) rank[keyed[r].buffer] = r;
  return rank;
}

}  // namespace unna
