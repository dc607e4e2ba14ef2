// expect: (use of deleted function|call to deleted member function).*bulk_string
// A boolean written as a string: its text is not defined.
#include <libresp/codec.hpp>

void write(resp::Encoder& out) {
#ifdef CORRECT
    out.bulk_string(std::string_view{"true"});
#else
    out.bulk_string(true);
#endif
}
