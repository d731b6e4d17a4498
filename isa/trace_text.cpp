// The text form of a trace; docs/trace-format.md describes it.

#include <fmt/format.h>

#include <iterator>
#include <limits>

#include "isa/assembly.h"
#include "isa/trace.h"
#include "isa/trace_checks.h"
#include "isa/trace_place.h"
#include "text/line_reader.h"
#include "text/numbers.h"
#include "text/yaml.h"

namespace unna {
namespace {

using Out = std::back_insert_iterator<std::string>;

constexpr std::int64_t kMostOfAField = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLargestField = std::numeric_limits<std::uint32_t>::max();

std::string core_list(std::uint64_t cores) {
  std::string out;
  for (unsigned core = 0; core < 64; ++core)
    if ((cores >> core & 1U) != 0) fmt::format_to(Out(out), "{}c{}", out.empty() ? "" : ",", core);
  return out.empty() ? "none" : out;
}

void append_tokens(std::string& out, std::string_view name, EngineMask mask) {
  if (mask == 0) return;
  fmt::format_to(Out(out), " {}=", name);
  assembly::append_engines(out, mask);
}

void append_event(std::string& out, const TraceEvent& e) {
  fmt::format_to(Out(out), "{} c{} pc={}", kTraceKindNames[static_cast<std::size_t>(e.kind)],
                 e.core.value, e.pc);
  if (e.engine)
    fmt::format_to(Out(out), " engine={}", kEngineNames[static_cast<std::size_t>(*e.engine)]);
  switch (e.kind) {
    case TraceKind::read:
    case TraceKind::write:
      fmt::format_to(Out(out), " buf=b{} bytes={}..{}", e.buffer.value, e.begin, e.end_byte);
      break;
    case TraceKind::barrier:
      fmt::format_to(Out(out), " id={} cores={}", e.sync, core_list(e.cores));
      break;
    case TraceKind::signal:
      fmt::format_to(Out(out), " sem={} to=c{}", e.sync, e.peer.value);
      break;
    case TraceKind::wait:
      fmt::format_to(Out(out), " sem={} from=c{}", e.sync, e.peer.value);
      break;
    case TraceKind::compute:
    case TraceKind::halt:
      break;
  }
  append_tokens(out, "wait", e.wait);
  append_tokens(out, "signal", e.signal);
  fmt::format_to(Out(out), " op={} time={}..{}\n", e.op.value, e.start, e.end);
}

class TraceParser {
 public:
  TraceParser(const std::string& text, const std::string& file) : line_(text, file) {}

  Trace run() {
    if (!line_.next()) throw InputError(line_.pos(1), "no text, expected unnasim-trace 1");
    version();
    while (line_.next()) statement();
    if (trace_.cores == 0) throw InputError(line_.pos(1), "no 'cores', expected cores 1 to 64");
    if (const auto twice = detail::order_events(trace_)) {
      const TraceEvent& e = trace_.events[*twice];
      throw InputError(line_.pos(1), fmt::format("core {} has two events at pc {}, expected one",
                                                 e.core.value, e.pc));
    }
    return std::move(trace_);
  }

 private:
  std::string_view word(std::size_t i) const { return line_.words()[i].name; }
  int column(std::size_t i) const { return line_.words()[i].column; }

  void expect_words(std::size_t count, std::string_view what) const {
    if (line_.words().size() != count)
      line_.fail(column(0), "{} words, expected {}", line_.words().size(), what);
  }

  void version() const {
    if (word(0) != "unnasim-trace")
      line_.fail(column(0), "'{}', expected unnasim-trace 1", word(0));
    expect_words(2, "unnasim-trace 1");
    if (word(1) != "1") line_.fail(column(1), "version '{}', expected 1", word(1));
  }

  void statement() {
    const std::string_view name = word(0);
    for (std::size_t kind = 0; kind < kTraceKindNames.size(); ++kind)
      if (name == kTraceKindNames[kind]) return event(static_cast<TraceKind>(kind));
    if (!trace_.events.empty())
      line_.fail(column(0), "'{}' behind the first event, expected one of: {}", name,
                 fmt::join(kTraceKindNames, ", "));
    if (name == "network") return network();
    if (name == "cores") return cores();
    if (name == "buffer") return buffer();
    if (name == "layer") return layer();
    line_.fail(column(0),
               "unknown statement '{}', expected one of: network, cores, buffer, layer, {}", name,
               fmt::join(kTraceKindNames, ", "));
  }

  void network() {
    expect_words(2, "network \"name\"");
    trace_.network = line_.unquote(line_.words()[1]);
  }

  void cores() {
    expect_words(2, "cores and their number");
    if (!parse_integer(word(1), trace_.cores) || trace_.cores < 1 || trace_.cores > kMaxCores)
      line_.fail(column(1), "cores is '{}', expected 1 to {}", word(1), kMaxCores);
  }

  void expect_next_id(std::string_view prefix, std::size_t next) const {
    const std::string expected = fmt::format("{}{}", prefix, next);
    if (line_.words().size() < 2)
      line_.fail(column(0), "{} without a number, expected {}", word(0), expected);
    if (word(1) != expected || line_.words()[1].has_value)
      line_.fail(column(1), "'{}', expected {}: numbers ascend without gaps", word(1), expected);
  }

  void buffer() {
    expect_next_id("b", trace_.buffers.size());
    FieldReader fields(line_, 2, "buffer");
    BufferInfo out;
    out.name = fields.string("name");
    out.kind = static_cast<BufferKind>(
        fields.choice("kind", kBufferKindNames.data(), kBufferKindNames.size()));
    out.size = fields.integer("bytes", 0, kMostOfAField);
    out.tensor = fields.optional("tensor") != nullptr ? fields.string("tensor") : out.name;
    fields.finish();
    trace_.buffers.push_back(std::move(out));
  }

  void layer() {
    expect_next_id("", trace_.layers.size());
    FieldReader fields(line_, 2, "layer");
    trace_.layers.push_back(fields.string("name"));
    fields.finish();
  }

  void event(TraceKind kind) {
    if (trace_.cores == 0) line_.fail(column(0), "event before 'cores', expected cores 1 to 64");
    if (line_.words().size() < 2) line_.fail(column(0), "event without a core, expected c0");
    TraceEvent e;
    e.kind = kind;
    e.core = CoreId(parse_id(line_, word(1), column(1), "c", "core"));
    FieldReader fields(line_, 2, word(0));
    e.pc = static_cast<std::uint32_t>(fields.integer("pc", 0, kLargestField));
    if (fields.optional("engine") != nullptr)
      e.engine = static_cast<Engine>(fields.choice("engine", kEngineNames.data(), kEngines));
    details(fields, e);
    e.wait = engines(fields, "wait");
    e.signal = engines(fields, "signal");
    if (fields.optional("op") != nullptr)
      e.op = OpId(static_cast<std::uint32_t>(fields.integer("op", 0, kLargestField)));
    if (const Word* time = fields.optional("time")) range(*time, e.start, e.end);
    fields.finish();
    if (const auto fault = detail::fault_of(trace_, e)) line_.fail(column(0), "{}", *fault);
    trace_.events.push_back(e);
  }

  void details(FieldReader& fields, TraceEvent& e) const {
    switch (e.kind) {
      case TraceKind::read:
      case TraceKind::write:
        e.buffer = BufferId(id(fields.require("buf"), "b"));
        return range(fields.require("bytes"), e.begin, e.end_byte);
      case TraceKind::barrier:
        e.sync = static_cast<std::uint32_t>(fields.integer("id", 0, kLargestField));
        e.cores = core_set(fields.require("cores"));
        return;
      case TraceKind::signal:
      case TraceKind::wait:
        e.sync = static_cast<std::uint32_t>(fields.integer("sem", 0, kLargestField));
        e.peer = CoreId(id(fields.require(e.kind == TraceKind::signal ? "to" : "from"), "c"));
        return;
      case TraceKind::compute:
      case TraceKind::halt:
        return;
    }
  }

  std::uint32_t id(const Word& word, std::string_view prefix) const {
    return parse_id(line_, word.value, word.value_column, prefix, word.name);
  }

  /// `lo..hi`; whether they ascend is fault_of()'s business.
  void range(const Word& word, std::int64_t& lo, std::int64_t& hi) const {
    const std::size_t dots = word.value.find("..");
    if (word.quoted || dots == std::string_view::npos ||
        !parse_integer(word.value.substr(0, dots), lo) ||
        !parse_integer(word.value.substr(dots + 2), hi))
      line_.fail(word.value_column, "{} is '{}', expected first..end such as 0..64", word.name,
                 word.value);
  }

  std::uint64_t core_set(const Word& word) const {
    std::uint64_t out = 0;
    for (std::size_t at = 0; at <= word.value.size();) {
      const std::string_view item = word.value.substr(at, word.value.find(',', at) - at);
      const int where = word.value_column + static_cast<int>(at);
      const std::uint32_t core = parse_id(line_, item, where, "c", "core");
      if (core >= static_cast<std::uint32_t>(trace_.cores) || (out >> core & 1U) != 0)
        line_.fail(where, "core c{} is twice in the set or not below c{}, expected each core once",
                   core, trace_.cores);
      out |= 1ULL << core;
      at += item.size() + 1;
    }
    return out;
  }

  EngineMask engines(FieldReader& fields, std::string_view name) const {
    const Word* word = fields.optional(name);
    if (word == nullptr) return 0;
    const std::optional<EngineMask> mask = assembly::parse_engines(word->value);
    if (!mask || word->quoted)
      line_.fail(word->value_column, "{} is '{}', expected a set of engines such as ln,cp", name,
                 word->value);
    return *mask;
  }

  LineReader line_;
  Trace trace_;
};

}  // namespace

std::string format_trace(const Trace& trace) {
  std::string out = "unnasim-trace 1\nnetwork ";
  assembly::append_quoted(out, trace.network);
  fmt::format_to(Out(out), "\ncores {}\n", trace.cores);
  for (std::size_t b = 0; b < trace.buffers.size(); ++b) {
    const BufferInfo& buffer = trace.buffers[b];
    fmt::format_to(Out(out), "buffer b{} name=", b);
    assembly::append_quoted(out, buffer.name);
    fmt::format_to(Out(out), " kind={} bytes={} tensor=",
                   kBufferKindNames[static_cast<std::size_t>(buffer.kind)], buffer.size);
    assembly::append_quoted(out, buffer.tensor);
    out += '\n';
  }
  for (std::size_t l = 0; l < trace.layers.size(); ++l) {
    fmt::format_to(Out(out), "layer {} name=", l);
    assembly::append_quoted(out, trace.layers[l]);
    out += '\n';
  }
  for (const TraceEvent& event : trace.events) append_event(out, event);
  return out;
}

Trace parse_trace(const std::string& text, const std::string& file) {
  return TraceParser(text, file).run();
}

std::optional<SourcePos> place_in_trace(const std::string& text, const std::string& file,
                                        CoreId core, std::uint32_t pc) {
  const std::string core_word = fmt::format("c{}", core.value);
  const std::string pc_value = fmt::format("{}", pc);
  for (LineReader line(text, file); line.next();) {
    const std::vector<Word>& words = line.words();
    if (words.size() < 2 || words[1].name != core_word) continue;
    for (const Word& word : words)
      if (word.name == "pc" && word.value == pc_value) return line.pos(words[0].column);
  }
  return std::nullopt;
}

}  // namespace unna
