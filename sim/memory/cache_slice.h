#pragma once

// The part of the shared last-level cache that stands before one DRAM channel: tags, LRU
// replacement, write-back, and the misses under way. It knows no time.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/id.h"
#include "base/units.h"

namespace unna {

class CacheSlice {
 public:
  /// `sets` x `ways` lines; at most `mshrs` misses under way.
  CacheSlice(std::int64_t sets, std::int64_t ways, std::int64_t mshrs);

  enum class Outcome : std::uint8_t {
    hit,
    merged,   ///< misses, and the line is on its way
    fill,     ///< misses; the line is to be read
    install,  ///< misses, and is written whole: nothing to be read
    blocked,  ///< misses, and no way or no MSHR is free
  };
  struct Answer {
    Outcome outcome = Outcome::hit;
    std::uint32_t mshr = 0;          ///< merged, fill
    std::optional<Bytes> writeback;  ///< fill, install: number of the dirty line that has to go
  };

  /// What access() would answer, without changing anything.
  Answer probe(Bytes line, std::int64_t set, bool write, bool whole) const;
  /// An access to line number `line` of set `set`; `whole`: a write of all of its bytes. Changes
  /// nothing where it answers `blocked`.
  Answer access(Bytes line, std::int64_t set, bool write, bool whole);
  /// All of the line that `mshr` waits for has come; the MSHR is free again.
  void filled(std::uint32_t mshr);

 private:
  struct Way {
    Bytes line = 0;
    std::int64_t used = 0;  ///< serial number of the last access; 0: holds no line
    bool dirty = false;
    bool filling = false;
    std::uint32_t mshr = 0;  ///< while filling
  };

  std::optional<std::size_t> find(Bytes line, std::int64_t set) const;
  std::optional<std::size_t> victim(std::int64_t set) const;

  std::size_t ways_;
  std::vector<Way> lines_;          ///< set by set
  std::vector<std::size_t> mshrs_;  ///< the way that each fills
  std::vector<std::uint32_t> free_;
  std::int64_t serial_ = 0;
};

}  // namespace unna
