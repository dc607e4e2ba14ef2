// expect: (use of deleted function|call to deleted constructor).*Reply
// A copy of the reply: the server would not see what the copy is told.
#include <libresp/server.hpp>

void answer(const resp::Request&, resp::Reply& reply) {
#ifdef CORRECT
    resp::Reply& same = reply;
#else
    resp::Reply same = reply;
#endif
    same.simple_string("OK");
}
