#pragma once

// How results get from one process to another: one encoding (CBOR, by field names) for all of them.
// Another type of result is one more list of fields in transfer.cpp.

#include <string>
#include <string_view>
#include <vector>

#include "flow/pipeline.h"
#include "report/columns.h"
#include "report/objectives.h"

namespace unna {

/// Of `Validated::shared` the cycles and what memory counted travel, which have to be there.
template <class T>
std::string packed(const T& value);
/// The inverse, for what this program's own child has sent. Throws InternalError for anything else.
template <class T>
T unpacked(std::string_view bytes);

extern template std::string packed(const Validated&);
extern template std::string packed(const LayoutFigures&);
extern template std::string packed(const std::vector<Cell>&);
extern template Validated unpacked(std::string_view);
extern template LayoutFigures unpacked(std::string_view);
extern template std::vector<Cell> unpacked(std::string_view);

}  // namespace unna
