// Invariant: each client receives exactly the replies that server_rule.hpp computes from its bytes, in order,
// with pushes only between replies, and an error only as the last reply. A client whose stream broke receives
// a prefix. At the end no memory is held, and the engine never spins. The fuzzer controls streams, clients,
// handlers, deferred replies and time.
#include "support/memory_transport.hpp"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "check.hpp"
#include "server_client.hpp"
#include "server_handlers.hpp"
#include "server_rule.hpp"

namespace {

using fuzz::check;
using fuzz::Client;
using fuzz::expected_of;
using fuzz::Served;
using support::MemoryClient;
using support::MemoryServer;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// The first byte selects a setup. Small limits let short inputs reach them.
enum Setup : std::uint8_t {
    coroutine = 0x01,
    commands = 0x02,
    small_limits = 0x04,
    small_water = 0x08,
    small_output = 0x10,
    small_memory = 0x20,
    two_clients = 0x40,
    idle = 0x80,
};

/// A bit of the second byte: the handler is of all kinds.
constexpr std::uint8_t mixed = 0x80;
constexpr std::size_t shortest_stream = 128 * 1024;

resp::Options options_of(std::uint8_t setup, std::uint8_t greetings) {
    const auto has = [&](Setup bit) { return (setup & bit) != 0; };
    resp::Options options;
    options.frame_rate = 64 * 1024;  // else a long word may take minutes
    options.reads = has(commands) ? resp::Reads::commands : resp::Reads::anything;
    if (has(small_limits) && (greetings & mixed) == 0) {  // max_bulk does not apply to streams
        options.limits = {
            .max_line = 40, .max_bulk = 100, .max_elements = 8, .max_depth = 3, .max_frame = 200};
    }
    if (has(small_water)) options.batch_output = 100;
    if (has(small_output)) options.max_pushes = 300;
    if (has(small_memory)) options.max_memory = 20'000;
    if (has(two_clients)) options.max_connections = 2;
    if (has(idle)) options.idle_timeout = 5s;
    return options;
}

class World {
public:
    World(std::uint8_t setup, std::uint8_t greetings) : course_{.options = options_of(setup, greetings)} {
        for (std::size_t i = 0; i != clients_.size(); ++i) {
            constexpr Served::Greeting every[] = {Served::Greeting::none, Served::Greeting::push,
                                                  Served::Greeting::none, Served::Greeting::exception};
            clients_[i].served.greeting = every[((greetings & ~mixed) >> (2 * i)) & 3];
        }
        if ((greetings & mixed) != 0) {
            course_.options.max_deferred = 5;
            course_.options.stream_above = shortest_stream;
            server_.emplace(course_.options, fuzz::MixedHandler{stage_});
        } else if ((setup & coroutine) != 0) {
            server_.emplace(course_.options, fuzz::CoroutineHandler{stage_});
        } else {
            server_.emplace(course_.options, fuzz::PlainHandler{stage_});
        }
    }
    ~World() {
        stage_.gate = {};  // its coroutines must be destroyed before their context
        stage_.answers.clear();
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void act(std::uint8_t what, std::uint8_t amount, std::string_view& wire);
    void send(Client& client, std::string_view bytes);
    void send_long(Client& client, std::uint8_t amount);
    Client& client(std::size_t i);
    void finish();

private:
    MemoryServer& server() { return *server_; }
    void run_posted();
    void run();
    void pass(milliseconds time);
    void drain();
    void abort();
    bool answer(std::size_t i = 0);
    template <class Action>
    void for_each(Action action) {
        for (Client& each : clients_) {
            if (each.stream != nullptr) action(each);
        }
    }

    fuzz::Course course_;
    fuzz::Stage stage_;
    std::array<Client, 4> clients_;
    std::optional<MemoryServer> server_;
    std::size_t steps_ = 0;
    std::size_t most_steps_ = 2'000;  // grows with each byte and action
    bool gate_stays_open_ = false;
    milliseconds draining_time_{0};
};

// ---- what the engine does

void World::run_posted() {
    while (server().run_posted()) check(++steps_ < most_steps_, "the engine does not spin");
}

void World::run() {
    do {
        while (server().step()) check(++steps_ < most_steps_, "the engine does not spin");
    } while (gate_stays_open_ && (stage_.gate.open() || answer()));
}

/// Answers one of the open deferred replies; `i` selects it. Returns false if there is none.
bool World::answer(std::size_t i) {
    if (stage_.answers.empty()) return false;
    auto [later, bytes] = stage_.take_answer(i % stage_.answers.size());
    static_cast<void>(std::move(later).wire(bytes));
    return true;
}

/// As the timer does: tick by tick, with everything that is due in between.
void World::pass(milliseconds time) {
    constexpr milliseconds tick = resp::detail::Worker::tick_time;
    time = (time + tick - 1ms) / tick * tick;
    run();
    for_each([&](Client& each) {
        if (each.throttled) each.throttled_time += time;
        if (expected_of(each.sent, course_.options).incomplete) each.incomplete_time += time;
    });
    for (milliseconds passed{0}; passed < time; passed += tick) {
        server().tick(tick);
        run();
    }
    if (course_.draining) draining_time_ += time;
    course_.aborted = course_.aborted || draining_time_ >= course_.options.drain_deadline;
}

// ---- what clients do

/// The client, connected at its first use.
Client& World::client(std::size_t i) {
    Client& client = clients_[i];
    if (client.stream == nullptr) {
        client.refused = server().connections() >= course_.options.max_connections;
        stage_.connecting = &client.served;
        client.stream = &server().connect();
        check(client.served.opened == (client.refused ? 0 : 1),
              "on_open() is called unless the client is refused");
        most_steps_ += 1'000;
    }
    return client;
}

void World::send(Client& client, std::string_view bytes) {
    if (client.finished) return;
    client.stream->send(bytes);
    client.sent += bytes;
    most_steps_ += 20 * bytes.size();
}

/// A request with a word that may stream. Its last bytes may be missing.
void World::send_long(Client& client, std::uint8_t amount) {
    std::string bytes;
    resp::Encoder{bytes}.array(2).bulk_string("ECHO").bulk_string(std::string(shortest_stream + amount, 'l'));
    if (amount >= 100) bytes.resize(bytes.size() - (amount - 100));
    send(client, bytes);
}

void World::drain() {
    if (std::exchange(course_.draining, true)) return;
    for_each([](Client& each) { each.sent_before_drain = each.sent.size(); });
    server().stop();
}

void World::abort() {
    course_.aborted = true;
    server().worker().abort();
}

/// One action. Bytes to send are taken from the front of the wire.
void World::act(std::uint8_t what, std::uint8_t amount, std::string_view& wire) {
    constexpr std::uint8_t many = 200;
    Client& who = client(what & 3);
    MemoryClient& stream = *who.stream;
    most_steps_ += 50;
    switch ((what >> 2) % 20) {
        case 0:
        case 1: {
            const std::size_t size = amount == 0     ? wire.size()
                                     : amount < many ? amount
                                                     : 16 * (amount - many);
            send(who, wire.substr(0, size));
            wire.remove_prefix(std::min(size, wire.size()));
            break;
        }
        case 2: return run();
        case 3:
            run_posted();
            stream.notify();
            break;
        case 4: server().run_posted(); break;
        case 5: stream.most_read = amount == 0 ? MemoryClient::all : amount; break;
        case 6: stream.most_write = amount == 0 ? MemoryClient::all : amount; break;
        case 7:
            stream.room = amount == 0 ? MemoryClient::all : amount - 1;
            who.throttled = who.throttled || amount != 0;
            break;
        case 8:
            stream.reports_room = std::max<std::size_t>(amount, 1);
            who.throttled = true;
            break;
        case 9:
            stream.finish();
            who.finished = true;
            break;
        case 10:
            who.broken = true;
            stream.fail(amount % 2 == 0 ? std::errc::connection_reset : std::errc::broken_pipe);
            break;
        case 11:
            who.broken = true;
            stream.fails_at = stream.calls + amount;
            break;
        case 12: who.served.push(amount); break;
        case 13:
            who.closed = true;
            who.served.connection.close();
            break;
        case 14: return pass(100ms * amount);
        case 15: static_cast<void>(stage_.gate.open()); break;
        case 16: return drain();
        case 17: static_cast<void>(answer(amount)); break;
        case 18: return send_long(who, amount);
        default:
            if (amount == 255) return abort();
            run_posted();
            stream.notify({.read = amount % 2 == 0, .write = amount % 3 == 0});  // even if it is not true
    }
}

/// Lets everything end, and checks the result.
void World::finish() {
    for_each([](Client& each) { each.stream->room = MemoryClient::all; });
    gate_stays_open_ = true;
    pass(4s);  // the time for a memory shortage and for lingering
    course_.cut_off = server().counters().cut_off.value() != 0;
    for_each([&](Client& each) { check_received(each, course_); });
    pass(15s);
    for_each([&](Client& each) { check_open(each, course_); });
    for_each([](Client& each) {
        each.stream->finish();
        each.finished = true;
    });
    run();
    std::uint64_t bytes = 0;
    for_each([&](Client& each) {
        check(each.stream->closed, "each client is closed");
        check(each.served.closed == each.served.opened, "on_close() is called once");
        check_received(each, course_);
        bytes += each.stream->received.size();
    });
    check(server().connections() == 0, "no connection is left");
    check(server().memory() == 0, "no memory is held");
    check(server().counters().bytes_sent.value() == bytes, "sent bytes are counted");
    if (course_.draining) check(server().has_stopped(), "the server has stopped");
}

}  // namespace

/// Input: setup, greetings of the clients, number of actions; two bytes per action; then the bytes that
/// clients send. The first client sends the bytes that no action has sent. If the highest bit of the number
/// is set, the server is destroyed without finish().
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t header = 3;
    const auto byte = [&](std::size_t i) { return i < size ? data[i] : std::uint8_t{0}; };
    World world{byte(0), byte(1)};
    const std::size_t things = byte(2) & 0x7F;
    const std::size_t begin = std::min(header + 2 * things, size);
    std::string_view wire{reinterpret_cast<const char*>(data) + begin, size - begin};
    for (std::size_t i = header; i < begin; i += 2) world.act(byte(i), byte(i + 1), wire);
    world.send(world.client(0), wire);
    if ((byte(2) & 0x80) == 0) world.finish();
    return 0;
}
