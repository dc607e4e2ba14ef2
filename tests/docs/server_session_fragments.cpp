// docs/server.md: a handler's members are the state of its connection; on_start() gives it the server.
#include "expect.hpp"

#include <libresp/server.hpp>

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <system_error>

// [session]
class Session {
public:
    explicit Session(std::atomic<int>& online) : online_(&online) {}

    void on_open(resp::Connection connection) {  // optional; before the first request
        connection_ = connection;
        ++*online_;
    }
    void on_close(std::error_code reason) {  // optional; after the last request
        --*online_;
        if (reason) fmt::print("{} left: {}\n", connection_.id(), reason.message());
    }
    void operator()(const resp::Request&, resp::Reply& reply) { reply.integer(*online_); }

private:
    std::atomic<int>* online_;  // shared by all connections
    resp::Connection connection_;
};
// [/session]

// [start]
struct Admin {
    void on_start(resp::ServerHandle server) { server_ = server; }  // optional; before the first client

    void operator()(const resp::Request& request, resp::Reply& reply) {
        if (request.command().is("SHUTDOWN")) server_.stop();
        reply.integer(static_cast<std::int64_t>(server_.stats().connections));
    }

private:
    resp::ServerHandle server_;
};
// [/start]

int main() {
    std::atomic<int> online{0};
    const resp::Server server{{.port = 0}, Session{online}};  // both hooks compile
    expect(server.local_endpoint().address, "127.0.0.1");
    const resp::Server admin{{.port = 0}, Admin{}};
    expect(admin.local_endpoint().address, "127.0.0.1");
}
