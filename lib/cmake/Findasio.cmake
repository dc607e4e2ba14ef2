# Finds standalone Asio, which comes without a CMake package of its own: the target asio::asio and
# the variable asio_VERSION. Installed beside libresp-config.cmake, for Asio is in libresp's interface.
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
    # Else each file decides by the order of its includes how Asio allocates, and what one of them has
    # allocated another one frees in its own way.
    set_property(TARGET asio::asio APPEND PROPERTY
        INTERFACE_COMPILE_DEFINITIONS ASIO_DISABLE_STD_ALIGNED_ALLOC)
    if(asio_VERSION VERSION_LESS 1.26) # does not see that Clang has the coroutines of C++20
        set_property(TARGET asio::asio APPEND PROPERTY
            INTERFACE_COMPILE_DEFINITIONS ASIO_HAS_CO_AWAIT=1)
    endif()
endif()
