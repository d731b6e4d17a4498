#include "report/perfetto.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "report/perfetto_fields.h"
#include "report/proto_writer.h"
#include "report/stalls.h"
#include "report/sync_pairs.h"

namespace unna {
namespace {

using namespace perfetto;

/// Curves have at most so many steps: less than a screen has, and few bytes beside the events.
constexpr std::size_t kSteps = 1000;

/// Process ids of what is no core; those of the cores are their numbers plus 1.
constexpr std::uint64_t kMemoryProcess = 101, kLayersProcess = 102;

/// What the engines do, for the names of their tracks.
constexpr std::array<std::string_view, kEngines> kEngineDocs = {"loads neurons", "loads synapses",
                                                                "computes", "stores"};

/// Why an engine is idle, by Stall.
constexpr std::array<std::string_view, kStalls> kIdleTexts = {"idle: no instruction handed on",
                                                              "idle: waits for ln",
                                                              "idle: waits for ls",
                                                              "idle: waits for cp",
                                                              "idle: waits for st",
                                                              "idle: own engines drain",
                                                              "idle: waits for other cores",
                                                              "idle: nothing left to do"};

/// Packets, deflated some at a time: they say much the same again and again.
class PacketFile {
 public:
  void add(const ProtoMessage& packet) {
    pending_ += ProtoMessage().message(TraceField::packet, packet).bytes();
    constexpr std::size_t kTogether = std::size_t{1} << 20U;
    if (pending_.size() >= kTogether) flush();
  }
  std::string finish() {
    flush();
    return std::move(bytes_);
  }

 private:
  void flush() {
    if (pending_.empty()) return;
    uLongf size = ::compressBound(pending_.size());
    std::string deflated(size, '\0');
    const int code = ::compress(reinterpret_cast<Bytef*>(deflated.data()), &size,
                                reinterpret_cast<const Bytef*>(pending_.data()), pending_.size());
    invariant(code == Z_OK, "zlib gives {}", code);
    deflated.resize(size);
    const ProtoMessage bundle = ProtoMessage().text(PacketField::compressed_packets, deflated);
    bytes_ += ProtoMessage().message(TraceField::packet, bundle).bytes();
    pending_.clear();
  }

  std::string pending_;  ///< whole packets
  std::string bytes_;
};

/// One track with what happens on it, in order of time. It is a sequence of packets of its own:
/// with the track as default and times as differences an event takes few bytes.
class Track {
 public:
  Track(PacketFile& out, std::uint64_t id) : out_(out), id_(id) {}

  std::uint64_t id() const { return id_; }
  void begin(Cycle at, const std::string& name, std::span<const std::uint64_t> flows = {}) {
    named(at, EventType::slice_begin, name, flows, EventField::flow_ids);
  }
  void end(Cycle at) {
    add(at, ProtoMessage().number(EventField::type, number(EventType::slice_end)), {}, 0);
  }
  void instant(Cycle at, const std::string& name, std::span<const std::uint64_t> flows,
               std::uint32_t flow_field) {
    named(at, EventType::instant, name, flows, flow_field);
  }
  void value(Cycle at, double value) {
    ProtoMessage event;
    event.number(EventField::type, number(EventType::counter));
    if (value == static_cast<double>(static_cast<std::uint64_t>(value)))
      event.number(EventField::counter_value, static_cast<std::uint64_t>(value));
    else
      event.real(EventField::double_counter_value, value);
    add(at, event, {}, 0);
  }

 private:
  static std::uint64_t number(EventType type) { return static_cast<std::uint64_t>(type); }

  void named(Cycle at, EventType type, const std::string& name,
             std::span<const std::uint64_t> flows, std::uint32_t flow_field) {
    const auto [entry, is_new] = names_.try_emplace(name, names_.size() + 1);
    ProtoMessage event;
    event.number(EventField::type, number(type)).number(EventField::name_iid, entry->second);
    for (const std::uint64_t flow : flows) event.fixed64(flow_field, flow);
    add(at, event, is_new ? std::string_view(name) : std::string_view{}, entry->second);
  }

  /// `name`: is interned with this packet, unless empty.
  void add(Cycle at, const ProtoMessage& event, std::string_view name, std::uint64_t iid) {
    ProtoMessage packet;
    packet.number(PacketField::sequence_id, id_);
    if (!started_) start(packet);
    packet.number(PacketField::timestamp, static_cast<std::uint64_t>(at - last_));
    last_ = at;
    if (!name.empty()) {
      const auto entry =
          ProtoMessage().number(EventNameField::iid, iid).text(EventNameField::name, name);
      packet.message(PacketField::interned_data,
                     ProtoMessage().message(InternedField::event_names, entry));
    }
    packet.message(PacketField::track_event, event);
    out_.add(packet);
  }

  /// Default track, and the clock that counts from each packet to the next one.
  void start(ProtoMessage& packet) {
    started_ = true;
    packet.number(PacketField::sequence_flags, kStateCleared);
    packet.message(PacketField::defaults,
                   ProtoMessage()
                       .number(DefaultsField::timestamp_clock_id, kOwnClock)
                       .message(DefaultsField::track_event_defaults,
                                ProtoMessage().number(EventField::track_uuid, id_)));
    const auto own = ProtoMessage()
                         .number(ClockField::clock_id, kOwnClock)
                         .number(ClockField::timestamp, 0)
                         .number(ClockField::is_incremental, 1);
    const auto common =
        ProtoMessage().number(ClockField::clock_id, kBootTime).number(ClockField::timestamp, 0);
    packet.message(
        PacketField::clock_snapshot,
        ProtoMessage().message(SnapshotField::clocks, common).message(SnapshotField::clocks, own));
  }

  PacketFile& out_;
  std::uint64_t id_;
  Cycle last_ = 0;
  bool started_ = false;
  std::unordered_map<std::string, std::uint64_t> names_;
};

/// An event or a layer on a track.
struct Slice {
  Cycle start = 0;
  Cycle end = 0;
  std::string name;
  std::vector<std::uint64_t> causes;   ///< arrows that begin here
  std::vector<std::uint64_t> effects;  ///< arrows that end where this ends
};

class Timeline {
 public:
  Timeline(const Trace& trace, std::span<const Transfer> transfers, const CoreConfig& core)
      : trace_(trace), transfers_(transfers), idle_(idle_spans(trace, core)) {}

  std::string write() {
    for (std::uint32_t core = 0; core < trace_.cores; ++core) add_core(core);
    add_layers();
    add_curves();
    return out_.finish();
  }

 private:
  void describe(std::uint64_t uuid, ProtoMessage&& track) {
    track.number(TrackField::uuid, uuid);
    const auto packet = ProtoMessage()
                            .number(PacketField::sequence_id, uuid)
                            .message(PacketField::track_descriptor, track);
    out_.add(packet);
  }
  std::uint64_t add_process(std::uint64_t pid, std::string_view name) {
    const std::uint64_t uuid = next_uuid_++;
    describe(
        uuid,
        std::move(ProtoMessage().message(
            TrackField::process,
            ProtoMessage().number(ProcessField::pid, pid).text(ProcessField::process_name, name))));
    return uuid;
  }
  Track add_thread(std::uint64_t pid, std::string_view name) {
    const std::uint64_t uuid = next_uuid_++;
    describe(uuid, std::move(ProtoMessage().message(
                       TrackField::thread, ProtoMessage()
                                               .number(ThreadField::pid, pid)
                                               .number(ThreadField::tid, kMemoryProcess + uuid)
                                               .text(ThreadField::thread_name, name))));
    return {out_, uuid};
  }

  /// Slices that overlap lie on several tracks: those of one track must nest.
  void add_slices(std::uint64_t pid, std::string_view name, std::vector<Slice>& slices) {
    if (slices.empty()) return;
    std::ranges::stable_sort(slices, {}, &Slice::start);
    std::vector<Cycle> busy_until;
    std::vector<std::vector<const Slice*>> lanes;
    for (const Slice& slice : slices) {
      const auto free = std::ranges::find_if(busy_until, [&](Cycle c) { return c <= slice.start; });
      const auto lane = static_cast<std::size_t>(free - busy_until.begin());
      if (free == busy_until.end()) {
        busy_until.push_back(0);
        lanes.emplace_back();
      }
      busy_until[lane] = slice.end;
      lanes[lane].push_back(&slice);
    }
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      Track track =
          add_thread(pid, lane == 0 ? std::string(name) : fmt::format("{} ({})", name, lane + 1));
      for (const Slice* slice : lanes[lane]) add_slice(track, *slice);
    }
  }
  static void add_slice(Track& track, const Slice& slice) {
    if (slice.start == slice.end && slice.effects.empty())
      return track.instant(slice.start, slice.name, slice.causes, EventField::flow_ids);
    track.begin(slice.start, slice.name, slice.causes);
    track.end(slice.end);
    if (!slice.effects.empty())
      track.instant(slice.end, "goes on", slice.effects, EventField::terminating_flow_ids);
  }

  std::string name_of(const TraceEvent& e) const {
    if (e.kind == TraceKind::signal) return fmt::format("signal to core {}", e.peer.value);
    if (e.kind == TraceKind::wait) return fmt::format("wait for core {}", e.peer.value);
    if (e.kind == TraceKind::barrier) return "barrier";
    if (e.kind == TraceKind::halt) return "halt";
    return e.op.index() < trace_.layers.size() ? trace_.layers[e.op.index()]
                                               : fmt::format("layer {}", e.op.value);
  }

  void find_arrows() {
    const std::vector<SyncPair> pairs = sync_pairs(trace_);
    for (std::size_t n = 0; n < pairs.size(); ++n) {
      causes_[pairs[n].cause].push_back(n + 1);
      effects_[pairs[n].effect].push_back(n + 1);
    }
  }

  void sort_events() {
    by_core_.resize(static_cast<std::size_t>(trace_.cores));
    for (std::size_t i = 0; i < trace_.events.size(); ++i) {
      const TraceEvent& e = trace_.events[i];
      Slice slice{e.start, e.end, name_of(e), {}, {}};
      if (const auto found = causes_.find(i); found != causes_.end()) slice.causes = found->second;
      if (const auto found = effects_.find(i); found != effects_.end())
        slice.effects = found->second;
      const std::size_t unit = e.engine ? static_cast<std::size_t>(*e.engine) : kEngines;
      by_core_[e.core.index()][unit].push_back(std::move(slice));
    }
  }

  void add_core(std::uint32_t core) {
    if (core == 0) {
      find_arrows();
      sort_events();
    }
    const std::uint64_t pid = core + 1;
    add_process(pid, fmt::format("core {}", core));
    for (std::size_t e = 0; e < kEngines; ++e) {
      add_slices(pid, fmt::format("{}: {}", kEngineNames[e], kEngineDocs[e]), by_core_[core][e]);
      add_idle(pid, fmt::format("{} idle", kEngineNames[e]), idle_[core][e]);
    }
    add_slices(pid, "control", by_core_[core][kEngines]);
  }
  void add_idle(std::uint64_t pid, std::string_view name, const std::vector<IdleSpan>& spans) {
    if (spans.empty()) return;
    Track track = add_thread(pid, name);
    for (const IdleSpan& span : spans) {
      track.begin(span.from, std::string(kIdleTexts[static_cast<std::size_t>(span.cause)]));
      track.end(span.until);
    }
  }

  /// From the first start to the last end on any core.
  void add_layers() {
    std::vector<std::optional<Slice>> layers(trace_.layers.size());
    for (const TraceEvent& e : trace_.events) {
      if (!e.engine || e.op.index() >= layers.size()) continue;
      auto& layer = layers[e.op.index()];
      if (!layer) layer = Slice{e.start, e.end, trace_.layers[e.op.index()], {}, {}};
      layer->start = std::min(layer->start, e.start);
      layer->end = std::max(layer->end, e.end);
    }
    std::vector<Slice> slices;
    for (auto& layer : layers)
      if (layer) slices.push_back(std::move(*layer));
    add_process(kLayersProcess, "layers");
    add_slices(kLayersProcess, "layers", slices);
  }

  Track add_counter(std::uint64_t process, std::string_view name, std::string_view unit) {
    const std::uint64_t uuid = next_uuid_++;
    ProtoMessage counter;
    if (unit == "bytes")
      counter.number(CounterField::unit, kUnitBytes);
    else
      counter.text(CounterField::unit_name, unit);
    describe(uuid, std::move(ProtoMessage()
                                 .text(TrackField::name, name)
                                 .number(TrackField::parent_uuid, process)
                                 .message(TrackField::counter, counter)));
    return {out_, uuid};
  }
  void add_curve(std::uint64_t process, std::string_view name, std::string_view unit,
                 const std::vector<double>& curve, Cycle step) {
    Track track = add_counter(process, name, unit);
    for (std::size_t k = 0; k < curve.size(); ++k)
      if (k == 0 || curve[k] != curve[k - 1]) track.value(static_cast<Cycle>(k) * step, curve[k]);
  }
  void add_curves() {
    const std::uint64_t process = add_process(kMemoryProcess, "DRAM");
    const DramCurves curves = dram_curves(transfers_, trace_end(trace_), kSteps);
    constexpr std::string_view kRate = "bytes/cycle";
    add_curve(process, "read", kRate, curves.read, curves.step);
    add_curve(process, "written", kRate, curves.written, curves.step);
    for (std::size_t c = 0; c < curves.channels.size(); ++c)
      add_curve(process, fmt::format("channel {}", c), kRate, curves.channels[c], curves.step);
    add_curve(process, "requests open", "requests", curves.open, curves.step);
    Track live = add_counter(process, "live bytes of intermediates", "bytes");
    for (const auto& [cycle, bytes] : live_bytes(trace_))
      live.value(cycle, static_cast<double>(bytes));
  }

  const Trace& trace_;
  std::span<const Transfer> transfers_;
  std::vector<IdleSpans> idle_;  ///< by core
  PacketFile out_;
  std::uint64_t next_uuid_ = 1;
  std::unordered_map<std::size_t, std::vector<std::uint64_t>> causes_, effects_;  ///< by event
  std::vector<std::array<std::vector<Slice>, kEngines + 1>> by_core_;
};

}  // namespace

std::string perfetto_trace(const Trace& trace, std::span<const Transfer> transfers,
                           const CoreConfig& core) {
  return Timeline(trace, transfers, core).write();
}

}  // namespace unna
