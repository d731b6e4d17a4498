#include "memmgr/plan.h"

#include "base/error.h"

namespace unna {

std::vector<AvoidPair> paid_pairs(const PlanProblem& problem, std::span<const Bytes> offsets) {
  std::vector<AvoidPair> paid;
  for (const AvoidPair& a : problem.avoid) {
    const auto [i, j] = a.pair;
    if (share_bytes(offsets[i], problem.buffers[i].size, offsets[j], problem.buffers[j].size))
      paid.push_back(a);
  }
  return paid;
}

void judge_waits(const PlanProblem& problem, Plan& plan) {
  if (problem.avoid.empty()) return;
  plan.waits = PlanWaits{};
  for (const AvoidPair& a : paid_pairs(problem, plan.offsets)) plan.waits->cost += a.weight;
}

std::vector<Bytes> member_offsets(const PlanProblem& problem, const Plan& plan,
                                  std::size_t buffer_count, const std::vector<BufferInfo>& buffers,
                                  Bytes alignment) {
  invariant(plan.offsets.size() == problem.size(), "plan of {} buffers for a problem of {}",
            plan.offsets.size(), problem.size());
  std::vector<Bytes> offsets(buffer_count, 0);
  for (std::size_t i = 0; i < problem.size(); ++i) {
    Bytes at = plan.offsets[i];
    for (const BufferId member : problem.lifetimes.buffers[i].members) {
      invariant(member.index() < buffer_count, "member {} of {} buffers", member.value,
                buffer_count);
      offsets[member.index()] = at;
      at += round_up(buffers[member.index()].size, alignment);
    }
    invariant(at <= plan.offsets[i] + problem.buffers[i].size ||
                  problem.lifetimes.buffers[i].members.empty(),
              "members of {} need more than its {} bytes", problem.buffers[i].name,
              problem.buffers[i].size);
  }
  return offsets;
}

}  // namespace unna
