// Stops the compilation at one clear message if the compiler is not in C++20 mode. Every public header
// includes this file first, directly or through another header.
//
// #error alone does not stop GCC and Clang: they would report each use of C++20 that follows. An #include of
// a file that does not exist does stop them.
#pragma once

#if __cplusplus <= 201703L
#error libresp needs C++20: compile with -std=c++20 (CMake: link libresp::codec or libresp::server)
#include <libresp/stop_here>
#endif
