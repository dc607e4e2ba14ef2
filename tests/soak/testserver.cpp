// A server that fails when it is asked to, for what resp-echo does not: it echoes each request, but for
//
//     THROW exception|int|bad_alloc    writes a part of a reply, then throws that
//     LATER anything                   (with --coroutine) is echoed when others have had their turn
//     SUBSCRIBE                        (without) from now on the client receives what is published
//     PUBLISH bytes                    (without) pushes the bytes, as a bulk string; replies to how many clients
//     GET key                          (without) replies with a null, as a store does that does not have the key
//     CPU                              (without) replies with the nanoseconds of CPU time that it has used
//     WAIT anything                    (with --coroutine) is echoed after the next OPEN, unless the client leaves
//     SET key bytes                    (with --stream) takes the bytes piece by piece, and replies +OK
//     FETCH bytes                      (with --stream) replies with so many bytes, piece by piece
//     OPEN                             (with --coroutine) is answered with the number of handlers that wait
//
// At its end it prints what it has counted: `requests 1000 handler_errors 3`.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>
#include <libresp/server/incoming.hpp>

#include <asio/awaitable.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <CLI/CLI.hpp>

#include <time.h>
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

namespace {

[[noreturn]] void throw_as_told(std::string_view kind, resp::Reply& reply) {
    reply.array(3).bulk_string("never seen");
    if (kind == "int") throw 42;
    if (kind == "bad_alloc") throw std::bad_alloc{};
    throw std::runtime_error{"as the client asked"};
}

/// The subscribers of all connections. They stay to the end: the programs that use them subscribe once.
struct Subscribers {
    std::mutex mutex;
    std::vector<resp::Connection> connections;

    std::size_t publish(std::string_view bytes) {
        const auto push = std::make_shared<std::string>();
        push->reserve(bytes.size() + 32);  // one copy of the bytes, and none while it grows
        resp::Encoder{*push}.bulk_string(bytes);
        const std::lock_guard lock{mutex};
        return resp::send_all(connections, push);
    }
};

std::int64_t cpu_time() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

struct Plain {
    void on_open(resp::Connection opened) { connection = std::move(opened); }
    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        if (command.is("THROW") && command.size() == 2) throw_as_told(command[1], reply);
        if (command.is("PUBLISH") && command.size() == 2) {
            return void(reply.integer(static_cast<std::int64_t>(subscribers->publish(command[1]))));
        }
        if (command.is("GET") && command.size() == 2) return void(reply.null());
        if (command.is("CPU")) return void(reply.integer(cpu_time()));
        if (command.is("SUBSCRIBE")) {
            const std::lock_guard lock{subscribers->mutex};
            subscribers->connections.push_back(connection);
        }
        reply.value(request.value());
    }
    std::shared_ptr<Subscribers> subscribers = std::make_shared<Subscribers>();  // the copies share them
    resp::Connection connection;
};

/// Coroutines wait here. For a server of one thread.
class Gate {
public:
    asio::awaitable<void> pass() {
        asio::steady_timer timer{co_await asio::this_coro::executor, asio::steady_timer::time_point::max()};
        const std::uint64_t opened = opened_;
        waiting_.insert(&timer);
        std::error_code ec;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        waiting_.erase(&timer);
        if (opened_ == opened) throw std::system_error{ec};
    }
    std::int64_t open() {
        ++opened_;
        for (asio::steady_timer* timer : waiting_) timer->cancel();
        return static_cast<std::int64_t>(waiting_.size());
    }

private:
    std::unordered_set<asio::steady_timer*> waiting_;
    std::uint64_t opened_ = 0;
};

/// The same, after it has let others run, or has waited.
struct Coroutine {
    std::shared_ptr<Gate> gate = std::make_shared<Gate>();

    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        const bool throws = command.is("THROW") && command.size() == 2;
        if (throws || command.is("LATER")) {
            const auto executor = co_await asio::this_coro::executor;
            co_await asio::post(executor, asio::use_awaitable);
        }
        if (command.is("OPEN")) {
            reply.integer(gate->open());
            co_return;
        }
        if (command.is("WAIT") && !co_await resp::unless_gone(request.connection(), gate->pass())) co_return;
        if (throws) throw_as_told(command[1], reply);
        reply.value(request.value());
    }
};

/// Long values, in constant memory.
struct Streaming {
    static constexpr std::size_t piece = 64 * 1024;

    bool wants_stream(const resp::Command& words, std::uint64_t) const { return words.is("SET"); }
    asio::awaitable<void> on_stream(resp::Incoming& incoming, resp::Reply& reply) {
        while (const auto got = co_await incoming.next())
            std::memcpy(copy(), got->token.text.data(), got->token.text.size());
        reply.simple_string("OK");
    }
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        const auto size = static_cast<std::uint64_t>(request.command().integer(1).value_or(0));
        reply.bulk_string_header(size);
        for (std::uint64_t left = size; left != 0;) {
            const std::string_view bytes{copy(),
                                         static_cast<std::size_t>(std::min<std::uint64_t>(left, piece))};
            reply.wire(bytes);
            co_await reply.drain();
            left -= bytes.size();
        }
        reply.end_bulk_string();
    }
    char* copy() {
        static std::vector<char> bytes(2 * piece);
        return bytes.data();
    }
};

template <class Handler>
void serve(const resp::Options& options) {
    resp::Server server{options, Handler{}};
    std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    server.run();
    const resp::Stats stats = server.stats();
    std::printf("requests %llu handler_errors %llu\n", static_cast<unsigned long long>(stats.requests),
                static_cast<unsigned long long>(stats.handler_errors));
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"A server that fails when it is asked to"};
    resp::Options options{.stop_signals = {SIGINT, SIGTERM}};
    double write_stall = 30;
    bool coroutine = false;
    bool stream = false;
    app.add_option("--port", options.port, "TCP port; 0 takes a free one");
    app.add_option("--threads", options.threads, "Threads");
    app.add_option("--write-stall", write_stall, "Seconds without progress after which a client is closed");
    app.add_option("--max-memory", options.max_memory, "Bytes held for all clients");
    app.add_flag("--coroutine", coroutine, "Let the handler be a coroutine");
    app.add_flag("--stream", stream, "Take and send long values piece by piece");
    CLI11_PARSE(app, argc, argv);
    options.write_stall = std::chrono::milliseconds{static_cast<std::int64_t>(write_stall * 1000)};
    try {
        if (stream) {
            serve<Streaming>(options);
        } else {
            coroutine ? serve<Coroutine>(options) : serve<Plain>(options);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "testserver: %s\n", error.what());
        return 1;
    }
}
