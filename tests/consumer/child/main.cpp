// Reads the greeting of the library that was installed together with libresp.
#include <libresp/codec.hpp>

std::string greeting();

int main() {
    const auto value = resp::parse(greeting());
    return value && (*value).view().text() == "hello" ? 0 : 1;
}
