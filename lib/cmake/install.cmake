# What `cmake --install` copies: libraries, headers, the CMake package with its components codec, server and service, a
# pkg-config file for each, and the documentation.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libresp)

install(TARGETS libresp_codec
    EXPORT libresp-codec-targets
    FILE_SET HEADERS
)
install(TARGETS libresp_server libresp_service libresp
    EXPORT libresp-server-targets
    FILE_SET HEADERS
)
if(LIBRESP_CARRIES_ASIO)
    install(TARGETS libresp_asio EXPORT libresp-server-targets)
    install(DIRECTORY ${asio_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/libresp-asio
        FILES_MATCHING PATTERN "*.hpp" PATTERN "*.ipp")
else()
    install(FILES ${CMAKE_CURRENT_LIST_DIR}/Findasio.cmake DESTINATION ${package_dir})
endif()

# ---- find_package(libresp)
foreach(component IN ITEMS codec server)
    install(EXPORT libresp-${component}-targets NAMESPACE libresp:: DESTINATION ${package_dir})
endforeach()
configure_package_config_file(
    ${CMAKE_CURRENT_LIST_DIR}/libresp-config.cmake.in libresp-config.cmake
    INSTALL_DESTINATION ${package_dir}
    NO_SET_AND_CHECK_MACRO
)
write_basic_package_version_file(libresp-config-version.cmake COMPATIBILITY SameMinorVersion)
install(
    FILES
        ${CMAKE_CURRENT_BINARY_DIR}/libresp-config.cmake
        ${CMAKE_CURRENT_BINARY_DIR}/libresp-config-version.cmake
    DESTINATION ${package_dir}
)

# ---- pkg-config: libresp-codec, and libresp for all components
set(pc_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pc_prefix /${pc_dir} /) # relative to the .pc file: the prefix can be moved

set(pc_name libresp-codec)
set(pc_description "RESP, the Redis protocol: bytes to values and back")
set(pc_requires fmt)
set(pc_libs -lresp_codec)
set(pc_cflags "")
configure_file(${CMAKE_CURRENT_LIST_DIR}/libresp.pc.in libresp-codec.pc @ONLY)

set(pc_name libresp)
set(pc_description ${PROJECT_DESCRIPTION})
set(pc_requires libresp-codec)
set(pc_libs "-lresp_service -lresp_server -pthread")
get_target_property(pc_cflags asio::asio INTERFACE_COMPILE_DEFINITIONS)
list(TRANSFORM pc_cflags PREPEND -D)
list(JOIN pc_cflags " " pc_cflags)
string(APPEND pc_cflags " -pthread")
if(LIBRESP_CARRIES_ASIO)
    string(APPEND pc_cflags " -isystem \${includedir}/libresp-asio")
endif()
configure_file(${CMAKE_CURRENT_LIST_DIR}/libresp.pc.in libresp.pc @ONLY)

install(
    FILES ${CMAKE_CURRENT_BINARY_DIR}/libresp-codec.pc ${CMAKE_CURRENT_BINARY_DIR}/libresp.pc
    DESTINATION ${pc_dir}
)

# ---- the documentation, in folders as in the repository, so that links between the pages work
install(
    FILES
        ${PROJECT_SOURCE_DIR}/CHANGELOG.md
        ${PROJECT_SOURCE_DIR}/LICENSE
        ${PROJECT_SOURCE_DIR}/README.md
        ${PROJECT_SOURCE_DIR}/SECURITY.md
    DESTINATION ${CMAKE_INSTALL_DOCDIR}
)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs
    DESTINATION ${CMAKE_INSTALL_DOCDIR}
    FILES_MATCHING PATTERN "*.md" PATTERN "*.svg"
)
