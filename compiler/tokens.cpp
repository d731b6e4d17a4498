#include "compiler/tokens.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

#include "isa/accesses.h"

namespace unna {
namespace {

/// Index of the latest instruction on each engine; -1 for none.
using Clock = std::array<std::int64_t, kEngines>;
constexpr Clock kNever = {-1, -1, -1, -1};

void join(Clock& a, const Clock& b) {
  for (std::size_t e = 0; e < kEngines; ++e) a[e] = std::max(a[e], b[e]);
}

struct Span {
  Bytes begin, end;
  std::int64_t writer = -1;
  std::size_t writer_engine = 0;
  Clock readers = kNever;
};

/// Last accesses of one on-chip memory, as disjoint spans in ascending order.
class Accesses {
 public:
  void touch(Bytes begin, Bytes end, bool write, std::size_t engine, std::int64_t at, Clock& need) {
    if (begin >= end) return;
    cut(begin);
    cut(end);
    auto first = lower(begin);
    auto last = first;
    Bytes covered = begin;
    for (; last != spans_.end() && last->begin < end; ++last) {
      if (last->writer >= 0)
        need[last->writer_engine] = std::max(need[last->writer_engine], last->writer);
      if (write) join(need, last->readers);
      if (!write) last->readers[engine] = at;
    }
    if (write) {
      first = spans_.erase(first, last);
      spans_.insert(first, {begin, end, at, engine, kNever});
      return;
    }
    // Bytes that nobody wrote yet are remembered as read all the same.
    for (std::size_t i = static_cast<std::size_t>(first - spans_.begin()); covered < end; ++i) {
      const Bytes next = i < spans_.size() ? std::min(end, spans_[i].begin) : end;
      if (covered < next) {
        Span fresh{covered, next, -1, 0, kNever};
        fresh.readers[engine] = at;
        spans_.insert(spans_.begin() + static_cast<std::ptrdiff_t>(i), fresh);
      }
      covered = i < spans_.size() ? std::max(covered, spans_[i].end) : end;
    }
  }

 private:
  std::vector<Span>::iterator lower(Bytes at) {
    return std::lower_bound(spans_.begin(), spans_.end(), at,
                            [](const Span& s, Bytes b) { return s.begin < b; });
  }
  void cut(Bytes at) {
    const auto next = lower(at);
    if (next == spans_.begin()) return;
    const auto span = next - 1;
    if (span->end <= at) return;
    Span right = *span;
    right.begin = at;
    span->end = at;
    spans_.insert(next, right);
  }

  std::vector<Span> spans_;
};

/// Stores to DRAM since the last barrier, by buffer.
class Stores {
 public:
  void add(const DramAccess& access, std::int64_t at) {
    stores_[access.buffer.value].push_back({access.begin, access.end, at});
  }
  std::int64_t last(const DramAccess& access) const {
    const auto found = stores_.find(access.buffer.value);
    if (found == stores_.end()) return -1;
    for (auto s = found->second.rbegin(); s != found->second.rend(); ++s)
      if (s->begin < access.end && access.begin < s->end) return s->at;
    return -1;
  }
  void clear() { stores_.clear(); }

 private:
  struct Store {
    Bytes begin, end;
    std::int64_t at;
  };
  std::unordered_map<std::uint32_t, std::vector<Store>> stores_;
};

class TokenPass {
 public:
  TokenPass(std::vector<Instruction>& stream, Bytes element, Bytes accumulator,
            const std::vector<bool>& constant_buffers)
      : stream_(stream),
        element_(element),
        accumulator_(accumulator),
        constant_(constant_buffers),
        after_(stream.size()) {
    knows_.fill(kNever);
  }

  void run() {
    for (std::size_t i = 0; i < stream_.size(); ++i) {
      const std::optional<Engine> engine = engine_of(stream_[i].opcode);
      if (engine) {
        visit(static_cast<std::int64_t>(i), static_cast<std::size_t>(*engine));
      } else {
        for (Clock& k : knows_) k = latest_;
        stores_.clear();
      }
    }
  }

 private:
  void visit(std::int64_t at, std::size_t engine) {
    Instruction& i = stream_[static_cast<std::size_t>(at)];
    Clock need = kNever;
    for (const LocalAccess& a : local_accesses(i, element_, accumulator_))
      memories_[static_cast<std::size_t>(a.memory)].touch(a.begin, a.end, a.write, engine, at,
                                                          need);
    if (const std::optional<DramAccess> dram = dram_access(i)) {
      if (dram->write) {
        stores_.add(*dram, at);
      } else {
        std::int64_t& store = need[static_cast<std::size_t>(Engine::store)];
        store = std::max(store, stores_.last(*dram));
        std::int64_t& load = need[static_cast<std::size_t>(Engine::load_neuron)];
        if (!constant_[dram->buffer.index()]) load = std::max(load, last_wait_);
      }
    }
    if (i.opcode == Opcode::wait) last_wait_ = at;
    wait_for(need, i, engine);
    knows_[engine][engine] = at;
    latest_[engine] = at;
    after_[static_cast<std::size_t>(at)] = knows_[engine];
  }

  /// Later instructions first: what they imply need not be waited for.
  void wait_for(const Clock& need, Instruction& i, std::size_t engine) {
    std::array<std::size_t, kEngines> order = {0, 1, 2, 3};
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return need[a] > need[b]; });
    for (const std::size_t from : order) {
      if (from == engine || need[from] <= knows_[engine][from]) continue;
      Instruction& giver = stream_[static_cast<std::size_t>(need[from])];
      giver.signal = static_cast<EngineMask>(giver.signal | (1U << engine));
      i.wait = static_cast<EngineMask>(i.wait | (1U << from));
      join(knows_[engine], after_[static_cast<std::size_t>(need[from])]);
    }
  }

  std::vector<Instruction>& stream_;
  Bytes element_, accumulator_;
  const std::vector<bool>& constant_;  ///< by buffer
  std::array<Accesses, kMemoryNames.size()> memories_;
  Stores stores_;
  std::array<Clock, kEngines> knows_{};  ///< what each engine's next instruction comes after
  Clock latest_ = kNever;
  std::int64_t last_wait_ = -1;
  std::vector<Clock> after_;  ///< by instruction: what is complete once it is
};

}  // namespace

void insert_tokens(std::vector<Instruction>& stream, Bytes element, Bytes accumulator,
                   const std::vector<bool>& constant_buffers) {
  TokenPass(stream, element, accumulator, constant_buffers).run();
}

void hoist_constant_loads(std::vector<Instruction>& stream,
                          const std::vector<bool>& constant_buffers) {
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (stream[i].opcode != Opcode::barrier) continue;
    std::size_t barrier = i;
    for (std::size_t j = i + 1; j < stream.size(); ++j) {
      const std::optional<Engine> engine = engine_of(stream[j].opcode);
      if (stream[j].opcode == Opcode::quant) continue;
      if (!engine || *engine == Engine::compute) break;
      if (stream[j].opcode != Opcode::load_s) continue;
      if (!constant_buffers[stream[j].get(Operand::buf)]) break;
      std::rotate(stream.begin() + static_cast<std::ptrdiff_t>(barrier),
                  stream.begin() + static_cast<std::ptrdiff_t>(j),
                  stream.begin() + static_cast<std::ptrdiff_t>(j) + 1);
      ++barrier;
    }
    i = barrier;
  }
}

}  // namespace unna
