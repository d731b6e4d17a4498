#include "tests/dram/command_checker.h"

#include <algorithm>

namespace unna {
namespace {

bool contains(const std::vector<DramOp>& ops, DramOp op) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

bool whole_rank(DramOp op) {
  return op == DramOp::precharge_all || op == DramOp::refresh;
}

}  // namespace

CommandChecker::CommandChecker(const DramDevice& d)
    : timing_(d.timing), command_clocks_(d.command_clocks) {
  using enum DramOp;
  using enum Where;
  const DramTiming& t = d.timing;
  const Tick data = d.burst_length / 2;
  const std::vector<DramOp> act{activate}, rd{read}, wr{write}, ref{refresh};
  const std::vector<DramOp> pre{precharge, precharge_all};
  table_ = {
      {"rcd_rd", act, rd, bank, t.rcd_rd},
      {"rcd_wr", act, wr, bank, t.rcd_wr},
      {"ras", act, pre, bank, t.ras},
      {"rc", act, act, bank, t.rc},
      {"rp", pre, act, bank, t.rp},
      {"rp before refresh", pre, ref, bank, t.rp},
      {"rfc", ref, {activate, refresh}, rank, t.rfc},
      {"rrd_l", act, act, group, t.rrd_l},
      {"rrd_s", act, act, rank, t.rrd_s},
      {"rtp", rd, pre, bank, t.rtp},
      {"wr", wr, pre, bank, t.cwl + data + t.wr},
      {"ccd_l of reads", rd, rd, group, t.ccd_l},
      {"ccd_s of reads", rd, rd, rank, t.ccd_s},
      {"ccd_l of writes", wr, wr, group, t.ccd_l},
      {"ccd_s of writes", wr, wr, rank, t.ccd_s},
      {"rtw", rd, wr, rank, t.cl + data + t.rtw_gap - t.cwl},
      {"wtr_l", wr, rd, group, t.cwl + data + t.wtr_l},
      {"wtr_s", wr, rd, rank, t.cwl + data + t.wtr_s},
      {"reads of two ranks", rd, rd, other_rank, data + t.rank_gap},
      {"writes of two ranks", wr, wr, other_rank, data + t.rank_gap},
      {"write, read of two ranks", wr, rd, other_rank, t.cwl + data + t.rank_gap - t.cl},
      {"read, write of two ranks", rd, wr, other_rank,
       t.cl + data + std::max(t.rtw_gap, t.rank_gap) - t.cwl},
  };
  for (const Rule& rule : table_) horizon_ = std::max(horizon_, rule.least);
  horizon_ = std::max(horizon_, t.faw);
}

std::vector<std::string> CommandChecker::rules() const {
  std::vector<std::string> names = {"command bus", "faw"};
  for (const Rule& rule : table_) names.push_back(rule.name);
  return names;
}

bool CommandChecker::related(const DramAddress& a, const DramAddress& b, Where where) {
  switch (where) {
    case Where::bank:
      return a.rank == b.rank && a.group == b.group && a.bank == b.bank;
    case Where::group:
      return a.rank == b.rank && a.group == b.group;
    case Where::rank:
      return a.rank == b.rank;
    case Where::other_rank:
      return a.rank != b.rank;
  }
  return false;
}

bool CommandChecker::too_early(const Rule& rule, const DramCommand& c) const {
  if (!contains(rule.second, c.op)) return false;
  for (auto old = history_.rbegin(); old != history_.rend() && old->at > c.at - horizon_; ++old) {
    const bool whole = whole_rank(old->op) || whole_rank(c.op);
    const Where where = whole && rule.where != Where::other_rank ? Where::rank : rule.where;
    if (contains(rule.first, old->op) && related(old->where, c.where, where) &&
        c.at < old->at + rule.least)
      return true;
  }
  return false;
}

bool CommandChecker::fifth_activate(const DramCommand& c) const {
  if (c.op != DramOp::activate) return false;
  int before = 0;
  for (auto old = history_.rbegin(); old != history_.rend() && old->at > c.at - timing_.faw; ++old)
    before += old->op == DramOp::activate && old->where.rank == c.where.rank ? 1 : 0;
  return before >= 4;
}

void CommandChecker::add(const DramCommand& c) {
  history_.push_back(c);
  if (c.op == DramOp::activate) open_.push_back(c.where);
  if (c.op == DramOp::precharge || c.op == DramOp::precharge_all)
    std::erase_if(open_, [&](const DramAddress& row) {
      return related(row, c.where, whole_rank(c.op) ? Where::rank : Where::bank);
    });
}

/// What the banks' state forbids; empty where it does not. Only a rank's precharge may be for
/// nothing.
std::string CommandChecker::state_fault(const DramCommand& c) const {
  const auto row = std::find_if(open_.begin(), open_.end(), [&](const DramAddress& open) {
    return related(open, c.where, whole_rank(c.op) ? Where::rank : Where::bank);
  });
  const bool is_open = row != open_.end();
  if (c.op == DramOp::precharge_all) return {};
  if (c.op == DramOp::refresh) return is_open ? "refresh with open rows" : "";
  if (c.op == DramOp::activate) return is_open ? "activate of an open bank" : "";
  return is_open && row->row == c.where.row ? "" : "row is not open";
}

std::vector<std::string> CommandChecker::broken(const DramCommand& c) const {
  std::vector<std::string> names;
  if (!history_.empty() && c.at < history_.back().at + command_clocks_)
    names.emplace_back("command bus");
  if (fifth_activate(c)) names.emplace_back("faw");
  for (const Rule& rule : table_)
    if (too_early(rule, c)) names.push_back(rule.name);
  if (const std::string fault = state_fault(c); !fault.empty()) names.push_back(fault);
  return names;
}

}  // namespace unna
