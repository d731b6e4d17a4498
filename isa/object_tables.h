#pragma once

// The sections of an object file that are tables: varints and strings, exact both ways.

#include <string>

#include "isa/object.h"
#include "isa/wire.h"

namespace unna::object_tables {

std::string put_meta(const Object& object);  ///< network, data type, core, parallel_layers
std::string put_buffers(const Object& object);
std::string put_layers(const Object& object);  ///< with layer_inputs
std::string put_topology(const Object& object);

// Each fills its part of `object`; throws InputError where the bytes are not such a table.
// References to buffers and layers are verify()'s business.
void get_meta(wire::Reader& in, Object& object);
void get_buffers(wire::Reader& in, Object& object);
void get_layers(wire::Reader& in, Object& object);
void get_topology(wire::Reader& in, Object& object);

/// Path ("core.pes") and value of every field of the core, by the rows of the machine.
std::vector<std::pair<std::string, std::string>> core_fields(const CoreConfig& core);
/// The reverse: exactly the fields of core_fields(), each once, in any order.
CoreConfig core_from_fields(const std::vector<std::pair<std::string, std::string>>& fields,
                            const SourcePos& pos);

}  // namespace unna::object_tables
