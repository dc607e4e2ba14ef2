#include <libresp/codec.hpp>

#include <fmt/format.h>

int main() {
    const resp::Parsed value = resp::parse("*2\r\n$3\r\nkey\r\n:42\r\n");
    if (!value) return 1;
    const resp::View view = (*value).view();
    fmt::print("{} values, the second is {}\n", view.size(), view[1].integer());

    const resp::Parsed wrong = resp::parse("*2\r\n$3\r\nkeys\r\n");
    fmt::print("{} at byte {}\n", wrong.error().message(), wrong.error().offset);
}
