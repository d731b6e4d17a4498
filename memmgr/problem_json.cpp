#include <algorithm>
#include <unordered_map>

#include "memmgr/complete_problem.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "text/json.h"
#include "text/numbers.h"

namespace unna {
namespace {

constexpr Bytes kMaxAlignment = Bytes{1} << 40U;

class PlanJson {
 public:
  PlanJson(const std::string& text, const std::string& file)
      : file_(file), root_(parse_json(text, file)) {}
  PlanProblem read();

 private:
  void read_pools(const YamlNode& node);
  void read_buffers(const YamlNode& node, bool timed);
  void read_buffer(const YamlNode& node, bool timed);
  std::string read_id(const YamlNode& node);
  void read_place(YamlMapReader& fields, PlanBuffer& buffer);
  void read_life(YamlMapReader& fields, bool timed, Bytes size);
  std::vector<Gap> read_gaps(const YamlNode& node, Interval life, Bytes size) const;
  std::vector<std::uint32_t> read_choice(const YamlNode& node) const;
  static std::vector<ByteRange> read_ranges(const YamlNode& node, std::string_view what);
  std::uint32_t buffer_named(const YamlNode& node) const;
  std::vector<BufferPair> read_pairs(const YamlNode* node, std::string_view what) const;
  void read_avoid(const YamlNode& node);
  void read_order(const YamlNode& node);
  void complete();
  template <class Check>
  static void at(const YamlNode& node, Check&& check);

  std::string file_;
  YamlNode root_;
  std::unordered_map<std::string, std::uint32_t> by_id_;
  std::vector<SourcePos> fixed_pos_;
  PlanProblem problem_;
};

/// Two numbers in brackets, the first not above the second.
std::pair<std::int64_t, std::int64_t> range_of(const YamlNode& node, std::string_view what,
                                               std::int64_t lo, std::int64_t hi) {
  const auto& items = node.as_sequence(what);
  if (items.size() != 2)
    node.fail(fmt::format("{} has {} items, expected [from, until]", what, items.size()));
  const std::int64_t from = items[0].as_int(what, lo, hi);
  const std::int64_t until = items[1].as_int(what, lo, hi);
  if (until < from)
    node.fail(
        fmt::format("{} is [{}, {}], expected it not to end before it begins", what, from, until));
  return {from, until};
}

const std::string& text_of(const YamlNode& node, std::string_view what) {
  if (node.kind == YamlNode::Kind::scalar && !node.quoted)
    node.fail(fmt::format("{} is {}, expected a string", what, node.text));
  return node.as_string(what);
}

/// A string, or a whole number as in a CSV.
std::string name_of(const YamlNode& node, std::string_view what) {
  std::int64_t number = 0;
  if (node.kind == YamlNode::Kind::scalar && !node.quoted && parse_integer(node.text, number))
    return node.text;
  return text_of(node, what);
}

/// A check that knows no place fails at that of the node.
template <class Check>
void PlanJson::at(const YamlNode& node, Check&& check) {
  try {
    check();
  } catch (const InputError& error) {
    node.fail(error.what());
  }
}

PlanProblem PlanJson::read() {
  YamlMapReader fields(root_, "the problem");
  const YamlNode& buffers = fields.require("buffers");
  const YamlNode* order = fields.optional("order");
  const YamlNode* reserved = fields.optional("reserved");
  const YamlNode* in_place = fields.optional("in_place");
  const YamlNode* apart = fields.optional("apart");
  const YamlNode* avoid = fields.optional("avoid");
  const YamlNode* pools = fields.optional("pools");
  const YamlNode* capacity = fields.optional("capacity");
  fields.finish();
  if (pools != nullptr) read_pools(*pools);
  if (pools != nullptr && capacity != nullptr)
    capacity->fail("capacity beside pools, expected it in each pool");
  if (pools != nullptr && reserved != nullptr)
    reserved->fail("reserved beside pools, expected it in each pool");
  if (capacity != nullptr) problem_.capacity = capacity->as_int("capacity", 0, kMaxBytes);
  if (reserved != nullptr) problem_.reserved = read_ranges(*reserved, "reserved");
  read_buffers(buffers, order == nullptr);
  if (order != nullptr) read_order(*order);
  problem_.in_place = read_pairs(in_place, "in_place");
  for (std::size_t i = 0; i < problem_.in_place.size(); ++i)
    at(in_place->items[i], [&] { check_in_place(problem_, problem_.in_place[i]); });
  problem_.apart = read_pairs(apart, "apart");
  for (std::size_t i = 0; i < problem_.apart.size(); ++i)
    at(apart->items[i], [&] { check_pair(problem_, problem_.apart[i], "apart from"); });
  if (avoid != nullptr) read_avoid(*avoid);
  complete();
  return std::move(problem_);
}

void PlanJson::complete() {
  at(root_, [&] { complete_problem(problem_); });
  check_fixed_offsets(problem_, fixed_pos_);
}

void PlanJson::read_pools(const YamlNode& node) {
  for (const YamlNode& item : node.as_sequence("pools")) {
    YamlMapReader fields(item, "the pool");
    MemoryPool pool;
    const YamlNode& name = fields.require("name");
    pool.name = text_of(name, "name");
    if (std::ranges::count(problem_.pools, pool.name, &MemoryPool::name) > 0)
      name.fail(fmt::format("pool '{}' is there already, expected another name", pool.name));
    if (const YamlNode* capacity = fields.optional("capacity"))
      pool.capacity = capacity->as_int("capacity", 0, kMaxBytes);
    if (const YamlNode* reserved = fields.optional("reserved"))
      pool.reserved = read_ranges(*reserved, "reserved");
    fields.finish();
    problem_.pools.push_back(std::move(pool));
  }
  if (problem_.pools.empty()) node.fail("no pools, expected one at least, or no 'pools'");
}

void PlanJson::read_buffers(const YamlNode& node, bool timed) {
  const auto& items = node.as_sequence("buffers");
  if (items.empty()) node.fail("no buffers, expected one at least");
  if (timed) problem_.lifetimes.intervals.emplace();
  for (const YamlNode& item : items) read_buffer(item, timed);
  auto& gaps = problem_.lifetimes.gaps;
  if (std::ranges::all_of(gaps, [](const auto& g) { return g.empty(); })) gaps.clear();
}

void PlanJson::read_buffer(const YamlNode& node, bool timed) {
  YamlMapReader fields(node, "the buffer");
  PlanBuffer buffer;
  buffer.name = read_id(fields.require("id"));
  buffer.size = fields.require("size").as_int("size", 0, kMaxBytes);
  read_place(fields, buffer);
  read_life(fields, timed, buffer.size);
  if (const YamlNode* pools = fields.optional("pools")) buffer.pools = read_choice(*pools);
  if (const YamlNode* weight = fields.optional("weight"))
    buffer.weight = weight->as_int("weight", 0, kMaxBytes);
  fields.finish();
  problem_.lifetimes.buffers.push_back({buffer.name, buffer.size, {}, {}});
  problem_.buffers.push_back(std::move(buffer));
}

std::string PlanJson::read_id(const YamlNode& node) {
  std::string id = name_of(node, "id");
  if (id.empty()) node.fail("id is empty, expected a name");
  if (!by_id_.try_emplace(id, static_cast<std::uint32_t>(problem_.size())).second)
    node.fail(fmt::format("id '{}' is used already, expected another", id));
  return id;
}

void PlanJson::read_place(YamlMapReader& fields, PlanBuffer& buffer) {
  if (const YamlNode* alignment = fields.optional("alignment"))
    buffer.alignment = alignment->as_int("alignment", 1, kMaxAlignment);
  const YamlNode* offset = fields.optional("offset");
  fixed_pos_.push_back(offset != nullptr ? offset->pos : fields.node().pos);
  if (offset == nullptr) return;
  buffer.fixed = offset->as_int("offset", 0, kMaxBytes);
  if (*buffer.fixed % buffer.alignment != 0)
    offset->fail(fmt::format("offset is {}, expected a multiple of alignment {}", *buffer.fixed,
                             buffer.alignment));
}

void PlanJson::read_life(YamlMapReader& fields, bool timed, Bytes size) {
  if (!timed) return;
  Interval life;
  if (fields.node().find("lower") == nullptr && fields.node().find("upper") == nullptr)
    fields.node().fail("the buffer has no 'lower', expected one, or an 'order' of the problem");
  life.lower = fields.require("lower").as_int("lower", -kMaxTime, kMaxTime);
  const YamlNode& upper = fields.require("upper");
  life.upper = upper.as_int("upper", -kMaxTime, kMaxTime);
  if (life.upper <= life.lower)
    upper.fail(fmt::format("upper is {}, expected more than lower {}", life.upper, life.lower));
  problem_.lifetimes.intervals->push_back(life);
  const YamlNode* gaps = fields.optional("gaps");
  problem_.lifetimes.gaps.push_back(gaps != nullptr ? read_gaps(*gaps, life, size)
                                                    : std::vector<Gap>{});
}

std::vector<Gap> PlanJson::read_gaps(const YamlNode& node, Interval life, Bytes size) const {
  std::vector<Gap> gaps;
  for (const YamlNode& item : node.as_sequence("gaps")) {
    YamlMapReader fields(item, "the gap");
    Gap gap;
    gap.time.lower = fields.require("lower").as_int("lower", life.lower, life.upper);
    gap.time.upper = fields.require("upper").as_int("upper", life.lower, life.upper);
    if (gap.time.upper <= gap.time.lower)
      item.fail(fmt::format("the gap's upper is {}, expected more than lower {}", gap.time.upper,
                            gap.time.lower));
    if (const YamlNode* keep = fields.optional("keep"))
      std::tie(gap.kept_begin, gap.kept_end) = range_of(*keep, "keep", 0, size);
    fields.finish();
    if (!gaps.empty() && gap.time.lower < gaps.back().time.upper)
      item.fail(
          fmt::format("the gap begins at {}, before the last one ends, expected them disjoint "
                      "and ascending",
                      gap.time.lower));
    gaps.push_back(gap);
  }
  return gaps;
}

std::vector<std::uint32_t> PlanJson::read_choice(const YamlNode& node) const {
  std::vector<std::uint32_t> choice;
  for (const YamlNode& item : node.as_sequence("pools")) {
    const std::string& name = text_of(item, "pool");
    const auto found = std::ranges::find(problem_.pools, name, &MemoryPool::name);
    if (found == problem_.pools.end())
      item.fail(fmt::format("unknown pool '{}', expected one of the problem's pools", name));
    const auto index = static_cast<std::uint32_t>(found - problem_.pools.begin());
    if (std::ranges::count(choice, index) > 0)
      item.fail(fmt::format("pool '{}' is given twice, expected once", name));
    choice.push_back(index);
  }
  if (choice.empty()) node.fail("no pools, expected one at least, or no 'pools'");
  return choice;
}

std::vector<ByteRange> PlanJson::read_ranges(const YamlNode& node, std::string_view what) {
  std::vector<ByteRange> ranges;
  for (const YamlNode& item : node.as_sequence(what)) {
    const auto [begin, end] = range_of(item, what, 0, kMaxBytes);
    ranges.push_back({begin, end});
  }
  return ranges;
}

std::uint32_t PlanJson::buffer_named(const YamlNode& node) const {
  const std::string name = name_of(node, "buffer");
  const auto found = by_id_.find(name);
  if (found == by_id_.end())
    node.fail(fmt::format("unknown buffer '{}', expected the id of one", name));
  return found->second;
}

std::vector<BufferPair> PlanJson::read_pairs(const YamlNode* node, std::string_view what) const {
  std::vector<BufferPair> pairs;
  if (node == nullptr) return pairs;
  for (const YamlNode& item : node->as_sequence(what)) {
    const auto& ids = item.as_sequence(what);
    if (ids.size() != 2)
      item.fail(fmt::format("{} has {} items, expected pairs [id, id]", what, ids.size()));
    pairs.push_back({buffer_named(ids[0]), buffer_named(ids[1])});
  }
  return pairs;
}

void PlanJson::read_avoid(const YamlNode& node) {
  for (const YamlNode& item : node.as_sequence("avoid")) {
    const auto& parts = item.as_sequence("avoid");
    if (parts.size() != 2 && parts.size() != 3)
      item.fail(
          fmt::format("avoid has {} items, expected [id, id] or [id, id, weight]", parts.size()));
    AvoidPair pair{{buffer_named(parts[0]), buffer_named(parts[1])}, 1};
    if (parts.size() == 3) pair.weight = parts[2].as_int("weight", 0, kMostAvoidWeight);
    at(item, [&] { check_pair(problem_, pair.pair, "to avoid"); });
    problem_.avoid.push_back(pair);
  }
}

void PlanJson::read_order(const YamlNode& node) {
  const auto edges = read_pairs(&node, "order");
  const auto circle = find_cycle(problem_.size(), edges);
  if (!circle.empty()) {
    constexpr std::size_t kShown = 8;
    std::string path;
    for (std::size_t i = 0; i < std::min(circle.size(), kShown); ++i)
      path += fmt::format("{} -> ", problem_.buffers[circle[i]].name);
    if (circle.size() > kShown) path += "... -> ";
    path += problem_.buffers[circle.front()].name;
    const auto edge = std::ranges::find(edges, BufferPair{circle.back(), circle.front()});
    node.items[static_cast<std::size_t>(edge - edges.begin())].fail(
        fmt::format("the order runs in a circle, {}, expected none", path));
  }
  problem_.lifetimes.kind = LivenessKind::edges;
  at(node, [&] { problem_.lifetimes.order = order_of_edges(problem_.size(), edges); });
}

}  // namespace

PlanProblem parse_problem_json(const std::string& text, const std::string& file) {
  try {
    return PlanJson(text, file).read();
  } catch (const InputError& error) {
    throw InputError(one_line(error.what()));
  }
}

}  // namespace unna
