// The text form of walk plans.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "compiler/walk.h"
#include "isa/assembly.h"
#include "text/line_reader.h"
#include "text/numbers.h"

namespace unna {
namespace {

constexpr std::string_view kSynapsesNames[] = {"stay", "reload"};
constexpr std::string_view kSyncNames[] = {"barriers", "signals", "acknowledged"};
constexpr std::string_view kDimNames[kDims] = {"b", "n", "h", "w", "c"};

std::string unit_text(const UnitOfWork& u, const LoweredGraph& g,
                      const std::vector<std::string>& names) {
  std::string out = fmt::format("unit kernel={} core={}", assembly::quoted(names[u.kernel.index()]),
                                u.core.value);
  const Dims& dims = g.kernels[u.kernel.index()].dims;
  for (std::size_t d = 0; d < kDims; ++d)
    if (u.box.lo[d] != 0 || u.box.hi[d] != dims[d])
      out += fmt::format(" {}={}:{}", kDimNames[d], u.box.lo[d], u.box.hi[d]);
  return out + '\n';
}

class PlanParser {
 public:
  PlanParser(std::string_view text, const std::string& file, const LoweredGraph& graph,
             std::int64_t cores)
      : reader_(text, file), file_(file), graph_(graph), cores_(cores) {
    const std::vector<std::string> names = kernel_names(graph);
    for (std::size_t k = 0; k < names.size(); ++k) kernels_.emplace(names[k], KernelId(k));
  }

  WalkPlan run() {
    while (reader_.next()) {
      const std::string_view what = reader_.words().front().name;
      if (what == "walk") {
        walk();
      } else if (what == "unit" && !plan_.walks.empty() && explicit_) {
        unit();
      } else {
        reader_.fail(reader_.words().front().column,
                     "`{}` begins no statement here, expected `walk`, or `unit` behind a walk of "
                     "explicit units",
                     what);
      }
    }
    finish();
    return std::move(plan_);
  }

 private:
  struct Range {
    std::int64_t lo, hi;
  };

  KernelId kernel(const Word& word) {
    const std::string name = word.quoted ? reader_.unquote(word) : std::string(word.value);
    const auto found = kernels_.find(name);
    if (found == kernels_.end())
      reader_.fail(word.value_column, "no kernel is named `{}`, expected one of the network's",
                   name);
    return found->second;
  }

  const Word* find(std::string_view name) const {
    for (const Word& w : reader_.words())
      if (w.name == name) return &w;
    return nullptr;
  }
  const Word& required(std::string_view name) const {
    const Word* word = find(name);
    if (word == nullptr || !word->has_value)
      reader_.fail(reader_.words().front().column, "`{}=` is missing, expected `{}`", name,
                   reader_.words().front().name == "walk"
                       ? "walk from=KERNEL to=KERNEL steps=N skew=N division=D sync=S"
                       : "unit kernel=KERNEL core=N h=LO:HI w=LO:HI c=LO:HI");
    return *word;
  }
  void only(std::initializer_list<std::string_view> names) const {
    for (const Word& w : reader_.words())
      if (std::ranges::find(names, w.name) == names.end())
        reader_.fail(w.column, "`{}` is unknown here, expected {}", w.name,
                     fmt::join(std::next(names.begin()), names.end(), ", "));
  }

  std::int64_t number(const Word& word, std::string_view text, std::int64_t lo, std::int64_t hi) {
    std::int64_t value = 0;
    if (!parse_integer(text, value) || value < lo || value > hi)
      reader_.fail(word.value_column, "`{}` is `{}`, expected an integer from {} to {}", word.name,
                   text, lo, hi);
    return value;
  }
  template <class Names>
  std::size_t choice(const Word& word, const Names& names) {
    const auto found = std::ranges::find(names, word.value);
    if (found == std::end(names))
      reader_.fail(word.value_column, "`{}` is `{}`, expected one of {}", word.name, word.value,
                   fmt::join(names, ", "));
    return static_cast<std::size_t>(found - std::begin(names));
  }

  void walk() {
    if (find("units") != nullptr)
      only({"walk", "from", "to", "sync", "synapses", "units"});
    else
      only({"walk", "from", "to", "steps", "skew", "division", "sync", "synapses"});
    const KernelId from = kernel(required("from"));
    const KernelId to = find("to") == nullptr ? from : kernel(required("to"));
    if (to < from)
      reader_.fail(required("to").value_column,
                   "it comes before the walk's first kernel, expected one that follows it");
    Walk& w = plan_.walks.emplace_back();
    for (std::size_t k = from.index(); k <= to.index(); ++k) w.kernels.push_back(KernelId(k));
    if (const Word* sync = find("sync"); sync != nullptr)
      w.sync = static_cast<Sync>(choice(*sync, kSyncNames));
    if (const Word* synapses = find("synapses"); synapses != nullptr)
      w.synapses = static_cast<Synapses>(choice(*synapses, kSynapsesNames));
    lines_.push_back(reader_.line());
    explicit_ = find("units") != nullptr;
    explicit_walks_.push_back(explicit_);
    if (explicit_) return;
    const Word& steps = required("steps");
    w.steps = number(steps, steps.value, 1, 1 << 20);
    if (const Word* skew = find("skew"); skew != nullptr)
      w.skew = number(*skew, skew->value, 0, 1 << 10);
    if (const Word* division = find("division"); division != nullptr)
      w.division = static_cast<Division>(choice(*division, kDivisionNames));
  }

  Range range(const Word& word, std::int64_t extent) {
    const std::size_t colon = word.value.find(':');
    if (colon == std::string_view::npos)
      reader_.fail(word.value_column, "`{}` is `{}`, expected a range LO:HI", word.name,
                   word.value);
    const std::int64_t lo = number(word, word.value.substr(0, colon), 0, extent - 1);
    return {lo, number(word, word.value.substr(colon + 1), lo + 1, extent)};
  }

  void unit() {
    only({"unit", "kernel", "core", "b", "n", "h", "w", "c"});
    Walk& w = plan_.walks.back();
    const Word& name = required("kernel");
    const Word& core = required("core");
    UnitOfWork u{kernel(name),
                 CoreId(static_cast<std::size_t>(number(core, core.value, 0, cores_ - 1))),
                 {}};
    if (std::ranges::find(w.kernels, u.kernel) == w.kernels.end())
      reader_.fail(name.value_column,
                   "it does not belong to the walk, expected one of its kernels");
    const Dims& dims = graph_.kernels[u.kernel.index()].dims;
    u.box = {{0, 0, 0, 0, 0}, dims};
    for (std::size_t d = 0; d < kDims; ++d)
      if (const Word* word = find(kDimNames[d]); word != nullptr) {
        const Range r = range(*word, dims[d]);
        u.box.lo[d] = r.lo;
        u.box.hi[d] = r.hi;
      }
    w.units.push_back(u);
    unit_lines_[plan_.walks.size() - 1].push_back(reader_.line());
  }

  [[noreturn]] void fail_at(int line, const std::string& message) const {
    throw InputError(SourcePos{file_, line, 1}, message);
  }

  void finish() const {
    std::vector<std::string> names = kernel_names(graph_);
    std::vector<std::optional<int>> line_of(graph_.kernels.size());
    for (std::size_t w = 0; w < plan_.walks.size(); ++w)
      for (const KernelId k : plan_.walks[w].kernels) {
        std::optional<int>& line = line_of[k.index()];
        if (line)
          fail_at(lines_[w], fmt::format("kernel {} is in the walk of line {} already, expected it "
                                         "once",
                                         names[k.index()], *line));
        line = lines_[w];
      }
    for (std::size_t k = 0; k < line_of.size(); ++k)
      if (!line_of[k])
        fail_at(std::max(1, reader_.line()),
                fmt::format("kernel {} is in no walk, expected each kernel in one", names[k]));
    for (std::size_t w = 0; w < plan_.walks.size(); ++w)
      if (explicit_walks_[w]) {
        check_complete(w, names);
        check_channels(w, names);
      }
    check_order(names);
  }

  /// Every element of the walk's kernels is made, and made once.
  void check_complete(std::size_t walk, const std::vector<std::string>& names) const {
    for (const KernelId k : plan_.walks[walk].kernels) {
      std::vector<std::pair<Box, int>> boxes;
      std::int64_t made = 0;
      for (std::size_t i = 0; i < plan_.walks[walk].units.size(); ++i) {
        const UnitOfWork& u = plan_.walks[walk].units[i];
        if (u.kernel != k) continue;
        const int line = unit_lines_.at(walk)[i];
        for (const auto& [box, other] : boxes)
          if (intersect(box, u.box))
            fail_at(line, fmt::format("the unit makes part of {} that the one in line {} makes, "
                                      "expected each element once",
                                      names[k.index()], other));
        boxes.emplace_back(u.box, line);
        made += u.box.elements();
      }
      const std::int64_t all = product(graph_.kernels[k.index()].dims);
      if (made != all)
        fail_at(lines_[walk], fmt::format("the walk's units make {} of {} elements of {}, expected "
                                          "all of them",
                                          made, all, names[k.index()]));
    }
  }

  /// Channels that a unit of the kernel has to have together.
  static std::int64_t channels_together(const Kernel& k) {
    switch (k.kind) {
      case KernelKind::softmax:
      case KernelKind::norm:
      case KernelKind::lrn:
        return k.dims[kC];
      case KernelKind::conv:
        return k.dims[kC] / k.groups;
      default:
        return 1;
    }
  }

  /// Synapses are packed once: all units of a kernel cut its channels at the same places.
  void check_channels(std::size_t walk, const std::vector<std::string>& names) const {
    std::map<KernelId, std::map<std::int64_t, std::int64_t>> parts;
    for (std::size_t i = 0; i < plan_.walks[walk].units.size(); ++i) {
      const UnitOfWork& u = plan_.walks[walk].units[i];
      const Kernel& k = graph_.kernels[u.kernel.index()];
      const std::int64_t together =
          k.kind == KernelKind::conv && k.groups == 1 ? 1 : channels_together(k);
      const std::int64_t lo = u.box.lo[kC];
      const std::int64_t hi = u.box.hi[kC];
      const int line = unit_lines_.at(walk)[i];
      if (lo % together != 0 || hi % together != 0)
        fail_at(line, fmt::format("channels {}:{} of {} cut a group, expected multiples of {}", lo,
                                  hi, names[u.kernel.index()], together));
      auto& of_kernel = parts[u.kernel];
      const auto next = of_kernel.lower_bound(lo + 1);
      const bool apart = (next == of_kernel.end() || next->first >= hi) &&
                         (next == of_kernel.begin() || std::prev(next)->first == lo ||
                          std::prev(next)->second <= lo);
      const auto [at, made] = of_kernel.emplace(lo, hi);
      if (!apart || at->second != hi)
        fail_at(line, fmt::format("channels {}:{} of {} overlap another part of them, expected all "
                                  "units to cut channels at the same places",
                                  lo, hi, names[u.kernel.index()]));
    }
  }

  static bool intersect(const Box& a, const Box& b) {
    for (std::size_t d = 0; d < kDims; ++d)
      if (a.hi[d] <= b.lo[d] || b.hi[d] <= a.lo[d]) return false;
    return true;
  }

  struct Step {
    int line;
    UnitOfWork unit;
  };
  /// What is read has been made: explicit units one by one, other walks kernel by kernel.
  void check_order(const std::vector<std::string>& names) const {
    std::vector<Step> steps;
    for (std::size_t w = 0; w < plan_.walks.size(); ++w) {
      const Walk& walk = plan_.walks[w];
      for (std::size_t i = 0; i < walk.units.size(); ++i)
        steps.push_back({unit_lines_.at(w)[i], walk.units[i]});
      if (!walk.units.empty()) continue;
      for (const KernelId k : walk.kernels)
        steps.push_back(
            {lines_[w], {k, CoreId(0), {{0, 0, 0, 0, 0}, graph_.kernels[k.index()].dims}}});
    }
    Dependences later(graph_);
    for (std::size_t i = steps.size(); i-- > 0;) {
      const auto unmade = later.of(steps[i].unit);
      if (!unmade.empty()) {
        const Step& maker = steps[steps.size() - 1 - unmade.front()->serial];
        fail_at(steps[i].line,
                fmt::format("{} reads lines of {} that line {} makes later, expected them before",
                            names[steps[i].unit.kernel.index()], names[maker.unit.kernel.index()],
                            maker.line));
      }
      later.add(steps[i].unit);
    }
  }

  LineReader reader_;
  const std::string& file_;
  const LoweredGraph& graph_;
  std::int64_t cores_;
  std::map<std::string, KernelId, std::less<>> kernels_;
  WalkPlan plan_;
  bool explicit_ = false;
  std::vector<int> lines_;
  std::vector<bool> explicit_walks_;
  std::map<std::size_t, std::vector<int>> unit_lines_;  ///< by walk
};

}  // namespace

std::vector<std::string> kernel_names(const LoweredGraph& graph) {
  std::map<std::string, int> seen;
  std::vector<std::string> names;
  for (const Kernel& k : graph.kernels) {
    const int n = ++seen[k.name];
    names.push_back(n == 1 ? k.name : fmt::format("{}~{}", k.name, n));
  }
  return names;
}

std::string to_text(const WalkPlan& plan, const LoweredGraph& graph) {
  const std::vector<std::string> names = kernel_names(graph);
  std::string out;
  for (const Walk& w : plan.walks) {
    out += fmt::format("walk from={}", assembly::quoted(names[w.kernels.front().index()]));
    if (w.kernels.size() > 1)
      out += fmt::format(" to={}", assembly::quoted(names[w.kernels.back().index()]));
    std::string sync(kSyncNames[static_cast<std::size_t>(w.sync)]);
    if (w.synapses != Synapses::stay)
      sync += fmt::format(" synapses={}", kSynapsesNames[static_cast<std::size_t>(w.synapses)]);
    if (!w.units.empty()) {
      out += fmt::format(" units sync={}\n", sync);
      for (const UnitOfWork& u : w.units) out += unit_text(u, graph, names);
    } else {
      out += fmt::format(" steps={}", w.steps);
      if (w.skew != 0) out += fmt::format(" skew={}", w.skew);
      out += fmt::format(" division={} sync={}\n",
                         kDivisionNames[static_cast<std::size_t>(w.division)], sync);
    }
  }
  return out;
}

WalkPlan parse_walk_plan(std::string_view text, const std::string& file, const LoweredGraph& graph,
                         std::int64_t cores) {
  return PlanParser(text, file, graph, cores).run();
}

}  // namespace unna
