// expect: (use of deleted function|call to deleted member function).*view
// A view of a value that ends with the same statement.
#include <libresp/codec.hpp>

std::string_view text_of(resp::View received) {
#ifdef CORRECT
    const resp::Value copy{received};
    const resp::View view = copy.view();
    return view.text().empty() ? "empty" : "not empty";
#else
    const resp::View view = resp::Value{received}.view();
    return view.text();
#endif
}
