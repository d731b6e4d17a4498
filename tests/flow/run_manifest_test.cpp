#include "flow/run_manifest.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace unna {
namespace {

std::string message(const RunManifest& manifest, const std::vector<RunFile>& files) {
  try {
    manifest.check(files);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(RunManifest, NamesWhatTheRunDidNotWrite) {
  const std::vector<RunFile> files = {{"a.csv", "1"}, {"b.csv", "2"}, {"c", ""}};
  const RunManifest manifest(run_manifest("net", files), "dir/run.json");
  EXPECT_TRUE(manifest.has("c"));
  EXPECT_FALSE(manifest.has("d"));
  EXPECT_EQ(message(manifest, files), "");
  EXPECT_EQ(message(manifest, {files[2], files[0]}), "");
  EXPECT_EQ(message(manifest, {files[0], {"b.csv", "3"}, files[2]}),
            "dir/b.csv: is not the file that the run wrote whose run.json stands beside it, "
            "expected all files of one run as it wrote them");
  EXPECT_EQ(message(manifest, {{"a.csv", "0"}, {"b.csv", "3"}, files[2]}),
            "dir/a.csv: is not the file that the run wrote whose run.json stands beside it, nor "
            "is b.csv, expected all files of one run as it wrote them");
  EXPECT_EQ(message(manifest, {{"a.csv", "0"}, {"b.csv", "3"}, {"c", "4"}}),
            "dir/run.json: is of another run than the files beside it, expected the files of one "
            "run");
  EXPECT_NE(message(manifest, {files[0], {"d", ""}}), "");
}

TEST(RunManifest, IsRefusedWhereItListsNothing) {
  for (const char* text : {"", "{}", "[]", R"({"files": 3})", R"({"files": {"a": 1}})"})
    EXPECT_THROW(RunManifest(text, "run.json"), InputError) << text;
}

}  // namespace
}  // namespace unna
