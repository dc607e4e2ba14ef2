// A chat: rooms are channels, so any client that can subscribe can listen. SAY adds the name of the speaker.
//
//     ./chat 6379
//     redis-cli -p 6379 SUBSCRIBE lobby                       in one terminal
//     redis-cli -p 6379 -3                                    in another one:
//         CLIENT SETNAME alice
//         SAY lobby "Hello everybody!"                        the first prints: alice: Hello everybody!
//         ROOMS                                               1# "lobby" => (integer) 1
#include <libresp/service.hpp>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <map>

int main(int argc, char** argv) {
    resp::Options options;
    if (argc > 1) std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), options.port);
    resp::Commands commands;
    resp::PubSub& rooms = commands.pubsub();
    commands
        .add("SAY room text",
             [&](std::string_view room, std::string_view text, resp::Call& call) {
                 const std::string name = call.client().name();
                 if (name.empty()) throw resp::error("ERR say who you are first: CLIENT SETNAME name");
                 return rooms.publish(room, name + ": " + std::string{text});
             })
        .add("ROOMS", [&] {
            std::map<std::string, std::size_t> sizes;
            const auto kind = resp::PubSub::Kind::channel;
            for (const std::string& room : rooms.names(kind)) sizes[room] = rooms.subscribers(kind, room);
            return sizes;
        });
    resp::Server server{options, resp::Service{commands}};
    std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    server.run();
}
