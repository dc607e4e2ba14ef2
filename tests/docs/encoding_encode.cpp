#include <libresp/codec.hpp>

#include <cstdio>
#include <string>

int main() {
    std::string bytes;
    resp::Encoder out{bytes};
    out.array(2).bulk_string("key").integer(7);
    out.command("SET", "greeting", "Hello world!");
    std::fputs(bytes.c_str(), stdout);
}
