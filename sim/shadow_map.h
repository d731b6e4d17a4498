#pragma once

#include <map>
#include <optional>

#include "base/id.h"
#include "base/units.h"

namespace unna {

/// Which buffer each byte of an address space was last written for.
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
  std::size_t segments() const { return segments_.size(); }

 private:
  struct Segment {
    Bytes end = 0;
    BufferId owner;
  };
  using Map = std::map<Bytes, Segment>;

  Map::const_iterator containing_or_after(Bytes at) const;
  void split(Bytes at);

  Map segments_;  ///< by first byte; disjoint; neighbours of one owner are one segment
};

}  // namespace unna
