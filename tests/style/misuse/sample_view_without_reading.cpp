// expect: (cannot convert|could not convert|no viable conversion)
#include <libresp/codec.hpp>

std::string_view text_of(const resp::View& view) {
#ifdef CORRECT
    return view.text();
#else
    return view;
#endif
}
