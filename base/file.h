#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace unna {

/// The whole file. Throws InputError("file: cannot be read: <reason>").
std::string read_file(const std::filesystem::path& path);

/// Writes beside `path` and renames: a reader sees the old file or the new one, never a part.
/// Parent directories are created. Throws InputError where that is not possible.
void write_file(const std::filesystem::path& path, std::string_view content);

/// XXH64 of the bytes, for input hashes in reports and checksums of object files.
std::uint64_t hash_bytes(std::string_view bytes);

/// hash_bytes as 16 hexadecimal digits.
std::string hash_hex(std::string_view bytes);

}  // namespace unna
