#pragma once

#include <cstdint>
#include <string>

namespace unna {

/// Parameters of tetris, the genetic algorithm over allocation orders (after Chen et al., "Tetris",
/// JCST 37(6), 2022, whose operators and sizes are not public); loadable from YAML.
struct TetrisOptions {
  std::int64_t population = 48;
  std::int64_t generations = 100'000;
  std::int64_t elite = 4;              ///< survive unchanged, and are searched around
  std::int64_t tournament = 3;         ///< parents are the best of so many
  std::int64_t mutation_percent = 60;  ///< of the children
  std::int64_t patience = 400;         ///< generations without progress, after which it ends
  /// Millions of neighbours looked at by decoding, after which the search ends: a measure of time
  /// that is the same on every host.
  std::int64_t effort = 400;
  std::int64_t islands = 4;  ///< populations that evolve apart and exchange their best

  // What makes it more than a plain genetic algorithm, each to be switched off (0) for comparison.
  std::int64_t greedy_start = 1;  ///< the first population holds greedy orders
  std::int64_t reduce = 1;        ///< buffers that any layout leaves room for are taken out
  std::int64_t incremental = 1;   ///< placements of the prefix shared with the parent carry over
  std::int64_t local = 1;         ///< mutation in the tight region, around the elite

  friend bool operator==(const TetrisOptions&, const TetrisOptions&) = default;
};
/// Keys are the fields' names; missing ones keep their defaults. Throws InputError with line and
/// column for unknown keys and values out of range.
TetrisOptions parse_tetris_options(const std::string& yaml, const std::string& file);
TetrisOptions load_tetris_options(const std::string& path);

}  // namespace unna
