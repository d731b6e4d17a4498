#include "flow/serve.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/host.h"
#include "base/version.h"
#include "flow/sample_steps.h"
#include "flow/step_programs.h"
#include "text/csv.h"
#include "text/numbers.h"

namespace unna {
namespace {

std::int64_t tokens_of(const CsvField& field, std::string_view what) {
  std::int64_t value = 0;
  if (!parse_integer(field.text, value) || value < 1 || value > kMostTokens)
    throw InputError(field.pos, fmt::format("{} is '{}', expected an integer from 1 to {}", what,
                                            field.text, kMostTokens));
  return value;
}

double seconds_of(const CsvField& field) {
  double value = 0;
  if (!parse_number(field.text, value) || value < 0 || value > 1e9)
    throw InputError(field.pos,
                     fmt::format("arrival is '{}', expected seconds from 0 to 1e9", field.text));
  return value;
}

}  // namespace

std::vector<Request> parse_requests(const std::string& text, const std::string& file) {
  CsvReader reader(text, file);
  const auto header = reader.next();
  const std::vector<std::string_view> names{"arrival", "prompt", "tokens"};
  const auto is_header = [&] {
    return header && std::ranges::equal(*header, names, {}, &CsvField::text);
  };
  if (!is_header())
    throw InputError(SourcePos{file, 1, 1}, "expected the header arrival,prompt,tokens");
  std::vector<Request> requests;
  while (const auto record = reader.next()) {
    if (record->size() != names.size())
      throw InputError(record->front().pos,
                       fmt::format("{} fields, expected {}", record->size(), names.size()));
    requests.push_back({seconds_of((*record)[0]), tokens_of((*record)[1], "prompt"),
                        tokens_of((*record)[2], "tokens")});
  }
  if (requests.empty()) throw InputError(SourcePos{file}, "has no requests, expected at least one");
  return requests;
}

namespace {

class Server {
 public:
  Server(const std::vector<Request>& requests, std::int64_t slots, double clock_hz,
         const RunCost& cost)
      : clock_hz_(clock_hz), cost_(cost), slots_(static_cast<std::size_t>(slots)) {
    for (const Request& r : requests) result_.requests.push_back({r, 0, 0, 0, 0});
    queue_.resize(requests.size());
    std::iota(queue_.begin(), queue_.end(), std::size_t{0});
    std::ranges::stable_sort(
        queue_, [&](auto a, auto b) { return requests[a].arrival < requests[b].arrival; });
  }

  ServeTimeline run() {
    while (true) {
      const auto free = std::ranges::find_if(slots_, [](const auto& s) { return !s; });
      const bool waiting = next_ < queue_.size();
      const bool arrived = waiting && result_.requests[queue_[next_]].request.arrival <= now_;
      if (arrived && free != slots_.end())
        run_prompt(queue_[next_++], static_cast<std::size_t>(free - slots_.begin()));
      else if (in_use() > 0)
        run_step();
      else if (waiting)
        now_ = result_.requests[queue_[next_]].request.arrival;
      else
        break;
    }
    result_.end = now_;
    return std::move(result_);
  }

 private:
  struct Sequence {
    std::size_t request = 0;
    std::int64_t made = 0;  ///< tokens
  };

  /// Slots up to the highest that is in use.
  std::int64_t in_use() const {
    std::int64_t highest = 0;
    for (std::size_t s = 0; s < slots_.size(); ++s)
      if (slots_[s]) highest = static_cast<std::int64_t>(s) + 1;
    return highest;
  }

  void spend(const StepShape& shape) {
    const StepFigures run = cost_(shape);
    const double seconds = run.cycles / clock_hz_;
    now_ += seconds;
    result_.busy += seconds;
    result_.energy_pj += run.energy_pj;
    result_.dram += run.dram_read + run.dram_written;
  }

  void run_prompt(std::size_t request, std::size_t slot) {
    ServedRequest& served = result_.requests[request];
    served.slot = static_cast<std::int64_t>(slot);
    served.start = now_;
    spend({0, served.request.prompt, 1});
    served.first = now_;
    ++result_.prompts;
    slots_[slot] = Sequence{request, 1};
    end_finished(slot);
  }

  void run_step() {
    std::int64_t past = 0;
    for (const auto& s : slots_)
      if (s) past = std::max(past, result_.requests[s->request].request.prompt + s->made - 1);
    spend({past, 1, in_use()});
    ++result_.steps;
    for (std::size_t s = 0; s < slots_.size(); ++s) {
      if (!slots_[s]) continue;
      ++slots_[s]->made;
      ++result_.step_tokens;
      end_finished(s);
    }
  }

  void end_finished(std::size_t slot) {
    ServedRequest& served = result_.requests[slots_[slot]->request];
    if (slots_[slot]->made < served.request.tokens) return;
    served.end = now_;
    slots_[slot].reset();
  }

  double clock_hz_;
  const RunCost& cost_;
  std::vector<std::optional<Sequence>> slots_;
  std::vector<std::size_t> queue_;  ///< requests by arrival
  std::size_t next_ = 0;            ///< of the queue
  double now_ = 0;
  ServeTimeline result_;
};

/// Costs of runs of a network: prompts of one sequence, and steps of 1, 2, 4, ... sequences.
class Costs {
 public:
  Costs(const std::vector<Request>& requests, std::int64_t slots, double tolerance)
      : tolerance_(tolerance) {
    std::set<std::int64_t> lengths;
    for (const Request& r : requests) {
      lengths.insert(r.prompt);
      last_past_ = std::max(last_past_, r.prompt + r.tokens - 2);
      steps_ = steps_ || r.tokens > 1;
    }
    lengths_.assign(lengths.begin(), lengths.end());
    for (std::int64_t b = 1; b < slots; b *= 2) batches_.push_back(b);
    batches_.push_back(slots);
  }

  std::int64_t context() const { return std::max(longest(), last_past_ + 1); }
  StepShape longest_prompt() const { return {0, longest(), 1}; }
  bool has_steps() const { return steps_; }
  StepShape first_step(std::int64_t batch) const { return {shortest(), 1, batch}; }
  StepShape last_step(std::int64_t batch) const { return {last_past_, 1, batch}; }

  void sample(const std::function<StepFigures(const StepShape&)>& simulate) {
    add(prompts_, sample_steps(of_one_kind(lengths_), tolerance_, [&](std::int64_t length) {
          return simulate({0, length, 1});
        }));
    if (!steps_) return;
    const std::vector<StepLength> pasts =
        of_one_kind(consecutive(shortest(), last_past_ - shortest() + 1));
    for (const std::int64_t batch : batches_)
      add(by_batch_[batch], sample_steps(pasts, tolerance_, [&](std::int64_t past) {
            return simulate({past, 1, batch});
          }));
  }

  StepFigures of(const StepShape& shape) const {
    if (shape.past == 0)
      return prompts_.at(static_cast<std::size_t>(std::ranges::lower_bound(lengths_, shape.length) -
                                                  lengths_.begin()));
    const auto at = static_cast<std::size_t>(shape.past - shortest());
    const auto above = by_batch_.lower_bound(*shape.batch);
    if (above->first == *shape.batch) return above->second.at(at);
    const auto below = std::prev(above);
    const double share = static_cast<double>(*shape.batch - below->first) /
                         static_cast<double>(above->first - below->first);
    return interpolated(below->second.at(at), above->second.at(at), share);
  }

  std::size_t simulated() const { return simulated_; }
  double deviation() const { return deviation_; }

 private:
  void add(std::vector<StepFigures>& costs, SampledSteps sampled) {
    costs = std::move(sampled.steps);
    simulated_ += sampled.simulated;
    deviation_ = std::max(deviation_, sampled.deviation);
  }

  std::int64_t shortest() const { return lengths_.front(); }
  std::int64_t longest() const { return lengths_.back(); }

  double tolerance_;
  std::vector<std::int64_t> lengths_;  ///< of prompts, ascending
  std::int64_t last_past_ = 0;
  bool steps_ = false;
  std::vector<std::int64_t> batches_;
  std::vector<StepFigures> prompts_;                           ///< as lengths_
  std::map<std::int64_t, std::vector<StepFigures>> by_batch_;  ///< by past from the shortest on
  std::size_t simulated_ = 0;
  double deviation_ = 0;
};

}  // namespace

ServeTimeline serve_requests(const std::vector<Request>& requests, std::int64_t slots,
                             double clock_hz, const RunCost& cost) {
  return Server(requests, slots, clock_hz, cost).run();
}

ServeReport serve(const NetworkChoice& network, const std::filesystem::path& file,
                  const ChosenMachine& machine, const GenerateOptions& options, bool timing) {
  const Stopwatch total;
  const std::string text = read_file(file);
  const std::vector<Request> requests = parse_requests(text, file.string());
  const std::int64_t slots = options.batch.value_or(1);
  Costs costs(requests, slots, options.tolerance);
  const std::int64_t context = options.context.value_or(costs.context());
  if (context < costs.context())
    throw InputError(
        fmt::format("unnasim generate: --context: '{}' is too small, expected {} or "
                    "more: the longest request of {} needs room for so many tokens",
                    context, costs.context(), file.string()));
  StepPrograms programs(network, machine, options.run, context);
  std::vector<StepShape> seen{costs.longest_prompt()};
  if (costs.has_steps()) {
    programs.pack(costs.first_step(1));
    seen.push_back(costs.last_step(1));
    seen.push_back(costs.last_step(slots));
  }
  programs.prove(seen, seen);

  std::vector<StepShape> simulated;
  costs.sample([&](const StepShape& shape) {
    if (options.run.progress) options.run.progress({"simulating", simulated.size(), 0, 0});
    programs.require(shape);
    simulated.push_back(shape);
    if (shape == costs.longest_prompt() && costs.has_steps())
      programs.simulate(shape, 0, slots - 1);
    return programs.simulate(shape, shape == seen.back() ? options.run.perturbed : 0);
  });
  programs.prove({}, simulated);

  ServeReport report;
  const Compiled first = programs.compiled(costs.longest_prompt());
  report.version = kVersion;
  report.network = first.object->network;
  report.network_file = first.network_file;
  report.requests_file = {file.string(), hash_hex(text)};
  report.machine_file = machine.file;
  report.machine = machine.config;
  report.slots = slots;
  report.context = context;
  report.simulated = costs.simulated();
  report.deviation = costs.deviation();
  report.left_out = programs.left_out();
  report.timeline =
      serve_requests(requests, slots, static_cast<double>(machine.config.clock_mhz) * 1e6,
                     [&](const StepShape& shape) { return costs.of(shape); });
  report.footprint = programs.footprint();
  if (timing) {
    report.host.emplace();
    report.host->total_seconds = total.seconds();
    report.host->max_rss_kib = max_rss_kib();
  }
  return report;
}

}  // namespace unna
