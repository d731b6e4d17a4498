#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/output_file.h"
#include "cli/commands.h"
#include "cli/output_files.h"
#include "cli/progress.h"
#include "configs/machine.h"
#include "flow/sweep_columns.h"
#include "flow/sweep_store.h"
#include "report/plot.h"
#include "text/nearest.h"

namespace unna {
namespace {

namespace fs = std::filesystem;

constexpr CommandHelp kPlotHelp = {
    "plot", "STORE",
    "Draws two columns of a sweep's store over each other as SVG, for a paper: good points only.\n"
    "STORE is a run directory of `unnasim sweep`, or its sweep.db. Columns are those of sweep.csv\n"
    "(docs/sweeps.md); an axis of names has a place for each."};

constexpr OptionRow kPlotOptions[] = {
    {"x", "COLUMN", "", "what is to the right"},
    {"y", "COLUMN", "", "what is upwards"},
    {"by", "COLUMN", "", "a series of points for each value of it (default: one series)"},
    {"where", "COLUMN=VALUE", "", "only points that have this value", Times::repeated},
    {"log", "LIST", "", "which of x and y are logarithmic"},
    {"output,o", "FILE", "", "the SVG file; - is stdout"},
};

/// The store as one table: a row for each good point.
struct Points {
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;
};

Points good_points(const StoredSweep& sweep) {
  Points points;
  points.columns = sweep.axes;
  for (const ColumnInfo& column : infos(sweep_figures())) points.columns.emplace_back(column.name);
  for (const GridRow& grid : sweep.grid) {
    const auto found = sweep.results.find(grid.key);
    if (found == sweep.results.end() || !found->second.ok()) continue;
    auto& row = points.rows.emplace_back(grid.axes);
    row.insert(row.end(), found->second.figures.begin(), found->second.figures.end());
  }
  return points;
}

std::size_t column_of(const Options& options, std::string_view option, const Points& points,
                      const std::string& name) {
  const auto found = std::ranges::find(points.columns, name);
  if (found != points.columns.end())
    return static_cast<std::size_t>(found - points.columns.begin());
  const auto meant = nearest(name, points.columns);
  options.fail(option, fmt::format("the sweep has no column '{}', {}", name,
                                   meant ? fmt::format("did you mean '{}'?", *meant)
                                         : "expected an axis or a column of sweep.csv"));
}

std::string unit_of(std::string_view column) {
  for (const ColumnInfo& info : infos(sweep_figures()))
    if (info.name == column) return std::string(info.unit);
  std::string unit;
  constexpr std::string_view kMachine = "machine.";
  if (!column.starts_with(kMachine)) return unit;
  const MachineConfig machine;
  visit_fields(machine, [&](std::string_view path, const auto& member, const auto&... rest) {
    static_cast<void>(member);
    if (path != column.substr(kMachine.size())) return;
    if constexpr (sizeof...(rest) == 4)
      unit = std::get<2>(std::tie(rest...));
    else if constexpr (sizeof...(rest) == 3)
      unit = std::get<1>(std::tie(rest...));
  });
  return unit;
}

/// The name without its unit, which stands beside it, and that unit unless it says the same.
std::pair<std::string, std::string> name_and_unit(const std::string& column) {
  std::string unit = unit_of(column);
  std::string name(json_key({column, unit, ""}));
  if (unit == name) unit.clear();
  return {std::move(name), unit.substr(0, unit.find(" ("))};
}

std::string label_of(const std::string& column) {
  const auto [name, unit] = name_and_unit(column);
  return unit.empty() ? name : fmt::format("{} [{}]", name, unit);
}

std::optional<double> number_of(const Cell& cell) {
  if (const auto* whole_number = std::get_if<std::int64_t>(&cell))
    return static_cast<double>(*whole_number);
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  return std::nullopt;
}

/// A column's values as an axis: numbers, or names in the order in which they appear.
struct AxisValues {
  std::vector<std::string> names;  ///< empty: numbers
  std::vector<double> values;      ///< by row
};

AxisValues axis_values(const Points& points, std::size_t column) {
  AxisValues axis;
  const auto numeric = [&](const auto& row) { return number_of(row[column]).has_value(); };
  const bool numbers = std::ranges::all_of(points.rows, numeric);
  for (const auto& row : points.rows) {
    if (numbers) {
      axis.values.push_back(*number_of(row[column]));
      continue;
    }
    const std::string text = cell_text(row[column]);
    const auto known = std::ranges::find(axis.names, text);
    axis.values.push_back(static_cast<double>(known - axis.names.begin()));
    if (known == axis.names.end()) axis.names.push_back(text);
  }
  return axis;
}

/// The points that every --where matches. Those whose x or y is empty, as figures of another memory
/// model are, are no points.
void keep_wanted(const Options& options, Points& points, std::size_t x, std::size_t y) {
  std::vector<std::pair<std::size_t, std::string>> wanted;
  for (const std::string& text : options.all("where")) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      options.fail("where", fmt::format("'{}', expected COLUMN=VALUE", text));
    wanted.emplace_back(column_of(options, "where", points, text.substr(0, equals)),
                        text.substr(equals + 1));
  }
  for (const auto& [column, value] : wanted) {
    const bool any = !points.rows.empty();
    std::erase_if(points.rows, [at = column, &text = value](const std::vector<Cell>& row) {
      return cell_text(row[at]) != text;
    });
    if (any && points.rows.empty())
      options.fail("where", fmt::format("{} leaves no good point, expected one or more",
                                        fmt::join(options.all("where"), ", ")));
  }
  std::erase_if(points.rows, [&](const std::vector<Cell>& row) {
    return std::holds_alternative<std::monostate>(row[x]) ||
           std::holds_alternative<std::monostate>(row[y]);
  });
  if (points.rows.empty())
    throw InputError(
        fmt::format("{}: no good point has both columns, expected one or more", options.only()));
}

PlotAxis plot_axis(const Options& options, std::string_view option, const std::string& column,
                   const AxisValues& values) {
  auto [name, unit] = name_and_unit(column);
  PlotAxis axis{std::move(name), std::move(unit), PlotScale::linear, values.names};
  const auto logarithmic = options.list("log");
  if (std::ranges::count(logarithmic, option) == 0) return axis;
  if (!values.names.empty())
    options.fail("log", fmt::format("{} has names, expected numbers", column));
  axis.scale = PlotScale::logarithmic;
  return axis;
}

std::vector<PlotSeries> series_of(const Points& points, const std::optional<std::size_t>& by,
                                  const AxisValues& x, const AxisValues& y) {
  std::vector<PlotSeries> series;
  for (std::size_t i = 0; i < points.rows.size(); ++i) {
    const std::string name = by ? cell_text(points.rows[i][*by]) : "";
    auto found = std::ranges::find(series, name, &PlotSeries::name);
    if (found == series.end()) found = series.insert(series.end(), PlotSeries{name, {}});
    found->points.push_back({x.values[i], y.values[i]});
  }
  return series;
}

fs::path store_of(const fs::path& given) {
  std::error_code ignored;
  return fs::is_directory(given, ignored) ? given / "sweep.db" : given;
}

std::string needed(const Options& options, std::string_view name) {
  const auto value = options.text(name);
  if (!value) options.fail(name, "is missing, expected it");
  return *value;
}

}  // namespace

CommandInterface plot_interface() {
  return {kPlotHelp, {std::begin(kPlotOptions), std::end(kPlotOptions)}};
}

int plot_command(const Options& options) {
  constexpr std::string_view kPlotFiles[] = {"output"};
  const std::string x_name = needed(options, "x");
  const std::string y_name = needed(options, "y");
  const std::string output = needed(options, "output");
  check_output_files(options, kPlotFiles);
  for (const std::string& axis : options.list("log"))
    if (axis != "x" && axis != "y")
      options.fail("log", fmt::format("'{}', expected x, y or x,y", axis));
  RunProgress progress(true);
  progress.stage(fmt::format("reading {}", options.only()));
  Points points = good_points(read_sweep_store(store_of(options.only())));
  const std::size_t x = column_of(options, "x", points, x_name);
  const std::size_t y = column_of(options, "y", points, y_name);
  std::optional<std::size_t> by;
  if (const auto name = options.text("by")) by = column_of(options, "by", points, *name);
  keep_wanted(options, points, x, y);
  const AxisValues x_values = axis_values(points, x);
  const AxisValues y_values = axis_values(points, y);
  Plot plot{plot_axis(options, "x", x_name, x_values), plot_axis(options, "y", y_name, y_values),
            by ? label_of(points.columns[*by]) : "", series_of(points, by, x_values, y_values)};
  progress.stage("drawing");
  OutputFiles files;
  files.add(output, plot_svg(plot));
  files.commit();
  return kExitOk;
}

}  // namespace unna
