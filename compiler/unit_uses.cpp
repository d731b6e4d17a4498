#include "compiler/unit_uses.h"

namespace unna {
namespace {

class Uses {
 public:
  Uses(const Pieces& pieces, const std::vector<BufferInfo>& buffers)
      : pieces_(pieces), buffers_(buffers), all_(buffers.size()) {}

  void add(const Access& access, const Box& box, const UnitUse& use) {
    for (const BufferPart& part : pieces_.parts(access, box, Dims{1, 1, 1, 1, 1})) {
      const std::size_t b = part.buffer.index();
      if (buffers_[b].kind != BufferKind::intermediate) continue;
      std::vector<UnitUse>& uses = all_[b];
      if (uses.empty() || uses.back().unit != use.unit) uses.push_back(use);
      uses.back().writes = uses.back().writes || use.writes;
    }
  }
  std::vector<std::vector<UnitUse>> all() && { return std::move(all_); }

 private:
  const Pieces& pieces_;
  const std::vector<BufferInfo>& buffers_;
  std::vector<std::vector<UnitUse>> all_;
};

}  // namespace

std::vector<std::vector<UnitUse>> unit_uses(const LoweredGraph& graph, const Schedule& schedule,
                                            const Pieces& pieces,
                                            const std::vector<BufferInfo>& buffers) {
  Uses uses(pieces, buffers);
  for (std::size_t u = 0; u < schedule.units.size(); ++u) {
    const UnitOfWork& unit = schedule.units[u];
    const Kernel& k = graph.kernels[unit.kernel.index()];
    UnitUse use{u, schedule.step_of_unit[u], unit.core, false};
    for (std::size_t i = 0; i < k.in.size(); ++i)
      uses.add(k.in[i].access, input_box(k, i, unit.box), use);
    use.writes = true;
    uses.add(k.out, unit.box, use);
    if (k.out2) uses.add(*k.out2, unit.box, use);
  }
  return std::move(uses).all();
}

}  // namespace unna
