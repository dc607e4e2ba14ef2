// expect: (use of deleted function|call to deleted member function).*bulk_string
// A character written as a string: it could mean its number or its letter.
#include <libresp/codec.hpp>

void write(resp::Encoder& out) {
#ifdef CORRECT
    out.bulk_string("x");
#else
    out.bulk_string('x');
#endif
}
