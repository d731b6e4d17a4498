#include "compiler/adapt.h"

#include "compiler/model_steps.h"
#include "compiler/rows.h"

namespace unna {

Graph adapted(Graph graph, const MachineConfig& machine) {
  return with_short_rows(with_model_steps(std::move(graph), machine), machine);
}

}  // namespace unna
