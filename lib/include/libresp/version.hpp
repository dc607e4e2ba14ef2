// The version of libresp. This file is its only source: CMake reads the three numbers below.
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <string_view>

#define LIBRESP_VERSION_MAJOR 0
#define LIBRESP_VERSION_MINOR 2
#define LIBRESP_VERSION_PATCH 0

#define LIBRESP_JOIN_QUOTED(major, minor, patch) #major "." #minor "." #patch
#define LIBRESP_JOIN(major, minor, patch) LIBRESP_JOIN_QUOTED(major, minor, patch)

namespace resp {

/// The version of these headers as text, for example "0.2.0". To compare versions, use the macros.
inline constexpr std::string_view version_string =
    LIBRESP_JOIN(LIBRESP_VERSION_MAJOR, LIBRESP_VERSION_MINOR, LIBRESP_VERSION_PATCH);

}  // namespace resp

#undef LIBRESP_JOIN
#undef LIBRESP_JOIN_QUOTED
