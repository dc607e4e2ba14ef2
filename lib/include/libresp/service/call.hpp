// One call of a command: its words, and who sent them.
#pragma once

#include <libresp/server/reply.hpp>
#include <libresp/server/request.hpp>
#include <libresp/service/client.hpp>
#include <libresp/service/keys.hpp>
#include <libresp/service/result.hpp>
#include <libresp/service/usage.hpp>
#include <libresp/service/words.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace resp {

class Incoming;

namespace detail {

struct Binder;
struct CommandEntry;
struct Runner;

/// Where the parts of a usage line stand in a command.
struct WordPlaces {
    /// For each UsageNode: the position of its first word; 0 if the client has not sent it.
    std::array<std::uint32_t, Usage::most_nodes> at;
};

}  // namespace detail

/// What a function of Commands sees of the command that is running. Words are found by their names in the usage line:
///
///     SET key value [NX | XX] [EX seconds]
///     call.text("key"), call.has("NX"), call.integer("seconds")
///
/// It is valid until the function returns or, if it is a coroutine, ends. So are all texts from it.
/// A name that is not in the usage line is a mistake in the program: std::invalid_argument.
class Call {
public:
    Call(const detail::CommandEntry& entry, const Request& request, Reply& reply, Client& client,
         void* state) noexcept
        : entry_(&entry),
          request_(request),
          command_(request.command()),
          reply_(&reply),
          client_(&client),
          state_(state) {}
    Call(const Call& other) noexcept;
    Call& operator=(const Call&) = delete;

    /// All words, the name first.
    [[nodiscard]] const Command& command() const noexcept { return command_; }
    [[nodiscard]] std::size_t size() const noexcept { return command_.size(); }
    [[nodiscard]] std::string_view operator[](std::size_t i) const noexcept { return command_[i]; }

    /// Whether the client has sent this keyword or word.
    [[nodiscard]] bool has(std::string_view name) const { return find(name) != 0; }
    /// The word with this name. Nothing if the client has not sent it.
    [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
    /// The same as an integer of 64 bits. If it is none, throws an Error with Redis' text, which becomes the reply.
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
    /// The same as a double.
    [[nodiscard]] std::optional<double> number(std::string_view name) const;
    /// All repetitions of a word: `key` of `key [key ...]`. If several words are repeated together, as in
    /// `key value [key value ...]`, all of them: key, value, key, value, …
    [[nodiscard]] Words words(std::string_view name) const;

    [[nodiscard]] const Request& request() const noexcept { return request_; }
    [[nodiscard]] Reply& reply() const noexcept { return *reply_; }
    [[nodiscard]] const Connection& connection() const noexcept { return request_.connection(); }
    /// What the service knows about the client.
    [[nodiscard]] Client& client() const noexcept { return *client_; }
    /// Says that a key of the client's database has changed; see Keys::changed(). `event`: "set", "del", …
    void changed(std::string_view key, std::string_view event, KeyEvent kind = KeyEvent::generic) const;
    /// The name of the command in small letters: "get", "config|get".
    [[nodiscard]] std::string_view name() const noexcept;
    [[nodiscard]] const Usage& usage() const noexcept;

private:
    friend struct detail::Binder;
    friend struct detail::Runner;

    /// The position of the first word of this name; 0 if the client has not sent it.
    [[nodiscard]] std::size_t find(std::string_view name) const;
    [[nodiscard]] std::uint8_t node(std::string_view name) const;

    const detail::CommandEntry* entry_;
    Request request_;
    Command command_;
    Reply* reply_;
    Client* client_;
    void* state_;
    const char* bad_word_ = nullptr;  // the error text for a word that could not be converted
    Incoming* incoming_ = nullptr;    // what follows the words; null if all words are here
    std::chrono::steady_clock::time_point started_{};  // zero: its time is not measured
    detail::WordPlaces places_;                        // set if the usage line is not simple
};

}  // namespace resp
