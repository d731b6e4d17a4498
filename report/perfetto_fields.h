#pragma once

// Numbers of the fields of Perfetto's messages that are written here, from its published schema,
// protos/perfetto/trace in github.com/google/perfetto: trace.proto, trace_packet.proto,
// trace_packet_defaults.proto, clock_snapshot.proto, interned_data/interned_data.proto, and of
// track_event/: track_event, track_descriptor, process_descriptor, thread_descriptor,
// counter_descriptor. Only numbers are used, none of its code.

#include <cstdint>

namespace unna::perfetto {

struct TraceField {
  static constexpr std::uint32_t packet = 1;
};
struct PacketField {
  static constexpr std::uint32_t clock_snapshot = 6, timestamp = 8, sequence_id = 10,
                                 track_event = 11, interned_data = 12, sequence_flags = 13,
                                 compressed_packets = 50, defaults = 59, track_descriptor = 60;
};
struct DefaultsField {
  static constexpr std::uint32_t track_event_defaults = 11, timestamp_clock_id = 58;
};
struct SnapshotField {
  static constexpr std::uint32_t clocks = 1;
};
struct ClockField {
  static constexpr std::uint32_t clock_id = 1, timestamp = 2, is_incremental = 3;
};
struct InternedField {
  static constexpr std::uint32_t event_names = 2;
};
struct EventNameField {
  static constexpr std::uint32_t iid = 1, name = 2;
};
struct EventField {
  static constexpr std::uint32_t type = 9, name_iid = 10, track_uuid = 11, counter_value = 30,
                                 double_counter_value = 44, flow_ids = 47,
                                 terminating_flow_ids = 48;
};
struct TrackField {
  static constexpr std::uint32_t uuid = 1, name = 2, process = 3, thread = 4, parent_uuid = 5,
                                 counter = 8;
};
struct ProcessField {
  static constexpr std::uint32_t pid = 1, process_name = 6;
};
struct ThreadField {
  static constexpr std::uint32_t pid = 1, tid = 2, thread_name = 5;
};
struct CounterField {
  static constexpr std::uint32_t unit = 3, unit_name = 6;
};

/// TrackEvent.Type
enum class EventType : std::uint8_t { slice_begin = 1, slice_end = 2, instant = 3, counter = 4 };

// TracePacket.SequenceFlags
inline constexpr std::uint64_t kStateCleared = 1, kNeedsState = 2;
/// BuiltinClocks.BUILTIN_CLOCK_BOOTTIME, and the first id for clocks of one sequence.
inline constexpr std::uint64_t kBootTime = 6, kOwnClock = 64;
/// CounterDescriptor.Unit
inline constexpr std::uint64_t kUnitCount = 2, kUnitBytes = 3;

}  // namespace unna::perfetto
