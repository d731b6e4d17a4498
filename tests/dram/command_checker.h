#pragma once

// Holds a stream of DRAM commands against JEDEC's rules, written down once more: a table of least
// times between pairs of commands, and what a bank's state allows. Shares no code with the channel.

#include <string>
#include <vector>

#include "configs/dram_device.h"
#include "sim/memory/dram_channel.h"

namespace unna {

class CommandChecker {
 public:
  explicit CommandChecker(const DramDevice& device);

  /// Names of the rules that the command would break now, in the order of the table.
  std::vector<std::string> broken(const DramCommand& command) const;
  void add(const DramCommand& command);
  /// Names of all rules of time.
  std::vector<std::string> rules() const;

 private:
  enum class Where { bank, group, rank, other_rank };
  struct Rule {
    std::string name;
    std::vector<DramOp> first, second;
    Where where;
    Tick least;
  };
  static bool related(const DramAddress& a, const DramAddress& b, Where where);
  bool too_early(const Rule& rule, const DramCommand& command) const;
  std::string state_fault(const DramCommand& command) const;
  bool fifth_activate(const DramCommand& command) const;

  DramTiming timing_;
  Tick command_clocks_;
  std::vector<Rule> table_;
  Tick horizon_ = 0;  ///< no rule looks back further
  std::vector<DramCommand> history_;
  std::vector<DramAddress> open_;  ///< rows
};

/// Keeps what a channel issues.
struct CommandLog : DramCommandObserver {
  std::vector<DramCommand> commands;
  void issued(const DramCommand& command) override { commands.push_back(command); }
};

}  // namespace unna
