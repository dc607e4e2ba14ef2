// expect: TextOrNumber
// The arguments of a command are text or numbers, and a char could mean either.
#include <libresp/codec.hpp>

void write(resp::Encoder& out) {
#ifdef CORRECT
    out.command("SETBIT", "key", 7, "1");
#else
    out.command("SETBIT", "key", 7, '1');
#endif
}
