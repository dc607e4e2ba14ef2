// Invariant: inline commands, in any pieces, are split into the words of the reference. Any words that are
// written in quotes read back as the same words.
#include <string>
#include <vector>

#include "check.hpp"
#include "outcome.hpp"
#include "reference.hpp"

namespace {

/// A word in double quotes. Each byte that needs an escape gets one of the possible escapes.
std::string quoted(std::string_view word) {
    constexpr std::string_view hex = "0123456789abcdefABCDEF";
    std::string text = "\"";
    for (const char c : word) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            text += {'\\', c};
        } else if (c == '\n') {
            text += "\\n";
        } else if (code < 0x20 || code >= 0x7F) {
            const std::size_t low = code & 15U;
            text += {'\\', 'x', hex[code >> 4], hex[low >= 10 && code < 0x20 ? low + 6 : low]};
        } else {
            text += c;
        }
    }
    return text + '"';
}

/// Splits a text of any bytes into words.
std::vector<std::string> words_of(std::string_view text) {
    constexpr char between = '\0';
    std::vector<std::string> words(1);
    for (const char c : text) {
        if (c == between) {
            words.emplace_back();
        } else {
            words.back() += c;
        }
    }
    return words;
}

void check_quoting(const fuzz::Input& input) {
    constexpr std::size_t most = 200;  // bytes; in quotes they need up to four times this
    const std::vector<std::string> words = words_of(input.wire.substr(0, most));
    std::string line;
    for (const std::string& word : words) line += quoted(word) + ' ';
    line += "\r\n";
    fuzz::Input typed = input;
    typed.limits = {.max_line = line.size()};
    typed.wire = line;
    const fuzz::Outcome outcome = fuzz::decode(typed, {});
    fuzz::check(outcome.frames.size() == 1 && outcome.taken == line.size(), "a quoted line is one command");
    const std::vector<fuzz::Tree>& values = outcome.frames.front().values;
    fuzz::check(values.size() == words.size(), "a quoted line has one word for each word");
    for (std::size_t i = 0; i != words.size(); ++i) {
        fuzz::check(values[i].text == words[i], "a quoted word reads back as itself");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input{data, size};
    if (input.reads == resp::Reads::replies) input.reads = resp::Reads::commands;
    const fuzz::Outcome wanted = fuzz::reference(input.wire, input.reads, input.limits);
    fuzz::check_same(wanted, fuzz::decode(input, input.delivery));
    check_quoting(input);
    return 0;
}
