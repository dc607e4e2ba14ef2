// What the load generator is told: one struct, filled by the flags in main.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace loadgen {

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::size_t connections = 50;
    std::size_t depth = 1;  // requests of a batch, sent in one write
    std::size_t size = 16;  // bytes of the payload
    double rate =
        0;  // requests a second, whether or not replies come; 0: the next batch when one is answered
    double warmup = 0.3;  // seconds that are not measured
    double seconds = 2;   // that are
    int pid = 0;          // the server, for its CPU time; 0: unknown
};

}  // namespace loadgen
