// CPU time: of the server, of this process, of the whole machine. Their differences tell what a request
// costs, and whether anything else had a share of the machine meanwhile.
#pragma once

#include <cstdint>

namespace loadgen {

struct CpuTime {
    std::uint64_t ns = 0;          // user and system, of all threads
    std::uint64_t user_ticks = 0;  // coarse: they only tell how the time divides
    std::uint64_t system_ticks = 0;
};

/// Of all threads of a process. A loopback send also runs the receiving side's TCP, so each of two peers
/// pays for the bytes that it sends. Throws std::runtime_error if there is no such process.
CpuTime cpu_time_of(int pid);

double own_cpu_seconds();

/// Everything that ran on the machine, and what its hypervisor took away.
double machine_cpu_seconds();

}  // namespace loadgen
