// Inline commands are split as the reference splits them, however they come; and any words, put between
// quotes, come back.
#include <string>
#include <vector>

#include "check.hpp"
#include "outcome.hpp"
#include "reference.hpp"

namespace {

/// A word between double quotes, each byte that needs it escaped in one of the ways that there are.
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

/// The words of a text, which may have any bytes.
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
    constexpr std::size_t most = 200;  // bytes: quoted they are up to four times as many
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
    fuzz::check(values.size() == words.size(), "with a word for each");
    for (std::size_t i = 0; i != words.size(); ++i) {
        fuzz::check(values[i].text == words[i], "a quoted word comes back");
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
