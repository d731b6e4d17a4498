#include "flow/files.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "isa/trace_place.h"
#include "memmgr/trace_rules.h"

namespace unna {

bool looks_like_text(const std::string& bytes) {
  constexpr std::size_t kSniffed = 64;
  const std::string start = bytes.substr(0, kSniffed);
  return std::none_of(start.begin(), start.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f || byte >= 0xf8;
  });
}

bool looks_like_network(const std::filesystem::path& file, const std::string& bytes) {
  if (file.extension() == ".onnx") return true;
  return looks_like_text(bytes) &&
         (bytes.starts_with("ops:") || bytes.find("\nops:") != std::string::npos);
}

Trace read_trace(const std::string& bytes, const std::string& file) {
  return looks_like_text(bytes) ? parse_trace(bytes, file) : decode_trace(bytes, file);
}

Trace load_trace(const std::filesystem::path& path) {
  return read_trace(read_file(path), path);
}

Trace read_plannable_trace(const std::string& bytes, const std::string& file) {
  Trace trace = read_trace(bytes, file);
  const auto fault = find_trace_fault(trace);
  if (!fault) return trace;
  if (looks_like_text(bytes))
    if (const auto place = place_in_trace(bytes, file, fault->core, fault->pc))
      throw InputError(*place, fault->message);
  throw InputError(
      fmt::format("{}: core {} pc {}: {}", file, fault->core.value, fault->pc, fault->message));
}

Object load_object(const std::filesystem::path& path) {
  return decode_object(read_file(path), path);
}

}  // namespace unna
