// A user's file that includes every header of the server, with strict warnings as errors. One server has a
// plain handler with hooks, one a coroutine handler on the user's executor.
#include <libresp/codec/format.hpp>
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

#include <chrono>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

namespace {

struct Plain {
    int requests = 0;

    void on_open(resp::Connection connection) {
        connection.send([](resp::Encoder& out) { out.push(2).bulk_string("hello").integer(1); });
    }
    void on_close(std::error_code reason) { std::puts(reason.message().c_str()); }

    void operator()(const resp::Request& request, resp::Reply& reply) {
        const resp::Command command = request.command();
        char room[20];
        const auto end = std::to_chars(room, room + sizeof room, ++requests).ptr;
        if (command.is("COUNT")) {
            reply.bulk_string({room, static_cast<std::size_t>(end - room)});
        } else if (command.is("QUIT")) {
            reply.simple_string("OK");
            reply.close();
        } else if (command.is("HELLO")) {
            reply.set_version(resp::Version::resp3);
            reply.map(1).bulk_string("proto").integer(3);
        } else {
            reply.value(request.value());
        }
    }
};

struct Waiting {
    asio::awaitable<void> operator()(const resp::Request& request, resp::Reply& reply) {
        asio::steady_timer timer{co_await asio::this_coro::executor};
        timer.expires_after(std::chrono::milliseconds{1});
        co_await timer.async_wait(asio::use_awaitable);
        const resp::View value = request.value();
        reply.value(value);
    }
};

/// Options are often written inside a template.
template <class Handler>
void stop_at_once(Handler handler) {
    resp::Server<Handler> server{resp::Options{.port = 0}, std::move(handler)};
    server.stop();
    server.run();
}

}  // namespace

int main() {
    stop_at_once(Plain{});
    resp::Options options{.port = 0};
    options.log.sink = [](resp::LogLevel level, std::string_view line) {
        fmt::print("{} {}\n", resp::name(level), line);
    };
    resp::Server server{options, Plain{}};
    asio::io_context context;
    resp::Server embedded{context.get_executor(), options, Waiting{}};
    embedded.start();
    std::printf("%s %llu\n", embedded.local_endpoint().to_string().c_str(),
                static_cast<unsigned long long>(server.stats().connections));
    embedded.stop();
    context.run();
}
