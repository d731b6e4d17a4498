#include "cli/run_files.h"

#include "isa/object.h"
#include "isa/trace.h"
#include "report/report_page.h"

namespace unna {

void add_run(const std::filesystem::path& directory, const Run& run, OutputFiles& files) {
  const Object& object = *run.compiled.object;
  files.make_directory(directory);
  files.add(directory / "summary.json", summary_json(run.report));
  files.add(directory / "layers.csv", layers_csv(object, run.report));
  files.add(directory / "plan.csv", layout_csv(object, run.planned.layout));
  if (run.report.machine.cache.size_bytes > 0)
    files.add(directory / "buffers.csv", buffers_csv(object, run.report));
  files.add(directory / "program.uno", encode_object(object));
  files.add(directory / "trace.unt", encode_trace(run.executed.trace));
}

std::string run_page(const std::filesystem::path& directory, const Run& run) {
  const Object& object = *run.compiled.object;
  const PageRun page = {directory.string(),
                        summary_json(run.report),
                        layers_csv(object, run.report),
                        layout_csv(object, run.planned.layout),
                        object,
                        run.executed.trace,
                        std::nullopt,
                        std::nullopt};
  const std::string content = packed_run(page);
  return report_page({&content, 1});
}

}  // namespace unna
