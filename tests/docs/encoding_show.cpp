#include <libresp/codec.hpp>
#include <libresp/codec/format.hpp>

#include <fmt/format.h>

int main() {
    const auto value = resp::parse("*4\r\n$3\r\nSET\r\n$1\r\n\x1b\r\n:42\r\n%1\r\n+a\r\n_\r\n");
    fmt::print("{}\n", *value);
    fmt::print("{:.6}\n", *value);
}
