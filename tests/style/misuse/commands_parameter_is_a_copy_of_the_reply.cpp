// expect: a parameter of a function of resp::Commands must be std::string_view
// A copy of the reply: the server would not see it.
#include <libresp/service.hpp>

void add(resp::Commands<>& commands) {
#ifdef CORRECT
    commands.add("QUIT", [](resp::Reply& reply) { reply.close(); });
#else
    commands.add("QUIT", [](resp::Reply reply) { reply.close(); });
#endif
}
