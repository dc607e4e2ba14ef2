// One thread, one epoll set, N connections, each with one batch of identical requests under way. Replies are
// counted by their bytes, not parsed, so that the generator costs less than the servers that it measures.
//
//     closed loop   a connection's next batch starts when the one before is answered
//     open loop     batches are due at a fixed rate, connection by connection; latency counts from when a
//                   batch was due, so a server that falls behind cannot hide it by slowing the generator
#pragma once

#include "cpu_time.hpp"
#include "histogram.hpp"
#include "options.hpp"

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace loadgen {

struct Result {
    double seconds = 0;
    double requests = 0;       // answered while it was measured
    double requests_ever = 0;  // with those of the connecting and of the warm-up
    Histogram latency;         // of whole batches
    Histogram lag;             // open loop: how late the generator itself sent an idle connection's batch
    CpuTime server_before, server_after;
    double own_cpu = 0;      // seconds
    double machine_cpu = 0;  // seconds
};

class Load {
public:
    /// Connects, and exchanges one request on each connection.
    explicit Load(const Options& options);

    /// Warms up, then measures.
    Result run();

private:
    struct Connection {
        int socket;
        std::size_t unsent = 0;   // bytes of the batch under way
        std::size_t awaited = 0;  // bytes of its replies
        std::uint64_t due = 0;    // when it was to start, ns
        std::size_t overdue = 0;  // open loop: batches that came due while it was under way
        bool is_blocked = false;  // the socket is full
    };

    void watch(int operation, Connection& connection, std::uint32_t events) const;
    void start_loop();
    void loop_until(std::uint64_t deadline);
    bool is_open_loop() const { return options_.rate > 0; }
    void start_due(std::uint64_t now);
    std::uint64_t due_time(std::uint64_t nth) const;
    std::size_t wait(std::span<epoll_event> events) const;
    void start_batch(Connection& connection, std::uint64_t due);
    void flush(Connection& connection) const;
    void receive(Connection& connection);
    void finish_batch(Connection& connection);

    Options options_;
    std::string batch_;
    std::size_t reply_bytes_ = 0;  // of one batch
    std::vector<Connection> connections_;
    std::vector<char> received_;
    int epoll_ = -1;

    std::uint64_t started_ = 0;  // open loop: the schedule
    std::uint64_t scheduled_ = 0;
    std::uint64_t batches_ = 0;
    std::uint64_t batches_ever_ = 0;
    Histogram latency_;
    Histogram lag_;
};

}  // namespace loadgen
