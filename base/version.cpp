#include "base/version.h"

namespace unna {

const std::string_view kVersion = UNNASIM_VERSION;

}  // namespace unna
