#include "tests/memmgr/fixtures.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <limits>
#include <map>
#include <numeric>
#include <sstream>

#include "base/file.h"
#include "memmgr/checker.h"
#include "memmgr/complete_problem.h"
#include "memmgr/placement/placement.h"
#include "memmgr/plan.h"
#include "memmgr/planners/options.h"
#include "memmgr/planners/registry.h"
#include "memmgr/shared_objects.h"

namespace unna::test {

std::filesystem::path shared_file(const std::string& relative) {
  const char* root = std::getenv("UNNA_SHARED");
  const auto path = (root != nullptr ? std::filesystem::path(root)
                                     : std::filesystem::path(UNNASIM_SOURCE_DIR) / "../shared") /
                    relative;
  return std::filesystem::exists(path) ? path : std::filesystem::path();
}

PlanProblem interval_problem(const std::vector<Life>& lives, Bytes alignment) {
  Lifetimes l;
  l.intervals.emplace();
  for (std::size_t i = 0; i < lives.size(); ++i) {
    l.buffers.push_back({fmt::format("b{}", i), lives[i].size, {}, {}});
    l.intervals->push_back({lives[i].first, lives[i].last + 1});
  }
  return make_problem(std::move(l), alignment);
}

const std::vector<Life>& pathological_packing() {
  static const std::vector<Life> lives = {{1, 10, 1}, {2, 3, 9}, {4, 13, 1},  {5, 6, 8},
                                          {7, 16, 1}, {8, 9, 7}, {11, 12, 8}, {14, 15, 7}};
  return lives;
}

const std::vector<Life>& fragmentation_fixture() {
  static const std::vector<Life> lives = {{2, 4, 1}, {1, 3, 2}, {0, 0, 3}, {4, 4, 3}, {0, 2, 4},
                                          {3, 3, 3}, {3, 3, 2}, {4, 4, 4}, {1, 1, 2}};
  return lives;
}

PlanProblem usage_records(const std::filesystem::path& path) {
  std::istringstream in(read_file(path));
  std::string line;
  std::getline(in, line);
  std::erase(line, '\r');
  EXPECT_EQ(line, "name,bytes,bytes_aligned64,first_op,last_op,shape");
  std::vector<Life> lives;
  while (std::getline(in, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    lives.push_back({std::stoll(cells.at(3)), std::stoll(cells.at(4)), std::stoll(cells.at(1))});
  }
  return interval_problem(lives, 64);
}

Object object_of(const OpGraph& graph, bool parallel) {
  Object object;
  object.network = "fixture";
  object.parallel_layers = parallel;
  object.layers.resize(graph.ops);
  object.layer_inputs.resize(graph.ops);
  for (const GraphTensor& t : graph.tensors) {
    const BufferId id(object.buffers.size());
    object.buffers.push_back({t.name, BufferKind::intermediate, t.size, t.name});
    TopologyUse use{id, {OpId(t.writer)}, {}};
    for (const std::size_t reader : t.readers) {
      use.readers.emplace_back(reader);
      object.layer_inputs[reader].emplace_back(t.writer);
    }
    std::ranges::sort(use.readers);
    object.topology.push_back(use);
  }
  for (auto& inputs : object.layer_inputs) std::ranges::sort(inputs);
  return object;
}

OpGraph reordered(const OpGraph& graph, const std::vector<std::size_t>& order) {
  std::vector<std::size_t> place(order.size());
  for (std::size_t p = 0; p < order.size(); ++p) place[order[p]] = p;
  OpGraph result = graph;
  for (GraphTensor& t : result.tensors) {
    t.writer = place[t.writer];
    for (std::size_t& reader : t.readers) reader = place[reader];
  }
  return result;
}

std::vector<std::vector<std::size_t>> execution_orders(const OpGraph& graph) {
  std::vector<std::vector<std::size_t>> found;
  std::vector<std::size_t> order(graph.ops);
  std::iota(order.begin(), order.end(), 0U);
  do {
    std::vector<std::size_t> place(graph.ops);
    for (std::size_t p = 0; p < graph.ops; ++p) place[order[p]] = p;
    const bool possible = std::ranges::all_of(graph.tensors, [&](const GraphTensor& t) {
      return std::ranges::all_of(t.readers,
                                 [&](std::size_t r) { return place[t.writer] < place[r]; });
    });
    if (possible) found.push_back(order);
  } while (std::ranges::next_permutation(order).found);
  return found;
}

Trace trace_of(const OpGraph& graph) {
  TraceBuilder builder(graph.ops);
  std::vector<BufferId> buffers;
  for (const GraphTensor& t : graph.tensors) buffers.push_back(builder.buffer(t.name, t.size));
  for (std::size_t op = 0; op < graph.ops; ++op) {
    // Starts when all inputs are there; reads and writes at the same time; then tells its readers.
    const auto load_hands_to_store = [&] {
      TraceEvent& e = builder.compute(op);
      e.engine = Engine::load_neuron;
      e.signal = engine_bit(Engine::store);
    };
    const auto store_takes_from_load = [&] {
      TraceEvent& e = builder.compute(op);
      e.engine = Engine::store;
      e.wait = engine_bit(Engine::load_neuron);
    };
    for (std::size_t t = 0; t < graph.tensors.size(); ++t)
      if (std::ranges::count(graph.tensors[t].readers, op) != 0)
        builder.wait(op, graph.tensors[t].writer, static_cast<std::uint32_t>(t));
    load_hands_to_store();
    for (std::size_t t = 0; t < graph.tensors.size(); ++t)
      if (std::ranges::count(graph.tensors[t].readers, op) != 0) builder.read(op, buffers[t]);
    load_hands_to_store();
    store_takes_from_load();
    for (std::size_t t = 0; t < graph.tensors.size(); ++t)
      if (graph.tensors[t].writer == op) builder.write(op, buffers[t]);
    store_takes_from_load();
    for (std::size_t t = 0; t < graph.tensors.size(); ++t)
      if (graph.tensors[t].writer == op)
        for (const std::size_t reader : graph.tensors[t].readers)
          builder.signal(op, reader, static_cast<std::uint32_t>(t));
  }
  return builder.finish();
}

TraceBuilder::TraceBuilder(std::size_t cores) : events_(cores) {
  trace_.network = "by-hand";
  trace_.cores = static_cast<std::int64_t>(cores);
}

BufferId TraceBuilder::buffer(const std::string& name, Bytes size, BufferKind kind) {
  trace_.buffers.push_back({name, kind, size, name});
  return BufferId(trace_.buffers.size() - 1);
}

TraceEvent& TraceBuilder::add(std::size_t core, std::optional<Engine> engine, TraceKind kind) {
  TraceEvent e;
  e.core = CoreId(core);
  e.pc = static_cast<std::uint32_t>(events_[core].size());
  e.engine = engine;
  e.kind = kind;
  events_[core].push_back(e);
  return events_[core].back();
}

TraceEvent& TraceBuilder::read(std::size_t core, BufferId b) {
  TraceEvent& e = add(core, Engine::load_neuron, TraceKind::read);
  e.buffer = b;
  e.end_byte = trace_.buffers[b.index()].size;
  return e;
}

TraceEvent& TraceBuilder::write(std::size_t core, BufferId b) {
  TraceEvent& e = add(core, Engine::store, TraceKind::write);
  e.buffer = b;
  e.end_byte = trace_.buffers[b.index()].size;
  return e;
}

TraceEvent& TraceBuilder::compute(std::size_t core) {
  return add(core, Engine::compute, TraceKind::compute);
}

void TraceBuilder::signal(std::size_t core, std::size_t to, std::uint32_t semaphore) {
  TraceEvent& e = add(core, Engine::store, TraceKind::signal);
  e.peer = CoreId(to);
  e.sync = semaphore;
}

void TraceBuilder::wait(std::size_t core, std::size_t from, std::uint32_t semaphore) {
  TraceEvent& e = add(core, Engine::load_neuron, TraceKind::wait);
  e.peer = CoreId(from);
  e.sync = semaphore;
}

void TraceBuilder::barrier(std::size_t core, std::uint64_t cores) {
  add(core, std::nullopt, TraceKind::barrier).cores = cores;
}

Trace TraceBuilder::finish() {
  for (std::size_t core = 0; core < events_.size(); ++core) {
    add(core, std::nullopt, TraceKind::halt);
    trace_.events.insert(trace_.events.end(), events_[core].begin(), events_[core].end());
  }
  return std::move(trace_);
}

namespace {

/// Steps of random_trace: executed in the order they are drawn, so that nothing can hang.
class RandomTrace {
 public:
  RandomTrace(Rng& rng, std::size_t cores, std::size_t buffers)
      : rng_(rng), cores_(cores), builder_(cores), tokens_(cores) {
    for (std::size_t b = 0; b < buffers; ++b)
      ids_.push_back(builder_.buffer(fmt::format("b{}", b), rng.between(1, 9)));
  }

  void step() {
    const std::size_t core = rng_.below(cores_);
    const auto what = rng_.below(20);
    if (what == 0) return barrier();
    if (what <= 3 && cores_ > 1) return signal_and_wait(core);
    TraceEvent* e = nullptr;
    if (what <= 5)
      e = &builder_.compute(core);
    else if (what <= 12)
      e = &builder_.read(core, ids_[rng_.below(ids_.size())]);
    else
      e = &builder_.write(core, ids_[rng_.below(ids_.size())]);
    if (what == 12) e->engine = Engine::load_synapse;
    tokens(core, *e);
  }

  Trace finish() { return builder_.finish(); }

 private:
  void barrier() {
    std::uint64_t set = 0;
    for (std::size_t c = 0; c < cores_; ++c)
      if (rng_.chance(2, 3)) set |= std::uint64_t{1} << c;
    for (std::size_t c = 0; c < cores_; ++c)
      if ((set >> c & 1U) != 0) builder_.barrier(c, set);
  }

  void signal_and_wait(std::size_t core) {
    const std::size_t other = (core + 1 + rng_.below(cores_ - 1)) % cores_;
    builder_.signal(core, other, static_cast<std::uint32_t>(core));
    if (rng_.chance(1, 2)) builder_.wait(other, core, static_cast<std::uint32_t>(core));
  }

  void tokens(std::size_t core, TraceEvent& e) {
    const auto own = static_cast<std::size_t>(*e.engine);
    for (std::size_t other = 0; other < kEngines; ++other) {
      if (other == own) continue;
      int& here = tokens_[core][other][own];
      if (here > 0 && rng_.chance(1, 2)) {
        e.wait = static_cast<EngineMask>(e.wait | (1U << other));
        --here;
      }
      if (!rng_.chance(1, 3)) continue;
      e.signal = static_cast<EngineMask>(e.signal | (1U << other));
      ++tokens_[core][own][other];
    }
  }

  Rng& rng_;
  std::size_t cores_;
  TraceBuilder builder_;
  std::vector<BufferId> ids_;
  std::vector<std::array<std::array<int, kEngines>, kEngines>> tokens_;
};

}  // namespace

Trace random_trace(Rng& rng, std::size_t cores, std::size_t buffers, std::size_t steps) {
  RandomTrace trace(rng, cores, buffers);
  for (std::size_t i = 0; i < steps; ++i) trace.step();
  return trace.finish();
}

std::vector<std::vector<bool>> brute_force_order(const Trace& trace) {
  const std::size_t n = trace.events.size();
  std::vector<std::vector<bool>> edge(n, std::vector<bool>(n, false));
  std::map<std::pair<std::uint64_t, int>, std::vector<std::size_t>> meetings;
  std::vector<std::map<std::uint64_t, int>> met(static_cast<std::size_t>(trace.cores));
  for (std::size_t v = 0; v < n; ++v) {
    const TraceEvent& b = trace.events[v];
    if (b.kind == TraceKind::barrier)
      meetings[{b.cores, met[b.core.index()][b.cores]++}].push_back(v);
    for (std::size_t u = 0; u < v; ++u) {
      const TraceEvent& a = trace.events[u];
      if (a.core != b.core) continue;
      if (!a.engine || !b.engine || *a.engine == *b.engine) edge[u][v] = true;
    }
  }
  // n-th given, n-th taken: tokens of a pair of engines, signals of a semaphore.
  for (std::size_t v = 0; v < n; ++v) {
    const TraceEvent& taker = trace.events[v];
    const auto nth = [&](auto&& takes, auto&& gives) {
      const auto before = std::count_if(
          trace.events.begin(), trace.events.begin() + static_cast<std::ptrdiff_t>(v), takes);
      std::ptrdiff_t seen = 0;
      for (std::size_t u = 0; u < n; ++u)
        if (gives(trace.events[u]) && seen++ == before) edge[u][v] = true;
    };
    for (std::size_t from = 0; from < kEngines && taker.engine; ++from) {
      if ((taker.wait >> from & 1U) == 0) continue;
      nth(
          [&](const TraceEvent& e) {
            return e.core == taker.core && e.engine == taker.engine && (e.wait >> from & 1U) != 0;
          },
          [&](const TraceEvent& e) {
            return e.core == taker.core && e.engine == static_cast<Engine>(from) &&
                   (e.signal >> static_cast<unsigned>(*taker.engine) & 1U) != 0;
          });
    }
    if (taker.kind == TraceKind::wait)
      nth(
          [&](const TraceEvent& e) {
            return e.kind == TraceKind::wait && e.core == taker.core && e.sync == taker.sync;
          },
          [&](const TraceEvent& e) {
            return e.kind == TraceKind::signal && e.peer == taker.core && e.sync == taker.sync;
          });
  }
  // What comes before one arrival comes before all that follows any.
  for (const auto& [key, members] : meetings)
    for (const std::size_t x : members)
      for (const std::size_t y : members)
        for (std::size_t u = 0; u < n && x != y; ++u) edge[u][y] = edge[u][y] || edge[u][x];
  for (std::size_t k = 0; k < n; ++k)
    for (std::size_t u = 0; u < n; ++u)
      if (edge[u][k])
        for (std::size_t v = 0; v < n; ++v) edge[u][v] = edge[u][v] || edge[k][v];
  return edge;
}

Bytes brute_force_antichain(const Lifetimes& lifetimes, const std::vector<Bytes>& weights) {
  const std::size_t n = weights.size();
  Bytes best = 0;
  for (std::uint32_t set = 0; set < (1U << n); ++set) {
    Bytes sum = 0;
    bool antichain = true;
    for (std::size_t a = 0; a < n && antichain; ++a) {
      if ((set >> a & 1U) == 0) continue;
      sum += weights[a];
      for (std::size_t b = a + 1; b < n; ++b)
        antichain = antichain && ((set >> b & 1U) == 0 || lifetimes.conflict(a, b));
    }
    if (antichain) best = std::max(best, sum);
  }
  return best;
}

Bytes brute_force_optimum(const PlanProblem& problem) {
  std::vector<std::uint32_t> order(problem.size());
  std::iota(order.begin(), order.end(), 0U);
  Bytes best = std::numeric_limits<Bytes>::max();
  do {
    best = std::min(best, peak_of(problem, place_in_order(problem, order, Fit::lowest)));
  } while (best > problem.lower_bound && std::ranges::next_permutation(order).found);
  return best;
}

PlanProblem random_intervals(Rng& rng, std::size_t n, std::int64_t horizon, Bytes max_size) {
  std::vector<Life> lives;
  for (std::size_t i = 0; i < n; ++i) {
    const std::int64_t first = rng.between(0, horizon - 1);
    lives.push_back({first, rng.between(first, std::min(horizon - 1, first + horizon / 3)),
                     rng.between(1, max_size)});
  }
  return interval_problem(lives);
}

void expect_all_planners_valid(const PlanProblem& problem, const std::string& name) {
  PlanOptions options;
  options.tetris.effort = 1;
  options.tetris.generations = 20;
  for (const PlannerInfo& info : planners()) {
    const Plan plan = run_planner(info.name, problem, options);
    for (const Violation& v : check_plan(problem, plan, 3))
      ADD_FAILURE() << name << ", " << info.name << ": " << v.message;
    EXPECT_GE(plan.peak, problem.lower_bound) << name << ", " << info.name;
    ASSERT_EQ(plan.objects.has_value(), info.shared_objects) << name << ", " << info.name;
    if (!plan.objects) continue;
    EXPECT_GE(plan.objects->total(), shared_object_bound(problem)) << name << ", " << info.name;
    EXPECT_GE(plan.peak, plan.objects->total()) << name << ", " << info.name;
  }
}

}  // namespace unna::test
