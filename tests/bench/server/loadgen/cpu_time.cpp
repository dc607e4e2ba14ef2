// Read from /proc: nanoseconds from schedstat, or, where the kernel keeps none, ticks of 10 ms from stat.
#include "cpu_time.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace loadgen {

namespace {

double ticks_per_second() { return static_cast<double>(::sysconf(_SC_CLK_TCK)); }

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

std::uint64_t scheduled_ns(const std::string& process) {
    std::uint64_t sum = 0;
    for (const auto& task : std::filesystem::directory_iterator{process + "/task"}) {
        std::uint64_t ns = 0;
        if (std::ifstream{task.path() / "schedstat"} >> ns) sum += ns;
    }
    return sum;
}

}  // namespace

CpuTime cpu_time_of(int pid) {
    const std::string process = fmt::format("/proc/{}", pid);
    std::string stat;
    if (!std::getline(std::ifstream{process + "/stat"}, stat))
        throw std::runtime_error{fmt::format("there is no process {}", pid)};
    CpuTime time;
    // Fields 14 and 15. The name, field 2, may hold spaces.
    std::sscanf(stat.c_str() + stat.rfind(')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                &time.user_ticks, &time.system_ticks);
    time.ns = scheduled_ns(process);
    if (time.ns == 0) {
        const auto ticks = static_cast<double>(time.user_ticks + time.system_ticks);
        time.ns = static_cast<std::uint64_t>(ticks * 1e9 / ticks_per_second());
    }
    return time;
}

double own_cpu_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double machine_cpu_seconds() {
    double user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
    std::string label;
    std::ifstream{"/proc/stat"} >> label >> user >> nice >> system >> idle >> iowait >> irq >> softirq >>
        steal;
    return (user + nice + system + irq + softirq + steal) / ticks_per_second();
}

}  // namespace loadgen
