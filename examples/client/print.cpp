// The forms are those of redis-cli 7.0. It does not know big numbers and bulk errors: here they look like doubles and
// errors.
#include "print.hpp"

#include "wait.hpp"

#include <cstdio>

namespace {

using resp::Type;

void put(std::string_view bytes) {
    throw_if_interrupted();  // also out of a reply of a million values
    std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

enum class Lines : bool { escape, keep };

/// Printable ASCII stays as it is, line breaks and tabs if they are kept. Any other byte becomes \xNN.
void put_escaped(std::string_view bytes, Lines lines) {
    for (std::size_t i = 0; i != bytes.size(); ++i) {
        throw_if_interrupted();
        const char c = bytes[i];
        const bool is_printable = c >= ' ' && c <= '~';
        const bool is_layout = c == '\n' || c == '\t' || (c == '\r' && bytes.substr(i + 1).starts_with('\n'));
        if (is_printable || (is_layout && lines == Lines::keep)) {
            std::putchar(c);
        } else {
            std::printf("\\x%02x", static_cast<unsigned char>(c));
        }
    }
}

void put_quoted(std::string_view bytes) {
    constexpr std::string_view special = "\\\"\n\r\t\a\b";
    constexpr std::string_view letters = "\\\"nrtab";
    put("\"");
    for (const char& c : bytes) {
        const std::size_t at = special.find(c);
        if (at == std::string_view::npos) {
            put_escaped({&c, 1}, Lines::escape);
        } else {
            put({"\\", 1});
            put(letters.substr(at, 1));
        }
    }
    put("\"");
}

std::string_view name_if_empty(Type type) {
    if (type == Type::map) return "(empty hash)";
    if (type == Type::set) return "(empty set)";
    return type == Type::push ? "(empty push)" : "(empty array)";
}

bool takes_several_lines(resp::View value) {
    const std::size_t values_in_one_line = value.type() == Type::map ? 2 : 1;
    if (value.empty()) return false;
    if (value.size() > values_in_one_line) return true;
    return takes_several_lines(value[values_in_one_line - 1]);
}

bool is_invalidation(resp::View push) {
    return push.type() == Type::push && push.size() == 2 && push[0].text() == "invalidate" &&
           push[1].type() == Type::array;
}

}  // namespace

void Printer::print_reply(resp::View reply, bool is_text) {
    if (is_raw_ || is_text) {
        raw(reply);
        if (!is_text) put("\n");
    } else {
        pretty(reply, "");
        put("\n");
    }
    std::fflush(stdout);
}

void Printer::print_push(resp::View push) {
    if (is_raw_ || !is_invalidation(push)) return print_reply(push, false);
    put("-> invalidate: ");
    bool is_first = true;
    for (const resp::View key : push[1]) {
        put(is_first ? "'" : ", '");
        put_escaped(key.text(), Lines::escape);
        put("'");
        is_first = false;
    }
    put("\n");
    std::fflush(stdout);
}

void Printer::print_line(std::string_view text) {
    put_escaped(text, Lines::escape);
    put("\n");
}

/// Prints a value without the line feed after it. `indent` begins each line except the first one.
void Printer::pretty(resp::View value, const std::string& indent) {
    if (value.is_aggregate()) return pretty_aggregate(value, indent);
    if (value.is_null()) return put("(nil)");
    switch (value.type()) {
        case Type::bulk_string: return put_quoted(value.text());
        case Type::boolean: return put(value.boolean() ? "(true)" : "(false)");
        case Type::integer: return put("(integer) " + std::to_string(value.integer()));
        case Type::verbatim_string: return put_escaped(value.text(), Lines::keep);
        case Type::double_: put("(double) "); break;
        case Type::big_number: put("(big number) "); break;
        case Type::simple_error:
        case Type::bulk_error: put("(error) "); break;
        default: break;
    }
    put_escaped(value.text(), Lines::escape);
}

// The decoder accepts at most 128 levels, so the recursion is not deep.
void Printer::pretty_aggregate(resp::View value, const std::string& indent) {
    if (value.empty()) return put(name_if_empty(value.type()));
    const bool is_map = value.type() == Type::map;
    const std::size_t width = std::to_string(is_map ? value.size() / 2 : value.size()).size();
    const std::string inner = indent + std::string(width + 2, ' ');
    const char* const mark = is_map ? "# " : value.type() == Type::set ? "~ " : ") ";
    std::size_t number = 0;
    for (auto it = value.begin(); it != value.end(); ++it) {
        if (number++ != 0) put("\n" + indent);
        const std::string digits = std::to_string(number);
        put(std::string(width - digits.size(), ' ') + digits + mark);
        pretty(*it, inner);
        if (!is_map) continue;
        put(" => ");
        ++it;
        if (takes_several_lines(*it)) put("\n" + inner);
        pretty(*it, inner);
    }
}

void Printer::raw(resp::View value) {
    if (value.is_aggregate()) {
        const bool is_map = value.type() == Type::map;
        std::size_t i = 0;
        for (const resp::View each : value) {
            if (i != 0) put(is_map && i % 2 == 1 ? " " : "\n");
            raw(each);
            ++i;
        }
    } else if (value.type() == Type::boolean) {
        put(value.boolean() ? "(true)" : "(false)");
    } else if (value.type() == Type::integer) {
        put(std::to_string(value.integer()));
    } else {
        is_terminal_ || !is_raw_ ? put_escaped(value.text(), Lines::keep) : put(value.text());
        if (value.is_error()) put("\n");
    }
}
