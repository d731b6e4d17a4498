#include <algorithm>
#include <array>
#include <unordered_map>

#include "base/error.h"
#include "configs/yaml.h"
#include "memmgr/csv_reader.h"
#include "memmgr/problem.h"

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
  kColumns
};

struct Spelling {
  std::string_view name;
  Column column;
};
constexpr std::array kSpellings = {Spelling{"id", kId},        Spelling{"buffer", kId},
                                   Spelling{"buffer_id", kId}, Spelling{"lower", kLower},
                                   Spelling{"start", kLower},  Spelling{"begin", kLower},
                                   Spelling{"upper", kUpper},  Spelling{"end", kUpper},
                                   Spelling{"size", kSize},    Spelling{"alignment", kAlignment},
                                   Spelling{"hint", kHint},    Spelling{"offset", kOffset},
                                   Spelling{"gaps", kGaps}};

constexpr std::int64_t kMaxTime = std::int64_t{1} << 60U;
constexpr Bytes kMaxBytes = Bytes{1} << 56U;

std::int64_t number(const CsvField& f, std::string_view what, std::int64_t lo, std::int64_t hi) {
  std::int64_t value = 0;
  if (!parse_integer(f.text, value))
    throw InputError(f.pos, fmt::format("{} is '{}', expected an integer", what, f.text));
  if (value < lo || value > hi)
    throw InputError(f.pos, fmt::format("{} is {}, expected {} to {}", what, value, lo, hi));
  return value;
}

class PlanCsv {
 public:
  PlanCsv(const std::string& text, const std::string& file) : reader_(text, file), file_(file) {}
  PlanProblem read();

 private:
  using Record = std::vector<CsvField>;

  void read_header();
  void read_buffer(const Record& record);
  std::vector<Gap> read_gaps(const CsvField& field, Interval life) const;
  Gap read_gap(const CsvField& field, std::string_view text) const;
  void check_fixed() const;

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
  std::unordered_map<std::string, SourcePos> seen_;
  std::vector<SourcePos> fixed_pos_;  ///< of each buffer's offset (or id)
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
  complete_problem(problem_);
  check_fixed();
  return std::move(problem_);
}

void PlanCsv::read_header() {
  const auto header = reader_.next();
  if (!header) throw InputError({file_, 0, 0}, "empty file, expected a header id,lower,upper,size");
  width_ = header->size();
  for (std::size_t i = 0; i < width_; ++i) {
    const CsvField& f = (*header)[i];
    const auto spelling = std::ranges::find(kSpellings, f.text, &Spelling::name);
    if (spelling == kSpellings.end()) {
      std::string known;
      for (const Spelling& s : kSpellings)
        known += fmt::format("{}{}", known.empty() ? "" : ", ", s.name);
      throw InputError(f.pos,
                       fmt::format("unknown column '{}', expected one of {}", f.text, known));
    }
    auto& index = index_[spelling->column];
    if (index)
      throw InputError(f.pos, fmt::format("column '{}' means the same as column '{}', expected one",
                                          f.text, (*header)[*index].text));
    index = i;
    if (f.text == "end") inclusive_ = true;
  }
  constexpr std::array kRequired = {std::pair{kId, "id"}, std::pair{kLower, "lower"},
                                    std::pair{kUpper, "upper"}, std::pair{kSize, "size"}};
  for (const auto& [column, name] : kRequired)
    if (!index_[column])
      throw InputError(header->front().pos,
                       fmt::format("no column '{}', expected id, lower, upper and size", name));
}

void PlanCsv::read_buffer(const Record& record) {
  if (record.size() != width_)
    throw InputError(record.front().pos,
                     fmt::format("{} fields, expected {} as in the header", record.size(), width_));
  const CsvField& id = record[*index_[kId]];
  if (id.text.empty()) throw InputError(id.pos, "id is empty, expected a name");
  const auto [first, is_new] = seen_.try_emplace(id.text, id.pos);
  if (!is_new)
    throw InputError(id.pos, fmt::format("id '{}' is used on line {} already, expected another",
                                         id.text, first->second.line));
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
  PlanBuffer buffer;
  buffer.name = id.text;
  buffer.size = number(record[*index_[kSize]], "size", 0, kMaxBytes);
  if (const CsvField* f = find(record, kAlignment))
    buffer.alignment = number(*f, "alignment", 1, Bytes{1} << 40U);
  if (const CsvField* f = find(record, kHint)) number(*f, "hint", -1, kMaxBytes);
  const CsvField* offset = find(record, kOffset);
  if (offset != nullptr) {
    buffer.fixed = number(*offset, "offset", 0, kMaxBytes);
    if (*buffer.fixed % buffer.alignment != 0)
      throw InputError(offset->pos, fmt::format("offset is {}, expected a multiple of alignment {}",
                                                *buffer.fixed, buffer.alignment));
  }
  fixed_pos_.push_back(offset != nullptr ? offset->pos : id.pos);
  const CsvField* gaps = find(record, kGaps);
  problem_.lifetimes.gaps.push_back(gaps != nullptr ? read_gaps(*gaps, life) : std::vector<Gap>{});
  problem_.lifetimes.intervals->push_back(life);
  problem_.lifetimes.buffers.push_back({buffer.name, buffer.size, {}, {}});
  problem_.buffers.push_back(std::move(buffer));
}

Gap PlanCsv::read_gap(const CsvField& field, std::string_view text) const {
  if (text.find('@') != std::string_view::npos)
    throw InputError(field.pos, fmt::format("gap '{}' keeps a window, which is not supported: "
                                            "expected lo-hi, or no gap there",
                                            text));
  const std::size_t dash = text.find('-', 1);  // a sign may lead
  Gap gap;
  if (dash == std::string_view::npos || !parse_integer(text.substr(0, dash), gap.time.lower) ||
      !parse_integer(text.substr(dash + 1), gap.time.upper))
    throw InputError(field.pos, fmt::format("gap '{}' is not understood, expected lo-hi", text));
  if (inclusive_) ++gap.time.upper;
  return gap;
}

std::vector<Gap> PlanCsv::read_gaps(const CsvField& field, Interval life) const {
  std::vector<Gap> gaps;
  const std::string_view text = field.text;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string_view word = text.substr(at, end - at);
    const Gap gap = read_gap(field, word);
    const Interval at_rest = gap.time;
    if (at_rest.lower >= at_rest.upper || at_rest.lower < life.lower || at_rest.upper > life.upper)
      throw InputError(
          field.pos, fmt::format("gap '{}' is not within the lifetime [{}, {}), expected so", word,
                                 life.lower, life.upper));
    gaps.push_back(gap);
    at = end;
  }
  std::ranges::sort(gaps, {}, [](const Gap& g) { return g.time.lower; });
  for (std::size_t i = 1; i < gaps.size(); ++i)
    if (gaps[i].time.lower < gaps[i - 1].time.upper)
      throw InputError(field.pos, fmt::format("gaps overlap at time {}, expected disjoint ones",
                                              gaps[i].time.lower));
  return gaps;
}

/// Fixed buffers can't be helped: where two of them collide there is no plan.
void PlanCsv::check_fixed() const {
  std::vector<std::uint32_t> scratch;
  const auto& buffers = problem_.buffers;
  for (std::uint32_t i = 0; i < buffers.size(); ++i) {
    if (!buffers[i].fixed) continue;
    for (const std::uint32_t j : problem_.neighbours(i, scratch)) {
      if (j >= i || !buffers[j].fixed) continue;
      if (*buffers[i].fixed < *buffers[j].fixed + buffers[j].size &&
          *buffers[j].fixed < *buffers[i].fixed + buffers[i].size)
        throw InputError(
            fixed_pos_[i],
            fmt::format("fixed offset {} of '{}' collides with '{}' at {}, which is "
                        "in use at the same time",
                        *buffers[i].fixed, buffers[i].name, buffers[j].name, *buffers[j].fixed));
    }
  }
}

std::string csv_quote(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos && !text.starts_with(' ') &&
      !text.ends_with(' '))
    return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

}  // namespace

PlanProblem parse_plan_csv(const std::string& text, const std::string& file) {
  return PlanCsv(text, file).read();
}

std::string format_plan_csv(const PlanProblem& problem, const Plan& plan) {
  if (!problem.lifetimes.intervals)
    throw InputError(
        "a partial order has no lower and upper times: its plan can't be written as a "
        "MiniMalloc CSV");
  const bool aligned =
      std::ranges::any_of(problem.buffers, [](const PlanBuffer& b) { return b.alignment != 1; });
  const bool gaps = !problem.lifetimes.gaps.empty();
  std::string text = fmt::format("id,lower,upper,size{}{},offset\n", aligned ? ",alignment" : "",
                                 gaps ? ",gaps" : "");
  for (std::size_t i = 0; i < problem.size(); ++i) {
    const PlanBuffer& b = problem.buffers[i];
    const Interval life = (*problem.lifetimes.intervals)[i];
    text += fmt::format("{},{},{},{}", csv_quote(b.name), life.lower, life.upper, b.size);
    if (aligned) text += fmt::format(",{}", b.alignment);
    if (gaps) {
      text += ',';
      for (std::size_t g = 0; g < problem.lifetimes.gaps[i].size(); ++g)
        text += fmt::format("{}{}-{}", g == 0 ? "" : " ", problem.lifetimes.gaps[i][g].time.lower,
                            problem.lifetimes.gaps[i][g].time.upper);
    }
    text += fmt::format(",{}\n", plan.offsets[i]);
  }
  return text;
}

}  // namespace unna
