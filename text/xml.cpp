#include "text/xml.h"

#include <algorithm>

#include "text/utf8.h"

namespace unna {
namespace {

/// U+FFFE and U+FFFF are UTF-8, but no characters of XML 1.0 (section 2.2).
bool is_xml_character(std::string_view character) {
  return !character.empty() && static_cast<unsigned char>(character.front()) >= 0x20 &&
         character != "\xef\xbf\xbe" && character != "\xef\xbf\xbf";
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto byte = static_cast<unsigned char>(text.front());
    if (!is_xml_character(text.substr(0, length)))
      result += "\xef\xbf\xbd";
    else if (byte == '&')
      result += "&amp;";
    else if (byte == '<')
      result += "&lt;";
    else if (byte == '>')
      result += "&gt;";
    else if (byte == '"')
      result += "&quot;";
    else
      result += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

}  // namespace unna
