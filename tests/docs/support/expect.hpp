// For the short pieces that a page quotes: states outside of the quoted region what the piece yields.
#pragma once

#include <libresp/codec/escape.hpp>

#include <cstdio>
#include <cstdlib>
#include <string_view>

/// Ends the program with exit code 1 if the two texts differ.
inline void expect(std::string_view actual, std::string_view expected) {
    if (actual == expected) return;
    std::fprintf(stderr, "got      %s\nexpected %s\n", resp::escaped(actual).c_str(),
                 resp::escaped(expected).c_str());
    std::exit(1);
}
