// Reads the reply of COMMAND DOCS in place. A field that is missing or has a wrong type reads as an empty text.
#include "docs.hpp"

#include <algorithm>
#include <cctype>

namespace {

// A hostile server could send any number of names, and usage lines that double at each level.
constexpr std::size_t max_names = 5000;
constexpr std::size_t max_text = 1000;  // bytes

/// Calls `use` for each key and value. In RESP2 a map is an array of keys and values.
template <class Use>
void for_each_pair(resp::View map, Use use) {
    for (auto it = map.begin(); it != map.end(); ++it) {
        const resp::View key = *it++;
        if (it == map.end()) return;
        use(key.text(), *it);
    }
}

std::optional<resp::View> field(resp::View map, std::string_view name) {
    std::optional<resp::View> found;
    for_each_pair(map, [&](std::string_view key, resp::View value) {
        if (key == name) found = value;
    });
    return found;
}

std::string text(resp::View map, std::string_view name) {
    const auto found = field(map, name);
    return std::string{found ? found->text().substr(0, max_text) : std::string_view{}};
}

bool has_flag(resp::View argument, std::string_view flag) {
    const auto flags = field(argument, "flags");
    return flags &&
           std::any_of(flags->begin(), flags->end(), [&](resp::View each) { return each.text() == flag; });
}

std::string usage_of(resp::View argument);

std::string join(std::optional<resp::View> arguments, std::string_view separator) {
    std::string joined;
    if (!arguments) return joined;
    for (const resp::View argument : *arguments) {
        if (!joined.empty()) joined += separator;
        joined += usage_of(argument);
        if (joined.size() > max_text) break;
    }
    return joined.substr(0, max_text);
}

/// `{token: EX, name: seconds, flags: [optional]}` is `[EX seconds]`.
std::string usage_of(resp::View argument) {
    const std::string type = text(argument, "type");
    std::string token = text(argument, "token");
    if (field(argument, "token") && token.empty()) token = "\"\"";
    std::string usage;
    if (type == "oneof" || type == "block") {
        usage = join(field(argument, "arguments"), type == "oneof" ? "|" : " ");
    } else if (type != "pure-token") {
        usage = text(argument, "name");
    }
    if (!token.empty() && type != "pure-token") token += ' ';
    const std::string repeated = (has_flag(argument, "multiple_token") ? token : "") + usage;
    usage = token + usage;
    if (has_flag(argument, "multiple")) usage += " [" + repeated + " ...]";
    return has_flag(argument, "optional") ? "[" + usage + "]" : usage;
}

char in_small_letter(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }
char in_capital(char c) { return static_cast<char>(std::toupper(static_cast<unsigned char>(c))); }

struct Entry {
    std::string name;   // `CLIENT`, of a subcommand `LIST`
    std::string title;  // `CLIENT LIST`
    resp::View docs;

    std::string usage() const {
        const std::string arguments = join(field(docs, "arguments"), " ");
        return arguments.empty() ? title : title + " " + arguments;
    }
};

/// The commands of the server, or the subcommands of a command. Names that are not printable are left out.
std::vector<Entry> entries(std::optional<resp::View> docs, const std::string& command = "") {
    std::vector<Entry> found;
    if (!docs) return found;
    for_each_pair(*docs, [&](std::string_view key, resp::View value) {
        std::string name{key.substr(key.find('|') + 1)};
        std::transform(name.begin(), name.end(), name.begin(), in_capital);
        const bool is_printable =
            std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c <= '~'; });
        if (is_printable && !name.empty() && name.size() < 100 && found.size() < max_names)
            found.push_back({name, command.empty() ? name : command + " " + name, value});
    });
    return found;
}

std::vector<Entry> subcommands(const Entry& entry) {
    return entries(field(entry.docs, "subcommands"), entry.name);
}

/// The letters that all names have in common, after the first `size` ones.
std::string common_rest(const std::vector<Entry>& found, std::size_t size) {
    std::string common = found.front().name;
    for (const Entry& each : found) {
        const auto end =
            std::mismatch(common.begin(), common.end(), each.name.begin(), each.name.end()).first;
        common.erase(end, common.end());
    }
    return common.substr(size);
}

/// The names in alphabetical order, as many in a line as fit.
std::vector<std::string> in_lines(std::vector<Entry> found) {
    std::sort(found.begin(), found.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    std::vector<std::string> lines;
    for (const Entry& each : found) {
        if (lines.empty() || lines.back().size() + each.name.size() > 76) lines.emplace_back();
        lines.back() += (lines.back().empty() ? "" : "  ") + each.name;
    }
    return lines;
}

Completion complete_name(std::vector<Entry> found, std::string_view typed) {
    std::erase_if(found, [&](const Entry& entry) {
        return !resp::equals_ignoring_case(std::string_view{entry.name}.substr(0, typed.size()), typed);
    });
    if (found.empty()) return {};
    std::string insert = common_rest(found, typed.size());
    std::vector<std::string> lines;
    if (insert.empty() && found.size() > 1) lines = in_lines(found);
    for (const Entry& entry : found) {
        if (entry.name.size() == typed.size()) lines.push_back(entry.usage());
    }
    const bool is_small = !typed.empty() && std::islower(static_cast<unsigned char>(typed.back())) != 0;
    if (is_small) std::transform(insert.begin(), insert.end(), insert.begin(), in_small_letter);
    if (found.size() == 1) insert += ' ';
    return {insert, lines};
}

}  // namespace

Completion complete(resp::View docs, std::string_view line) {
    std::vector<Entry> level = entries(docs);
    std::optional<Entry> command;
    for (;;) {
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        const std::size_t end = line.find(' ');
        if (end == std::string_view::npos && !level.empty()) return complete_name(level, line);
        const std::string_view word = line.substr(0, end);
        line.remove_prefix(word.size());
        if (!command && resp::equals_ignoring_case(word, "help")) continue;
        const auto found = std::find_if(level.begin(), level.end(), [&](const Entry& entry) {
            return resp::equals_ignoring_case(entry.name, word);
        });
        if (found == level.end()) break;
        command = *found;
        level = subcommands(*command);
    }
    return command ? Completion{"", {command->usage()}} : Completion{};
}

std::vector<std::string> help(resp::View docs, const Words& names) {
    std::vector<std::string> lines;
    const auto add = [&](const Entry& entry) {
        lines.insert(lines.end(), {"", "  " + entry.usage()});
        for (const char* const name : {"summary", "since", "group"}) {
            if (field(entry.docs, name))
                lines.push_back("  " + std::string{name} + ": " + text(entry.docs, name));
        }
    };
    for (const Entry& command : entries(docs)) {
        if (!resp::equals_ignoring_case(command.name, names[0])) continue;
        if (names.size() == 1) add(command);
        for (const Entry& each : subcommands(command)) {
            if (names.size() == 1 || resp::equals_ignoring_case(each.name, names[1])) add(each);
        }
    }
    return lines;
}
