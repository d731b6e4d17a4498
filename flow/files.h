#pragma once

// Input files that commands share, told apart by what is in them.

#include <filesystem>
#include <string>

#include "isa/object.h"
#include "isa/trace.h"

namespace unna {

/// A `.unt` file, or its text form.
Trace load_trace(const std::filesystem::path& path);
Trace read_trace(const std::string& bytes, const std::string& file);

/// A trace that can be planned: InputError with the event's line (in binary files its core and pc)
/// where it breaks a rule of docs/trace-format.md.
Trace read_plannable_trace(const std::string& bytes, const std::string& file);

/// A `.uno` file.
Object load_object(const std::filesystem::path& path);

/// Neither control characters other than white space nor bytes outside ASCII and UTF-8 at the
/// start.
bool looks_like_text(const std::string& bytes);

/// An ONNX model by its name, or a network in YAML by a line that begins with `ops:`.
bool looks_like_network(const std::filesystem::path& file, const std::string& bytes);

}  // namespace unna
