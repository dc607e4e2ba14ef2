// Places: the number of clients in all and for each address, the rate of an address, and the table of addresses,
// which is bounded.
#include "server/places.hpp"
#include "support/catch.hpp"

#include <asio/ip/address.hpp>

#include <optional>
#include <thread>
#include <vector>

using resp::detail::AddressKey;
using resp::detail::Clock;
using resp::detail::Peer;
using resp::detail::Place;
using resp::detail::Places;
using resp::detail::Refusal;
using namespace std::chrono_literals;

namespace {

constexpr Clock::time_point start{1h};

Peer peer(const std::string& address) { return {.tcp = {asio::ip::make_address(address), 1}}; }

/// Client number i of a flood. No two of them have the same first 64 bits.
Peer stranger(unsigned i) {
    asio::ip::address_v6::bytes_type bytes{0x20, 0x01, 0x0d, 0xb8};
    for (std::size_t k = 0; k != 4; ++k) bytes[4 + k] = static_cast<unsigned char>(i >> (24 - 8 * k));
    return {.tcp = {asio::ip::address_v6{bytes}, 1}};
}

/// Takes a place. Returns an empty one if the client is refused.
Place take(Places& places, const Peer& from, Clock::time_point now = start) {
    Place place;
    static_cast<void>(places.take(place, from, now));
    return place;
}

Refusal refusal(Places& places, const Peer& from, Clock::time_point now = start) {
    Place place;
    return places.take(place, from, now);
}

}  // namespace

TEST_CASE("addresses of one IPv6 /64 are one, and IPv4 in IPv6 is IPv4") {
    const auto same = [](const char* a, const char* b) {
        return AddressKey{asio::ip::make_address(a)} == AddressKey{asio::ip::make_address(b)};
    };
    CHECK(same("192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(same("192.0.2.1", "192.0.2.2"));
    CHECK(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"));
    CHECK_FALSE(same("2001:db8:1:2::1", "2001:db8:1:3::1"));
    CHECK(same("::ffff:192.0.2.1", "192.0.2.1"));
    CHECK_FALSE(same("::ffff:192.0.2.1", "::ffff:192.0.2.2"));
    CHECK_FALSE(same("::1", "0.0.0.0"));
    CHECK_FALSE(same("::c000:201", "192.0.2.1"));  // not a mapped address
}

TEST_CASE("a place counts until it is destroyed") {
    Places places{{.max_connections = 2}};
    std::optional<Place> first{take(places, peer("192.0.2.1"))};
    Place second = take(places, {.tcp = {}, .is_unix = true});
    CHECK(places.connections() == 2);
    CHECK(refusal(places, peer("192.0.2.3")) == Refusal::server);
    SECTION("and no longer") {
        first.reset();
        CHECK(places.connections() == 1);
        CHECK(refusal(places, peer("192.0.2.3")) == Refusal::none);
    }
    SECTION("or until it is freed") {
        second.free();
        second.free();
        CHECK(places.connections() == 1);
    }
    SECTION("and once, wherever it is moved") {
        Place third{std::move(second)};
        second = std::move(third);
        *first = std::move(second);
        CHECK(places.connections() == 2);  // the swapped ones are destroyed with `second`
        first.reset();
        CHECK(places.connections() == 1);
    }
    CHECK(places.addresses() == 0);  // no limit for addresses: no table
}

TEST_CASE("an address has at most max_connections_per_address places") {
    Places places{{.max_connections_per_address = 2}};
    std::vector<Place> held;
    for (int i = 0; i != 2; ++i) held.push_back(take(places, peer("192.0.2.1")));
    CHECK(refusal(places, peer("192.0.2.1")) == Refusal::address);
    CHECK(refusal(places, peer("::ffff:192.0.2.1")) == Refusal::address);
    CHECK(refusal(places, peer("192.0.2.2")) == Refusal::none);
    for (int i = 0; i != 5; ++i) CHECK(refusal(places, {.tcp = {}, .is_unix = true}) == Refusal::none);
    CHECK(places.connections() == 2);
    CHECK(places.addresses() == 1);
    held.pop_back();
    CHECK(refusal(places, peer("192.0.2.1")) == Refusal::none);
    held.clear();
    CHECK(places.connections() == 0);
    CHECK(places.addresses() == 0);
}

TEST_CASE("a client that the server has no place for is not counted for its address") {
    Places places{{.max_connections = 1, .max_connections_per_address = 1}};
    std::optional<Place> first{take(places, peer("192.0.2.1"))};
    CHECK(refusal(places, peer("192.0.2.2")) == Refusal::server);
    CHECK(places.addresses() == 1);
    first.reset();
    CHECK(refusal(places, peer("192.0.2.2")) == Refusal::none);
}

TEST_CASE("a place can move to another address, if that address is admitted") {
    Places places{{.max_connections_per_address = 1}};
    Place proxy = take(places, peer("192.0.2.1"));
    Place other = take(places, peer("192.0.2.2"));
    CHECK(proxy.move_to(peer("192.0.2.2"), start) == Refusal::address);
    CHECK(refusal(places, peer("192.0.2.1")) == Refusal::address);  // nothing has changed
    CHECK(proxy.move_to(peer("192.0.2.3"), start) == Refusal::none);
    CHECK(refusal(places, peer("192.0.2.3")) == Refusal::address);
    CHECK(refusal(places, peer("192.0.2.1")) == Refusal::none);
    CHECK(places.connections() == 2);
    CHECK(proxy.move_to({.tcp = {}, .is_unix = true}, start) == Refusal::none);
    CHECK(refusal(places, peer("192.0.2.3")) == Refusal::none);
    proxy.free();
    CHECK(places.connections() == 1);
    CHECK(places.addresses() == 1);
}

TEST_CASE("an address has a burst of connections, and then connection_rate") {
    Places places{{.connection_rate = {.per_second = 10, .burst = 3}}};
    const Peer one = peer("192.0.2.1");
    const auto admitted = [&](Clock::time_point now) {
        int n = 0;
        while (refusal(places, one, now) == Refusal::none) ++n;
        return n;
    };
    CHECK(admitted(start) == 3);
    CHECK(refusal(places, peer("192.0.2.2")) == Refusal::none);
    CHECK(admitted(start + 99ms) == 0);
    CHECK(admitted(start + 100ms) == 1);
    CHECK(admitted(start + 350ms) == 2);
    CHECK(admitted(start + 1h) == 3);  // a bucket holds no more than the burst
    CHECK(refusal(places, {.tcp = {}, .is_unix = true}, start + 1h) == Refusal::none);
}

TEST_CASE("refused attempts do not use up the rate, and those of a full server do") {
    Places places{{.max_connections = 1, .connection_rate = {.per_second = 1, .burst = 2}}};
    const Place first = take(places, peer("192.0.2.9"));
    for (int i = 0; i != 2; ++i) CHECK(refusal(places, peer("192.0.2.1")) == Refusal::server);
    for (int i = 0; i != 9; ++i) CHECK(refusal(places, peer("192.0.2.1")) == Refusal::rate);
    CHECK(refusal(places, peer("192.0.2.1"), start + 1s) == Refusal::server);
}

TEST_CASE("a rate of any size is a rate") {
    const auto burst = [](const resp::Rate& rate) {
        Places places{{.connection_rate = rate}};
        int n = 0;
        while (n != 1'000 && refusal(places, peer("192.0.2.1")) == Refusal::none) ++n;
        return n;
    };
    CHECK(burst({}) == 1'000);
    CHECK(burst({.per_second = 0, .burst = 1}) == 1'000);
    CHECK(burst({.per_second = 0.5}) == 1);
    CHECK(burst({.per_second = 2.5}) == 3);
    CHECK(burst({.per_second = 5e-324}) == 1);
    CHECK(burst({.per_second = 5e-324, .burst = 7}) == 7);
    CHECK(burst({.per_second = 1e-12, .burst = SIZE_MAX}) < 1'000);  // at most what fills up in 20 years
    CHECK(burst({.per_second = 1e308}) == 1'000);
    CHECK(burst({.per_second = 1e308, .burst = 1}) == 1);
    Places slow{{.connection_rate = {.per_second = 0.5}}};
    CHECK(refusal(slow, peer("192.0.2.1")) == Refusal::none);
    CHECK(refusal(slow, peer("192.0.2.1"), start + 1'999ms) == Refusal::rate);
    CHECK(refusal(slow, peer("192.0.2.1"), start + 2s) == Refusal::none);
}

TEST_CASE("a flood of addresses neither grows the table nor touches the counts of connected clients") {
    Places places{{.max_connections = 100,
                   .max_connections_per_address = 2,
                   .connection_rate = {.per_second = 0.01, .burst = 2}}};
    std::vector<Place> held;
    for (unsigned i = 0; i != 50; ++i) held.push_back(take(places, stranger(i)));
    for (unsigned i = 1'000; i != 201'000; ++i) {
        if (refusal(places, stranger(i)) != Refusal::none) FAIL("a stranger was refused");
    }
    CHECK(places.most_idle() == 1'024);
    CHECK(places.addresses() == 50 + places.most_idle());
    CHECK(places.connections() == 50);
    SECTION("the connected ones are still counted") {
        for (unsigned i = 0; i != 50; ++i) held.push_back(take(places, stranger(i)));
        CHECK(places.connections() == 100);
        held.resize(99);
        for (unsigned i = 0; i != 50; ++i) CHECK(refusal(places, stranger(i)) == Refusal::rate);
        for (unsigned i = 0; i != 49; ++i) {
            CHECK(refusal(places, stranger(i), start + 200s) == Refusal::address);
        }
    }
    SECTION("the newest idle ones are still known, the oldest are not") {
        CHECK(refusal(places, stranger(200'999)) == Refusal::none);
        CHECK(refusal(places, stranger(200'999)) == Refusal::rate);
        CHECK(refusal(places, stranger(1'000)) == Refusal::none);
    }
    SECTION("the table shrinks once the buckets are full again") {
        for (int i = 0; i != 1'025; ++i) static_cast<void>(take(places, stranger(0), start + 200s));
        CHECK(places.addresses() == 50);
    }
    held.clear();
    CHECK(places.connections() == 0);
}

TEST_CASE("an address that keeps trying is not forgotten before those that do not") {
    Places places{{.max_connections = 1, .connection_rate = {.per_second = 0.01, .burst = 1}}};
    const Peer eager = peer("192.0.2.1");
    CHECK(refusal(places, eager) == Refusal::none);
    for (unsigned i = 0; i != 5'000; ++i) {
        static_cast<void>(refusal(places, stranger(i)));
        if (i % 1'000 == 0) CHECK(refusal(places, eager) == Refusal::rate);
    }
}

TEST_CASE("threads that take and free places at the same time leave nothing") {
    Places places{{.max_connections = 100,
                   .max_connections_per_address = 3,
                   .connection_rate = {.per_second = 1e9, .burst = 1'000'000}}};
    std::atomic<bool> too_many{false};
    {
        std::vector<std::jthread> threads;
        for (unsigned thread = 0; thread != 4; ++thread) {
            threads.emplace_back([&, thread] {
                std::vector<Place> held(10);
                for (unsigned i = 0; i != 20'000; ++i) {
                    held[i % 10] = take(places, stranger((i + thread) % 7), Clock::now());
                    if (places.connections() > 100) too_many = true;
                    if (i % 5 == 0 && held[i % 10]) {
                        static_cast<void>(held[i % 10].move_to(stranger(i % 3), Clock::now()));
                    }
                }
            });
        }
    }
    CHECK_FALSE(too_many);
    CHECK(places.connections() == 0);
    CHECK(places.addresses() <= 7);
    std::vector<Place> held;
    for (int i = 0; i != 3; ++i) held.push_back(take(places, stranger(1), Clock::now()));
    CHECK(held.back());
}
