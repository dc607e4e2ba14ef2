// expect: cannot bind non-const lvalue reference|no matching constructor for initialization of .*Encoder
// An encoder refers to its output, which must outlive it.
#include <libresp/codec.hpp>

#include <string>

void write() {
#ifdef CORRECT
    std::string bytes;
    resp::Encoder out{bytes};
#else
    resp::Encoder out{std::string{}};
#endif
    out.simple_string("OK");
}
