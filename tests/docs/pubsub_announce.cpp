#include <libresp/service.hpp>

#include <string_view>

int main() {
    resp::Commands commands;
    resp::PubSub& channels = commands.pubsub();
    commands.add("ANNOUNCE text", [&](std::string_view text) { return channels.publish("news", text); });
    resp::Server server{{.port = 6384}, resp::Service{commands}};
    server.run();
}
