// The commands that do not depend on the type of a value, with the errors of Redis.
#include "commands.hpp"

#include <charconv>
#include <chrono>
#include <limits>
#include <random>

namespace {

using Text = std::string_view;
using resp::Call;
using resp::error;

const resp::CommandTraits key_reads{.readonly = true, .fast = true, .group = "generic"};
const resp::CommandTraits scans{.readonly = true, .group = "generic"};
const resp::CommandTraits key_writes{.write = true, .fast = true, .group = "generic"};
const resp::CommandTraits clears{.write = true, .group = "server"};

/// The functions share references to the store and to who listens for changes.
struct KeyCommands {
    Store& store;
    resp::Keys& listeners;

    static unsigned database(const Call& call) { return call.client().database(); }
    Item* find(Text key, const Call& call) const { return store.find(database(call), key); }

    std::size_t erase(resp::Words keys, const Call& call) const {
        std::size_t erased = 0;
        for (const Text key : keys) {
            if (!store.erase(database(call), key)) continue;
            call.changed(key, "del");
            ++erased;
        }
        return erased;
    }
    resp::Simple type(Text key, const Call& call) const {
        return resp::simple(find(key, call) == nullptr ? "none" : "string");
    }
    std::size_t count(resp::Words keys, const Call& call) const {
        std::size_t found = 0;
        for (const Text key : keys) found += find(key, call) != nullptr ? 1 : 0;
        return found;
    }

    // ---- time to live

    template <std::int64_t unit, bool from_now>
    bool expire(Text key, Text, const Call& call) const {
        const bool nx = call.has("NX"), xx = call.has("XX"), gt = call.has("GT"), lt = call.has("LT");
        if (nx && (xx || gt || lt)) {
            throw error("ERR NX and XX, GT or LT options at the same time are not compatible");
        }
        if (gt && lt) throw error("ERR GT and LT options at the same time are not compatible");
        const std::optional<std::int64_t> given = call.command().integer(2);
        if (!given) throw error(std::string{resp::not_an_integer});
        constexpr auto least = std::numeric_limits<std::int64_t>::min();
        const Time expires = expiry_in(*given, unit, from_now, call.name(), least);
        Item* const item = find(key, call);
        if (item == nullptr) return false;
        const Time old = item->expires;
        const bool is_refused = (nx && old != 0) || (xx && old == 0) ||
                                (gt && (old == 0 || expires <= old)) || (lt && old != 0 && expires >= old);
        if (is_refused) return false;
        expire_at(store, *item, expires, call);
        return true;
    }
    /// -2: there is no such key, -1: it has no end.
    template <std::int64_t unit, bool from_now>
    std::int64_t time_left(Text key, const Call& call) const {
        const Item* const item = find(key, call);
        if (item == nullptr) return -2;
        if (item->expires == 0) return -1;
        const Time time = item->expires - (from_now ? now() : 0);
        return time / unit + (time % unit >= (unit + 1) / 2 && unit > 1 ? 1 : 0);  // rounded
    }
    bool persist(Text key, const Call& call) const {
        Item* const item = find(key, call);
        if (item == nullptr || item->expires == 0) return false;
        store.set_expiry(database(call), *item, 0);
        call.changed(key, "persist");
        return true;
    }

    // ---- copies

    static unsigned database_of(std::int64_t index) {
        if (index < 0 || index >= Store::databases) throw error("ERR DB index is out of range");
        return static_cast<unsigned>(index);
    }
    void put(unsigned to_database, Text to, Text value, Time expires, Text event, const Call& call) const {
        const bool is_new = store.set(to_database, to, value, expires).second;
        const auto changed = [&](Text name, resp::KeyEvent kind) {
            listeners.changed(to_database, to, name, kind, call.client().id());
        };
        if (is_new) changed("new", resp::KeyEvent::created);
        changed(event, resp::KeyEvent::generic);
    }
    void transfer(const Item& item, unsigned to_database, Text to, const std::string& what,
                  const Call& call) const {
        const std::string key{item.key()}, value = item.value;
        const Time expires = item.expires;
        store.erase(database(call), key);
        call.changed(key, what + "_from");
        put(to_database, to, value, expires, what + "_to", call);
    }
    resp::Ok rename(Text key, Text to, const Call& call) const {
        const Item* const item = find(key, call);
        if (item == nullptr) throw error("ERR no such key");
        if (key != to) transfer(*item, database(call), to, "rename", call);
        return resp::ok;
    }
    bool rename_if_new(Text key, Text to, const Call& call) const {
        if (find(key, call) == nullptr) throw error("ERR no such key");
        if (find(to, call) != nullptr) return false;
        rename(key, to, call);
        return true;
    }
    bool copy(Text from, Text to, const Call& call) const {
        const unsigned to_database = database_of(call.integer("destination-db").value_or(database(call)));
        if (from == to && to_database == database(call)) {
            throw error("ERR source and destination objects are the same");
        }
        const Item* const item = find(from, call);
        if (item == nullptr) return false;
        if (!call.has("REPLACE") && store.find(to_database, to) != nullptr) return false;
        store.require_room();
        put(to_database, to, item->value, item->expires, "copy_to", call);
        return true;
    }
    bool move(Text key, std::int64_t index, const Call& call) const {
        const unsigned to_database = database_of(index);
        if (to_database == database(call)) throw error("ERR source and destination objects are the same");
        const Item* const item = find(key, call);
        if (item == nullptr || store.find(to_database, key) != nullptr) return false;
        transfer(*item, to_database, key, "move", call);
        return true;
    }

    // ---- all keys

    /// A cursor is a position in the space of hashes without its last 18 bits: some clients keep only 14 digits of a number.
    void scan(Text cursor, const Call& call) const {
        constexpr unsigned left_out = 18;
        std::uint64_t position = 0;
        const auto [end, ec] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), position);
        if (ec != std::errc{} || end != cursor.data() + cursor.size()) throw error("ERR invalid cursor");
        const auto most = call.integer("count").value_or(10);
        if (most < 1) throw error(std::string{resp::syntax_error});
        const Text pattern = call.text("pattern").value_or("*");
        const bool has_type = resp::equals_ignoring_case(call.text("type").value_or("string"), "string");
        std::vector<std::string_view> found;
        position <<= left_out;
        std::int64_t buckets = 0;
        for (std::int64_t items = 0; items < most && buckets < 10 * most; ++buckets) {
            position = store.visit(database(call), position, [&](Item& item) {
                ++items;
                if (has_type && resp::matches_glob(item.key(), pattern)) found.push_back(item.key());
            });
            if (position == 0) break;
        }
        call.reply().array(2).bulk_string(position >> left_out);
        resp::write_result(call.reply(), found);
    }
    void list(Text pattern, const Call& call) const {
        std::vector<std::string_view> found;
        std::uint64_t position = 0;
        do {
            position = store.visit(database(call), position, [&](Item& item) {
                if (resp::matches_glob(item.key(), pattern)) found.push_back(item.key());
            });
        } while (position != 0);
        resp::write_result(call.reply(), found);
    }
    /// As Redis does: buckets at random until one has keys, then one of these. If few buckets have keys, the next one.
    std::optional<Text> random(const Call& call) const {
        thread_local std::mt19937_64 engine{std::random_device{}()};
        std::optional<Text> found;
        std::size_t seen = 0;
        const auto choose = [&](Item& item) {
            if (engine() % ++seen == 0) found = item.key();
        };
        std::uint64_t position = 0;
        for (int tries = 0; !found && tries != 1'000; ++tries) {
            position = store.visit(database(call), engine(), choose);
        }
        const bool is_empty = store.size(database(call)) == 0;
        while (!found && !is_empty) position = store.visit(database(call), position, choose);
        return found;
    }
    /// Seconds and microseconds, as texts.
    static std::pair<std::string, std::string> time() {
        using namespace std::chrono;
        const auto time = duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
        return {std::to_string(time / 1'000'000), std::to_string(time % 1'000'000)};
    }
    std::size_t size(const Call& call) const { return store.size(database(call)); }
    resp::Ok clear(const Call& call) const { return clear_one(database(call)); }
    resp::Ok clear_all(const Call&) const {
        for (unsigned i = 0; i != Store::databases; ++i) clear_one(i);
        return resp::ok;
    }
    resp::Ok clear_one(unsigned number) const {
        store.clear(number);
        listeners.all_changed(number);
        return resp::ok;
    }
    resp::Ok swap(std::int64_t a, std::int64_t b) const {
        store.swap(database_of(a), database_of(b));
        for (const std::int64_t each : {a, b}) listeners.all_changed(database_of(each));
        return resp::ok;
    }
};

void add_expiry(resp::Commands<>& commands, const KeyCommands& k) {
    commands
        .add("EXPIRE key seconds [NX] [XX] [GT] [LT]", on(k, &KeyCommands::expire<1000, true>), key_writes)
        .add("PEXPIRE key milliseconds [NX] [XX] [GT] [LT]", on(k, &KeyCommands::expire<1, true>), key_writes)
        .add("EXPIREAT key unix-time-seconds [NX] [XX] [GT] [LT]", on(k, &KeyCommands::expire<1000, false>),
             key_writes)
        .add("PEXPIREAT key unix-time-milliseconds [NX] [XX] [GT] [LT]",
             on(k, &KeyCommands::expire<1, false>), key_writes)
        .add("TTL key", on(k, &KeyCommands::time_left<1000, true>), key_reads)
        .add("PTTL key", on(k, &KeyCommands::time_left<1, true>), key_reads)
        .add("EXPIRETIME key", on(k, &KeyCommands::time_left<1000, false>), key_reads)
        .add("PEXPIRETIME key", on(k, &KeyCommands::time_left<1, false>), key_reads)
        .add("PERSIST key", on(k, &KeyCommands::persist), key_writes);
}

void add_single(resp::Commands<>& commands, const KeyCommands& k) {
    commands.add("DEL key [key ...]", on(k, &KeyCommands::erase), key_writes)
        .add("UNLINK key [key ...]", on(k, &KeyCommands::erase), key_writes)
        .add("EXISTS key [key ...]", on(k, &KeyCommands::count), key_reads)
        .add("TOUCH key [key ...]", on(k, &KeyCommands::count), key_reads)
        .add("TYPE key", on(k, &KeyCommands::type), key_reads)
        .add("RENAME key newkey", on(k, &KeyCommands::rename), key_writes)
        .add("RENAMENX key newkey", on(k, &KeyCommands::rename_if_new), key_writes)
        .add("COPY source destination [DB destination-db] [REPLACE]", on(k, &KeyCommands::copy), key_writes)
        .add("MOVE key db", on(k, &KeyCommands::move), key_writes);
}

/// They name no key, so all shards are locked.
void add_whole(resp::Commands<>& commands, const KeyCommands& k) {
    commands.add("RANDOMKEY", on(k, &KeyCommands::random), scans)
        .add("KEYS pattern", on(k, &KeyCommands::list), scans)
        .add("SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]", on(k, &KeyCommands::scan), scans)
        .add("TIME", &KeyCommands::time, {.fast = true, .group = "server"})
        .add("DBSIZE", on(k, &KeyCommands::size), scans)
        .add("FLUSHDB [ASYNC | SYNC]", on(k, &KeyCommands::clear), clears)
        .add("FLUSHALL [ASYNC | SYNC]", on(k, &KeyCommands::clear_all), clears)
        .add("SWAPDB index1 index2", on(k, &KeyCommands::swap), clears);
}

}  // namespace

void expire_at(Store& store, Item& item, Time expires, const resp::Call& call) {
    const std::string key{item.key()};
    if (expires <= now()) {
        store.erase(call.client().database(), key);
        call.changed(key, "del");
    } else {
        store.set_expiry(call.client().database(), item, expires);
        call.changed(key, "expire");
    }
}

void add_key_commands(resp::Commands<>& commands, Store& store) {
    const KeyCommands k{store, commands.keys()};
    add_expiry(commands, k);
    add_single(commands, k);
    add_whole(commands, k);
}
