#include "memmgr/planners/tetris_options.h"

#include <array>

#include "base/error.h"
#include "base/file.h"
#include "text/yaml.h"

namespace unna {

TetrisOptions parse_tetris_options(const std::string& yaml, const std::string& file) {
  const YamlNode node = parse_yaml(yaml, file);
  YamlMapReader reader(node, "tetris options");
  TetrisOptions options;
  struct Field {
    std::string_view name;
    std::int64_t& value;
    std::int64_t lo;
    std::int64_t hi;
  };
  const std::array fields = {
      Field{"population", options.population, 2, 100'000},
      Field{"generations", options.generations, 0, 100'000'000},
      Field{"elite", options.elite, 1, 100'000},
      Field{"tournament", options.tournament, 1, 100'000},
      Field{"mutation_percent", options.mutation_percent, 0, 100},
      Field{"patience", options.patience, 1, 100'000'000},
      Field{"effort", options.effort, 0, 1'000'000'000},
      Field{"islands", options.islands, 1, 1024},
      Field{"greedy_start", options.greedy_start, 0, 1},
      Field{"reduce", options.reduce, 0, 1},
      Field{"incremental", options.incremental, 0, 1},
      Field{"local", options.local, 0, 1},
  };
  for (const Field& f : fields)
    if (const YamlNode* value = reader.optional(f.name))
      f.value = value->as_int(f.name, f.lo, f.hi);
  reader.finish();
  if (options.elite >= options.population)
    node.fail(fmt::format("elite is {}, expected less than the population of {}", options.elite,
                          options.population));
  return options;
}

TetrisOptions load_tetris_options(const std::string& path) {
  return parse_tetris_options(read_file(path), path);
}

}  // namespace unna
