# The dependencies of libresp: the installed package if there is one, else the sources at a pinned commit.
# The library needs Asio, fmt and threads. The others are only declared here. The folder that needs one calls
# libresp_depend_on(), so a project that embeds only the library never looks for them.
include(FetchContent)

# libresp_depend_on(<name>...): finds or fetches these dependencies. Their headers are system headers, so they
# cause no warnings. (In CMake 3.25, SYSTEM in FetchContent_Declare breaks the git command.)
macro(libresp_depend_on)
    FetchContent_MakeAvailable(${ARGN})
    foreach(name IN ITEMS ${ARGN})
        if(TARGET ${name})
            set_target_properties(${name} PROPERTIES SYSTEM ON)
        endif()
    endforeach()
endmacro()

FetchContent_Declare(asio
    GIT_REPOSITORY https://github.com/chriskohlhoff/asio.git
    GIT_TAG 8806a6803cde7054c3049d3666d3ec36786568c5 # asio-1-38-2
    SOURCE_SUBDIR no-cmake-project-here
    FIND_PACKAGE_ARGS 1.22 GLOBAL MODULE QUIET # with our Findasio.cmake
)
FetchContent_Declare(fmt
    GIT_REPOSITORY https://github.com/fmtlib/fmt.git
    GIT_TAG 1be298e1bd68957e4cd352e1f676f00e07dcfb57 # 12.2.0
    FIND_PACKAGE_ARGS 9 GLOBAL QUIET
)
FetchContent_Declare(CLI11 # apps
    GIT_REPOSITORY https://github.com/CLIUtils/CLI11.git
    GIT_TAG cbd58a3696887b34c70949aef21a71735a0c2ad5 # v2.7.2
    FIND_PACKAGE_ARGS 2.1 QUIET
)
FetchContent_Declare(Catch2 # tests; version 2 or 3, see tests/support/catch.hpp
    GIT_REPOSITORY https://github.com/catchorg/Catch2.git
    GIT_TAG fa43b77429ba76c462b1898d6cd2f2d7a9416b14 # v3.7.1
    FIND_PACKAGE_ARGS QUIET
)
FetchContent_Declare(nlohmann_json # tests
    GIT_REPOSITORY https://github.com/nlohmann/json.git
    GIT_TAG 9cca280a4d0ccf0c08f47a99aa71d1b0e52f8d03 # v3.11.3
    FIND_PACKAGE_ARGS 3 QUIET
)

list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR}) # Findasio.cmake
set(FMT_INSTALL ${LIBRESP_INSTALL}) # the installed headers need fmt: install it too if it was fetched
libresp_depend_on(asio fmt)
find_package(Threads REQUIRED GLOBAL)

# A fetched Asio is a folder of headers. The package installs them too, because users must compile with the same
# Asio that the engine was compiled with.
if(NOT TARGET asio::asio)
    set(LIBRESP_CARRIES_ASIO ON)
    add_library(libresp_asio INTERFACE)
    add_library(asio::asio ALIAS libresp_asio)
    set_target_properties(libresp_asio PROPERTIES EXPORT_NAME asio)
    target_compile_definitions(libresp_asio INTERFACE ASIO_STANDALONE ASIO_DISABLE_STD_ALIGNED_ALLOC)
    target_include_directories(libresp_asio SYSTEM INTERFACE
        $<BUILD_INTERFACE:${asio_SOURCE_DIR}/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/libresp-asio>
    )
endif()
