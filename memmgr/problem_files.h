#pragma once

// Files of buffers in, offsets out. Grammar: docs/planning.md, "Files".

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "memmgr/problem.h"

namespace unna {

/// Greatest time and number of bytes that a file may give, so that sums of them do not overflow.
inline constexpr std::int64_t kMaxTime = std::int64_t{1} << 60U;
inline constexpr Bytes kMaxBytes = Bytes{1} << 56U;

/// MiniMalloc's CSV (Moffitt, ASPLOS 2023) with columns of our own: by name, in any order, `id`
/// (`buffer`, `buffer_id`), `lower` (`start`, `begin`), `upper` (exclusive) or `end` (inclusive),
/// `size`; optional `alignment`, `hint` (checked, not used), `offset` (fixed), `gaps` (`lo-hi` or
/// `lo-hi@wlo:whi`, separated by spaces), and names separated by spaces in `pool`, `inplace`
/// (buffers whose bytes this one may take over) and `apart`; `weight`. Quoted fields, CRLF and a
/// byte order mark are understood, empty lines skipped. Throws InputError with line and column.
PlanProblem parse_problem_csv(const std::string& text, const std::string& file);

/// The problem as a JSON object, the only format for partial orders. Throws InputError with line
/// and column.
PlanProblem parse_problem_json(const std::string& text, const std::string& file);
/// The same back: what parse_problem_json() reads gives this text again.
std::string format_problem_json(const PlanProblem& problem);

/// `id,lower,upper,size[,alignment][,gaps][,pool],offset`, MiniMalloc's columns; of a partial order
/// `id,size[,alignment][,pool],offset`. `pool` by index of problem.pools, as in a PoolPlan; empty
/// without pools.
std::string format_offsets_csv(const PlanProblem& problem, const std::vector<Bytes>& offsets,
                               const std::vector<std::uint32_t>& pool = {});

/// A message with the line breaks and other control characters of names in it replaced.
std::string one_line(std::string message);

/// Fixed buffers can't be helped: where two of them collide, or one meets a reserved range, there
/// is no plan. Throws InputError at pos[i], the place where buffer i is given.
void check_fixed_offsets(const PlanProblem& problem, const std::vector<SourcePos>& pos);

}  // namespace unna
