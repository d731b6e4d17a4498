#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/error.h"
#include "memmgr/complete_problem.h"
#include "memmgr/problem.h"
#include "memmgr/problem_files.h"
#include "text/csv.h"
#include "text/numbers.h"
#include "text/yaml.h"

namespace unna {
namespace {

enum Column : std::uint8_t {
  kId,
  kLower,
  kUpper,
  kSize,
  kAlignment,
  kHint,
  kOffset,
  kGaps,
  kPool,
  kInPlace,
  kApart,
  kWeight,
  kColumns
};

struct Spelling {
  std::string_view name;
  Column column;
};
constexpr std::array kSpellings = {Spelling{"id", kId},           Spelling{"buffer", kId},
                                   Spelling{"buffer_id", kId},    Spelling{"lower", kLower},
                                   Spelling{"start", kLower},     Spelling{"begin", kLower},
                                   Spelling{"upper", kUpper},     Spelling{"end", kUpper},
                                   Spelling{"size", kSize},       Spelling{"alignment", kAlignment},
                                   Spelling{"hint", kHint},       Spelling{"offset", kOffset},
                                   Spelling{"gaps", kGaps},       Spelling{"pool", kPool},
                                   Spelling{"inplace", kInPlace}, Spelling{"apart", kApart},
                                   Spelling{"weight", kWeight}};

std::int64_t number(const CsvField& f, std::string_view what, std::int64_t lo, std::int64_t hi) {
  std::int64_t value = 0;
  if (!parse_integer(f.text, value))
    throw InputError(f.pos, fmt::format("{} is '{}', expected an integer", what, f.text));
  if (value < lo || value > hi)
    throw InputError(f.pos, fmt::format("{} is {}, expected {} to {}", what, value, lo, hi));
  return value;
}

/// The words of a field, with blanks between them.
std::vector<std::string_view> words(const CsvField& f) {
  std::vector<std::string_view> result;
  const std::string_view text = f.text;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end > at) result.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

class PlanCsv {
 public:
  PlanCsv(const std::string& text, const std::string& file) : reader_(text, file), file_(file) {}
  PlanProblem read();

 private:
  using Record = std::vector<CsvField>;

  void read_header();
  void read_buffer(const Record& record);
  void read_header_field(const Record& header, std::size_t i);
  void read_id(const CsvField& id);
  Interval read_life(const Record& record) const;
  void read_offset(const Record& record, PlanBuffer& buffer);
  std::vector<Gap> read_gaps(const CsvField& field, Interval life, Bytes size) const;
  Gap read_gap(const CsvField& field, std::string_view text, Bytes size) const;
  std::uint32_t pool(std::string_view name);
  void link_pairs();
  std::uint32_t named(const CsvField& field, std::string_view name) const;

  /// The record's field of a column; null where there is no such column or the field is empty.
  const CsvField* find(const Record& record, Column column) const {
    if (!index_[column] || record[*index_[column]].text.empty()) return nullptr;
    return &record[*index_[column]];
  }

  CsvReader reader_;
  std::string file_;
  std::array<std::optional<std::size_t>, kColumns> index_{};
  std::size_t width_ = 0;
  bool inclusive_ = false;  ///< column `end`: the last time in use, not the first behind it
  struct Seen {
    int line = 0;
    std::uint32_t buffer = 0;
  };
  std::unordered_map<std::string, Seen> seen_;
  std::vector<SourcePos> fixed_pos_;                          ///< of each buffer's offset (or id)
  std::vector<std::pair<std::uint32_t, CsvField>> in_place_;  ///< the columns, by buffer
  std::vector<std::pair<std::uint32_t, CsvField>> apart_;
  PlanProblem problem_;
};

PlanProblem PlanCsv::read() {
  problem_.lifetimes.intervals.emplace();
  read_header();
  while (const auto record = reader_.next()) read_buffer(*record);
  if (problem_.buffers.empty())
    throw InputError({file_, 0, 0}, "no buffers, expected a line for each behind the header");
  auto& gaps = problem_.lifetimes.gaps;
  if (std::ranges::all_of(gaps, [](const auto& g) { return g.empty(); })) gaps.clear();
  link_pairs();
  try {
    complete_problem(problem_);
  } catch (const InputError& error) {
    throw InputError({file_, 0, 0}, error.what());
  }
  check_fixed_offsets(problem_, fixed_pos_);
  return std::move(problem_);
}

void PlanCsv::read_header_field(const Record& header, std::size_t i) {
  const CsvField& f = header[i];
  const auto spelling = std::ranges::find(kSpellings, f.text, &Spelling::name);
  if (spelling == kSpellings.end()) {
    std::string known;
    for (const Spelling& s : kSpellings)
      known += fmt::format("{}{}", known.empty() ? "" : ", ", s.name);
    throw InputError(f.pos, fmt::format("unknown column '{}', expected one of {}", f.text, known));
  }
  auto& index = index_[spelling->column];
  if (index)
    throw InputError(f.pos, fmt::format("column '{}' means the same as column '{}', expected one",
                                        f.text, header[*index].text));
  index = i;
}

void PlanCsv::read_header() {
  const auto header = reader_.next();
  if (!header) throw InputError({file_, 0, 0}, "empty file, expected a header id,lower,upper,size");
  width_ = header->size();
  for (std::size_t i = 0; i < width_; ++i) {
    read_header_field(*header, i);
    if ((*header)[i].text == "end") inclusive_ = true;
  }
  constexpr std::array kRequired = {std::pair{kId, "id"}, std::pair{kLower, "lower"},
                                    std::pair{kUpper, "upper"}, std::pair{kSize, "size"}};
  for (const auto& [column, name] : kRequired)
    if (!index_[column])
      throw InputError(header->front().pos,
                       fmt::format("no column '{}', expected id, lower, upper and size", name));
}

void PlanCsv::read_id(const CsvField& id) {
  if (id.text.empty()) throw InputError(id.pos, "id is empty, expected a name");
  const auto [first, is_new] =
      seen_.try_emplace(id.text, Seen{id.pos.line, static_cast<std::uint32_t>(problem_.size())});
  if (!is_new)
    throw InputError(id.pos, fmt::format("id '{}' is used on line {} already, expected another",
                                         id.text, first->second.line));
}

Interval PlanCsv::read_life(const Record& record) const {
  Interval life;
  life.lower = number(record[*index_[kLower]], "lower", -kMaxTime, kMaxTime);
  const CsvField& upper = record[*index_[kUpper]];
  life.upper =
      number(upper, inclusive_ ? "end" : "upper", -kMaxTime, kMaxTime) + (inclusive_ ? 1 : 0);
  if (life.upper <= life.lower)
    throw InputError(
        upper.pos,
        inclusive_
            ? fmt::format("end is {}, expected at least the start {}", life.upper - 1, life.lower)
            : fmt::format("upper is {}, expected more than lower {}", life.upper, life.lower));
  return life;
}

void PlanCsv::read_offset(const Record& record, PlanBuffer& buffer) {
  const CsvField* offset = find(record, kOffset);
  fixed_pos_.push_back(offset != nullptr ? offset->pos : record[*index_[kId]].pos);
  if (offset == nullptr) return;
  buffer.fixed = number(*offset, "offset", 0, kMaxBytes);
  if (*buffer.fixed % buffer.alignment != 0)
    throw InputError(offset->pos, fmt::format("offset is {}, expected a multiple of alignment {}",
                                              *buffer.fixed, buffer.alignment));
}

void PlanCsv::read_buffer(const Record& record) {
  if (record.size() != width_)
    throw InputError(record.front().pos,
                     fmt::format("{} fields, expected {} as in the header", record.size(), width_));
  const CsvField& id = record[*index_[kId]];
  read_id(id);
  const Interval life = read_life(record);
  PlanBuffer buffer;
  buffer.name = id.text;
  buffer.size = number(record[*index_[kSize]], "size", 0, kMaxBytes);
  if (const CsvField* f = find(record, kAlignment))
    buffer.alignment = number(*f, "alignment", 1, Bytes{1} << 40U);
  if (const CsvField* f = find(record, kHint)) number(*f, "hint", -1, kMaxBytes);
  if (const CsvField* f = find(record, kWeight)) buffer.weight = number(*f, "weight", 0, kMaxBytes);
  if (const CsvField* f = find(record, kPool))
    for (const std::string_view word : words(*f)) {
      buffer.pools.push_back(pool(word));
      if (std::ranges::count(buffer.pools, buffer.pools.back()) > 1)
        throw InputError(f->pos, fmt::format("pool '{}' is given twice, expected once", word));
    }
  read_offset(record, buffer);
  const auto self = static_cast<std::uint32_t>(problem_.size());
  if (const CsvField* f = find(record, kInPlace)) in_place_.emplace_back(self, *f);
  if (const CsvField* f = find(record, kApart)) apart_.emplace_back(self, *f);
  const CsvField* gaps = find(record, kGaps);
  problem_.lifetimes.gaps.push_back(gaps != nullptr ? read_gaps(*gaps, life, buffer.size)
                                                    : std::vector<Gap>{});
  problem_.lifetimes.intervals->push_back(life);
  problem_.lifetimes.buffers.push_back({buffer.name, buffer.size, {}, {}});
  problem_.buffers.push_back(std::move(buffer));
}

Gap PlanCsv::read_gap(const CsvField& field, std::string_view text, Bytes size) const {
  const std::size_t at = std::min(text.find('@'), text.size());
  const std::string_view time = text.substr(0, at);
  const std::size_t dash = time.find('-', 1);  // a sign may lead
  Gap gap;
  bool good = dash != std::string_view::npos &&
              parse_integer(time.substr(0, dash), gap.time.lower) &&
              parse_integer(time.substr(dash + 1), gap.time.upper);
  if (good && at < text.size()) {
    const std::string_view window = text.substr(at + 1);
    const std::size_t colon = window.find(':');
    good = colon != std::string_view::npos &&
           parse_integer(window.substr(0, colon), gap.kept_begin) &&
           parse_integer(window.substr(colon + 1), gap.kept_end);
  }
  if (!good)
    throw InputError(
        field.pos,
        fmt::format("gap '{}' is not understood, expected lo-hi or lo-hi@from:until", text));
  if (gap.kept_begin < 0 || gap.kept_begin > gap.kept_end || gap.kept_end > size)
    throw InputError(field.pos, fmt::format("gap '{}' keeps bytes that are not within the size {}, "
                                            "expected so",
                                            text, size));
  if (inclusive_ && gap.time.upper < kMaxTime) ++gap.time.upper;
  return gap;
}

std::vector<Gap> PlanCsv::read_gaps(const CsvField& field, Interval life, Bytes size) const {
  std::vector<Gap> gaps;
  for (const std::string_view word : words(field)) {
    const Gap gap = read_gap(field, word, size);
    const Interval at_rest = gap.time;
    if (at_rest.lower >= at_rest.upper || at_rest.lower < life.lower || at_rest.upper > life.upper)
      throw InputError(
          field.pos, fmt::format("gap '{}' is not within the lifetime [{}, {}), expected so", word,
                                 life.lower, life.upper));
    gaps.push_back(gap);
  }
  std::ranges::sort(gaps, {}, [](const Gap& g) { return g.time.lower; });
  for (std::size_t i = 1; i < gaps.size(); ++i)
    if (gaps[i].time.lower < gaps[i - 1].time.upper)
      throw InputError(field.pos, fmt::format("gaps overlap at time {}, expected disjoint ones",
                                              gaps[i].time.lower));
  return gaps;
}

/// Pools are numbered as they first appear.
std::uint32_t PlanCsv::pool(std::string_view name) {
  auto& pools = problem_.pools;
  const auto found = std::ranges::find(pools, name, &MemoryPool::name);
  if (found == pools.end()) {
    pools.push_back({std::string(name), {}, {}});
    return static_cast<std::uint32_t>(pools.size() - 1);
  }
  return static_cast<std::uint32_t>(found - pools.begin());
}

std::uint32_t PlanCsv::named(const CsvField& field, std::string_view name) const {
  const auto found = seen_.find(std::string(name));
  if (found == seen_.end())
    throw InputError(field.pos, fmt::format("unknown buffer '{}', expected the id of one", name));
  return found->second.buffer;
}

/// Names may stand before the buffer that they name, so pairs are made when all are known.
void PlanCsv::link_pairs() {
  const auto link = [&](const auto& column, auto&& add) {
    for (const auto& [buffer, field] : column)
      for (const std::string_view word : words(field)) {
        const std::uint32_t other = named(field, word);
        try {
          add(buffer, other);
        } catch (const InputError& error) {
          throw InputError(field.pos, error.what());
        }
      }
  };
  link(in_place_, [&](std::uint32_t into, std::uint32_t from) {
    check_in_place(problem_, {from, into});
    problem_.in_place.push_back({from, into});
  });
  link(apart_, [&](std::uint32_t a, std::uint32_t b) {
    check_pair(problem_, {a, b}, "apart from");
    problem_.apart.push_back({a, b});
  });
}

}  // namespace

PlanProblem parse_problem_csv(const std::string& text, const std::string& file) {
  try {
    return PlanCsv(text, file).read();
  } catch (const InputError& error) {
    throw InputError(one_line(error.what()));
  }
}

}  // namespace unna
