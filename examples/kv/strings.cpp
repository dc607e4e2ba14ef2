// The commands on strings, with the errors of Redis.
#include "commands.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace {

using Text = std::string_view;
using resp::Call;
using resp::error;

constexpr std::size_t longest = std::size_t{512} << 20;
const resp::CommandTraits string_reads{.readonly = true, .fast = true, .group = "string"};
const resp::CommandTraits string_writes{.write = true, .fast = true, .group = "string"};

/// The functions share a reference to the store.
struct Strings {
    Store& store;

    Item* find(Text key, const Call& call) const { return store.find(call.client().database(), key); }
    std::optional<Text> get(Text key, const Call& call) const {
        const Item* const item = find(key, call);
        if (item == nullptr) return std::nullopt;
        return item->value;
    }
    /// `end` 0: none. `kept`: an end that the key had before.
    void set(Text key, Text value, Time end, const Call& call, Time kept = 0) const {
        store.require_room();
        const auto [item, is_new] = store.set(call.client().database(), key, value, kept);
        if (is_new) call.changed(key, "new", resp::KeyEvent::created);
        call.changed(key, "set", resp::KeyEvent::string);
        if (end != 0) expire_at(store, item, end, call);
    }

    // ---- SET and its relatives

    /// The time of [EX seconds | PX milliseconds | EXAT … | PXAT …]. Nothing: none was given.
    static std::optional<Time> expiry(const Call& call, Text command) {
        if (call.has("EX")) return expiry_in(*call.integer("seconds"), 1000, true, command);
        if (call.has("PX")) return expiry_in(*call.integer("milliseconds"), 1, true, command);
        if (call.has("EXAT")) return expiry_in(*call.integer("unix-time-seconds"), 1000, false, command);
        if (call.has("PXAT")) return expiry_in(*call.integer("unix-time-milliseconds"), 1, false, command);
        return std::nullopt;
    }
    void set_with_options(Text key, Text value, const Call& call) const {
        if (call.size() == 3) {  // no options: most calls
            set(key, value, 0, call);
            call.reply().simple_string("OK");
            return;
        }
        const std::optional<Time> time = expiry(call, "set");
        resp::Reply& reply = call.reply();
        const Item* const old = find(key, call);
        const bool is_refused = (call.has("NX") && old != nullptr) || (call.has("XX") && old == nullptr);
        const Time kept = call.has("KEEPTTL") && old != nullptr ? old->expires : 0;
        if (call.has("GET")) {
            old != nullptr ? reply.bulk_string(old->value) : reply.null();
        } else if (is_refused) {
            reply.null();
        } else {
            reply.simple_string("OK");
        }
        if (!is_refused) set(key, value, time.value_or(0), call, kept);
    }
    bool set_if_new(Text key, Text value, const Call& call) const {
        if (find(key, call) != nullptr) return false;
        set(key, value, 0, call);
        return true;
    }
    resp::Ok set_for_seconds(Text key, std::int64_t seconds, Text value, const Call& call) const {
        set(key, value, expiry_in(seconds, 1000, true, call.name()), call);
        return resp::ok;
    }
    resp::Ok set_for_milliseconds(Text key, std::int64_t time, Text value, const Call& call) const {
        set(key, value, expiry_in(time, 1, true, call.name()), call);
        return resp::ok;
    }
    std::optional<std::string> read_and_expire(Text key, const Call& call) const {
        Item* const item = find(key, call);
        if (item == nullptr) return std::nullopt;
        std::string value = item->value;
        const std::optional<Time> time = expiry(call, "getex");
        if (time) expire_at(store, *item, *time, call);
        if (call.has("PERSIST")) {
            store.set_expiry(call.client().database(), *item, 0);
            call.changed(key, "persist");
        }
        return value;
    }
    std::optional<std::string> copy(Text key, const Call& call) const {
        const Item* const item = find(key, call);
        if (item == nullptr) return std::nullopt;
        return item->value;
    }
    std::optional<std::string> replace(Text key, Text value, const Call& call) const {
        std::optional<std::string> old = copy(key, call);
        set(key, value, 0, call);
        return old;
    }
    std::optional<std::string> take(Text key, const Call& call) const {
        std::optional<std::string> old = copy(key, call);
        if (store.erase(call.client().database(), key)) call.changed(key, "del");
        return old;
    }

    // ---- several keys

    void read_all(resp::Words keys, const Call& call) const {
        call.reply().array(keys.size());
        for (const Text key : keys) resp::write_result(call.reply(), get(key, call));
    }
    resp::Ok set_all(resp::Words pairs, const Call& call) const {
        for (std::size_t i = 0; i != pairs.size(); i += 2) set(pairs[i], pairs[i + 1], 0, call);
        return resp::ok;
    }
    bool set_all_or_none(resp::Words pairs, const Call& call) const {
        for (std::size_t i = 0; i != pairs.size(); i += 2) {
            if (find(pairs[i], call) != nullptr) return false;
        }
        set_all(pairs, call);
        return true;
    }

    // ---- parts of a value

    template <class Change>
    std::size_t change(Text key, Text event, const Call& call, const Change& change) const {
        store.require_room();
        const auto [item, is_new] = store.find_or_add(call.client().database(), key);
        store.modify(item, change);
        if (is_new) call.changed(key, "new", resp::KeyEvent::created);
        call.changed(key, event, resp::KeyEvent::string);
        return item.value.size();
    }
    std::size_t length(Text key, const Call& call) const { return get(key, call).value_or("").size(); }
    std::size_t append(Text key, Text value, const Call& call) const {
        const std::size_t size = length(key, call) + value.size();
        if (size > longest) throw error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
        return change(key, "append", call, [value](std::string& text) { text.append(value); });
    }
    std::size_t set_range(Text key, std::int64_t offset, Text value, const Call& call) const {
        if (offset < 0) throw error("ERR offset is out of range");
        const std::size_t begin = static_cast<std::size_t>(offset);
        if (value.empty()) return length(key, call);
        if (begin > longest || begin + value.size() > longest) {
            throw error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
        }
        return change(key, "setrange", call, [&](std::string& text) {
            if (text.size() < begin + value.size()) text.resize(begin + value.size());
            text.replace(begin, value.size(), value);
        });
    }
    /// Both ends are in the range. A negative position counts from the end.
    Text range(Text key, std::int64_t first, std::int64_t last, const Call& call) const {
        const Text text = get(key, call).value_or("");
        const auto size = static_cast<std::int64_t>(text.size());
        if (first < 0 && last < 0 && first > last) return {};
        if (first < 0) first = std::max<std::int64_t>(first + size, 0);
        if (last < 0) last = std::max<std::int64_t>(last + size, 0);
        last = std::min(last, size - 1);
        if (size == 0 || first > last) return {};
        return text.substr(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first + 1));
    }

    // ---- bits

    /// The first bit of a byte is the highest one.
    static char mask_of(std::size_t offset) noexcept { return static_cast<char>(0x80U >> (offset % 8)); }
    static std::size_t bit_offset(const Call& call) {
        const std::optional<std::int64_t> offset = call.command().integer(2);
        if (offset && *offset >= 0 && static_cast<std::size_t>(*offset) / 8 < longest) {
            return static_cast<std::size_t>(*offset);
        }
        throw error("ERR bit offset is not an integer or out of range");
    }
    bool has_bit(Text key, Text, const Call& call) const {
        const std::size_t offset = bit_offset(call);
        const Text text = get(key, call).value_or("");
        return offset / 8 < text.size() && (text[offset / 8] & mask_of(offset)) != 0;
    }
    bool change_bit(Text key, Text word, Text bit, const Call& call) const {
        const std::size_t offset = bit_offset(call);
        if (bit != "0" && bit != "1") throw error("ERR bit is not an integer or out of range");
        const bool old = has_bit(key, word, call);
        change(key, "setbit", call, [&](std::string& text) {
            if (text.size() <= offset / 8) text.resize(offset / 8 + 1);
            if (old != (bit == "1")) text[offset / 8] ^= mask_of(offset);
        });
        return old;
    }

    // ---- numbers

    std::int64_t add(Text key, std::int64_t by, const Call& call) const {
        const Text text = get(key, call).value_or("0");
        const std::optional<std::int64_t> old = to_integer(text);
        if (!old) throw error("ERR value is not an integer or out of range");
        std::int64_t sum = 0;
        if (__builtin_add_overflow(*old, by, &sum)) throw error("ERR increment or decrement would overflow");
        char digits[24];
        const auto end = std::to_chars(std::begin(digits), std::end(digits), sum).ptr;
        change(key, "incrby", call, [&](std::string& value) { value.assign(digits, end); });
        return sum;
    }
    std::int64_t increment(Text key, const Call& call) const { return add(key, 1, call); }
    std::int64_t decrement(Text key, const Call& call) const { return add(key, -1, call); }
    std::int64_t subtract(Text key, std::int64_t by, const Call& call) const {
        if (by == std::numeric_limits<std::int64_t>::min()) throw error("ERR decrement would overflow");
        return add(key, -by, call);
    }
    std::string add_float(Text key, Text by, const Call& call) const {
        const auto old = to_float(get(key, call).value_or("0"));
        const auto step = to_float(by);
        if (!old || !step) throw error("ERR value is not a valid float");
        const long double sum = *old + *step;
        if (!std::isfinite(sum)) throw error("ERR increment would produce NaN or Infinity");
        std::string text(5'200, '\0');  // the digits of the largest long double, and more
        text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.17Lf", sum)));
        text.resize(text.find_last_not_of('0') + 1);
        if (text.back() == '.') text.pop_back();
        if (text == "-0") text = "0";
        change(key, "incrbyfloat", call, [&](std::string& value) { value = text; });
        return text;
    }
    static std::optional<std::int64_t> to_integer(Text text) noexcept {
        std::int64_t value = 0;
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool is_whole = ec == std::errc{} && end == text.data() + text.size();
        const Text digits = text.substr(text.starts_with('-') ? 1 : 0);
        if (!is_whole || (digits.starts_with('0') && text != "0")) return std::nullopt;
        return value;
    }
    static std::optional<long double> to_float(Text text) noexcept {
        long double value = 0;
        if (text.starts_with('+')) text.remove_prefix(1);
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (ec != std::errc{} || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
        return value;
    }
};

void add_values(resp::Commands<>& commands, const Strings& s) {
    commands.add("GET key", on(s, &Strings::get), string_reads)
        .add(
            "SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | "
            "PXAT unix-time-milliseconds | KEEPTTL]",
            on(s, &Strings::set_with_options), string_writes)
        .add("SETNX key value", on(s, &Strings::set_if_new), string_writes)
        .add("SETEX key seconds value", on(s, &Strings::set_for_seconds), string_writes)
        .add("PSETEX key milliseconds value", on(s, &Strings::set_for_milliseconds), string_writes)
        .add("GETSET key value", on(s, &Strings::replace), string_writes)
        .add("GETDEL key", on(s, &Strings::take), string_writes)
        .add(
            "GETEX key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds "
            "| "
            "PERSIST]",
            on(s, &Strings::read_and_expire), string_writes)
        .add("MGET key [key ...]", on(s, &Strings::read_all), string_reads)
        .add("MSET key value [key value ...]", on(s, &Strings::set_all), string_writes)
        .add("MSETNX key value [key value ...]", on(s, &Strings::set_all_or_none), string_writes);
}

void add_parts(resp::Commands<>& commands, const Strings& s) {
    commands.add("STRLEN key", on(s, &Strings::length), string_reads)
        .add("APPEND key value", on(s, &Strings::append), string_writes)
        .add("GETRANGE key start end", on(s, &Strings::range), string_reads)
        .add("SUBSTR key start end", on(s, &Strings::range), string_reads)
        .add("SETRANGE key offset value", on(s, &Strings::set_range), string_writes)
        .add("GETBIT key offset", on(s, &Strings::has_bit), string_reads)
        .add("SETBIT key offset value", on(s, &Strings::change_bit), string_writes)
        .add("INCR key", on(s, &Strings::increment), string_writes)
        .add("DECR key", on(s, &Strings::decrement), string_writes)
        .add("INCRBY key increment", on(s, &Strings::add), string_writes)
        .add("DECRBY key decrement", on(s, &Strings::subtract), string_writes)
        .add("INCRBYFLOAT key increment", on(s, &Strings::add_float), string_writes);
}

}  // namespace

Time expiry_in(std::int64_t time, std::int64_t unit, bool from_now, std::string_view command,
               std::int64_t least) {
    const Time begin = from_now ? now() : 0;
    Time milliseconds = 0;
    const bool fits = time >= least && !__builtin_mul_overflow(time, unit, &milliseconds) &&
                      !__builtin_add_overflow(milliseconds, begin, &milliseconds);
    if (!fits) throw error("ERR invalid expire time in '" + std::string{command} + "' command");
    return milliseconds;
}

void add_string_commands(resp::Commands<>& commands, Store& store) {
    add_values(commands, Strings{store});
    add_parts(commands, Strings{store});
}
