#include "memmgr/problem_files.h"

#include <algorithm>

namespace unna {
namespace {

std::string csv_quote(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.starts_with(' ') &&
      !text.ends_with(' ') && !text.empty())
    return text;
  std::string quoted;
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return fmt::format("\"{}\"", quoted);
}

std::string gaps_text(const std::vector<Gap>& gaps) {
  std::string text;
  for (const Gap& gap : gaps) {
    text += fmt::format("{}{}-{}", text.empty() ? "" : " ", gap.time.lower, gap.time.upper);
    if (gap.keeps()) text += fmt::format("@{}:{}", gap.kept_begin, gap.kept_end);
  }
  return text;
}

/// Whether neither may take the place that the other has.
bool collide(const PlanProblem& p, std::uint32_t i, std::uint32_t j) {
  bool found = false;
  p.for_each_forbidden(i, j, *p.buffers[j].fixed, [&](Bytes lo, Bytes hi) {
    found = found || (lo < *p.buffers[i].fixed && *p.buffers[i].fixed < hi);
  });
  return found && p.buffers[i].size > 0 && p.buffers[j].size > 0;
}

void check_reserved(const PlanProblem& p, std::uint32_t i, const SourcePos& pos) {
  const PlanBuffer& b = p.buffers[i];
  const auto& reserved = p.pools.empty() ? p.reserved : p.pools[b.pools.front()].reserved;
  for (const ByteRange& r : reserved)
    if (b.size > 0 && *b.fixed < r.end && r.begin < *b.fixed + b.size)
      throw InputError(pos,
                       fmt::format("fixed offset {} of '{}' is in the reserved range [{}, {}), "
                                   "expected a free place",
                                   *b.fixed, b.name, r.begin, r.end));
}

}  // namespace

std::string one_line(std::string message) {
  std::ranges::replace_if(
      message, [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
  return message;
}

void check_fixed_offsets(const PlanProblem& problem, const std::vector<SourcePos>& pos) {
  std::vector<std::uint32_t> scratch;
  const auto& buffers = problem.buffers;
  for (std::uint32_t i = 0; i < buffers.size(); ++i) {
    if (!buffers[i].fixed) continue;
    if (!problem.pools.empty() && buffers[i].pools.size() != 1)
      throw InputError(pos[i], fmt::format("'{}' has a fixed offset, expected one pool for it",
                                           buffers[i].name));
    check_reserved(problem, i, pos[i]);
    for (const std::uint32_t j : problem.neighbours(i, scratch)) {
      if (j >= i || !buffers[j].fixed || buffers[j].pools != buffers[i].pools) continue;
      if (collide(problem, i, j))
        throw InputError(
            pos[i],
            fmt::format("fixed offset {} of '{}' collides with '{}' at {}, which is {}",
                        *buffers[i].fixed, buffers[i].name, buffers[j].name, *buffers[j].fixed,
                        problem.kept_apart(i, j) ? "to be kept apart" : "in use at the same time"));
    }
  }
}

namespace {

/// For each buffer the names of those that `other` pairs with it, blank-separated.
std::vector<std::string> partners(const PlanProblem& p, const std::vector<BufferPair>& pairs,
                                  std::uint32_t BufferPair::*self,
                                  std::uint32_t BufferPair::*other) {
  std::vector<std::string> names(p.size());
  for (const BufferPair& pair : pairs) {
    std::string& list = names[pair.*self];
    list += fmt::format("{}{}", list.empty() ? "" : " ", p.buffers[pair.*other].name);
  }
  return names;
}

}  // namespace

std::string format_offsets_csv(const PlanProblem& problem, const std::vector<Bytes>& offsets,
                               const std::vector<std::uint32_t>& pool) {
  const bool times = problem.lifetimes.intervals.has_value();
  const bool aligned =
      std::ranges::any_of(problem.buffers, [](const PlanBuffer& b) { return b.alignment != 1; });
  const bool gaps = !problem.lifetimes.gaps.empty();
  const auto sources = partners(problem, problem.in_place, &BufferPair::second, &BufferPair::first);
  const auto apart = partners(problem, problem.apart, &BufferPair::first, &BufferPair::second);
  const bool in_place = times && !problem.in_place.empty();
  const bool kept_apart = times && !problem.apart.empty();
  std::string text =
      fmt::format("id{},size{}{}{}{}{},offset\n", times ? ",lower,upper" : "",
                  aligned ? ",alignment" : "", gaps ? ",gaps" : "", in_place ? ",inplace" : "",
                  kept_apart ? ",apart" : "", pool.empty() ? "" : ",pool");
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const PlanBuffer& b = problem.buffers[i];
    text += csv_quote(b.name);
    if (times) {
      const Interval life = (*problem.lifetimes.intervals)[i];
      text += fmt::format(",{},{}", life.lower, life.upper);
    }
    text += fmt::format(",{}", b.size);
    if (aligned) text += fmt::format(",{}", b.alignment);
    if (gaps) text += fmt::format(",{}", gaps_text(problem.lifetimes.gaps[i]));
    if (in_place) text += fmt::format(",{}", sources[i].empty() ? "" : csv_quote(sources[i]));
    if (kept_apart) text += fmt::format(",{}", apart[i].empty() ? "" : csv_quote(apart[i]));
    if (!pool.empty()) text += fmt::format(",{}", csv_quote(problem.pools[pool[i]].name));
    text += fmt::format(",{}\n", offsets[i]);
  }
  return text;
}

}  // namespace unna
