// The requests of the clients. The first letter of a request says what its handler does (server_rule.hpp and
// handlers.hpp).
#include "wire.hpp"

#include <string_view>
#include <utility>

namespace simulator {

namespace {

using Requests = std::vector<std::string>;

std::string bulk(std::string_view text) {
    return '$' + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

std::string command(std::string_view name, std::size_t words = 0, std::size_t size = 1) {
    std::string bytes = '*' + std::to_string(1 + words) + "\r\n" + bulk(name);
    for (std::size_t i = 0; i != words; ++i) {
        bytes += bulk(std::string(size, static_cast<char>('a' + i % 26)));
    }
    return bytes;
}

/// What most clients send most of the time. No handler waits for the first ones.
constexpr std::size_t not_waiting = 5;
const Requests& usual() {
    static const Requests requests = {command("ECHO"),
                                      command("ECHO", 1, 3),
                                      command("ECHO", 2, 30),
                                      command("KEY", 1, 300),
                                      command("NOTHING"),
                                      command("BIG"),
                                      command("BIG", 5),
                                      command("WAIT"),
                                      command("GATE", 1, 5),
                                      command("DELAY"),
                                      command("PUSH"),
                                      command("PUSH", 3),
                                      command("USE"),
                                      command("MESSAGE"),
                                      command("3", 1),
                                      command("2"),
                                      "ECHO inline 'two words'\r\n",
                                      "PUSH\n"};
    return requests;
}

/// Other types, for Reads::anything.
const Requests& typed() {
    static const Requests requests = {":12\r\n",
                                      "+simple\r\n",
                                      "%1\r\n+key\r\n:1\r\n",
                                      "~2\r\n:1\r\n:2\r\n",
                                      ">1\r\n$4\r\nPULL\r\n",
                                      "_\r\n",
                                      "#t\r\n",
                                      ",1.5\r\n",
                                      "*2\r\n*0\r\n:1\r\n",
                                      "$?\r\n;3\r\nabc\r\n;0\r\n"};
    return requests;
}

const Requests& large() {
    static const Requests requests = {command("ECHO", 1, 5'000), command("BIG", 60), command("ECHO", 400, 3),
                                      command("KEY", 2, 40'000), command("BIG", 700)};
    return requests;
}

/// Each has a word that may stream.
const Requests& longest() {
    static const Requests requests = {
        command("ECHO", 1, 140'001),
        command("KEY", 1, 150'002),
        command("WAIT", 1, 140'003),
        command("BIG", 1, 140'005),
        command("PUSH", 1, 132'000),
        command("ECHO", 1, 131'073),
        "*4\r\n" + bulk("ECHO") + bulk(std::string(140'001, 'a')) + bulk("after") + bulk("")};
    return requests;
}

/// After each of these the connection ends.
const Requests& last() {
    static const Requests requests = {command("THROW"),
                                      command("XTHROW"),
                                      command("YTHROW"),
                                      command("QUIT"),
                                      command("SHUT"),
                                      "*1\r\n:1\r\n",
                                      "$-5\r\n",
                                      "*x\r\n",
                                      "*1\r\n$2\r\nabcd\r\n",
                                      "POST / HTTP/1.1\r\n",
                                      "ECHO 'unbalanced\r\n",
                                      "*99999999999\r\n"};
    return requests;
}

void add(Wire& wire, const std::string& request) {
    wire.bytes += request;
    wire.ends.push_back(wire.bytes.size());
}

void spoil(Wire& wire, Random& random) {
    wire.bytes[random.below(wire.bytes.size())] = static_cast<char>(random.below(256));
    wire.is_regular = false;
}

}  // namespace

Wire wire_of(Random& random, const Setup& setup, std::size_t most) {
    const resp::Options& options = setup.options;
    Wire wire;
    const bool floods = random.chance(3);
    const std::size_t requests = floods ? 3'000 : random.chance(900) ? random.below(7) : random.below(60);
    const std::size_t ends_at = random.chance(120) ? random.below(requests + 1) : SIZE_MAX;
    if (random.chance(4)) wire.bytes += '\x16', wire.is_regular = false;  // TLS
    for (std::size_t i = 0; i != requests && wire.bytes.size() < most; ++i) {
        if (i == ends_at) {
            add(wire, random.one_of<std::string>(last()));
        } else if (options.reads == resp::Reads::anything && random.chance(300)) {
            add(wire, random.one_of<std::string>(typed()));
        } else if (setup.streams() && most == SIZE_MAX && !floods && random.chance(5)) {
            add(wire, random.one_of<std::string>(longest()));
        } else if (floods) {
            add(wire, usual()[random.below(not_waiting)]);
        } else {
            add(wire, random.one_of<std::string>(random.chance(8) ? large() : usual()));
        }
    }
    if (!wire.bytes.empty() && random.chance(30)) spoil(wire, random);
    return wire;
}

}  // namespace simulator
