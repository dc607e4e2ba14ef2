// One command of the table.
#pragma once

#include <libresp/server/outcome.hpp>
#include <libresp/service/traits.hpp>
#include <libresp/service/usage.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace resp {

class Call;

namespace detail {

class NameTable;

/// A function of any type. One of the pointers to functions is set; none for a command that only has subcommands.
struct Function {
    std::unique_ptr<const void, void (*)(const void* object)> object{nullptr, nullptr};
    void (*plain)(const void* object, Call& call) = nullptr;
    Outcome (*waiting)(const void* object, Call& call) = nullptr;  // a coroutine
    bool streams = false;                                          // its last word may arrive piece by piece

    [[nodiscard]] bool exists() const noexcept { return plain != nullptr || waiting != nullptr; }
};

/// Where the keys of a command stand, as in the reply of COMMAND: positions count from the name. A negative one counts
/// from the end of the command. `first` is 0 if there are none.
struct KeyRange {
    int first = 0, last = 0, step = 0;
    bool movable = false;  // there are keys, but the numbers do not describe them
};

/// The words of the usage line that bind to parameters of a function: those at the top level, in order.
inline constexpr std::size_t most_bound = 16;

/// It stays at its address: the usage refers to the line.
struct CommandEntry {
    CommandEntry(std::string_view text, Function does, CommandTraits said);
    CommandEntry(const CommandEntry&) = delete;
    CommandEntry& operator=(const CommandEntry&) = delete;
    ~CommandEntry();
    /// Sets is_special and is_plain; after a change of `subcommands` or `checks_words`.
    void update() noexcept;

    const std::string line;
    const Usage usage;
    const Function function;
    const CommandTraits traits;
    const std::string name;                        // in small letters: "config|get"
    std::uint32_t index = 0;                       // in the table
    std::array<std::uint8_t, most_bound> bound{};  // the nodes of the words that bind to parameters
    std::unique_ptr<NameTable> subcommands;        // of a command that only has subcommands
    const KeyRange keys;
    bool is_ours = false;       // a command of the library: the lock of the service is not taken for it
    bool checks_words = false;  // the usage is not simple: the words are matched before the call
    bool is_special = false;    // more than the number of words is checked before the call
    bool is_plain = false;      // it has a function, no subcommands, and never waits
};

}  // namespace detail

}  // namespace resp
