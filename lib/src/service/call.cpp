// The words of a call by their names.
#include <libresp/service/call.hpp>
#include <libresp/service/detail/function.hpp>

#include "match.hpp"

#include <libresp/codec/wire.hpp>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>

namespace resp {

namespace {

constexpr const char* not_a_float = "ERR value is not a valid float";

/// As Redis reads a double: the whole word, no spaces, not nan.
std::optional<double> to_double(std::string_view text) noexcept {
    if (text.starts_with('+')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) return std::nullopt;
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
    return value;
}

}  // namespace

Call::Call(const Call& other) noexcept
    : entry_(other.entry_),
      request_(other.request_),
      command_(other.command_),
      reply_(other.reply_),
      client_(other.client_),
      state_(other.state_),
      incoming_(other.incoming_),
      started_(other.started_) {
    if (entry_->checks_words) {
        std::copy_n(other.places_.at.begin(), entry_->usage.size(), places_.at.begin());
    }
}

std::string_view Call::name() const noexcept { return entry_->name; }
const Usage& Call::usage() const noexcept { return entry_->usage; }

void Call::changed(std::string_view key, std::string_view event, KeyEvent kind) const {
    client_->keys_->changed(client_->database(), key, event, kind, client_->id());
}

/// A name may stand in several alternatives: [EX seconds | FOR seconds]. The one that the client has sent counts.
std::uint8_t Call::node(std::string_view name) const {
    const Usage& usage = entry_->usage;
    std::uint8_t first = 0;
    for (std::size_t i = usage.size() - 1; i != 0; --i) {
        const bool has_name = usage[i].kind <= UsageNode::Kind::keyword && usage.text(usage[i]) == name;
        if (!has_name) continue;
        if (entry_->checks_words && places_.at[i] != 0) return static_cast<std::uint8_t>(i);
        first = static_cast<std::uint8_t>(i);
    }
    if (first != 0) return first;
    throw std::invalid_argument{"the usage line has no part '" + std::string{name} + "': " + entry_->line};
}

std::size_t Call::find(std::string_view name) const {
    const Usage& usage = entry_->usage;
    const std::uint8_t wanted = node(name);
    if (entry_->checks_words) return places_.at[wanted];
    assert(usage.is_simple());  // or the function of the library checks the words, and uses no names
    std::size_t position = usage.first_word();
    for (std::size_t i = 0; i != detail::most_bound && entry_->bound[i] != 0; ++i, ++position) {
        const UsageNode& bound = usage[entry_->bound[i]];
        if (bound.kind == UsageNode::Kind::repeat) {
            for (std::uint8_t child = bound.child; child != wanted && child != 0;
                 child = usage[child].sibling) {
                ++position;
            }
            break;
        }
        if (entry_->bound[i] == wanted) break;
    }
    return position < command_.size() ? position : 0;
}

std::optional<std::string_view> Call::text(std::string_view name) const {
    const std::size_t place = find(name);
    if (place == 0) return std::nullopt;
    return command_[place];
}

std::optional<std::int64_t> Call::integer(std::string_view name) const {
    const std::size_t place = find(name);
    if (place == 0) return std::nullopt;
    if (const auto value = command_.integer(place)) return value;
    throw Error{std::string{not_an_integer}};
}

std::optional<double> Call::number(std::string_view name) const {
    const std::size_t place = find(name);
    if (place == 0) return std::nullopt;
    if (const auto value = to_double(command_[place])) return value;
    throw Error{not_a_float};
}

Words Call::words(std::string_view name) const {
    const std::size_t place = find(name);
    if (place == 0) return {command_, 0, 0};
    const std::uint8_t repeat = detail::repeat_of(entry_->usage, node(name));
    if (repeat == 0) return {command_, place, 1};
    if (entry_->checks_words) {
        const std::size_t first = places_.at[entry_->usage[repeat].child];
        return {command_, first, places_.at[repeat] * detail::words_of(entry_->usage, repeat)};
    }
    std::size_t i = 0;
    while (entry_->bound[i] != repeat) ++i;  // the last part of a simple line
    return detail::Binder::words(*this, i);
}

namespace detail {

double Binder::number(Call& call, std::size_t position) noexcept {
    if (const auto value = to_double(call.command_[position])) return *value;
    refuse(call, not_a_float);
    return 0;
}

std::uint64_t Binder::unsigned_integer(Call& call, std::size_t position) noexcept {
    if (const auto value = call.command_.integer(position)) {
        if (*value >= 0) return static_cast<std::uint64_t>(*value);
        refuse(call, must_be_positive);
        return 0;
    }
    const std::string_view text = call.command_[position];
    const char* const end = text.data() + text.size();
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    // A number that fits in 63 bits was not an integer above: it has zeros before it.
    if (error == std::errc{} && stop == end && !text.starts_with('0')) return value;
    refuse(call, not_an_integer.data());
    return 0;
}

Words Binder::words(const Call& call, std::size_t i) noexcept {
    const CommandEntry& entry = *call.entry_;
    const UsageNode& node = entry.usage[entry.bound[i]];
    if (!entry.checks_words) {
        const std::size_t first = entry.usage.first_word() + i;
        const std::size_t size = call.command_.size();
        if (first >= size) return {call.command_, 0, 0};
        return {call.command_, first, node.kind == UsageNode::Kind::repeat ? size - first : 1};
    }
    if (node.kind != UsageNode::Kind::repeat) {
        const std::size_t place = call.places_.at[entry.bound[i]];
        return {call.command_, place, place == 0 ? std::size_t{0} : 1};
    }
    const std::size_t repetitions = call.places_.at[entry.bound[i]];
    return {call.command_, call.places_.at[node.child], repetitions * words_of(entry.usage, entry.bound[i])};
}

}  // namespace detail
}  // namespace resp
