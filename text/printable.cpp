#include "text/printable.h"

#include <fmt/format.h>

#include <algorithm>

#include "text/utf8.h"

namespace unna {
namespace {

enum class LineEnds { stay, escaped };

/// C1 controls (U+0080 to U+009F): some terminals take U+009B for the beginning of a sequence. And
/// those that turn the direction of writing (U+202A to U+202E, U+2066 to U+2069).
bool hidden(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xc2' && character[1] < '\xa0';
  if (character.size() != 3 || character[0] != '\xe2') return false;
  return (character[1] == '\x80' && character[2] >= '\xa8' && character[2] <= '\xae') ||
         (character[1] == '\x81' && character[2] >= '\xa6' && character[2] <= '\xa9');
}

std::string escaped(std::string_view text, LineEnds ends) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    const std::string_view character = text.substr(at, std::max<std::size_t>(length, 1));
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte == '\n' && ends == LineEnds::stay)
      out += '\n';
    else if (byte == '\n')
      out += "\\n";
    else if (byte == '\t')
      out += ends == LineEnds::stay ? "\t" : "\\t";
    else if (length == 0 || byte < 0x20 || byte == 0x7f || hidden(character))
      for (const char c : character) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    else
      out += character;
    at += character.size();
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  return escaped(text, LineEnds::escaped);
}

std::string printable_lines(std::string_view text) {
  return escaped(text, LineEnds::stay);
}

}  // namespace unna
