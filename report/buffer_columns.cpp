// plan.csv and buffers.csv: a row each buffer of the program.

#include "report/run_report.h"
#include "text/units.h"

namespace unna {

namespace {

std::string_view buffer_kind_name(const BufferInfo& buffer) {
  return kBufferKindNames[static_cast<std::size_t>(buffer.kind)];
}

constexpr Column<PlacedBufferRow> kPlanTable[] = {
    {"id", "", "number of the buffer in the object",
     [](const PlacedBufferRow& r) { return whole(r.id); }},
    {"buffer", "", "its name", [](const PlacedBufferRow& r) { return name_cell(r.buffer.name); }},
    {"tensor", "", "the tensor that it is (part of)",
     [](const PlacedBufferRow& r) { return name_cell(r.buffer.tensor); }},
    {"kind", "", "`input`, `output`, `weight` or `intermediate`; only the last share bytes",
     [](const PlacedBufferRow& r) { return name_cell(buffer_kind_name(r.buffer)); }},
    {"size", "bytes", "of the buffer",
     [](const PlacedBufferRow& r) { return whole(r.buffer.size); }},
    {"offset", "bytes", "its first byte in the DRAM",
     [](const PlacedBufferRow& r) { return whole(r.offset); }},
    {"end", "bytes", "the byte past its last",
     [](const PlacedBufferRow& r) { return whole(r.offset + r.buffer.size); }},
};

/// Nothing where the run was not made.
template <class Get>
Cell of_cache_run(const CacheCounts* counts, Get get) {
  if (counts == nullptr) return {};
  return get(*counts);
}
Cell cache_accesses(const CacheCounts* counts) {
  return of_cache_run(counts, [](const CacheCounts& c) { return whole(c.accesses()); });
}
Cell cache_hits(const CacheCounts* counts) {
  return of_cache_run(counts, [](const CacheCounts& c) { return whole(c.hits()); });
}
Cell hit_rate_cell(const CacheCounts* counts) {
  return of_cache_run(counts, [](const CacheCounts& c) -> Cell {
    if (c.accesses() == 0) return {};
    return share(c.hits(), c.accesses());
  });
}

constexpr Column<CachedBufferRow> kCacheTable[] = {
    {"id", "", "as in `plan.csv`", [](const CachedBufferRow& r) { return whole(r.id); }},
    {"buffer", "", "as in `plan.csv`",
     [](const CachedBufferRow& r) { return name_cell(r.buffer.name); }},
    {"kind", "", "as in `plan.csv`",
     [](const CachedBufferRow& r) { return name_cell(buffer_kind_name(r.buffer)); }},
    {"size", "bytes", "as in `plan.csv`",
     [](const CachedBufferRow& r) { return whole(r.buffer.size); }},
    {"accesses", "lines", "read or written, each once a packet",
     [](const CachedBufferRow& r) { return cache_accesses(r.apart); }},
    {"hits", "lines", "of these found",
     [](const CachedBufferRow& r) { return cache_hits(r.apart); }},
    {"hit_rate", "ratio", "`hits` / `accesses`; empty where there were none",
     [](const CachedBufferRow& r) { return hit_rate_cell(r.apart); }},
    {"shared_accesses", "lines", "`accesses` with the plan's layout",
     [](const CachedBufferRow& r) { return cache_accesses(r.shared); }},
    {"shared_hits", "lines", "of these found",
     [](const CachedBufferRow& r) { return cache_hits(r.shared); }},
    {"shared_hit_rate", "ratio", "`shared_hits` / `shared_accesses`; empty where there were none",
     [](const CachedBufferRow& r) { return hit_rate_cell(r.shared); }},
};

}  // namespace

Columns<PlacedBufferRow> plan_columns() {
  return kPlanTable;
}
Columns<CachedBufferRow> cache_columns() {
  return kCacheTable;
}

std::string layout_csv(const Object& object, const Layout& layout) {
  std::vector<PlacedBufferRow> rows;
  for (std::size_t b = 0; b < object.buffers.size(); ++b)
    rows.push_back({b, object.buffers[b], layout.base[b]});
  return table_csv(make_table(plan_columns(), rows));
}

std::string buffers_csv(const Object& object, const RunReport& report) {
  std::vector<CachedBufferRow> rows;
  for (std::size_t b = 0; b < object.buffers.size(); ++b)
    rows.push_back({b, object.buffers[b], &report.result.memory->cache.by_buffer[b],
                    report.shared ? &report.shared->memory->cache.by_buffer[b] : nullptr});
  return table_csv(make_table(cache_columns(), rows));
}

}  // namespace unna
