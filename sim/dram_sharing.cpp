#include "sim/dram_sharing.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace unna {
namespace {

__extension__ using Wide = __int128;

constexpr int kWorkBits = 16;

constexpr auto kLater = [](const auto& a, const auto& b) {
  return a.key != b.key ? a.key > b.key : a.stream > b.stream;
};

}  // namespace

void DramSharing::Heap::push(Entry entry) {
  entries_.push_back(entry);
  std::ranges::push_heap(entries_, kLater);
}

DramSharing::Entry DramSharing::Heap::pop() {
  std::ranges::pop_heap(entries_, kLater);
  const Entry entry = entries_.back();
  entries_.pop_back();
  return entry;
}

DramSharing::DramSharing(std::int64_t bytes_per_cycle_q16, std::size_t streams)
    : rate_(bytes_per_cycle_q16), streams_(streams) {
  invariant(rate_ > 0 && rate_ < (std::int64_t{1} << 61U), "DRAM rate {} is out of range", rate_);
}

void DramSharing::request(std::uint32_t stream, Bytes bytes, Cycle ready) {
  invariant(bytes >= 0 && bytes < (Bytes{1} << 36U), "transfer of {} bytes", bytes);
  invariant(ready >= now_, "data ready at cycle {} asked for at {}", ready, now_);
  Ring<Transfer>& queue = streams_[stream];
  if (queue.empty()) waiting_.push({ready, stream});
  queue.push({bytes, ready});
}

std::optional<Cycle> DramSharing::next_event() const {
  Cycle next = std::numeric_limits<Cycle>::max();
  if (!waiting_.empty()) next = waiting_.top().key;
  if (!active_.empty()) {
    const Wide work = served_ + Wide{active_.top().key - virtual_} * Wide(active_.size());
    next = std::min(next, epoch_ + static_cast<Cycle>((work + rate_ - 1) / rate_));
  } else if (waiting_.empty()) {
    return std::nullopt;
  }
  return next;
}

void DramSharing::advance(Cycle now, TransferListener& listener) {
  invariant(now >= now_, "DRAM time runs backwards from {} to {}", now_, now);
  for (;;) {
    const bool arrival = !waiting_.empty() && waiting_.top().key <= now;
    const Cycle target = arrival ? waiting_.top().key : now;
    serve_until(target, listener);
    // A head that became active or waits for later may have changed the top.
    if (waiting_.empty() || waiting_.top().key > target) {
      if (target == now) break;
      continue;
    }
    if (active_.empty()) {
      epoch_ = target;
      served_ = 0;
      virtual_ = 0;
      busy_from_ = target;
    }
    while (!waiting_.empty() && waiting_.top().key <= target)
      start_head(waiting_.pop().stream, listener);
  }
  now_ = now;
}

void DramSharing::serve_until(Cycle target, TransferListener& listener) {
  while (!active_.empty()) {
    const auto n = static_cast<std::int64_t>(active_.size());
    const Wide due = Wide{rate_} * (target - epoch_) - served_;
    const Wide need = Wide{active_.top().key - virtual_} * n;
    if (need > due) {
      // Everything below one unit a transfer stays due.
      const auto step = static_cast<Work>(due / n);
      virtual_ += step;
      served_ += step * n;
      break;
    }
    virtual_ = active_.top().key;
    served_ += static_cast<Work>(need);
    const Cycle whole = served_ / rate_;
    epoch_ += whole;
    served_ -= whole * rate_;
    end_front_runners(listener);
  }
}

/// Ends all transfers whose virtual finish is now, then starts those behind them.
void DramSharing::end_front_runners(TransferListener& listener) {
  const Cycle at = end_cycle();
  ended_.clear();
  while (!active_.empty() && active_.top().key == virtual_) {
    const std::uint32_t stream = active_.pop().stream;
    bytes_served_ += streams_[stream].front().bytes;
    streams_[stream].pop();
    listener.data_ended(stream, at);
    ended_.push_back(stream);
  }
  for (const std::uint32_t stream : ended_) {
    if (streams_[stream].empty()) continue;
    const Cycle ready = streams_[stream].front().ready;
    if (ready <= whole_cycles_served())
      start_head(stream, listener);
    else
      waiting_.push({ready, stream});
  }
  if (active_.empty()) busy_ += at - busy_from_;
}

void DramSharing::start_head(std::uint32_t stream, TransferListener& listener) {
  active_.push({virtual_ + (streams_[stream].front().bytes << kWorkBits), stream});
  listener.data_started(stream);
}

Cycle DramSharing::busy_cycles() const {
  return busy_ + (active_.empty() ? 0 : now_ - busy_from_);
}

}  // namespace unna
