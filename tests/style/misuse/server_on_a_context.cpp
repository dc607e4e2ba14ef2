// expect: an embedded server needs an executor: .*context.get_executor\(\)
// A server that gets a context in place of the context's executor.
#include <libresp/server.hpp>
#include <libresp/server/asio.hpp>

void answer(const resp::Request&, resp::Reply&);

void serve() {
    asio::io_context context;
#ifdef CORRECT
    resp::Server server{context.get_executor(), resp::Options{.port = 0}, answer};
#else
    resp::Server server{context, resp::Options{.port = 0}, answer};
#endif
    server.start();
    context.run();
}
