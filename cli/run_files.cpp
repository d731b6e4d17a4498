#include "cli/run_files.h"

#include "base/error.h"
#include "base/file.h"
#include "isa/object.h"
#include "isa/trace.h"
#include "report/replaced_run.h"
#include "report/report_page.h"

namespace unna {

void add_run(const std::filesystem::path& directory, const Run& run, OutputFiles& files,
             std::vector<RunFile> more) {
  const Object& object = *run.compiled.object;
  std::vector<RunFile> all = {{"summary.json", summary_json(run.report)},
                              {"layers.csv", layers_csv(object, run.report)},
                              {"plan.csv", layout_csv(object, run.planned.layout)},
                              {"program.uno", encode_object(object)},
                              {"trace.unt", encode_trace(run.executed.trace)}};
  if (run.report.machine.cache.size_bytes > 0)
    all.push_back({"buffers.csv", buffers_csv(object, run.report)});
  for (RunFile& file : more) all.push_back(std::move(file));
  all.push_back({std::string(kRunManifest), run_manifest(run.report.network, all)});
  files.make_directory(directory);
  for (RunFile& file : all) files.add(directory / file.name, std::move(file.content));
}

void remove_left_over(const std::filesystem::path& directory, OutputFiles& files) {
  const std::filesystem::path list = directory / kRunManifest;
  if (!std::filesystem::is_regular_file(list)) return;
  try {
    const RunManifest manifest(read_file(list), list.string());
    for (const std::string& name : manifest.names()) {
      const std::filesystem::path path = directory / name;
      if (!std::filesystem::is_regular_file(path)) continue;
      if (manifest.wrote({name, read_file(path)})) files.remove(path);
    }
  } catch (const InputError&) {
    return;  // no list of a run's files
  }
  files.remove(directory / "report.html");
}

std::string replaced_run(const std::filesystem::path& directory, const Run& run) {
  const std::filesystem::path there = directory / "summary.json";
  if (!std::filesystem::is_regular_file(there)) return "";
  const std::filesystem::path program = directory / "program.uno";
  const bool same = std::filesystem::is_regular_file(program) &&
                    read_file(program) == encode_object(*run.compiled.object);
  return replaced_run_text(read_file(there), summary_json(run.report), same);
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
