# Compares the headers in the folder with those that the targets list.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE present include/libresp/*.hpp)
list(REMOVE_ITEM present ${listed})

foreach(file IN LISTS present)
    message(SEND_ERROR "no target in lib/CMakeLists.txt lists ${file}")
endforeach()
