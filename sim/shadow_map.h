#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/units.h"

namespace unna {

/// Which buffer each byte of an address space was last written for. Pages of short sorted lists of
/// segments: narrow strided stores fragment a page for a while, and never the whole map. Memory
/// grows with the highest address (32 bytes a page).
class ShadowMap {
 public:
  struct Range {
    Bytes begin = 0;
    Bytes end = 0;
    std::optional<BufferId> owner;  ///< none: never written
  };

  void assign(Bytes begin, Bytes end, BufferId owner);
  /// The first range of [begin, end) whose bytes are not `owner`'s, as long as they are of one
  /// kind.
  std::optional<Range> first_foreign(Bytes begin, Bytes end, BufferId owner) const;
  /// For tests: what the map consists of.
  std::size_t segments() const;

 private:
  static constexpr Bytes kPageBytes = 4096;

  struct Segment {
    std::uint16_t begin = 0;  ///< within the page
    std::uint16_t end = 0;
    BufferId owner;
  };
  /// Ascending and disjoint; neighbours of one owner are one segment.
  using Page = std::vector<Segment>;

  static void assign(Page& page, Segment segment);
  Range piece_at(Bytes at, Bytes limit) const;

  std::vector<Page> pages_;
};

}  // namespace unna
