#include "flow/sweep_run.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "flow/transfer.h"
#include "text/csv.h"
#include "text/numbers.h"
#include "workloads/onnx/import.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

/// What a network is made of: its file, and whatever that refers to.
struct NetworkPrint {
  std::string file_hash;
  std::string all_hash;  ///< with masks and weights, which may stand in other files
};

std::string shapes_text(const OnnxOptions& options) {
  std::string text;
  for (const auto& [name, shape] : options.input_shapes)
    text += fmt::format("{}={}\n", name, to_string(shape));
  return text;
}

template <class T>
std::string_view bytes_of(std::span<const T> items) {
  return {reinterpret_cast<const char*>(items.data()), items.size_bytes()};
}

NetworkPrint print_of(const NetworkChoice& network) {
  const OnnxImport import = load_network(network.file, network.onnx);
  std::string all = import.hash;
  for (const GraphTensor& tensor : import.graph.tensors) {
    if (tensor.kept) all += hash_hex(bytes_of(tensor.kept->words()));
    if (tensor.values) all += hash_hex(bytes_of(std::span<const float>(*tensor.values)));
  }
  return {import.hash, hash_hex(all)};
}

/// The files of a sweep, each read once.
class Files {
 public:
  const NetworkPrint& network(const NetworkChoice& choice) {
    const std::string name = choice.file.string() + "\n" + shapes_text(choice.onnx);
    const auto known = networks_.find(name);
    if (known != networks_.end()) return known->second;
    return networks_.emplace(name, print_of(choice)).first->second;
  }

  void check_machine_file(const fs::path& file) {
    if (machines_.insert(file).second) parse_machine(read_file(file), file.string());
  }

 private:
  std::map<std::string, NetworkPrint> networks_;
  std::set<fs::path> machines_;
};

std::string key_of(const SweepSpec& spec, const SweepPoint& point, const std::string& what) {
  std::string text = fmt::format("{}\n", kVersion);
  const std::vector<std::string> values = axis_cells(spec, point);
  for (std::size_t i = 0; i < values.size(); ++i)
    text += fmt::format("{}={}\n", spec.axes[i].name, values[i]);
  return hash_hex(text + what);
}

std::string options_text(const SweepRun& run) {
  const CompileOptions& compile = run.options.compile;
  std::string text = fmt::format("{} {} {}\n{} {}\n{}\n", static_cast<int>(compile.granularity),
                                 static_cast<int>(compile.partition), compile.bands,
                                 run.options.planner, run.options.plan.seed, run.options.perturbed);
  for (const FormatChoice& choice : run.network.formats)
    text += fmt::format("format {} {} {}\n", choice.op.value_or(""), choice.format.bits,
                        choice.format.size);
  for (const DensityChoice& choice : run.network.densities)
    text += fmt::format("density {}\n", choice.density);
  return text + shapes_text(run.network.onnx);
}

PreparedPoint prepare_point(const SweepSpec& spec, const SweepPoint& point, Files& files) {
  PreparedPoint prepared;
  try {
    prepared.run = resolve(spec, point);
  } catch (const InputError& error) {  // its files are whole: fields that contradict each other
    prepared.refusal = error.what();
    prepared.key = key_of(spec, point, prepared.refusal);
    return prepared;
  }
  const NetworkPrint& network = files.network(prepared.run->network);
  prepared.network_hash = network.file_hash;
  prepared.key =
      key_of(spec, point,
             fmt::format("{}\n{}{}", network.all_hash, dump_machine(prepared.run->machine.config),
                         options_text(*prepared.run)));
  return prepared;
}

std::string run_point(const PreparedPoint& point) {
  const SweepRun& run = *point.run;
  try {
    const Run finished = run_network(run.network, run.machine, run.options, false);
    if (finished.report.network_file.hash != point.network_hash)
      throw InternalError(
          fmt::format("{} has changed since the sweep was started", run.network.file.string()));
    return packed(cells(sweep_figures(), finished.report));
  } catch (const InternalError& error) {
    throw InternalError(fmt::format("internal error: {}", error.what()));  // a row says so
  }
}

PointResult result_of(const ChildOutcome& outcome) {
  if (!outcome.ok()) return failed_point(outcome.end, outcome.text);
  return {WorkEnd::done, {}, unpacked<std::vector<Cell>>(outcome.text)};
}

/// As the number that it is, so that queries can compare it.
Cell axis_cell(const std::string& text) {
  std::int64_t whole_number = 0;
  double number = 0;
  if (parse_integer(text, whole_number)) return whole_number;
  if (parse_number(text, number)) return number;
  return text;
}

}  // namespace

std::vector<PreparedPoint> prepare(const SweepSpec& spec, const std::vector<SweepPoint>& points) {
  Files files;
  if (spec.machine) files.check_machine_file(*spec.machine);
  for (const SweepAxis& axis : spec.axes)
    for (const SweepValue& value : axis.values) {
      if (axis.name != "machine" && axis.name != "network") continue;
      if (!fs::exists(spec.beside(value.text)))
        throw InputError(value.pos, fmt::format("{} '{}' is not there, expected a file, relative "
                                                "to the sweep's",
                                                axis.name, value.text));
      if (axis.name == "machine") files.check_machine_file(spec.beside(value.text));
    }
  std::vector<PreparedPoint> prepared;
  for (const SweepPoint& point : points) prepared.push_back(prepare_point(spec, point, files));
  return prepared;
}

PointResults known_results(const std::vector<PreparedPoint>& points, const SweepStore& store) {
  PointResults results(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto found = store.results().find(points[i].key);
    if (!points[i].run)
      results[i] = failed_point(WorkEnd::failed, points[i].refusal);
    else if (found != store.results().end() && found->second.is_final())
      results[i] = found->second;
  }
  return results;
}

std::vector<GridRow> grid_rows(const SweepSpec& spec, const std::vector<SweepPoint>& points,
                               const std::vector<PreparedPoint>& prepared) {
  std::vector<GridRow> rows;
  for (std::size_t i = 0; i < points.size(); ++i) {
    GridRow row{prepared[i].key, {}};
    for (const std::string& text : axis_cells(spec, points[i])) row.axes.push_back(axis_cell(text));
    rows.push_back(std::move(row));
  }
  return rows;
}

void run_points(const std::vector<PreparedPoint>& points, const PoolOptions& options,
                SweepStore& store, PointResults& results,
                const std::function<void(std::size_t, std::size_t)>& progress) {
  std::vector<std::size_t> todo;
  std::vector<std::pair<std::string, PointResult>> refused;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!results[i]) todo.push_back(i);
    if (!points[i].run) refused.emplace_back(points[i].key, *results[i]);
  }
  store.add(refused);
  std::size_t ended = 0, bad = 0;
  run_in_children(
      todo.size(), options, [&](std::size_t i) { return run_point(points[todo[i]]); },
      [&](std::size_t i, const ChildOutcome& outcome) {
        const std::size_t point = todo[i];
        results[point] = result_of(outcome);
        store.add({{points[point].key, *results[point]}});
        bad += outcome.ok() ? 0 : 1;
        progress(++ended, bad);
      });
}

std::string sweep_csv(const SweepSpec& spec, const std::vector<SweepPoint>& points,
                      const PointResults& results) {
  std::vector<std::string> names = {"index"};
  for (const auto& part : {axis_names(spec), result_columns()})
    names.insert(names.end(), part.begin(), part.end());
  std::string text = csv_line(names) + "\n";
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::vector<std::string> cells = {fmt::format("{}", i)};
    for (const auto& part : {axis_cells(spec, points[i]), result_cells(*results[i])})
      cells.insert(cells.end(), part.begin(), part.end());
    text += csv_line(cells) + "\n";
  }
  return text;
}

}  // namespace unna
