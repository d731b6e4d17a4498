#include "memmgr/offsets_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "memmgr/problem_files.h"
#include "text/csv.h"
#include "text/json.h"
#include "text/numbers.h"

namespace unna {
namespace {

/// A value of a file and where it stands.
using Value = CsvField;

/// What a file says of one buffer.
struct Entry {
  Value id;
  Value offset;
  std::optional<Value> pool;
  std::optional<Value> size;
  bool planned = true;  ///< false: an input, output or weight, which only a run's plan.csv lists
};

std::int64_t number(const Value& v, std::string_view what) {
  std::int64_t value = 0;
  if (!parse_integer(v.text, value))
    throw InputError(v.pos, fmt::format("{} is '{}', expected an integer", what, v.text));
  if (value < -kMaxBytes || value > kMaxBytes)
    throw InputError(
        v.pos, fmt::format("{} is {}, expected from {} to {}", what, value, -kMaxBytes, kMaxBytes));
  return value;
}

/// Takes entries in any order and puts them where the problem has the buffers.
class Collector {
 public:
  explicit Collector(const PlanProblem& problem) : problem_(problem), line_(problem.size(), 0) {
    for (std::uint32_t i = 0; i < problem.size(); ++i) by_name_.emplace(problem.buffers[i].name, i);
    plan_.offsets.resize(problem.size());
    if (!problem.pools.empty()) plan_.pool.resize(problem.size());
  }

  void add(const Entry& entry) {
    const auto found = by_name_.find(entry.id.text);
    if (found == by_name_.end() && !entry.planned) return;
    if (found == by_name_.end())
      throw InputError(entry.id.pos, fmt::format("buffer '{}' is not in the problem, expected one "
                                                 "of its {}",
                                                 entry.id.text, problem_.size()));
    const std::uint32_t i = found->second;
    if (line_[i] != 0)
      throw InputError(entry.id.pos,
                       fmt::format("buffer '{}' has an offset on line {} already, expected one",
                                   entry.id.text, line_[i]));
    line_[i] = entry.id.pos.line;
    plan_.offsets[i] = number(entry.offset, "offset");
    if (entry.size && number(*entry.size, "size") != problem_.buffers[i].size)
      throw InputError(entry.size->pos,
                       fmt::format("size of '{}' is {}, expected the problem's {}", entry.id.text,
                                   entry.size->text, problem_.buffers[i].size));
    if (!problem_.pools.empty()) plan_.pool[i] = pool_of(entry);
  }

  GivenPlan finish(const std::string& file) {
    const auto missing = std::ranges::count(line_, 0);
    if (missing > 0) {
      const auto first = static_cast<std::size_t>(std::ranges::find(line_, 0) - line_.begin());
      throw InputError({file, 0, 0},
                       fmt::format("no offset for '{}'{}, expected one for each of {} buffers",
                                   problem_.buffers[first].name,
                                   missing > 1 ? fmt::format(" and {} more", missing - 1) : "",
                                   problem_.size()));
    }
    plan_.line = std::move(line_);
    return std::move(plan_);
  }

 private:
  std::uint32_t pool_of(const Entry& entry) const {
    const auto& pools = problem_.pools;
    if (!entry.pool)
      throw InputError(entry.id.pos,
                       fmt::format("'{}' has no pool, expected one of the problem's {}",
                                   entry.id.text, pools.size()));
    const auto found = std::ranges::find(pools, entry.pool->text, &MemoryPool::name);
    if (found == pools.end())
      throw InputError(entry.pool->pos,
                       fmt::format("pool '{}' is not in the problem, expected one of its {}",
                                   entry.pool->text, pools.size()));
    return static_cast<std::uint32_t>(found - pools.begin());
  }

  const PlanProblem& problem_;
  std::unordered_map<std::string, std::uint32_t> by_name_;
  std::vector<int> line_;  ///< where each buffer's offset was given; 0: not yet
  GivenPlan plan_;
};

void read_csv(const std::string& text, const std::string& file, Collector& collector) {
  CsvReader reader(text, file);
  const auto header = reader.next();
  if (!header) throw InputError({file, 0, 0}, "empty file, expected a header with id and offset");
  const auto column =
      [&](std::initializer_list<std::string_view> names) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < header->size(); ++i)
      if (std::ranges::count(names, (*header)[i].text) > 0) return i;
    return std::nullopt;
  };
  // Of a run's plan.csv, `id` is a number that the trace does not have.
  const auto buffer = column({"buffer"});
  const auto id = buffer ? buffer : column({"id", "buffer_id"});
  const auto kind = column({"kind"});
  const auto offset = column({"offset"});
  const auto pool = column({"pool"});
  const auto size = column({"size"});
  if (!id || !offset)
    throw InputError(header->front().pos,
                     fmt::format("no column '{}', expected id and offset", id ? "offset" : "id"));
  while (const auto record = reader.next()) {
    if (record->size() != header->size())
      throw InputError(record->front().pos, fmt::format("{} fields, expected {} as in the header",
                                                        record->size(), header->size()));
    Entry entry{(*record)[*id], (*record)[*offset], {}, {}};
    if (pool && !(*record)[*pool].text.empty()) entry.pool = (*record)[*pool];
    if (size && !(*record)[*size].text.empty()) entry.size = (*record)[*size];
    if (kind) entry.planned = (*record)[*kind].text == "intermediate";
    collector.add(entry);
  }
}

Value scalar(const YamlNode& node, std::string_view what) {
  if (node.kind != YamlNode::Kind::scalar)
    node.fail(fmt::format("{} is no string and no number, expected one", what));
  return {node.text, node.pos};
}

/// The list of offsets, whatever is around it.
const YamlNode& offsets_list(const YamlNode& root) {
  if (root.kind == YamlNode::Kind::sequence) return root;
  if (const YamlNode* plans = root.find("plans")) {
    const auto& runs = plans->as_sequence("plans");
    if (runs.size() != 1)
      plans->fail(fmt::format("{} plans, expected a certificate of one", runs.size()));
    return offsets_list(runs.front());
  }
  const YamlNode* list = root.find("offsets");
  if (list == nullptr) root.fail("no offsets, expected a list of objects with id and offset");
  return *list;
}

void read_json(const std::string& text, const std::string& file, Collector& collector) {
  const YamlNode root = parse_json(text, file);
  for (const YamlNode& item : offsets_list(root).as_sequence("offsets")) {
    item.as_map("an entry of the offsets");
    const auto optional = [&](std::string_view key) -> std::optional<Value> {
      const YamlNode* node = item.find(key);
      if (node == nullptr || node->kind == YamlNode::Kind::null) return std::nullopt;
      return scalar(*node, key);
    };
    const auto id = optional("id");
    const auto offset = optional("offset");
    if (!id || !offset)
      item.fail(fmt::format("no '{}', expected id and offset", id ? "offset" : "id"));
    collector.add({*id, *offset, optional("pool"), optional("size")});
  }
}

}  // namespace

GivenPlan parse_offsets(const std::string& text, const std::string& file,
                        const PlanProblem& problem) {
  try {
    Collector collector(problem);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && (text[first] == '{' || text[first] == '['))
      read_json(text, file, collector);
    else
      read_csv(text, file, collector);
    return collector.finish(file);
  } catch (const InputError& error) {
    throw InputError(one_line(error.what()));
  }
}

}  // namespace unna
