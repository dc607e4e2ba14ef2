// Prints the name and the message of each Errc. console_test.py compares them with the table of docs/decoding.md.
#include <libresp/codec.hpp>

#include <cstdio>

namespace {

void print(const char* name, resp::Errc code, char byte = 0) {
    std::printf("%s: %s\n", name, resp::DecodeError{code, 0, byte}.message().c_str());
}

}  // namespace

int main() {
    using enum resp::Errc;
    print("incomplete", incomplete);
    print("trailing_data", trailing_data);
    print("bad_type", bad_type, '@');
    print("bad_line", bad_line);
    print("bad_integer", bad_integer);
    print("bad_double", bad_double);
    print("bad_boolean", bad_boolean);
    print("bad_null", bad_null);
    print("bad_big_number", bad_big_number);
    print("bad_length", bad_length);
    print("bad_count", bad_count);
    print("bad_terminator", bad_terminator);
    print("bad_verbatim", bad_verbatim);
    print("bad_stream", bad_stream);
    print("bad_push", bad_push);
    print("expected_bulk", expected_bulk, ':');
    print("unbalanced_quotes", unbalanced_quotes);
    print("line_too_long", line_too_long);
    print("inline_too_long", inline_too_long);
    print("bulk_too_long", bulk_too_long);
    print("too_many_elements", too_many_elements);
    print("too_deep", too_deep);
    print("frame_too_long", frame_too_long);
}
