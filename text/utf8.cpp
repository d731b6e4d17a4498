#include "text/utf8.h"

#include <utf8.h>

namespace unna {

std::size_t utf8_length(std::string_view text) {
  const char* const begin = text.data();
  const char* at = begin;
  try {
    utf8::next(at, begin + text.size());
  } catch (const utf8::exception&) {
    return 0;
  }
  return static_cast<std::size_t>(at - begin);
}

}  // namespace unna
