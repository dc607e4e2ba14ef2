// docs/server.md: limits for one address.
#include <libresp/server.hpp>

int main() {
    // [limits]
    resp::Options options;
    options.max_connections_per_address = 100;
    options.connection_rate = {.per_second = 10, .burst = 50};
    options.accept_filter = [](const resp::Endpoint& client) { return client.address != "192.0.2.1"; };
    // [/limits]
    return options.accept_filter({"192.0.2.2", 1, {}}) && !options.accept_filter({"192.0.2.1", 1, {}}) ? 0
                                                                                                       : 1;
}
