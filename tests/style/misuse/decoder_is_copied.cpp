// expect: deleted (function|constructor|copy constructor).*Decoder
// A copy of a decoder: it would share the views of the original.
#include <libresp/codec.hpp>

#include <utility>

void keep(resp::Decoder& decoder) {
#ifdef CORRECT
    const resp::Decoder moved{std::move(decoder)};
#else
    const resp::Decoder copied{decoder};
#endif
}
