#include "flow/sweep_store.h"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <system_error>
#include <variant>

#include "base/error.h"
#include "base/file.h"
#include "base/version.h"
#include "flow/file_lock.h"

namespace unna {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kApplication = 0x756e6e61;  ///< "unna", in the header of the file
constexpr std::int64_t kFormat = 1;                ///< of the tables
constexpr int kBusyMilliseconds = 10'000;

using Row = std::vector<Cell>;

/// Of a row's values, type and bytes of each.
std::string checksum(std::span<const Cell> row) {
  struct Typed {
    std::string operator()(std::monostate) const { return "n;"; }
    std::string operator()(std::int64_t value) const { return fmt::format("i{};", value); }
    std::string operator()(double value) const { return fmt::format("d{:a};", value); }
    std::string operator()(bool) const { throw InternalError("a truth value in the store"); }
    std::string operator()(const std::string& text) const {
      return fmt::format("s{}:{};", text.size(), text);
    }
  };
  std::string all;
  for (const Cell& cell : row) all += std::visit(Typed{}, cell);
  return hash_hex(all);
}

/// SQLite has neither truth values nor numbers that are none: both are kept as the CSV shows them.
Cell storable(const Cell& cell) {
  const auto* number = std::get_if<double>(&cell);
  if (std::holds_alternative<bool>(cell) || (number != nullptr && !std::isfinite(*number)))
    return cell_text(cell);
  return cell;
}

std::string sql_name(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::vector<std::string> sql_names(const std::vector<std::string>& names) {
  std::vector<std::string> quotes;
  for (const std::string& name : names) quotes.push_back(sql_name(name));
  return quotes;
}

std::vector<std::string> figure_names() {
  std::vector<std::string> names;
  for (const ColumnInfo& column : infos(sweep_figures())) names.emplace_back(column.name);
  return names;
}

/// The statements that make the tables, in the order of their names. The database keeps their text,
/// so that comparing it says whether a store has these tables.
std::vector<std::string> schema(const std::vector<std::string>& axes) {
  const auto typed = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : sql_names(names)) text += name + " ANY, ";
    return text;
  };
  const auto listed = [](std::string_view table, const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : sql_names(names)) text += fmt::format(", {}.{}", table, name);
    return text;
  };
  return {
      fmt::format("CREATE TABLE grid (point INTEGER PRIMARY KEY, key TEXT NOT NULL, {}"
                  "checksum TEXT NOT NULL) STRICT",
                  typed(axes)),
      "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL, checksum TEXT NOT NULL) "
      "STRICT, WITHOUT ROWID",
      fmt::format("CREATE TABLE results (key TEXT PRIMARY KEY, status TEXT NOT NULL, error TEXT "
                  "NOT NULL, {}checksum TEXT NOT NULL) STRICT, WITHOUT ROWID",
                  typed(figure_names())),
      fmt::format("CREATE VIEW sweep AS SELECT grid.point{}, results.status, results.error{} "
                  "FROM grid LEFT JOIN results USING (key) ORDER BY point",
                  listed("grid", axes), listed("results", figure_names()))};
}

void bind_row(SQLite::Statement& statement, const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int at = static_cast<int>(i) + 1;
    std::visit(
        [&](const auto& value) {
          using T = std::decay_t<decltype(value)>;
          if constexpr (std::is_same_v<T, std::monostate>)
            statement.bind(at);
          else if constexpr (std::is_same_v<T, bool>)
            throw InternalError("a truth value in the store");
          else
            statement.bind(at, value);
        },
        row[i]);
  }
}

/// Inserts a row with its checksum behind it.
void insert(SQLite::Database& database, std::string_view table, Row row) {
  row.emplace_back(checksum(row));
  const std::vector<std::string> marks(row.size(), "?");
  SQLite::Statement statement(
      database, fmt::format("INSERT OR REPLACE INTO {} VALUES ({})", table, fmt::join(marks, ",")));
  bind_row(statement, row);
  statement.exec();
}

Cell cell_of(const SQLite::Column& column) {
  if (column.isNull()) return {};
  if (column.isInteger()) return column.getInt64();
  if (column.isFloat()) return column.getDouble();
  return column.getString();
}

/// What makes a store unusable; the caller knows its file.
struct Damage {
  std::string what;
};

/// The rows of a table, without their checksums, which hold.
std::vector<Row> rows_of(SQLite::Database& database, const std::string& table,
                         std::string_view order) {
  std::vector<Row> rows;
  SQLite::Statement query(database, fmt::format("SELECT * FROM {} ORDER BY {}", table, order));
  while (query.executeStep()) {
    Row row;
    for (int i = 0; i < query.getColumnCount(); ++i) row.push_back(cell_of(query.getColumn(i)));
    const Cell kept = row.back();
    row.pop_back();
    if (kept != Cell(checksum(row))) throw Damage{fmt::format("a row of table {}", table)};
    rows.push_back(std::move(row));
  }
  return rows;
}

std::int64_t pragma(SQLite::Database& database, std::string_view name) {
  return database.execAndGet(fmt::format("PRAGMA {}", name)).getInt64();
}

/// A database in which nothing has been put yet, by a sweep that was killed at its start.
bool is_blank(SQLite::Database& database) {
  return pragma(database, "application_id") == 0 &&
         database.execAndGet("SELECT count(*) FROM sqlite_master").getInt() == 0;
}

PointResult result_of(const Row& row) {
  const auto& status = std::get<std::string>(row.at(1));
  const auto at = std::find(kPointStatusNames.begin(), kPointStatusNames.end(), status);
  if (at == kPointStatusNames.end()) throw Damage{"a status that there is not"};
  PointResult result;
  result.end = static_cast<WorkEnd>(at - kPointStatusNames.begin());
  result.error = std::get<std::string>(row.at(2));
  if (result.ok()) result.figures.assign(row.begin() + 3, row.end());
  return result;
}

void check_version(SQLite::Database& database) {
  if (pragma(database, "application_id") != kApplication) throw Damage{"no store of a sweep"};
  const std::int64_t format = pragma(database, "user_version");
  if (format != kFormat)
    throw Damage{fmt::format("its format is {}, expected {}", format, kFormat)};
  if (database.execAndGet("PRAGMA integrity_check").getString() != "ok")
    throw Damage{"SQLite finds it inconsistent"};
}

/// Reads and checks everything.
StoredSweep read_all(SQLite::Database& database) {
  check_version(database);
  StoredSweep sweep;
  std::map<std::string, std::string> meta;
  for (const Row& row : rows_of(database, "meta", "name"))
    meta[std::get<std::string>(row.at(0))] = std::get<std::string>(row.at(1));
  if (!meta.contains("axes") || !meta.contains("sweep")) throw Damage{"table meta lacks rows"};
  sweep.name = meta.at("sweep");
  sweep.axes = nlohmann::json::parse(meta.at("axes")).get<std::vector<std::string>>();

  std::vector<std::string> tables;
  SQLite::Statement query(database,
                          "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name");
  while (query.executeStep()) tables.push_back(query.getColumn(0).getString());
  if (tables != schema(sweep.axes))
    throw Damage{fmt::format("its tables are not those of unnasim {}", kVersion)};

  for (Row& row : rows_of(database, "grid", "point")) {
    if (std::get<std::int64_t>(row.at(0)) != static_cast<std::int64_t>(sweep.grid.size()))
      throw Damage{"table grid lacks rows"};
    sweep.grid.push_back({std::get<std::string>(row.at(1)), {row.begin() + 2, row.end()}});
  }
  for (const Row& row : rows_of(database, "results", "key"))
    sweep.results.emplace(std::get<std::string>(row.at(0)), result_of(row));
  return sweep;
}

/// Calls work(), which reads a store; whatever is wrong with it becomes one line.
template <class Work>
auto reading(const fs::path& file, Work work) {
  const auto refuse = [&](std::string what) -> InputError {
    std::replace(what.begin(), what.end(), '\n', ' ');
    return InputError(
        fmt::format("{}: damaged, or no store of this version ({}), expected a whole "
                    "one; without --resume a sweep starts a new one",
                    file.string(), what));
  };
  try {
    return work();
  } catch (const Damage& damage) {
    throw refuse(damage.what);
  } catch (const SQLite::Exception& error) {
    throw refuse(error.what());
  } catch (const nlohmann::json::exception&) {
    throw refuse("its list of axes");
  } catch (const std::bad_variant_access&) {
    throw refuse("a value of another type");
  }
}

void keep_as_old(const fs::path& file) {
  std::error_code ignored;
  const fs::path old = file.string() + ".old";
  for (const char* part : {"-wal", "-shm", ""}) fs::remove(old.string() + part, ignored);
  // The log first: a store without its latest rows is a store, a log without its store is nothing.
  for (const char* part : {"-wal", "-shm", ""})
    fs::rename(file.string() + part, old.string() + part, ignored);
}

}  // namespace

class SweepStore::Database {
 public:
  Database(const fs::path& file, StoreStart start)
      : file_(file), lock_(file.string() + ".lock", "a sweep into this folder") {
    if (start == StoreStart::fresh) keep_as_old(file);
  }

  /// What is there already.
  StoredSweep open(StoreHosts hosts) {
    StoredSweep sweep = reading(file_, [&] {
      database_.emplace(file_.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE,
                        kBusyMilliseconds);
      return is_blank(*database_) ? StoredSweep{} : read_all(*database_);
    });
    writing([&] {
      // The index of a write-ahead log is shared memory, which only processes of one host have.
      database_->exec(hosts == StoreHosts::one ? "PRAGMA journal_mode = WAL"
                                               : "PRAGMA journal_mode = DELETE");
      database_->exec("PRAGMA synchronous = FULL");
    });
    return sweep;
  }

  /// Calls work(database) in a transaction that is on disk when this returns.
  template <class Work>
  void write(Work work) {
    writing([&] {
      SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
      work(*database_);
      transaction.commit();
    });
  }

 private:
  template <class Work>
  void writing(Work work) {
    try {
      work();
    } catch (const SQLite::Exception& error) {
      throw InputError(fmt::format("{}: cannot be written: {}", file_.string(), error.what()));
    }
  }

  fs::path file_;
  FileLock lock_;
  std::optional<SQLite::Database> database_;
};

SweepStore::SweepStore(const fs::path& file, StoreStart start, StoreHosts hosts) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  if (error)
    throw InputError(
        fmt::format("{}: cannot be made: {}", file.parent_path().string(), error.message()));
  database_ = std::make_unique<Database>(file, start);
  results_ = database_->open(hosts).results;
}

SweepStore::~SweepStore() = default;

void SweepStore::set_grid(const std::string& name, const std::vector<std::string>& axes,
                          const std::vector<GridRow>& rows) {
  database_->write([&](SQLite::Database& database) {
    database.exec("DROP VIEW IF EXISTS sweep");
    database.exec("DROP TABLE IF EXISTS grid");
    database.exec("DROP TABLE IF EXISTS meta");
    for (const std::string& statement : schema(axes))
      if (!statement.starts_with("CREATE TABLE results") || !database.tableExists("results"))
        database.exec(statement);
    database.exec(fmt::format("PRAGMA application_id = {}", kApplication));
    database.exec(fmt::format("PRAGMA user_version = {}", kFormat));
    insert(database, "meta", {"axes", nlohmann::json(axes).dump()});
    insert(database, "meta", {"sweep", name});
    insert(database, "meta", {"version", std::string(kVersion)});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Row row = {static_cast<std::int64_t>(i), rows[i].key};
      for (const Cell& cell : rows[i].axes) row.push_back(storable(cell));
      insert(database, "grid", std::move(row));
    }
  });
}

void SweepStore::add(const std::vector<std::pair<std::string, PointResult>>& results) {
  if (results.empty()) return;
  database_->write([&](SQLite::Database& database) {
    for (const auto& [key, result] : results) {
      Row row = {key, std::string(status_name(result.end)), result.error};
      for (const Cell& cell : result.figures) row.push_back(storable(cell));
      row.resize(3 + sweep_figures().size());
      insert(database, "results", std::move(row));
    }
  });
  for (const auto& [key, result] : results) results_.insert_or_assign(key, result);
}

StoredSweep read_sweep_store(const fs::path& file) {
  if (!fs::is_regular_file(file))
    throw InputError(fmt::format("{}: no such file, expected the store of a sweep", file.string()));
  return reading(file, [&] {
    SQLite::Database database(file.string(), SQLite::OPEN_READONLY, kBusyMilliseconds);
    return read_all(database);
  });
}

std::map<std::string, PointResult> read_results(const fs::path& file) {
  return reading(file, [&] {
    // Writable: a journal that a killed process left behind can be played back.
    SQLite::Database database(file.string(), SQLite::OPEN_READWRITE, kBusyMilliseconds);
    if (is_blank(database)) return std::map<std::string, PointResult>{};
    return read_all(database).results;
  });
}

}  // namespace unna
