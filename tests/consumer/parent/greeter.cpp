// Writes a greeting as a RESP value.
#include <libresp/codec.hpp>

std::string greeting() {
    std::string out;
    resp::Encoder{out}.simple_string("hello");
    return out;
}
