#include "flow/validated_text.h"

#include <sstream>

#include "base/error.h"

namespace unna {
namespace {

/// Numbers, one behind the other: written by the one, read by the other, in the same order.
class Writer {
 public:
  void operator()(std::int64_t& number) { text_ << number << ' '; }
  void operator()(bool& flag) { text_ << flag << ' '; }
  template <class T>
  std::size_t size(const std::vector<T>& items) {
    text_ << items.size() << ' ';
    return items.size();
  }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
};

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}
  void operator()(std::int64_t& number) { text_ >> number; }
  void operator()(bool& flag) { text_ >> flag; }
  template <class T>
  std::size_t size(std::vector<T>& items) {
    std::size_t n = 0;
    text_ >> n;
    items.resize(n);
    return n;
  }
  bool complete() { return text_ && (text_ >> std::ws).eof(); }

 private:
  std::istringstream text_;
};

template <class Visitor>
void visit(CacheCounts& c, Visitor& visitor) {
  for (std::int64_t* n : {&c.reads, &c.read_hits, &c.writes, &c.write_hits}) visitor(*n);
}

template <class Visitor>
void visit(MemoryStats& m, Visitor& visitor) {
  DramStats& d = m.dram;
  for (std::int64_t* n : {&d.reads, &d.writes, &d.row_hits, &d.row_misses, &d.row_conflicts,
                          &d.activates, &d.refreshes, &d.forwarded, &m.burst_bytes, &m.cache.merged,
                          &m.cache.fills, &m.cache.writebacks})
    visitor(*n);
  static_assert(sizeof(DramStats) == 8 * sizeof(std::int64_t));
  static_assert(sizeof(CacheCounts) == 4 * sizeof(std::int64_t));
  static_assert(sizeof(PortStats) == 6 * sizeof(std::int64_t));
  visit(m.cache.total, visitor);
  visitor.size(m.cache.by_buffer);
  for (CacheCounts& counts : m.cache.by_buffer) visit(counts, visitor);
  visitor.size(m.ports);
  for (PortStats& p : m.ports)
    for (std::int64_t* n :
         {&p.packets, &p.bytes, &p.request_wait, &p.response_wait, &p.latency, &p.occupied})
      visitor(*n);
}

template <class Visitor>
void visit(Validated& v, Visitor& visitor) {
  visitor(v.figures.checker);
  visitor(v.figures.shadow);
  visitor(v.figures.perturbed);
  visitor(v.figures.conservation);
  visitor(v.shared->cycles);
  visit(*v.shared->memory, visitor);
}

}  // namespace

std::string to_text(const Validated& validated) {
  invariant(validated.shared && validated.shared->memory, "no memory by bursts was simulated");
  Validated copy = validated;
  Writer writer;
  visit(copy, writer);
  return writer.text();
}

Validated validated_of(const std::string& text) {
  Validated validated;
  validated.shared.emplace().memory.emplace();
  Reader reader(text);
  visit(validated, reader);
  invariant(reader.complete(), "a child process's result is cut off or too long");
  return validated;
}

}  // namespace unna
