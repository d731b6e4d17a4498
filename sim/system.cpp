// The SystemC side: modules that hold waiting and wiring. What happens when is decided by the plain
// classes that they wrap.
//
// One kernel tick is one clock cycle. Cores and memory talk TLM-2.0, approximately timed: BEGIN_REQ
// is answered at once with END_REQ (a DMA's window bounds what is under way), BEGIN_RESP at the end
// of the data with TLM_COMPLETED.

#include "sim/system.h"

#include <tlm_utils/multi_passthrough_target_socket.h>
#include <tlm_utils/simple_initiator_socket.h>

#include <exception>
#include <mutex>
#include <systemc>
#include <tlm>

// libsystemc brings a main() that calls sc_main, and wants one even where the program has its own
// main, as all of ours have.
extern "C" int sc_main(int, char**) {
  std::fputs("unnasim: this program was linked without its own main()\n", stderr);
  return 70;
}

namespace unna {
namespace {

using sc_core::sc_time;

sc_time ticks(Cycle cycles) {
  return sc_time::from_value(static_cast<sc_time::value_type>(cycles));
}
Cycle now() {
  return static_cast<Cycle>(sc_core::sc_time_stamp().value());
}

/// Generic payloads whose data pointer is null: lengths and times are modelled, not the bytes. Own
/// types keep such sockets from being bound to models of the base protocol.
struct TimingOnlyProtocol {
  using tlm_payload_type = tlm::tlm_generic_payload;
  using tlm_phase_type = tlm::tlm_phase;
};
using Payload = tlm::tlm_generic_payload;

/// Which instruction a transfer is: its strides, and for those who watch the DRAM. The payload's
/// address and length are the first byte and the bytes moved.
struct Origin : tlm::tlm_extension<Origin> {
  CoreId core;
  std::uint32_t pc = 0;

  tlm_extension_base* clone() const override { return new Origin(*this); }
  void copy_from(const tlm_extension_base& other) override {
    *this = static_cast<const Origin&>(other);
  }
};

class PayloadPool final : public tlm::tlm_mm_interface {
 public:
  Payload& take() {
    if (free_.empty()) {
      all_.push_back(std::make_unique<Payload>(this));
      all_.back()->set_extension(new Origin);  // the payload's from now on
      free_.push_back(all_.back().get());
    }
    Payload* payload = free_.back();
    free_.pop_back();
    payload->acquire();
    return *payload;
  }
  void free(Payload* payload) override { free_.push_back(payload); }

 private:
  std::vector<std::unique_ptr<Payload>> all_;
  std::vector<Payload*> free_;
};

/// The first exception of a process: the kernel would lose its type.
class Failure {
 public:
  template <class F>
  void guard(F&& f) {
    try {
      f();
    } catch (...) {
      if (!exception_) exception_ = std::current_exception();
      sc_core::sc_stop();
    }
  }
  void rethrow() const {
    if (exception_) std::rethrow_exception(exception_);
  }

 private:
  std::exception_ptr exception_;
};

class MemoryModule final : public sc_core::sc_module, private TransferListener {
 public:
  tlm_utils::multi_passthrough_target_socket<MemoryModule, 64, TimingOnlyProtocol> socket{"socket"};

  MemoryModule(const sc_core::sc_module_name& name, System& system, Failure& failure)
      : sc_module(name),
        system_(system),
        failure_(failure),
        queues_(system.cores.size() * kDmasPerCore) {
    socket.register_nb_transport_fw(this, &MemoryModule::transport);
    SC_HAS_PROCESS(MemoryModule);
    SC_METHOD(serve);
    sensitive << wake_;
    dont_initialize();
  }

 private:
  struct Ended {
    std::uint32_t stream;
    Payload* payload;
  };

  /// Sockets are bound in the order of streams, so the socket's index is the stream.
  tlm::tlm_sync_enum transport(int stream, Payload& payload, tlm::tlm_phase& phase,
                               sc_time& delay) {
    invariant(phase == tlm::BEGIN_REQ, "memory takes requests only");
    payload.acquire();
    queues_[static_cast<std::size_t>(stream)].push(&payload);
    const Origin& origin = *payload.get_extension<Origin>();
    const Instruction& i = system_.image.object->streams[origin.core.index()][origin.pc];
    const TransferRequest transfer{
        static_cast<std::uint32_t>(stream), BufferId(i.get(Operand::buf)),
        static_cast<Bytes>(payload.get_address()), Strided::of(i), payload.is_write()};
    wake_at(system_.memory->request(transfer, now() + static_cast<Cycle>(delay.value())));
    phase = tlm::END_REQ;
    return tlm::TLM_UPDATED;
  }

  /// The model may run ahead to where anything else may happen. While others have something to do
  /// in this very cycle, that is here: another delta cycle later they may have sent requests.
  void serve() {
    failure_.guard([this] {
      next_ = kNever;
      const sc_core::sc_simcontext* kernel = sc_core::sc_get_curr_simcontext();
      const bool crowded = sc_core::sc_pending_activity_at_current_time(kernel);
      const bool ever = sc_core::sc_pending_activity_at_future_time(kernel);
      Cycle horizon = kNever;
      if (crowded)
        horizon = now();
      else if (ever)
        horizon = now() + static_cast<Cycle>(sc_core::sc_time_to_pending_activity(kernel).value());
      const auto next = system_.memory->advance(now(), horizon, *this);
      respond();
      if (next) wake_at(std::max(*next, now()));
    });
  }

  /// Ends of one cycle are answered by (core, engine), whichever was the first within the cycle.
  void respond() {
    std::ranges::sort(ended_, {}, &Ended::stream);
    for (const Ended& e : ended_) {
      tlm::tlm_phase phase = tlm::BEGIN_RESP;
      sc_time delay = sc_core::SC_ZERO_TIME;
      e.payload->set_response_status(tlm::TLM_OK_RESPONSE);
      socket[static_cast<int>(e.stream)]->nb_transport_bw(*e.payload, phase, delay);
      e.payload->release();
    }
    ended_.clear();
  }

  /// The earliest of all wishes stands.
  void wake_at(Cycle at) {
    if (at >= next_) return;
    next_ = at;
    wake_.notify(ticks(std::max<Cycle>(0, at - now())));
  }

  void data_started(std::uint32_t stream) override {
    if (system_.observer == nullptr) return;
    Ring<Payload*>& queue = queues_[stream];
    const Payload* payload = queue[started_[stream]++];
    const Origin& origin = *payload->get_extension<Origin>();
    system_.observer->data_started(origin.core, origin.pc);
  }
  void data_ended(std::uint32_t stream, Cycle at) override {
    invariant(at == now(), "data that ended at cycle {} are noticed at {}", at, now());
    Payload* payload = queues_[stream].front();
    queues_[stream].pop();
    ended_.push_back({stream, payload});
    if (system_.observer == nullptr) return;
    --started_[stream];
    const Origin& origin = *payload->get_extension<Origin>();
    system_.observer->data_ended(origin.core, origin.pc);
  }

  System& system_;
  Failure& failure_;
  std::vector<Ring<Payload*>> queues_;  ///< by stream, as the model has them
  /// By stream: payloads of the queue whose data phase has begun (counted for an observer only).
  std::vector<std::size_t> started_ = std::vector<std::size_t>(queues_.size());
  std::vector<Ended> ended_;
  Cycle next_ = kNever;
  sc_core::sc_event wake_;
};

class CoreModule;

/// What connects cores apart from the DRAM.
struct Fabric {
  System& system;
  std::vector<std::unique_ptr<CoreModule>> cores;
};

class CoreModule final : public sc_core::sc_module, private CorePorts {
 public:
  using Socket = tlm_utils::simple_initiator_socket_tagged<CoreModule, 64, TimingOnlyProtocol>;
  Socket load_neuron{"load_neuron"}, load_synapse{"load_synapse"}, store{"store"};

  CoreModule(const sc_core::sc_module_name& name, CoreModel& model, Fabric& fabric,
             Failure& failure)
      : sc_module(name), model_(model), fabric_(fabric), failure_(failure) {
    for (const Engine e : kDmaEngines)
      socket(e).register_nb_transport_bw(this, &CoreModule::respond, static_cast<int>(e));
    SC_HAS_PROCESS(CoreModule);
    SC_METHOD(step);
    sensitive << wake_;
  }

  Socket& socket(Engine e) {
    return e == Engine::store ? store : e == Engine::load_synapse ? load_synapse : load_neuron;
  }

  void release(Cycle at) {
    model_.release(at);
    wake_at(at);
  }
  void raise(std::uint32_t sem, Cycle at) {
    model_.raise(sem, at);
    wake_at(at);
  }

 private:
  void step() {
    failure_.guard([this] {
      model_.step(now(), *this);
      if (model_.next_wake() != kNever) wake_at(model_.next_wake());
    });
  }
  void wake_at(Cycle at) { wake_.notify(ticks(at - now())); }

  tlm::tlm_sync_enum respond(int engine, Payload& payload, tlm::tlm_phase& phase, sc_time&) {
    invariant(phase == tlm::BEGIN_RESP, "a DMA takes responses only");
    model_.data_ended(static_cast<Engine>(engine), now());
    payload.release();
    wake_.notify(sc_core::SC_ZERO_TIME);
    return tlm::TLM_COMPLETED;
  }

  void request(CoreId core, Engine engine, std::uint32_t pc, Bytes bytes, Cycle at) override {
    Payload& payload = pool_.take();
    Origin& origin = *payload.get_extension<Origin>();
    origin.core = core;
    origin.pc = pc;
    const Instruction& i = fabric_.system.image.object->streams[core.index()][pc];
    const auto address =
        fabric_.system.image.layout.base[i.get(Operand::buf)] + i.count(Operand::off);
    invariant(bytes <= std::numeric_limits<unsigned>::max(), "a transfer of {} bytes", bytes);
    payload.set_address(static_cast<sc_dt::uint64>(address));
    payload.set_command(engine == Engine::store ? tlm::TLM_WRITE_COMMAND : tlm::TLM_READ_COMMAND);
    payload.set_data_length(static_cast<unsigned>(bytes));
    payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
    tlm::tlm_phase phase = tlm::BEGIN_REQ;
    sc_time delay = ticks(at - now());
    socket(engine)->nb_transport_fw(payload, phase, delay);
  }
  void arrive(CoreId core, std::uint64_t mask) override {
    System& system = fabric_.system;
    if (!system.barriers.arrive(core, mask)) return;
    const Cycle open = now() + system.machine.sync.barrier_cycles;
    for (std::size_t c = 0; c < fabric_.cores.size(); ++c)
      if ((mask >> c & 1U) != 0) fabric_.cores[c]->release(open);
  }
  void signal(CoreId to, std::uint32_t sem, Cycle at) override {
    fabric_.cores[to.index()]->raise(sem, at);
  }

  CoreModel& model_;
  Fabric& fabric_;
  Failure& failure_;
  PayloadPool pool_;
  sc_core::sc_event wake_;
};

/// A second elaboration in one kernel context is an error (E529), so every run gets its own.
class KernelContext {
 public:
  KernelContext() {
    reset();
    sc_core::sc_report_handler::set_actions("/OSCI/SystemC", sc_core::SC_INFO,
                                            sc_core::SC_DO_NOTHING);
    context_ = sc_core::sc_get_curr_simcontext();
  }
  ~KernelContext() {
    delete context_;
    reset();
  }
  KernelContext(const KernelContext&) = delete;
  KernelContext& operator=(const KernelContext&) = delete;

 private:
  static void reset() {
    sc_core::sc_curr_simcontext = nullptr;
    sc_core::sc_default_global_context = nullptr;
  }
  sc_core::sc_simcontext* context_;
};

}  // namespace

Cycle run_system(System& system) {
  static std::mutex one_kernel;  // SystemC's context is a global variable
  const std::lock_guard lock(one_kernel);
  const KernelContext context;
  Failure failure;
  MemoryModule memory("memory", system, failure);
  Fabric fabric{system, {}};
  for (std::size_t c = 0; c < system.cores.size(); ++c) {
    const std::string name = "core" + std::to_string(c);
    fabric.cores.push_back(
        std::make_unique<CoreModule>(name.c_str(), *system.cores[c], fabric, failure));
    for (const Engine e : kDmaEngines) fabric.cores.back()->socket(e).bind(memory.socket);
  }
  sc_core::sc_start();
  failure.rethrow();
  return now();
}

}  // namespace unna
