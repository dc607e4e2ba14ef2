// The version of libresp. It stands here and nowhere else: CMake reads it from these three lines.
#pragma once

#include <string_view>

#define LIBRESP_VERSION_MAJOR 0
#define LIBRESP_VERSION_MINOR 1
#define LIBRESP_VERSION_PATCH 0

#define LIBRESP_JOIN_QUOTED(major, minor, patch) #major "." #minor "." #patch
#define LIBRESP_JOIN(major, minor, patch) LIBRESP_JOIN_QUOTED(major, minor, patch)

namespace resp {

/// "major.minor.patch" of the headers that were compiled, for people. Code compares the macros.
inline constexpr std::string_view version =
    LIBRESP_JOIN(LIBRESP_VERSION_MAJOR, LIBRESP_VERSION_MINOR, LIBRESP_VERSION_PATCH);

}  // namespace resp

#undef LIBRESP_JOIN
#undef LIBRESP_JOIN_QUOTED
