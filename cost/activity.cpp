#include "cost/activity.h"

#include "cost/dimensions.h"
#include "isa/accesses.h"
#include "isa/dimensions.h"
// What each instruction does: docs/model.md, "Activity", gives the dataflow.

#include <algorithm>

namespace unna {
namespace {

using enum Operand;

void count_function(Activity& a, Function f, std::int64_t elements) {
  if (f == Function::none) return;
  (is_special(f) ? a.special : a.elementwise) += elements;
}

/// Results or partial sums go to NBout; with kAccumulate partial sums came from there.
void count_output(Activity& a, const Instruction& i, std::int64_t results) {
  if (has_flag(i, kAccumulate)) a.sums_read += results;
  (has_flag(i, kPartial) ? a.sums_written : a.results_written) += results;
}

/// Whether the indexing module makes full rows of multipliers out of kernel positions that have
/// fewer inputs (row_cycles()).
bool packed(const Instruction& i, const Reduction& r, const CoreConfig& core) {
  return i.opcode == Opcode::conv && core.indexing == Indexing::step && r.taps > 1 &&
         r.inputs % products_per_cycle(core) != 0;
}

void count_products(Activity& a, const Instruction& i, const Reduction& r, const CoreConfig& core) {
  const std::int64_t results = product({r.positions, r.channels});
  a.multiplies = a.adds = macs(i);
  if (has_flag(i, kIndexed)) {
    // Whatever the index skips, a window of neurons stands before the indexing module each cycle.
    a.neurons = product({r.positions, i.count(Operand::pe_cycles),
                         std::min<std::int64_t>(core.index_window, r.length())});
    a.packed_synapses = product({r.positions, i.count(Operand::wt_bytes)});
    a.selected = a.multiplies;
  } else {
    a.neurons = r.own_inputs ? a.multiplies
                             : product({r.positions, ceil_div(r.channels, core.pes), r.length()});
    if (has_flag(i, kGrouped)) {
      a.packed_synapses = product({r.positions, i.count(Operand::wt_bytes)});
      a.expanded = a.multiplies;
    } else {
      a.synapses = a.multiplies;
    }
    if (packed(i, r, core)) a.selected = a.multiplies;
  }
  if (has_flag(i, kBias)) a.biases = r.channels;
  if (!has_flag(i, kPartial)) {
    count_function(a, i.fn(post), results);
    if (i.has(gamma) && i.real(gamma) != 1) a.elementwise += results;
  }
  count_output(a, i, results);
}

void count_pool(Activity& a, const Instruction& i, const Reduction& r) {
  const std::int64_t results = product({r.positions, r.channels});
  a.neurons = a.adds = product({results, r.length()});
  if (i.fn(fn) != Function::max && !has_flag(i, kPartial))
    count_function(a, i.real(gamma) == 0 ? Function::div : Function::mul, results);
  count_output(a, i, results);
}

void count_elementwise(Activity& a, const Instruction& i) {
  if (i.opcode == Opcode::resize) {
    const std::int64_t n = product(i, {out_h, out_w, in_c});
    const bool bilinear = i.fn(fn) == Function::mean;
    a.neurons = bilinear ? 4 * n : n;
    a.elementwise = bilinear ? 8 * n : 0;  // four multiplies and four adds
    a.results_written = n;
    return;
  }
  const std::int64_t n = product(i, {rows, cols});
  a.neurons = i.opcode == Opcode::ewise ? 2 * n : n;
  count_function(a, i.fn(fn), n);
  if (i.opcode == Opcode::reduce) {
    if (i.real(gamma) != 1 && !has_flag(i, kPartial)) a.elementwise += i.count(rows);
    return count_output(a, i, i.count(rows));
  }
  if (i.opcode == Opcode::ewise) count_function(a, i.fn(post), n);
  a.results_written = n;
}

/// A row's state is read and written as so many accumulators of 4 bytes.
constexpr std::int64_t kStateWords = kRowStateBytes / 4;

void count_stats(Activity& a, const Instruction& i) {
  const std::int64_t n = product(i, {rows, cols});
  a.neurons = n;
  // max and sum; difference and sum; difference, square and sum
  a.elementwise = i.fn(fn) == Function::mul ? 3 * n : i.fn(fn) == Function::exp ? 2 * n : n;
  if (i.fn(fn) == Function::exp) a.special = n;
  a.sums_written = i.count(rows) * kStateWords;
  if (has_flag(i, kAccumulate)) a.sums_read = a.sums_written;
}

/// Passes as in cost/timing.cpp; what one pass leaves for the next lies in the result tile.
void count_special(Activity& a, const Instruction& i) {
  const std::int64_t n = product(i, {rows, cols});
  switch (i.opcode) {
    case Opcode::stats:
      return count_stats(a, i);
    case Opcode::softmax:          // maximum; exponential and sum; scaling
      if (has_flag(i, kStates)) {  // difference, exponential, scaling
        a.neurons = a.results_written = n;
        a.elementwise = 2 * n;
        a.special = n + i.count(rows);
        a.sums_read = i.count(rows) * kStateWords;
        return;
      }
      a.neurons = 2 * n;
      a.elementwise = 3 * n;
      a.special = n + i.count(rows);
      a.results_read = n;
      a.results_written = 2 * n;
      return;
    case Opcode::norm:  // sum; difference, square, sum; difference, product; product, sum
      if (has_flag(i, kStates)) {  // difference, product; product, sum
        a.neurons = a.results_written = n;
        a.elementwise = 4 * n;
        a.special = 2 * i.count(rows);
        a.synapses = a.biases = n;
        a.sums_read = i.count(rows) * kStateWords;
        return;
      }
      a.neurons = 3 * n;
      a.elementwise = 8 * n;
      a.special = 2 * i.count(rows);
      a.synapses = a.biases = a.results_read = n;
      a.results_written = 2 * n;
      return;
    case Opcode::lrn:  // squares and their sum in the PEs; power; product
      a.neurons = a.multiplies = a.adds = product({n, i.count(kw)});
      a.special = a.elementwise = a.results_written = n;
      return;
    case Opcode::lstm:  // four gates, tanh of the state; three products and a sum
      a.neurons = 5 * n;
      a.special = 5 * n;
      a.elementwise = 4 * n;
      a.results_read = n;
      a.results_written = 2 * n;
      return;
    default:
      throw InternalError("no special instruction");
  }
}

void count_dma(Activity& a, const Instruction& i) {
  const Bytes bytes = Strided::of(i).total();
  if (i.opcode == Opcode::load_n) a.loaded_neurons = bytes;
  if (i.opcode == Opcode::load_s) a.loaded_synapses = bytes;
  if (i.opcode == Opcode::store) a.stored = bytes;
}

/// All members, for their sums.
constexpr auto kCounts = {
    &Activity::instructions,    &Activity::multiplies,     &Activity::adds,
    &Activity::elementwise,     &Activity::special,        &Activity::neurons,
    &Activity::selected,        &Activity::synapses,       &Activity::packed_synapses,
    &Activity::expanded,        &Activity::biases,         &Activity::results_read,
    &Activity::results_written, &Activity::sums_read,      &Activity::sums_written,
    &Activity::moved,           &Activity::loaded_neurons, &Activity::loaded_synapses,
    &Activity::stored};
static_assert(sizeof(Activity) == kCounts.size() * sizeof(std::int64_t));

}  // namespace

Activity& Activity::operator+=(const Activity& other) {
  for (const auto count : kCounts) this->*count += other.*count;
  return *this;
}

Activity activity(const Instruction& i, const CoreConfig& core) {
  Activity a;
  a.instructions = 1;
  switch (info(i.opcode).timing) {
    case TimingClass::control:
      break;
    case TimingClass::dma:
      count_dma(a, i);
      break;
    case TimingClass::mac:
      count_products(a, i, *reduction(i), core);
      break;
    case TimingClass::pool:
      count_pool(a, i, *reduction(i));
      break;
    case TimingClass::elementwise:
      count_elementwise(a, i);
      break;
    case TimingClass::special:
      count_special(a, i);
      break;
    case TimingClass::move:
      a.moved = Strided::of(i).total();
      break;
  }
  return a;
}

Cycle port_cycles(const Activity& a, const CoreConfig& core) {
  const std::int64_t moved = ceil_div<std::int64_t>(a.moved, kLaneBytes);
  const std::int64_t read = a.results_read + a.sums_read;
  const std::int64_t written = a.results_written + a.sums_written + moved;
  return std::max(ceil_div(a.neurons + moved, core.nbin_read_elements),
                  ceil_div(std::max(read, written), core.nbout_port_elements));
}

}  // namespace unna
