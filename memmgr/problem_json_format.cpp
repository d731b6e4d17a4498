// A problem as JSON, as problem_json.cpp reads it.

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"

namespace unna {
namespace {

using Json = nlohmann::ordered_json;

Json ranges_json(const std::vector<ByteRange>& ranges) {
  Json list = Json::array();
  for (const ByteRange& r : ranges) list.push_back({r.begin, r.end});
  return list;
}

Json pairs_json(const PlanProblem& p, const std::vector<BufferPair>& pairs) {
  Json list = Json::array();
  for (const BufferPair pair : pairs)
    list.push_back({p.buffers[pair.first].name, p.buffers[pair.second].name});
  return list;
}

Json avoid_json(const PlanProblem& p) {
  Json list = Json::array();
  for (const AvoidPair& a : p.avoid)
    list.push_back({p.buffers[a.pair.first].name, p.buffers[a.pair.second].name, a.weight});
  return list;
}

Json buffer_json(const PlanProblem& p, std::size_t i) {
  const PlanBuffer& b = p.buffers[i];
  Json json = {{"id", b.name}, {"size", b.size}};
  if (b.alignment != 1) json["alignment"] = b.alignment;
  if (b.fixed) json["offset"] = *b.fixed;
  if (p.lifetimes.intervals) {
    json["lower"] = (*p.lifetimes.intervals)[i].lower;
    json["upper"] = (*p.lifetimes.intervals)[i].upper;
  }
  if (!p.lifetimes.gaps.empty())
    for (const Gap& gap : p.lifetimes.gaps[i]) {
      Json& added = json["gaps"].emplace_back();
      added = {{"lower", gap.time.lower}, {"upper", gap.time.upper}};
      if (gap.keeps()) added["keep"] = {gap.kept_begin, gap.kept_end};
    }
  for (const std::uint32_t pool : b.pools) json["pools"].push_back(p.pools[pool].name);
  if (b.weight) json["weight"] = *b.weight;
  return json;
}

Json pools_json(const std::vector<MemoryPool>& pools) {
  Json list = Json::array();
  for (const MemoryPool& pool : pools) {
    Json& json = list.emplace_back();
    json["name"] = pool.name;
    if (pool.capacity) json["capacity"] = *pool.capacity;
    if (!pool.reserved.empty()) json["reserved"] = ranges_json(pool.reserved);
  }
  return list;
}

/// The edges that do not follow from others.
std::vector<BufferPair> covering_edges(const PlanProblem& p) {
  constexpr std::size_t kMost = 3000;
  if (p.size() > kMost)
    throw InputError(
        fmt::format("a partial order of {} buffers is too large to be written, "
                    "expected at most {}",
                    p.size(), kMost));
  const auto n = static_cast<std::uint32_t>(p.size());
  std::vector<std::vector<bool>> after(n, std::vector<bool>(n));
  for (std::uint32_t a = 0; a < n; ++a)
    for (std::uint32_t b = 0; b < n; ++b) after[a][b] = a != b && p.lifetimes.before(a, b);
  std::vector<BufferPair> edges;
  for (std::uint32_t a = 0; a < n; ++a) {
    std::vector<bool> covered(n);
    for (std::uint32_t c = 0; c < n; ++c) {
      if (!after[a][c] || covered[c]) continue;
      for (std::uint32_t b = 0; b < n; ++b)
        if (after[c][b]) covered[b] = true;
    }
    for (std::uint32_t b = 0; b < n; ++b)
      if (after[a][b] && !covered[b]) edges.push_back({a, b});
  }
  return edges;
}

}  // namespace

std::string format_problem_json(const PlanProblem& problem) {
  const auto dump = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  };
  std::string text = "{\"buffers\": [";
  for (std::size_t i = 0; i < problem.size(); ++i)
    text += (i == 0 ? "\n  " : ",\n  ") + dump(buffer_json(problem, i));
  text += "\n]";
  const auto add = [&](std::string_view key, const Json& json) {
    text += fmt::format(",\n\"{}\": {}", key, dump(json));
  };
  if (problem.lifetimes.order) add("order", pairs_json(problem, covering_edges(problem)));
  if (!problem.reserved.empty()) add("reserved", ranges_json(problem.reserved));
  if (!problem.in_place.empty()) add("in_place", pairs_json(problem, problem.in_place));
  if (!problem.apart.empty()) add("apart", pairs_json(problem, problem.apart));
  if (!problem.avoid.empty()) add("avoid", avoid_json(problem));
  if (!problem.pools.empty()) add("pools", pools_json(problem.pools));
  if (problem.capacity) add("capacity", *problem.capacity);
  return text + "}\n";
}

}  // namespace unna
