#pragma once

// Private to the readers of protobuf messages: model.cpp and tensors.cpp.

#include <onnx/onnx_pb.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/error.h"
#include "workloads/onnx/model.h"

namespace unna::onnx_import {

using Proto = ::onnx::TensorProto;

/// Throws InputError for a type that is neither real, integer nor boolean.
ElementKind kind_of(std::int32_t type, const std::string& what, const std::filesystem::path& file);

/// Reads tensors of one file, and counts those whose values are not there.
class TensorReader {
 public:
  explicit TensorReader(const std::filesystem::path& file) : file_(file) {}

  Constant read(const Proto& proto, const std::string& name);
  std::size_t missing() const { return missing_; }
  const std::set<std::string>& missing_files() const { return missing_files_; }

 private:
  [[noreturn]] void fail(std::string_view message) const {
    throw InputError(SourcePos{file_.string()}, message);
  }
  Shape dims(const Proto& proto, const std::string& what) const;
  std::optional<std::string> external(const Proto& proto, std::int64_t bytes);

  const std::filesystem::path& file_;
  std::size_t missing_ = 0;
  std::set<std::string> missing_files_;
};

/// Protobuf's own parser, which says nothing on stderr. Throws InputError with `expected`.
template <class Message>
void parse(Message& message, std::string_view bytes, const std::filesystem::path& file,
           const char* expected) {
  google::protobuf::SetLogHandler(nullptr);
  const bool small = bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (!small || !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    throw InputError(SourcePos{file.string()}, expected);
}

}  // namespace unna::onnx_import
