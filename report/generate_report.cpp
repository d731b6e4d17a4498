#include "report/generate_report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "report/json.h"
#include "text/units.h"

namespace unna {
namespace {

using Json = nlohmann::ordered_json;
using Member = double StepFigures::*;

double seconds_of(double cycles, const MachineConfig& machine) {
  return cycles / (static_cast<double>(machine.clock_mhz) * 1e6);
}

double sum(const GenerateReport& report, Member member) {
  double all = 0;
  for (const StepFigures& step : report.steps) all += step.*member;
  return all;
}

/// Of the decode steps, for each new token of each sequence.
double per_token(const GenerateReport& report, double all) {
  const auto tokens = static_cast<double>(report.steps.size()) * static_cast<double>(report.batch);
  return tokens > 0 ? all / tokens : 0;
}

double moved(const GenerateReport& report) {
  return sum(report, &StepFigures::dram_read) + sum(report, &StepFigures::dram_written);
}

Bytes to_bytes(double bytes) {
  return std::llround(bytes);
}

std::string line(std::string_view name, const std::string& text) {
  return fmt::format("  {:<13} {}\n", name, text);
}

std::string decode_text(const GenerateReport& r) {
  if (r.steps.empty()) return line("decode", "none: the prompt's run makes the only token");
  const auto at = [&](const StepFigures& s) {
    return readable_seconds(seconds_of(s.cycles, r.machine));
  };
  std::string out =
      line("per token", fmt::format("{} on average, {} at {} tokens to {} at {}",
                                    readable_seconds(token_seconds(r)), at(r.steps.front()),
                                    grouped(r.steps.front().past), at(r.steps.back()),
                                    grouped(r.steps.back().past)));
  out += line("rate", fmt::format("{} tokens/s while decoding, {} from start to end",
                                  significant(decode_tokens_per_second(r)),
                                  significant(tokens_per_second(r))));
  out += line("energy",
              fmt::format("{} a token, {} of the prompt",
                          readable_joules(per_token(r, sum(r, &StepFigures::energy_pj)) * 1e-12),
                          readable_joules(r.prefill.energy_pj * 1e-12)));
  out += line(
      "DRAM",
      fmt::format("{} a token, {} of the prompt", readable_bytes(to_bytes(per_token(r, moved(r)))),
                  readable_bytes(to_bytes(r.prefill.dram_read + r.prefill.dram_written))));
  return out;
}

std::string steps_text(const GenerateReport& r) {
  const std::size_t between = r.steps.size() - r.simulated;
  if (r.steps.empty()) return "";
  if (between == 0) return fmt::format("all {} simulated", counted(r.steps.size(), "step"));
  return fmt::format(
      "{} of {} simulated, at least one of each of {} of programs; cycles of the others "
      "interpolated: of those looked at between, none is more than {} off",
      r.simulated, counted(r.steps.size(), "step"), counted(r.kinds, "kind"),
      percent(r.deviation, 2));
}

/// Nothing reads the keys and values of the last token.
std::string room_text(const GenerateReport& r) {
  std::string tokens = counted(r.context, "token");
  if (r.context != r.prompt + r.tokens - 1) return tokens;
  return fmt::format("{} (all of them but the last)", tokens);
}

std::string functional_text(const GenerateFunctional& f) {
  std::string out;
  if (f.tensors > 0)
    out +=
        fmt::format("{} tensors of all steps are the reference's (largest error {}), ",
                    grouped(static_cast<std::int64_t>(f.tensors)), plain_number(f.largest_error));
  return out +
         fmt::format("caches and outputs are those of one run without cache (largest error {})",
                     plain_number(f.whole_error));
}

Json step_json(const StepFigures& s, const MachineConfig& machine) {
  return {{"past", figure(s.past, "tokens")},
          {"length", figure(s.length, "tokens")},
          {"simulated", s.simulated},
          {"cycles", figure(s.cycles, "cycles")},
          {"latency", figure(seconds_of(s.cycles, machine), "s")},
          {"dram_read", figure(s.dram_read, "bytes")},
          {"dram_written", figure(s.dram_written, "bytes")},
          {"energy", figure(s.energy_pj * 1e-3, "nJ")},
          {"macs", figure(s.macs, "MACs")}};
}

Json footprint_json(const GenerateFootprint& f) {
  return {{"weights", figure(f.weights, "bytes")},
          {"caches", figure(f.states, "bytes")},
          {"intermediates", figure(f.intermediates, "bytes")},
          {"intermediates_lower_bound", figure(f.lower_bound, "bytes")},
          {"inputs_and_outputs", figure(f.inputs_outputs, "bytes")},
          {"total", figure(f.total, "bytes")},
          {"planner", f.planner}};
}

}  // namespace

double first_token_seconds(const GenerateReport& r) {
  return seconds_of(r.prefill.cycles, r.machine);
}
double decode_seconds(const GenerateReport& r) {
  return seconds_of(sum(r, &StepFigures::cycles), r.machine);
}
double token_seconds(const GenerateReport& r) {
  return r.steps.empty() ? 0 : decode_seconds(r) / static_cast<double>(r.steps.size());
}
double tokens_per_second(const GenerateReport& r) {
  return static_cast<double>(r.tokens * r.batch) / (first_token_seconds(r) + decode_seconds(r));
}
double decode_tokens_per_second(const GenerateReport& r) {
  if (r.steps.empty()) return 0;
  return static_cast<double>(r.steps.size()) * static_cast<double>(r.batch) / decode_seconds(r);
}

std::string generate_text(const GenerateReport& r) {
  const GenerateFootprint& f = r.footprint;
  std::string out =
      fmt::format("{} on {} of {} at {} MHz: {}, prompt {}, {}\n", r.network,
                  counted(r.machine.cores, "core"), r.machine.name, r.machine.clock_mhz,
                  counted(r.batch, "sequence"), grouped(r.prompt), counted(r.tokens, "new token"));
  out += line("first token", readable_seconds(first_token_seconds(r)));
  out += decode_text(r);
  out += line("footprint",
              fmt::format("{} weights, {} caches with room for {}, {} intermediates, {} in all",
                          readable_bytes(f.weights), readable_bytes(f.states), room_text(r),
                          readable_bytes(f.intermediates), readable_bytes(f.total)));
  if (!r.left_out.empty()) out += line("blocks", left_out_text(r.left_out));
  if (!r.steps.empty()) out += line("steps", steps_text(r));
  out += line("validated",
              fmt::format("one layout for {}, checked for each; replays with owners of all bytes "
                          "of the simulated ones, {} more of the prompt and of both ends under "
                          "random delays, conservation",
                          counted(r.proved, "program"), r.perturbed));
  if (r.functional) out += line("values", functional_text(*r.functional));
  if (r.host)
    out += line("host", fmt::format("{} ({} compile and check, {} simulate, {} plan), {}",
                                    readable_seconds(r.host->total_seconds),
                                    readable_seconds(r.host->compile_seconds),
                                    readable_seconds(r.host->simulate_seconds),
                                    readable_seconds(r.host->plan_seconds),
                                    readable_bytes(r.host->max_rss_kib * 1024)));
  return out;
}

std::string generate_json(const GenerateReport& r) {
  Json json;
  json["version"] = r.version;
  json["network"] = r.network;
  json["network_file"] = {{"path", r.network_file.path}, {"xxh64", r.network_file.hash}};
  if (r.machine_file)
    json["machine_file"] = {{"path", r.machine_file->path}, {"xxh64", r.machine_file->hash}};
  json["machine"] = r.machine.name;
  json["cores"] = figure(r.machine.cores, "cores");
  json["seed"] = r.seed;
  json["batch"] = figure(r.batch, "sequences");
  json["prompt"] = figure(r.prompt, "tokens");
  json["tokens"] = figure(r.tokens, "tokens");
  json["context"] = figure(r.context, "tokens");
  json["first_token"] = figure(first_token_seconds(r), "s");
  json["per_token"] = figure(token_seconds(r), "s");
  json["tokens_per_second"] = figure(tokens_per_second(r), "tokens/s");
  json["decode_tokens_per_second"] = figure(decode_tokens_per_second(r), "tokens/s");
  json["energy_per_token"] = figure(per_token(r, sum(r, &StepFigures::energy_pj)) * 1e-3, "nJ");
  json["dram_per_token"] = figure(per_token(r, moved(r)), "bytes");
  json["footprint"] = footprint_json(r.footprint);
  json["simulated_steps"] = figure(static_cast<std::int64_t>(r.simulated), "steps");
  json["step_kinds"] = figure(static_cast<std::int64_t>(r.kinds), "kinds");
  json["interpolation_deviation"] = figure(r.deviation, "ratio");
  json["programs_checked"] = figure(static_cast<std::int64_t>(r.proved), "programs");
  json["perturbed_replays"] = figure(r.perturbed, "replays");
  if (!r.left_out.empty()) json["equal_blocks"] = left_out_json(r.left_out);
  if (r.functional)
    json["functional"] = {
        {"tensors_checked", figure(static_cast<std::int64_t>(r.functional->tensors), "tensors")},
        {"largest_error", figure(r.functional->largest_error, "ratio")},
        {"error_without_cache", figure(r.functional->whole_error, "ratio")}};
  json["prefill"] = step_json(r.prefill, r.machine);
  json["steps"] = Json::array();
  for (const StepFigures& s : r.steps) json["steps"].push_back(step_json(s, r.machine));
  if (r.host)
    json["host"] = {{"total", figure(r.host->total_seconds, "s")},
                    {"max_rss", figure(r.host->max_rss_kib, "KiB")}};
  return json.dump(2) + "\n";
}

std::string steps_csv(const GenerateReport& r) {
  std::string out = "past,length,simulated,cycles,dram_read,dram_written,energy_pj,macs\n";
  const auto row = [&](const StepFigures& s) {
    out += fmt::format("{},{},{},{},{},{},{},{}\n", s.past, s.length, s.simulated ? 1 : 0, s.cycles,
                       s.dram_read, s.dram_written, s.energy_pj, s.macs);
  };
  row(r.prefill);
  for (const StepFigures& s : r.steps) row(s);
  return out;
}

}  // namespace unna
