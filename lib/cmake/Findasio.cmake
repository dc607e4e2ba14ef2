# Finds standalone Asio, which has no CMake package. Defines the target asio::asio and the variable asio_VERSION.
# Installed with libresp-config.cmake, because libresp::server links Asio publicly.
find_path(asio_INCLUDE_DIR asio.hpp)
mark_as_advanced(asio_INCLUDE_DIR)

if(asio_INCLUDE_DIR)
    # #define ASIO_VERSION 102201: major * 100'000 + minor * 100 + patch
    file(STRINGS "${asio_INCLUDE_DIR}/asio/version.hpp" asio_VERSION
        REGEX "^#define ASIO_VERSION [0-9]+")
    string(REGEX REPLACE "^#define ASIO_VERSION ([0-9]+).*" "\\1" asio_VERSION "${asio_VERSION}")
    math(EXPR asio_MAJOR "${asio_VERSION} / 100000")
    math(EXPR asio_MINOR "${asio_VERSION} / 100 % 1000")
    math(EXPR asio_PATCH "${asio_VERSION} % 100")
    set(asio_VERSION ${asio_MAJOR}.${asio_MINOR}.${asio_PATCH})
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(asio
    REQUIRED_VARS asio_INCLUDE_DIR
    VERSION_VAR asio_VERSION
)

if(asio_FOUND AND NOT TARGET asio::asio)
    add_library(asio::asio INTERFACE IMPORTED)
    set_target_properties(asio::asio PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES "${asio_INCLUDE_DIR}"
        INTERFACE_COMPILE_DEFINITIONS ASIO_STANDALONE
    )
    # Without this, Asio chooses its allocation function by what a file included before it. Memory that one file
    # allocates could then be freed by another file with the wrong function.
    set_property(TARGET asio::asio APPEND PROPERTY
        INTERFACE_COMPILE_DEFINITIONS ASIO_DISABLE_STD_ALIGNED_ALLOC)
    if(asio_VERSION VERSION_LESS 1.26) # does not detect C++20 coroutines in Clang
        set_property(TARGET asio::asio APPEND PROPERTY
            INTERFACE_COMPILE_DEFINITIONS ASIO_HAS_CO_AWAIT=1)
    endif()
endif()
