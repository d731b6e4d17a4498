#pragma once

// The machine without and with the kernel: simulate.cpp fills a System, run_system() (system.cpp,
// the only file that sees SystemC) moves it through time.

#include <array>
#include <memory>
#include <vector>

#include "configs/machine.h"
#include "sim/barriers.h"
#include "sim/core_model.h"
#include "sim/memory/memory_model.h"
#include "sim/shadow_checker.h"

namespace unna {

/// In the order of Engine.
inline constexpr std::array<Engine, kDmasPerCore> kDmaEngines = {
    Engine::load_neuron, Engine::load_synapse, Engine::store};

struct System {
  const Image& image;
  const MachineConfig& machine;
  std::vector<std::unique_ptr<CoreModel>> cores;
  Barriers barriers;
  std::unique_ptr<MemoryModel> memory;  ///< stream = core * kDmasPerCore + index in kDmaEngines
  DramObserver* observer = nullptr;     ///< may be null
};

/// Until nothing moves any more. Returns the cycle of the last event. Exceptions of the model and
/// of callbacks come out as what they are.
Cycle run_system(System& system);

}  // namespace unna
