#include "report/serve_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "text/units.h"

namespace unna {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kShares[] = {0.5, 0.9, 0.99};

std::vector<double> first_tokens(const ServeTimeline& t) {
  std::vector<double> all;
  for (const ServedRequest& r : t.requests) all.push_back(r.first_token());
  return all;
}
std::vector<double> per_tokens(const ServeTimeline& t) {
  std::vector<double> all;
  for (const ServedRequest& r : t.requests)
    if (const auto time = r.per_token()) all.push_back(*time);
  return all;
}
std::vector<double> latencies(const ServeTimeline& t) {
  std::vector<double> all;
  for (const ServedRequest& r : t.requests) all.push_back(r.latency());
  return all;
}

std::int64_t tokens_of(const ServeTimeline& t) {
  std::int64_t all = 0;
  for (const ServedRequest& r : t.requests) all += r.request.tokens;
  return all;
}
double per_second(const ServeTimeline& t) {
  return t.end > 0 ? static_cast<double>(tokens_of(t)) / t.end : 0;
}
double sequences_a_step(const ServeTimeline& t) {
  return t.steps > 0 ? static_cast<double>(t.step_tokens) / static_cast<double>(t.steps) : 0;
}

std::string item(std::string_view name, const std::string& text) {
  return fmt::format("  {:<13} {}\n", name, text);
}

std::string percentiles_text(const std::vector<double>& values) {
  std::string out;
  for (const double share : kShares)
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", percent(share, 0),
                       readable_seconds(percentile(values, share)));
  return out;
}

Json percentiles_json(const std::vector<double>& values) {
  Json json;
  for (const double share : kShares)
    json[fmt::format("p{:.0f}", share * 100)] = figure(percentile(values, share), "s");
  return json;
}

}  // namespace

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const double rank = std::ceil(share * static_cast<double>(values.size()));
  const auto index = static_cast<std::size_t>(std::max(1.0, rank)) - 1;
  return values[std::min(index, values.size() - 1)];
}

std::string serve_text(const ServeReport& r) {
  const ServeTimeline& t = r.timeline;
  const GenerateFootprint& f = r.footprint;
  const auto tokens = static_cast<double>(tokens_of(t));
  std::string out =
      fmt::format("{} on {} of {} at {} MHz: {}, at most {} at a time\n", r.network,
                  counted(r.machine.cores, "core"), r.machine.name, r.machine.clock_mhz,
                  counted(t.requests.size(), "request"), counted(r.slots, "sequence"));
  out += item("first token", percentiles_text(first_tokens(t)));
  out += item("per token", percentiles_text(per_tokens(t)));
  out += item("latency", percentiles_text(latencies(t)));
  out += item("rate", fmt::format("{} tokens/s over {}, of which the machine was busy {}; {} "
                                  "sequences a step on average",
                                  significant(per_second(t)), readable_seconds(t.end),
                                  percent(t.end > 0 ? t.busy / t.end : 0),
                                  significant(sequences_a_step(t))));
  out += item("energy", fmt::format("{} a token", readable_joules(t.energy_pj * 1e-12 / tokens)));
  out += item("DRAM", fmt::format("{} a token", readable_bytes(std::llround(t.dram / tokens))));
  out += item(
      "footprint",
      fmt::format("{} weights, {} caches for {} of {} tokens, {} intermediates, {} in all",
                  readable_bytes(f.weights), readable_bytes(f.states), counted(r.slots, "sequence"),
                  grouped(r.context), readable_bytes(f.intermediates), readable_bytes(f.total)));
  out += item("runs", fmt::format("{} prompts, {} steps; {} simulated and validated, times of "
                                  "others interpolated: lines are at most {} off",
                                  grouped(t.prompts), grouped(t.steps),
                                  counted(r.simulated, "program"), percent(r.deviation, 2)));
  if (!r.left_out.empty()) out += item("blocks", left_out_text(r.left_out));
  if (r.host)
    out += item("host", fmt::format("{}, {}", readable_seconds(r.host->total_seconds),
                                    readable_bytes(r.host->max_rss_kib * 1024)));
  return out;
}

std::string serve_json(const ServeReport& r) {
  const ServeTimeline& t = r.timeline;
  Json json;
  json["version"] = r.version;
  json["network"] = r.network;
  json["network_file"] = {{"path", r.network_file.path}, {"xxh64", r.network_file.hash}};
  json["requests_file"] = {{"path", r.requests_file.path}, {"xxh64", r.requests_file.hash}};
  if (r.machine_file)
    json["machine_file"] = {{"path", r.machine_file->path}, {"xxh64", r.machine_file->hash}};
  json["machine"] = r.machine.name;
  json["cores"] = figure(r.machine.cores, "cores");
  json["slots"] = figure(r.slots, "sequences");
  json["context"] = figure(r.context, "tokens");
  json["first_token"] = percentiles_json(first_tokens(t));
  json["per_token"] = percentiles_json(per_tokens(t));
  json["latency"] = percentiles_json(latencies(t));
  json["tokens"] = figure(tokens_of(t), "tokens");
  json["tokens_per_second"] = figure(per_second(t), "tokens/s");
  json["end"] = figure(t.end, "s");
  json["busy"] = figure(t.busy, "s");
  json["prompts"] = figure(t.prompts, "runs");
  json["steps"] = figure(t.steps, "runs");
  json["sequences_per_step"] = figure(sequences_a_step(t), "sequences");
  json["energy"] = figure(t.energy_pj * 1e-3, "nJ");
  json["dram"] = figure(t.dram, "bytes");
  json["footprint"] = {{"weights", figure(r.footprint.weights, "bytes")},
                       {"caches", figure(r.footprint.states, "bytes")},
                       {"intermediates", figure(r.footprint.intermediates, "bytes")},
                       {"total", figure(r.footprint.total, "bytes")}};
  json["simulated_programs"] = figure(static_cast<std::int64_t>(r.simulated), "programs");
  json["interpolation_deviation"] = figure(r.deviation, "ratio");
  if (!r.left_out.empty()) json["equal_blocks"] = left_out_json(r.left_out);
  json["requests"] = Json::array();
  for (const ServedRequest& s : t.requests)
    json["requests"].push_back({{"arrival", figure(s.request.arrival, "s")},
                                {"prompt", figure(s.request.prompt, "tokens")},
                                {"tokens", figure(s.request.tokens, "tokens")},
                                {"slot", s.slot},
                                {"start", figure(s.start, "s")},
                                {"first_token", figure(s.first, "s")},
                                {"end", figure(s.end, "s")}});
  return json.dump(2) + "\n";
}

std::string served_csv(const ServeReport& r) {
  std::string out = "arrival,prompt,tokens,slot,start,first_token,end\n";
  for (const ServedRequest& s : r.timeline.requests)
    out += fmt::format("{},{},{},{},{},{},{}\n", s.request.arrival, s.request.prompt,
                       s.request.tokens, s.slot, s.start, s.first, s.end);
  return out;
}

}  // namespace unna
