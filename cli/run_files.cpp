#include "cli/run_files.h"

#include "base/file.h"
#include "flow/files.h"

namespace unna {

void write_run(const std::filesystem::path& directory, const Run& run) {
  const Object& object = *run.compiled.object;
  write_file(directory / "summary.json", summary_json(run.report));
  write_file(directory / "layers.csv", layers_csv(object, run.report));
  write_file(directory / "plan.csv", layout_csv(object, run.planned.layout));
  if (run.report.machine.cache.size_bytes > 0)
    write_file(directory / "buffers.csv", buffers_csv(object, run.report));
  write_file(directory / "program.uno", encode_object(object));
}

}  // namespace unna
