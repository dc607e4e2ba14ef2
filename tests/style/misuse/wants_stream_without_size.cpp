// expect: a handler that streams must have both public members
// A question without the length.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

struct Handler {
    void operator()(const resp::Request&, resp::Reply&) {}
#ifdef CORRECT
    bool wants_stream(const resp::Command&, std::uint64_t) const { return true; }
#else
    bool wants_stream(const resp::Command&) const { return true; }
#endif
    asio::awaitable<void> on_stream(resp::Incoming&, resp::Reply&) { co_return; }
};

void serve() { resp::Server{{}, Handler{}}.run(); }
