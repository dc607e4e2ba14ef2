// The example kv with the few commands more that tests of Redis and hiredis need: DEBUG, and some on lists and sets.
//
//     libresp_upstream_server [PATH of a Unix socket]
//
// A list or set is a string here: each element with a line end after it.
#include "kv/commands.hpp"

#include <libresp/server/asio.hpp>
#include <libresp/service.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using Text = std::string_view;
using resp::Call;

// ---- lists and sets

std::vector<Text> elements_of(Text list) {
    std::vector<Text> elements;
    while (!list.empty()) {
        elements.push_back(list.substr(0, list.find('\n')));
        list.remove_prefix(elements.back().size() + 1);
    }
    return elements;
}

/// The functions share a reference to the store.
struct Lists {
    Store& store;

    std::vector<Text> elements(Text key, const Call& call) const {
        const Item* const item = store.find(call.client().database(), key);
        return elements_of(item == nullptr ? Text{} : Text{item->value});
    }
    template <class Change>
    std::size_t change(Text key, const Call& call, const Change& change) const {
        store.require_room();
        const auto [item, is_new] = store.find_or_add(call.client().database(), key);
        store.modify(item, change);
        const std::size_t size = elements_of(item.value).size();
        if (size == 0) store.erase(call.client().database(), key);
        call.changed(key, "list", resp::KeyEvent::list);
        return size;
    }
    std::size_t push_left(Text key, resp::Words words, const Call& call) const {
        return change(key, call, [&](std::string& list) {
            for (const Text word : words) list.insert(0, std::string{word} + "\n");
        });
    }
    std::size_t push_right(Text key, resp::Words words, const Call& call) const {
        return change(key, call, [&](std::string& list) {
            for (const Text word : words) list.append(word).append("\n");
        });
    }
    /// For all elements, or the first ones: LRANGE key 0 last.
    std::vector<Text> range(Text key, std::int64_t, std::int64_t last, const Call& call) const {
        std::vector<Text> all = elements(key, call);
        if (last >= 0 && static_cast<std::size_t>(last) < all.size()) {
            all.resize(static_cast<std::size_t>(last) + 1);
        }
        return all;
    }
    std::optional<std::string> pop(Text key, const Call& call) const {
        const std::vector<Text> all = elements(key, call);
        if (all.empty()) return std::nullopt;
        std::string first{all.front()};
        change(key, call, [&](std::string& list) { list.erase(0, first.size() + 1); });
        return first;
    }
    std::optional<std::pair<Text, std::string>> pop_any(resp::Words keys, double, const Call& call) const {
        for (const Text key : keys) {
            if (const std::optional<std::string> first = pop(key, call)) return std::pair{key, *first};
        }
        return std::nullopt;
    }
    /// SRANDMEMBER: with a count all members, without one the first.
    void members(Text key, std::optional<std::int64_t> count, const Call& call) const {
        const std::vector<Text> all = elements(key, call);
        if (count) return resp::write_result(call.reply(), all);
        all.empty() ? call.reply().null() : call.reply().bulk_string(all.front());
    }
};

void add_lists(resp::Commands<>& commands, Store& store) {
    const Lists lists{store};
    commands.add("LPUSH key element [element ...]", on(lists, &Lists::push_left), {.write = true})
        .add("RPUSH key element [element ...]", on(lists, &Lists::push_right), {.write = true})
        .add("LRANGE key start stop", on(lists, &Lists::range), {.readonly = true})
        .add_blocking("BLPOP key [key ...] timeout", on(lists, &Lists::pop_any), {.write = true})
        .add("SADD key member [member ...]", on(lists, &Lists::push_right), {.write = true})
        .add("SPOP key", on(lists, &Lists::pop), {.write = true})
        .add("SRANDMEMBER key [count]", on(lists, &Lists::members), {.readonly = true});
}

// ---- DEBUG

/// DEBUG PROTOCOL: one value of each type.
void write_example(Text type, resp::Reply& reply) {
    const bool resp3 = reply.version() == resp::Version::resp3;
    const auto numbers = [&] { reply.integer(0).integer(1).integer(2); };
    if (type == "string") {
        reply.bulk_string("Hello World");
    } else if (type == "integer") {
        reply.integer(12345);
    } else if (type == "double") {
        reply.double_(3.141);
    } else if (type == "bignum") {
        reply.big_number("1234567999999999999999999999999999999");
    } else if (type == "null") {
        reply.null();
    } else if (type == "array") {
        reply.array(3), numbers();
    } else if (type == "set") {
        reply.set(3), numbers();
    } else if (type == "map") {
        reply.map(3).integer(0).boolean(false).integer(1).boolean(true).integer(2).boolean(false);
    } else if (type == "attrib") {
        if (resp3)
            reply.attribute(1).bulk_string("key-popularity").array(2).bulk_string("key:123").integer(90);
        reply.bulk_string("Some real reply following the attribute");
    } else if (type == "push" && resp3) {
        reply.push(2).bulk_string("server-cpu-usage").integer(42);
        reply.bulk_string("Some real reply following the push reply");
    } else if (type == "verbatim") {
        reply.verbatim_string("txt", "This is a verbatim\nstring");
    } else if (type == "true" || type == "false") {
        reply.boolean(type == "true");
    } else {
        throw resp::error("ERR Wrong protocol type name.");
    }
}

void add_debug(resp::Commands<>& commands, std::atomic<bool>& expires) {
    commands.add("DEBUG PROTOCOL type", [](Text type, Call& call) { write_example(type, call.reply()); })
        .add("DEBUG SET-ACTIVE-EXPIRE value",
             [&expires](int value) {
                 expires = value != 0;
                 return resp::ok;
             })
        .add("DEBUG SLEEP seconds", [](const std::string& seconds) {
            // As in Redis, nobody else is served. hiredis sends a line end after the number.
            const double time = std::strtod(seconds.c_str(), nullptr);
            std::this_thread::sleep_for(std::chrono::duration<double>{time});
            return resp::ok;
        });
}

}  // namespace

int main(int argc, char** argv) {
    Store store;
    std::atomic<bool> expires = true;
    resp::Commands commands{resp::ServiceInfo{.databases = Store::databases}};
    commands.lock([&](std::span<const Text> keys, resp::Access) { return store.lock(keys); });
    store.expired = [&](unsigned database, Text key) {
        commands.keys().changed(database, key, "expired", resp::KeyEvent::expired);
    };
    commands.parameter(
        "maxmemory", [&] { return std::to_string(store.limit()); },
        [&](Text text) -> std::optional<std::string> {
            std::size_t limit = 0;
            const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), limit);
            if (ec != std::errc{} || end != text.data() + text.size())
                return "argument must be a memory value";
            store.set_limit(limit);
            return std::nullopt;
        });
    for (const char* name : {"latency-monitor-threshold", "tracking-table-max-keys"}) {  // without an effect
        commands.parameter(
            name, [] { return std::string{"0"}; },
            [](Text) -> std::optional<std::string> { return std::nullopt; });
    }
    commands.add("LATENCY RESET", [] { return 0; });
    commands.add("SAVE", [] { return resp::ok; }, {.no_multi = true});
    add_string_commands(commands, store);
    add_key_commands(commands, store);
    add_lists(commands, store);
    add_debug(commands, expires);
    resp::Options options{.port = 0, .unix_path = argc > 1 ? argv[1] : "", .stop_signals = {SIGTERM}};
    resp::Server server{options, resp::Service{commands}};
    std::printf("Listening on %s\n", server.local_endpoint().to_string().c_str());
    std::fflush(stdout);
    const std::jthread housekeeper{[&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
            if (expires) store.expire();
        }
    }};
    server.run();
}
