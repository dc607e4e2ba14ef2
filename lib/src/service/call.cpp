// The words of a call by their names.
#include <libresp/service/call.hpp>
#include <libresp/service/detail/function.hpp>

#include "match.hpp"

#include <libresp/codec/wire.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string>

namespace resp {

namespace {

constexpr const char* not_a_float = "ERR value is not a valid float";

/// As Redis reads a double: the whole word, no spaces, not nan.
std::optional<double> to_double(std::string_view text) noexcept {
    if (text.starts_with('+')) text.remove_prefix(1);
    if (text.starts_with('+') || text.empty()) return std::nullopt;
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
      state_(other.state_) {
    if (entry_->checks_words) {
        std::copy_n(other.places_.at.begin(), entry_->usage.size(), places_.at.begin());
    }
}

std::string_view Call::name() const noexcept { return entry_->name; }
const Usage& Call::usage() const noexcept { return entry_->usage; }

std::uint8_t Call::node(std::string_view name) const {
    const Usage& usage = entry_->usage;
    for (std::size_t i = 1; i != usage.size(); ++i) {
        const bool has_name =
            usage[i].kind == UsageNode::Kind::word || usage[i].kind == UsageNode::Kind::keyword;
        if (has_name && usage.text(usage[i]) == name) return static_cast<std::uint8_t>(i);
    }
    throw std::invalid_argument{"the usage line has no part '" + std::string{name} + "': " + entry_->line};
}

std::size_t Call::find(std::string_view name) const {
    const Usage& usage = entry_->usage;
    if (entry_->checks_words) {
        std::size_t place = 0;
        // A name may stand in several alternatives: [EX seconds | FOR seconds].
        for (std::size_t i = node(name); i != usage.size() && place == 0; ++i) {
            if (usage.text(usage[i]) == name && usage[i].kind <= UsageNode::Kind::keyword)
                place = places_.at[i];
        }
        return place;
    }
    const std::uint8_t wanted = node(name);
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
        if (usage.text(bound) == name) break;
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
    const std::uint8_t word = node(name);
    for (std::size_t i = 0; i != detail::most_bound && entry_->bound[i] != 0; ++i) {
        if (entry_->bound[i] == word || detail::repeat_of(entry_->usage, word) == entry_->bound[i]) {
            return detail::Binder::words(*this, i);
        }
    }
    const std::uint8_t repeat = detail::repeat_of(entry_->usage, word);
    if (repeat == 0 || !entry_->checks_words) {
        const std::size_t place = find(name);
        return {command_, place, place == 0 ? std::size_t{0} : 1};
    }
    const std::size_t first = places_.at[entry_->usage[repeat].child];
    return {command_, first, places_.at[repeat] * detail::words_of(entry_->usage, repeat)};
}

namespace detail {

double Binder::number(Call& call, std::size_t position) noexcept {
    if (const auto value = to_double(call.command_[position])) return *value;
    call.bad_word_ = not_a_float;
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
