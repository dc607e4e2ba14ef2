// expect: (use of deleted function|call to deleted member function).*bulk_string
// A null pointer is not a text. A null reply has a verb.
#include <libresp/codec.hpp>

void write(resp::Encoder& out) {
#ifdef CORRECT
    out.null();
#else
    out.bulk_string(nullptr);
#endif
}
