// On-chip data races: two instructions of a core that touch the same bytes of NBin, SB or NBout,
// one of them writing, without tokens, a barrier or their engine's order between them. The tokens
// are executed here from scratch; nothing is shared with the compiler that placed them.

#include <algorithm>
#include <array>
#include <deque>
#include <limits>
#include <vector>

#include "isa/accesses.h"
#include "isa/verify_checks.h"

namespace unna::detail {
namespace {

/// For each engine the last pc that is known complete; -1 for none.
using Known = std::array<std::int64_t, kEngines>;

struct Touch {
  Bytes begin = 0, end = 0;
  bool write = false;
  std::size_t engine = 0;
  std::int64_t pc = 0;
};

class HazardCheck {
 public:
  HazardCheck(const Object& object, std::size_t core)
      : object_(object), core_(core), element_(element_bytes(object.data_type)) {
    known_.fill({-1, -1, -1, -1});
    latest_.fill(-1);
  }

  void run() {
    const std::vector<Instruction>& stream = object_.streams[core_];
    for (std::size_t pc = 0; pc < stream.size(); ++pc) {
      const std::optional<Engine> engine = engine_of(stream[pc].opcode);
      if (engine) {
        execute(stream[pc], static_cast<std::int64_t>(pc), static_cast<std::size_t>(*engine));
      } else {
        for (Known& k : known_) k = latest_;  // barriers wait for everything before them
      }
    }
  }

 private:
  void execute(const Instruction& i, std::int64_t pc, std::size_t engine) {
    Known& known = known_[engine];
    for (std::size_t from = 0; from < kEngines; ++from) {
      if ((i.wait & (1U << from)) == 0) continue;
      std::deque<Known>& tokens = tokens_[from][engine];
      for (std::size_t e = 0; e < kEngines; ++e) known[e] = std::max(known[e], tokens.front()[e]);
      tokens.pop_front();
    }
    for (const LocalAccess& a : local_accesses(i, element_, object_.core.accumulator_bytes))
      touch(a, pc, engine);
    known[engine] = latest_[engine] = pc;
    for (std::size_t to = 0; to < kEngines; ++to)
      if ((i.signal & (1U << to)) != 0) tokens_[engine][to].push_back(known);
  }

  void touch(const LocalAccess& a, std::int64_t pc, std::size_t engine) {
    std::vector<Touch>& touches = touches_[static_cast<std::size_t>(a.memory)];
    const Touch now{a.begin, a.end, a.write, engine, pc};
    for (const Touch& t : touches) {
      const bool overlap = t.begin < now.end && now.begin < t.end;
      if (overlap && (t.write || now.write) && t.engine != engine &&
          t.pc > known_[engine][t.engine])
        report(a, now, t);
    }
    // What this access comes after and covers can race with nobody who comes after this access, nor
    // can what every engine knows complete race with anybody.
    const Known settled = known_by_all();
    std::erase_if(touches, [&](const Touch& t) {
      const bool covered = now.begin <= t.begin && t.end <= now.end;
      return t.pc <= settled[t.engine] ||
             (covered && (now.write || (t.engine == engine && !t.write)));
    });
    touches.push_back(now);
  }

  /// By engine, the last pc that all others know complete.
  Known known_by_all() const {
    Known all;
    all.fill(std::numeric_limits<std::int64_t>::max());
    for (std::size_t of = 0; of < kEngines; ++of)
      for (std::size_t by = 0; by < kEngines; ++by)
        if (by != of) all[of] = std::min(all[of], known_[by][of]);
    return all;
  }

  [[noreturn]] void report(const LocalAccess& a, const Touch& now, const Touch& earlier) const {
    Site{object_, core_, static_cast<std::size_t>(now.pc)}.reject(
        "{} bytes [{}, {}) of {} without order after pc {} `{}`, which {} them; expected a token "
        "from engine {}",
        now.write ? "writes" : "reads", std::max(now.begin, earlier.begin),
        std::min(now.end, earlier.end), kMemoryNames[static_cast<std::size_t>(a.memory)],
        earlier.pc, disassemble(object_.streams[core_][static_cast<std::size_t>(earlier.pc)]),
        earlier.write ? "writes" : "reads", kEngineNames[earlier.engine]);
  }

  const Object& object_;
  std::size_t core_;
  Bytes element_;
  std::array<Known, kEngines> known_{};
  Known latest_{};
  std::array<std::array<std::deque<Known>, kEngines>, kEngines> tokens_;
  std::array<std::vector<Touch>, kMemoryNames.size()> touches_;
};

}  // namespace

void check_hazards(const Object& object, std::size_t core) {
  HazardCheck(object, core).run();
}

}  // namespace unna::detail
