#include "sim/memory/burst_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "base/rng.h"
#include "tests/support/dram_standards.h"

namespace unna {
namespace {

constexpr Cycle kNever = std::numeric_limits<Cycle>::max();

MachineConfig machine_of(DramStandard standard, std::int64_t channels) {
  MachineConfig machine;
  machine.dram.model = DramModel::banked;
  machine.dram.standard = standard;
  machine.dram.device = dram_standard(standard);
  machine.dram.layout.channels = channels;
  return machine;
}

TransferRequest transfer(std::uint32_t stream, Bytes base, Bytes bytes, bool write = false) {
  TransferRequest t;
  t.stream = stream;
  t.buffer = BufferId(0);
  t.base = base;
  t.copy.run = bytes;
  t.write = write;
  return t;
}

struct Sent {
  TransferRequest transfer;
  Cycle at = 0;
};
struct End {
  std::uint32_t stream = 0;
  Cycle at = 0;

  friend auto operator<=>(const End&, const End&) = default;
};

class Log final : public TransferListener {
 public:
  void data_started(std::uint32_t) override { ++started; }
  void data_ended(std::uint32_t stream, Cycle at) override { ends.push_back({stream, at}); }

  std::vector<End> ends;
  std::size_t started = 0;
};

/// Requests at their cycles, which ascend. `lookahead`: the model is told how far it may run ahead;
/// otherwise it is called every cycle and may not.
std::vector<End> run(BurstMemory& memory, const std::vector<Sent>& requests,
                     bool lookahead = true) {
  Log log;
  std::size_t next = 0;
  Cycle now = 0;
  std::optional<Cycle> wanted;
  const auto upcoming = [&] { return next < requests.size() ? requests[next].at : kNever; };
  while (next < requests.size() || wanted) {
    const Cycle wish = std::min(upcoming(), wanted.value_or(kNever));
    now = lookahead ? wish : std::min(wish, now + 1);
    for (; upcoming() == now; ++next) memory.request(requests[next].transfer, now);
    for (;;) {
      const std::size_t told = log.ends.size();
      wanted = memory.advance(now, lookahead ? upcoming() : now + 1, log);
      if (log.ends.size() == told) break;  // after an end it has to be asked again
    }
    if (!lookahead && wanted) wanted = std::max(*wanted, now + 1);
  }
  EXPECT_EQ(log.ends.size(), requests.size());
  EXPECT_EQ(log.started, requests.size());
  std::ranges::sort(log.ends);
  return log.ends;
}

/// Random strided reads and writes of several cores.
std::vector<Sent> random_requests(std::uint64_t seed, std::size_t cores, std::size_t n,
                                  Bytes span) {
  Rng rng(seed);
  std::vector<Sent> requests;
  Cycle at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    at += static_cast<Cycle>(rng.below(60));
    const auto stream = static_cast<std::uint32_t>(rng.below(cores * 3));
    TransferRequest t =
        transfer(stream, static_cast<Bytes>(rng.below(static_cast<std::uint64_t>(span))),
                 static_cast<Bytes>(rng.below(700)), stream % 3 == 2);
    t.copy.n[0] = static_cast<std::int64_t>(1 + rng.below(4));
    t.copy.source[0] = t.copy.destination[0] = static_cast<Bytes>(rng.below(2000));
    requests.push_back({t, at});
  }
  return requests;
}

TEST(BurstMemory, UnloadedReadTakesTheSumOfItsWay) {
  MachineConfig machine = machine_of(kHbm2, 1);  // DRAM clock = machine's clock
  machine.interconnect.width_bytes = 32;
  machine.interconnect.latency_cycles = 5;
  machine.dram.controller_cycles = 30;
  BurstMemory memory(machine, 1, 1);
  const auto ends = run(memory, {{transfer(0, 0, 32), 100}});
  // request 1 + crossbar 5; ACT, RD: tRCD 12 + CL 17 + BL/2 2; controller 30; crossbar 5 + burst 1
  EXPECT_EQ(ends, (std::vector<End>{{0, 100 + 1 + 5 + 12 + 17 + 2 + 30 + 5 + 1}}));
  const PortStats port = memory.finish()->ports[0];
  EXPECT_EQ(port.latency, 73);
  EXPECT_EQ(port.request_wait, 0);
  EXPECT_EQ(port.response_wait, 0);
}

/// Two engines of a core read a burst each from channels of their own: the second's data are ready
/// a cycle after the first's and wait while those take the core's port, 8 bytes a cycle.
TEST(BurstMemory, AnswersWaitForTheCoresPort) {
  MachineConfig machine = machine_of(kHbm2, 2);
  machine.interconnect.width_bytes = 8;
  BurstMemory memory(machine, 1, 1);
  const Bytes other = DramAddressMap(machine.dram.device, machine.dram.layout).channel_bytes();
  const auto ends = run(memory, {{transfer(0, 0, 32), 100}, {transfer(1, other, 32), 100}});
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(std::abs(ends[1].at - ends[0].at), 4);
  EXPECT_EQ(memory.finish()->ports[0].response_wait, 3);
}

TEST(BurstMemory, WriteEndsWhenTheControllerHasTakenIt) {
  MachineConfig machine = machine_of(kHbm2, 1);
  BurstMemory memory(machine, 1, 1);
  const auto ends = run(memory, {{transfer(2, 0, 64, true), 100}});
  // data 2 at the core's port + crossbar 5 + data 2 at the channel's + crossbar 5
  EXPECT_EQ(ends, (std::vector<End>{{2, 100 + 2 + 5 + 2 + 5}}));
  const MemoryStats stats = *memory.finish();
  EXPECT_EQ(stats.dram.writes, 2);
  EXPECT_EQ(memory.bytes_served(), 64);
}

TEST(BurstMemory, TransferOfNothingEndsAtOnce) {
  BurstMemory memory(machine_of(kHbm2, 1), 1, 1);
  EXPECT_EQ(run(memory, {{transfer(0, 0, 0), 9}}), (std::vector<End>{{0, 9}}));
}

TEST(BurstMemory, ClocksThatDoNotDivideStayExact) {
  MachineConfig machine = machine_of(kDdr4, 1);  // 6 to 5
  machine.interconnect.latency_cycles = machine.dram.controller_cycles = 0;
  machine.interconnect.width_bytes = 64;
  BurstMemory memory(machine, 1, 1);
  // request 1 cycle; (tRCD 16 + CL 16 + 4) DRAM clocks from its next clock on, which is 2 of
  // 1.2 GHz; then a burst of 1 cycle: (2 + 36) / 1.2 + 1, rounded up
  EXPECT_EQ(run(memory, {{transfer(0, 0, 64), 0}}), (std::vector<End>{{0, 33}}));
}

TEST(BurstMemory, RunningAheadChangesNothing) {
  for (const std::int64_t cache : {0, 65536})
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
      MachineConfig machine = machine_of(seed % 2 == 0 ? kHbm2 : kDdr4, 2);
      machine.cache.size_bytes = cache;
      const auto requests = random_requests(seed, 4, 300, 1 << 18);
      BurstMemory ahead(machine, 4, 1), in_step(machine, 4, 1);
      EXPECT_EQ(run(ahead, requests), run(in_step, requests, false)) << "seed " << seed;
      EXPECT_EQ(ahead.finish()->dram.row_hits, in_step.finish()->dram.row_hits);
    }
}

// The model `bandwidth`: the same memory but for the channels.

MachineConfig packets_of(MachineConfig machine) {
  machine.dram.model = DramModel::bandwidth;
  return machine;
}

TEST(PacketMemory, UnloadedReadTakesTheTimeOfCommands) {
  for (const DramStandard standard : {kDdr4, kLpddr4, kHbm2, kDdr5, kLpddr5, kHbm3})
    for (const Bytes bytes : {1, 32, 64}) {
      const MachineConfig machine = machine_of(standard, 1);
      const std::vector<Sent> requests = {{transfer(0, 0, bytes), 100}};
      BurstMemory banked(machine, 1, 1), packets(packets_of(machine), 1, 1);
      EXPECT_EQ(run(packets, requests), run(banked, requests)) << dram_standard_name(standard);
    }
}

/// One engine, whose window decides how fast it is: with each burst that is read it may send more.
TEST(PacketMemory, AStreamTakesTheTimeOfCommands) {
  for (const DramStandard standard : {kDdr4, kLpddr4, kHbm2, kDdr5, kLpddr5, kHbm3})
    for (const std::int64_t channels : {4, 16})
      for (const Bytes bytes : {2048, 32768}) {
        const MachineConfig machine = machine_of(standard, channels);
        BurstMemory banked(machine, 1, 1), packets(packets_of(machine), 1, 1);
        std::vector<Sent> requests;  // far enough apart to be alone
        for (std::int64_t i = 0; i < 20; ++i)
          requests.push_back({transfer(0, i * 210'000, bytes), i * 20'000});
        const auto total = [&](BurstMemory& memory) {
          Cycle sum = 0;
          for (const End& e : run(memory, requests)) sum += e.at % 20'000;
          return static_cast<double>(sum);
        };
        EXPECT_NEAR(total(packets) / total(banked), 1, 0.015)
            << bytes << " bytes, " << channels << " channels of " << dram_standard_name(standard);
      }
}

TEST(PacketMemory, RunningAheadChangesNothing) {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const MachineConfig machine = packets_of(machine_of(seed % 2 == 0 ? kHbm2 : kDdr4, 2));
    const auto requests = random_requests(seed, 4, 300, 1 << 18);
    BurstMemory ahead(machine, 4, 1), in_step(machine, 4, 1);
    EXPECT_EQ(run(ahead, requests), run(in_step, requests, false)) << "seed " << seed;
  }
}

TEST(PacketMemory, EverythingEndsWhateverIsSmall) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng(seed);
    MachineConfig machine =
        packets_of(machine_of(static_cast<DramStandard>(seed % 6), 1 << rng.below(3)));
    machine.dram.controller = {2, 2, 2, 0, 1, 4, seed % 2 == 0 ? DramPage::open : DramPage::closed};
    machine.dram.device.ranks = 1 << rng.below(2);
    machine.interconnect.window = static_cast<std::int64_t>(1 + rng.below(6));
    machine.interconnect.width_bytes = static_cast<Bytes>(1 + rng.below(40));
    BurstMemory memory(machine, 5, 1);
    const auto requests = random_requests(seed, 5, 200, 1 << 16);
    EXPECT_EQ(run(memory, requests).size(), requests.size());
  }
}

/// The last end of so many random transfers, of either direction and in short runs. The worst is
/// HBM3, 9.6 % too fast: bursts of 32 bytes, and commands that take half of a burst's time each.
TEST(PacketMemory, TakesAboutTheTimeOfCommandsUnderLoad) {
  const auto last = [](const MachineConfig& machine, const std::vector<Sent>& requests) {
    BurstMemory memory(machine, 4, 1);
    Cycle end = 0;
    for (const End& e : run(memory, requests)) end = std::max(end, e.at);
    return static_cast<double>(end);
  };
  for (const DramStandard standard : {kDdr4, kLpddr4, kHbm2, kDdr5, kLpddr5, kHbm3})
    for (const std::int64_t channels : {1, 2, 8})
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const MachineConfig machine = machine_of(standard, channels);
        const auto requests = random_requests(seed, 4, 600, 1 << 22);
        EXPECT_NEAR(last(packets_of(machine), requests) / last(machine, requests), 1, 0.1)
            << channels << " channels of " << dram_standard_name(standard) << ", seed " << seed;
      }
}

TEST(BurstMemory, EverythingEndsWhateverIsSmall) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Rng rng(seed);
    MachineConfig machine = machine_of(static_cast<DramStandard>(seed % 3), 1 << rng.below(3));
    machine.dram.controller = {2, 2, 2, 0, 1, 4, DramPage::open};
    machine.interconnect.window = static_cast<std::int64_t>(1 + rng.below(6));
    machine.interconnect.width_bytes = static_cast<Bytes>(1 + rng.below(40));
    if (seed % 2 == 0) {
      machine.cache = {4096, 1, 64, 3, 1};
      machine.dram.controller = {4, 4, 4, 0, 1, 4, DramPage::open};
    }
    BurstMemory memory(machine, 5, 1);
    const auto requests = random_requests(seed, 5, 200, 1 << 16);
    EXPECT_EQ(run(memory, requests).size(), requests.size());
    Bytes bytes = 0;
    for (const Sent& r : requests) bytes += r.transfer.copy.total();
    EXPECT_EQ(memory.bytes_served(), bytes);
    EXPECT_EQ(memory.advance(kNever - 1, kNever, *std::make_unique<Log>()), std::nullopt);
  }
}

TEST(BurstMemory, EveryBurstIsReadOnceAndOnlyOnce) {
  BurstMemory memory(machine_of(kHbm2, 4), 2, 1);
  run(memory, {{transfer(0, 0, 4096), 0}, {transfer(3, 1 << 20, 4096 + 1), 0}});
  const MemoryStats stats = *memory.finish();
  EXPECT_EQ(stats.dram.reads, 128 + 129);
  EXPECT_EQ(stats.ports[0].bytes, 4096);
  EXPECT_EQ(stats.ports[1].bytes, 4096 + 32);
}

/// Cycles until all of `cores` have read `bytes` each, consecutively.
Cycle time_of_readers(const MachineConfig& machine, std::uint32_t cores, Bytes bytes) {
  BurstMemory memory(machine, cores, 1);
  std::vector<Sent> requests;
  for (std::uint32_t c = 0; c < cores; ++c)
    requests.push_back({transfer(3 * c, Bytes{c} * (1 << 22), bytes), 0});
  Cycle last = 0;
  for (const End& end : run(memory, requests)) last = std::max(last, end.at);
  return last;
}

TEST(BurstMemory, APortIsNoFasterThanItsWidth) {
  MachineConfig machine = machine_of(kHbm2, 16);  // 256 B a cycle
  machine.interconnect.window = 1024;
  for (const Bytes width : {8, 16, 32}) {
    machine.interconnect.width_bytes = width;
    const double rate = 262144.0 / static_cast<double>(time_of_readers(machine, 1, 262144));
    EXPECT_LE(rate, static_cast<double>(width));
    EXPECT_GE(rate, 0.9 * static_cast<double>(width));
  }
}

TEST(BurstMemory, CoresShareAChannelEvenly) {
  const MachineConfig machine = machine_of(kHbm2, 1);
  BurstMemory memory(machine, 8, 1);
  std::vector<Sent> requests;
  for (std::uint32_t c = 0; c < 8; ++c)
    requests.push_back({transfer(3 * c, Bytes{c} * (1 << 22), 65536), 0});
  const auto ends = run(memory, requests);
  const auto at = [](const End& end) { return end.at; };
  const Cycle first = std::ranges::min(ends, {}, at).at, last = std::ranges::max(ends, {}, at).at;
  EXPECT_LT(last - first, last / 20);
  EXPECT_GT(memory.finish()->fairness(), 0.99);
}

TEST(MemoryStats, FairnessIsJainsIndexOfOneOverTheMeanLatency) {
  MemoryStats stats;
  EXPECT_EQ(stats.fairness(), 1);
  stats.ports.resize(3);  // the last one uses no memory
  stats.ports[0] = {.packets = 1, .bytes = 600, .latency = 200};
  stats.ports[1] = {.packets = 1, .bytes = 100, .latency = 100};
  EXPECT_DOUBLE_EQ(stats.fairness(), 16.0 / 20);  // (3 + 1)^2 / (2 * (9 + 1))
}

TEST(BurstMemory, RefusesACacheWhoseLinesTheQueuesCantHold) {
  for (const bool write : {false, true}) {
    MachineConfig machine = machine_of(kHbm2, 2);
    machine.cache.size_bytes = 1 << 16;
    machine.dram.controller.write_low = 0;
    machine.dram.controller.write_high = 1;
    (write ? machine.dram.controller.write_queue : machine.dram.controller.read_queue) = 1;
    EXPECT_THROW(BurstMemory(machine, 1, 1), InputError);
    machine.cache.line_bytes = 32;
    EXPECT_NO_THROW(BurstMemory(machine, 1, 1));
  }
}

/// Core 0 writes faster than the channel takes it, the others read a little once its packets queue
/// up: in turn they pass, with the oldest first they don't.
TEST(BurstMemory, ArbitrationDecidesWhoWaits) {
  const auto waits = [](Arbitration arbitration) {
    MachineConfig machine = machine_of(kHbm2, 1);
    machine.interconnect.arbitration = arbitration;
    machine.interconnect.window = 1024;
    BurstMemory memory(machine, 4, 1);
    std::vector<Sent> requests = {{transfer(2, 0, 65536, true), 0}};
    for (std::uint32_t c = 1; c < 4; ++c)
      requests.push_back({transfer(3 * c, Bytes{c} * (1 << 20), 64), 1000});
    run(memory, requests);
    Cycle wait = 0;
    const MemoryStats stats = *memory.finish();
    for (std::size_t c = 1; c < 4; ++c) wait += stats.ports[c].request_wait;
    return wait;
  };
  EXPECT_LT(2 * waits(Arbitration::round_robin), waits(Arbitration::oldest));
}

TEST(BurstMemory, SecondReadComesFromTheCache) {
  MachineConfig machine = machine_of(kHbm2, 2);
  machine.cache.size_bytes = 64 * kKiB;
  machine.cache.hit_cycles = 20;
  BurstMemory memory(machine, 1, 1);
  const auto ends = run(memory, {{transfer(0, 0, 64), 0}, {transfer(0, 0, 64), 1000}});
  EXPECT_EQ(ends[1].at, 1000 + 1 + 5 + 20 + 5 + 2);
  const MemoryStats stats = *memory.finish();
  EXPECT_EQ(stats.cache.total.reads, 2);
  EXPECT_EQ(stats.cache.total.read_hits, 1);
  EXPECT_EQ(stats.cache.by_buffer[0].hits(), 1);
  EXPECT_EQ(stats.dram.reads, 2);  // one line of two bursts
}

TEST(BurstMemory, WrittenLinesStayUntilTheyAreDisplaced) {
  MachineConfig machine = machine_of(kHbm2, 1);
  machine.cache = {1024, 1, 64, 20, 8};  // 16 lines
  BurstMemory memory(machine, 1, 1);
  run(memory, {{transfer(2, 0, 1024, true), 0},
               {transfer(0, 0, 1024), 1000},
               {transfer(0, 1024, 1024), 2000}});
  const MemoryStats stats = *memory.finish();
  EXPECT_EQ(stats.cache.total.read_hits, 16);
  EXPECT_EQ(stats.cache.writebacks, 16);
  EXPECT_EQ(stats.cache.fills, 16);
  EXPECT_EQ(stats.dram.writes, 32);
  EXPECT_EQ(stats.dram.reads, 32);
}

TEST(BurstMemory, EverySetOfEverySliceIsUsed) {
  MachineConfig machine = machine_of(kHbm2, 8);
  machine.cache = {64 * kKiB, 1, 64, 20, 32};
  BurstMemory memory(machine, 1, 1);
  run(memory, {{transfer(0, 0, 64 * kKiB), 0}, {transfer(0, 0, 64 * kKiB), 100'000}});
  EXPECT_EQ(memory.finish()->cache.total.read_hits, 1024)
      << "as large as the cache: all of it stays";
}

TEST(BurstMemory, RefusesLinesThatDoNotFit) {
  MachineConfig machine = machine_of(kHbm2, 1);
  machine.cache.size_bytes = 65536;
  machine.cache.line_bytes = 16;
  EXPECT_THROW(BurstMemory(machine, 1, 1), InputError);
  machine.cache.line_bytes = 512;
  EXPECT_THROW(BurstMemory(machine, 1, 1), InputError);
  machine.cache.line_bytes = 64;
  machine.cache.size_bytes = 512;
  EXPECT_THROW(BurstMemory(machine, 1, 1), InputError);
  machine.cache.size_bytes = 65536 + 64;  // some would never be used
  EXPECT_THROW(BurstMemory(machine, 1, 1), InputError);
}

}  // namespace
}  // namespace unna
