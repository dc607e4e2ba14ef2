// The text of an error in a usage line.
#include <libresp/service/usage.hpp>

#include <fmt/format.h>

namespace resp {

UsageError::UsageError(std::string_view line, std::size_t position, std::string_view mistake)
    : std::invalid_argument(fmt::format("{}\n    {}\n    {:>{}}", mistake, line, '^', position + 1)) {}

}  // namespace resp
