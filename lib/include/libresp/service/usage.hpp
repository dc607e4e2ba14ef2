// A usage line: one line of Redis' own syntax that declares a command.
//
//     SET key value [NX | XX] [GET] [EX seconds | PX milliseconds]
//
//     SET                name; a second word in capitals is a subcommand: CONFIG GET parameter
//     key value          words that the client must send
//     [NX | XX]          may be left out; one of the alternatives
//     <LEFT | RIGHT>     one of the alternatives is required
//     EX seconds         words in capitals are keywords, which the client sends as they are
//     [count]            a word that may be left out
//     key [key ...]      one word or more; key value [key value ...] likewise; [key ...]: none or more
//     numkeys key [key ...]    the word `numkeys` is the number of repetitions
#pragma once

#include <libresp/detail/require_cxx20.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace resp {

/// A usage line is wrong, or a function does not fit it. The text has the line, and a caret under the mistake.
class UsageError : public std::invalid_argument {
public:
    UsageError(std::string_view line, std::size_t position, std::string_view mistake);
};

/// A part of a usage line.
struct UsageNode {
    enum class Kind : std::uint8_t {
        word,      ///< `key`: any word
        keyword,   ///< `EX`: this word
        optional,  ///< `[…]`; its children are the alternatives
        choice,    ///< `<…>`; its children are the alternatives
        sequence,  ///< an alternative
        repeat,    ///< `key [key ...]` or `[key ...]`; its children are the words that are repeated
    };

    Kind kind = Kind::word;
    std::uint8_t child = 0;    ///< the index of the first child; 0: none
    std::uint8_t sibling = 0;  ///< the index of the next part; 0: none
    std::uint8_t least = 0;    ///< of a repeat: how often at least
    std::uint16_t begin = 0;   ///< of its text in the line
    std::uint16_t size = 0;
};

/// A usage line that was parsed. It refers to the text of the line, which must outlive it.
class Usage {
public:
    static constexpr std::size_t most_nodes = 64;
    static constexpr std::uint32_t unlimited = UINT32_MAX;

    /// Throws UsageError. In a constant expression, a wrong line does not compile.
    constexpr explicit Usage(std::string_view line);

    [[nodiscard]] constexpr std::string_view line() const noexcept { return line_; }
    /// "CONFIG" of `CONFIG GET parameter`.
    [[nodiscard]] constexpr std::string_view name() const noexcept { return line_.substr(0, name_size_); }
    /// "GET" of `CONFIG GET parameter`. Empty if there is none.
    [[nodiscard]] constexpr std::string_view subcommand() const noexcept {
        return line_.substr(subcommand_begin_, subcommand_size_);
    }
    /// What stands after the name and the subcommand.
    [[nodiscard]] constexpr std::string_view arguments() const noexcept { return line_.substr(arguments_); }
    /// The position of the first argument in a command: 1, or 2 after a subcommand.
    [[nodiscard]] constexpr std::uint32_t first_word() const noexcept {
        return subcommand_size_ == 0 ? 1 : 2;
    }
    /// How many words a command has at least and at most, its name included. A client may repeat a keyword that stands
    /// alone, as in [NX], so a line with one has no limit.
    [[nodiscard]] constexpr std::uint32_t least_words() const noexcept { return least_; }
    [[nodiscard]] constexpr std::uint32_t most_words() const noexcept { return most_; }
    /// As in Redis' COMMAND: the number of words, or minus the least number if it varies.
    [[nodiscard]] constexpr int arity() const noexcept {
        return least_ == most_ ? static_cast<int>(least_) : -static_cast<int>(least_);
    }
    /// Whether the positions of all words follow from their number alone: required words, then words that may be
    /// left out, or one repeat at the end.
    [[nodiscard]] constexpr bool is_simple() const noexcept { return simple_; }
    /// Words in one repetition of the repeat at the end of a simple line. 0 if there is none.
    [[nodiscard]] constexpr std::uint32_t repeated_words() const noexcept { return repeated_; }

    // The parts. The first top-level part is `first()`; see UsageNode for the others.
    [[nodiscard]] constexpr std::uint8_t first() const noexcept { return nodes_[0].child; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr const UsageNode& operator[](std::size_t i) const noexcept { return nodes_[i]; }
    [[nodiscard]] constexpr std::string_view text(const UsageNode& node) const noexcept {
        return line_.substr(node.begin, node.size);
    }
    /// Whether a word of this name is a key.
    [[nodiscard]] static constexpr bool is_key(std::string_view word) noexcept {
        return word == "key" || word == "newkey" || word == "source" || word == "destination";
    }

private:
    struct Range {
        std::uint32_t least, most;
    };

    // The parser.
    constexpr void fail(std::size_t position, const char* mistake) const;
    constexpr void skip_spaces() noexcept {
        while (at_ != line_.size() && line_[at_] == ' ') ++at_;
    }
    [[nodiscard]] constexpr bool ends(std::string_view closers) const noexcept {
        return at_ == line_.size() || closers.find(line_[at_]) != std::string_view::npos;
    }
    constexpr std::uint8_t add(UsageNode::Kind kind, std::size_t begin);
    constexpr std::string_view take_text() noexcept;
    constexpr void parse_name();
    constexpr void parse_items(std::uint8_t parent, std::string_view closers);
    constexpr std::uint8_t parse_group(char close, UsageNode::Kind kind);
    constexpr std::uint8_t parse_word();
    constexpr void close_repeat(std::uint8_t group, std::array<std::uint8_t, most_nodes>& items,
                                std::size_t& n);
    constexpr Range range_of(std::uint8_t node) const noexcept;
    constexpr Range range_of_children(std::uint8_t node) const noexcept;
    constexpr void find_simple() noexcept;

    std::string_view line_;
    std::size_t at_ = 0;
    std::uint16_t name_size_ = 0;
    std::uint16_t subcommand_begin_ = 0, subcommand_size_ = 0;
    std::uint16_t arguments_ = 0;
    std::uint32_t least_ = 0, most_ = 0;
    std::uint32_t repeated_ = 0;
    std::uint8_t size_ = 1;  // node 0 is the whole line
    bool simple_ = false;
    bool repeats_ = false;  // the group that is being parsed has "..."
    std::array<UsageNode, most_nodes> nodes_{};
};

}  // namespace resp

#include <libresp/service/detail/usage_parser.hpp>
