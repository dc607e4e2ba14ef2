// expect: no matching (function for call to|constructor for initialization of) .*Command
// A command reads a decoded request, not bytes.
#include <libresp/codec.hpp>

std::size_t words() {
#ifdef CORRECT
    const resp::Parsed request = resp::parse("PING\r\n", {}, resp::Reads::commands);
    const resp::Command command{*request};
#else
    const resp::Command command{"PING\r\n"};
#endif
    return command.size();
}
