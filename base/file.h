#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace unna {

/// The whole file. Throws InputError("file: cannot be read: <reason>").
std::string read_file(const std::filesystem::path& path);

/// The rest of what an open file descriptor gives; `path` is only for messages.
std::string read_descriptor(int fd, const std::filesystem::path& path);

/// One OutputFile (base/output_file.h); its directory must be there.
void write_file(const std::filesystem::path& path, std::string_view content);

/// XXH64 of the bytes, for input hashes in reports and checksums of object files.
std::uint64_t hash_bytes(std::string_view bytes);

/// hash_bytes as 16 hexadecimal digits.
std::string hash_hex(std::string_view bytes);

}  // namespace unna
