// The tables and rules of docs/wire-types.md.
#include <libresp/codec.hpp>

#include "expect.hpp"

#include <string>
#include <string_view>

namespace {

/// What people see of one value, or why it is an error.
std::string read(std::string_view wire, resp::Reads reads = resp::Reads::replies) {
    const auto value = resp::parse(wire, {}, reads);
    return value ? resp::to_string((*value).view()) : "at " + std::to_string(value.error().offset);
}

/// The column "wire form" of the table, and the names in its first column.
void forms() {
    const auto form = [](std::string_view wire, std::string_view name, std::string_view shown) {
        const auto value = resp::parse(wire);
        expect(value ? "" : value.error().message(), "");
        expect(resp::name((*value).view().type()), name);
        expect(resp::to_string((*value).view()), shown);
    };
    form("+OK\r\n", "simple string", "OK");
    form("-ERR no\r\n", "simple error", "(error) ERR no");
    form(":42\r\n", "integer", "42");
    form(":-7\r\n", "integer", "-7");
    form(":+7\r\n", "integer", "+7");
    form("$5\r\nhello\r\n", "bulk string", "\"hello\"");
    form("*2\r\n:1\r\n:2\r\n", "array", "[1, 2]");
    form("$-1\r\n", "null bulk string", "nil");
    form("*-1\r\n", "null array", "nil");
    form("_\r\n", "null", "nil");
    form("#t\r\n", "boolean", "true");
    form(",3.14\r\n", "double", "3.14");
    form(",+1e10\r\n", "double", "+1e10");
    form(",-inf\r\n", "double", "-inf");
    form("(12345678901234567890\r\n", "big number", "12345678901234567890");
    form("!5\r\nERR x\r\n", "bulk error", "(error) ERR x");
    form("=6\r\ntxt:hi\r\n", "verbatim string", "\"hi\"");
    form("%1\r\n+key\r\n:1\r\n", "map", "{key: 1}");
    form("~2\r\n:1\r\n:2\r\n", "set", "~[1, 2]");
    form(">2\r\n+tick\r\n:7\r\n", "push", ">[tick, 7]");
    form("$?\r\n;2\r\nhe\r\n;3\r\nllo\r\n;0\r\n", "bulk string", "\"hello\"");
    form("*?\r\n:1\r\n.\r\n", "array", "[1]");
    form("*1\r\n|1\r\n+ttl\r\n:9\r\n+v\r\n", "array", "[|{ttl: 9} v]");
}

/// "Doubles": the accepted spellings.
void doubles() {
    for (const std::string text : {"+1.5", "+inf", "nan", "-nan", "NAN", "-NAN", "nan(0x8000)"})
        expect(read(',' + text + "\r\n"), text);
}

/// "Where libresp is strict": the offset of the first wrong byte.
void strict() {
    expect(read("$1\r\nabc"), "at 5");
    expect(read("+a\nb\r\n"), "at 2");
    expect(read("+a\rb\r\n"), "at 3");
    expect(read("$+1\r\na\r\n"), "at 1");
    expect(read("*01\r\n:1\r\n"), "at 2");
    expect(read("$-2\r\n"), "at 2");
    expect(read(":007\r\n"), "at 2");
    expect(read(":-0\r\n"), "at 2");
    expect(read(":9223372036854775808\r\n"), "at 19");
    expect(read(",.5\r\n"), "at 1");
    expect(read(",1.\r\n"), "at 3");
    expect(read(",INF\r\n"), "at 1");
    expect(read("#T\r\n"), "at 1");
    expect(read("%-1\r\n"), "at 1");
    expect(read("*1\r\n>1\r\n+a\r\n"), "at 4");
}

/// "Inline commands".
void inline_commands() {
    const auto line = [](std::string_view wire) { return read(wire, resp::Reads::commands); };
    expect(line("SET \"a b\" 'c'\n"), "[\"SET\", \"a b\", \"c\"]");
    expect(line("a\tb  c\r\n"), "[\"a\", \"b\", \"c\"]");
    expect(line("\"\\x41\\\"\\\\\"\n"), "[\"A\\\"\\\\\"]");
    expect(line("'\\'\\n'\n"), "[\"'\\\\n\"]");
    expect(line("\"a\"b\n"), "at 3");
    expect(line("x\"y z\"\n"), "[\"xy z\"]");
    expect(line("\"\"\n"), "[\"\"]");
    expect(line(":1\n"), "[\":1\"]");
    expect(read(":1\r\n", resp::Reads::anything), "1");
}

}  // namespace

int main() {
    forms();
    doubles();
    strict();
    inline_commands();
}
