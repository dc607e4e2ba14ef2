// expect: a handler must be copyable: the server copies it once for each connection
// A handler that owns something that cannot be copied.
#include <libresp/server.hpp>

#include <memory>
#include <string>

struct Handler {
#ifdef CORRECT
    std::shared_ptr<std::string> greeting = std::make_shared<std::string>("hello");
#else
    std::unique_ptr<std::string> greeting = std::make_unique<std::string>("hello");
#endif
    void operator()(const resp::Request&, resp::Reply& reply) { reply.simple_string(*greeting); }
};

void serve() { resp::Server{{}, Handler{}}.run(); }
