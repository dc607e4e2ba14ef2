// Requests read as commands.
#include <libresp/codec/command.hpp>

#include <algorithm>
#include <ranges>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Command;
using resp::Reads;
using resp::Value;
using support::decode_one;
using support::repeat;

namespace {

Value request(std::string_view bytes) { return decode_one(bytes, Reads::anything); }

std::vector<std::string> words_of(const Command& command) {
    std::vector<std::string> words;
    for (const std::string_view word : command) words.emplace_back(word);
    return words;
}

}  // namespace

TEST_CASE("a command has a name, compared without case, and words") {
    const Value value = request("*3\r\n$3\r\nset\r\n$3\r\nkey\r\n$1\r\n7\r\n");
    const Command command{value};
    CHECK(command.name() == "set");
    CHECK(command.is("SET"));
    CHECK(command.is("sEt"));
    CHECK_FALSE(command.is("SE"));
    CHECK_FALSE(command.is("SETX"));
    CHECK(command.size() == 3);
    CHECK(command[1] == "key");
    CHECK(command[3] == "");
    CHECK(command[1000] == "");
}

TEST_CASE("an inline line is a command") {
    const Value value = request("get 'a b'\r\n");
    const Command command{value};
    CHECK(command.is("GET"));
    CHECK(command[1] == "a b");
}

TEST_CASE("only ASCII letters have a case") {
    CHECK(resp::equals_ignoring_case("aZ09", "Az09"));
    CHECK_FALSE(resp::equals_ignoring_case("a", "b"));
    CHECK_FALSE(resp::equals_ignoring_case("[", "{"));
    CHECK_FALSE(resp::equals_ignoring_case("@", "`"));
    CHECK_FALSE(resp::equals_ignoring_case("\xc4", "\xe4"));
    CHECK(resp::equals_ignoring_case("", ""));
}

TEST_CASE("a command is a range of its words") {
    const Value value = request("*3\r\n$3\r\nset\r\n$3\r\nkey\r\n$0\r\n\r\n");
    const Command command{value};
    CHECK(words_of(command) == std::vector<std::string>{"set", "key", ""});
    CHECK(std::ranges::distance(command) == 3);
    CHECK(std::ranges::find(command, "key") == std::next(command.begin()));
    auto it = command.begin();
    CHECK(*it++ == "set");
    CHECK(*it == "key");
    CHECK(words_of(Command{request("get 'a b'\r\n")}).size() == 2);
}

TEST_CASE("a command works with std::ranges") {
    STATIC_REQUIRE(std::ranges::forward_range<Command>);
    STATIC_REQUIRE(std::ranges::view<Command>);
    STATIC_REQUIRE(std::ranges::borrowed_range<Command>);
    STATIC_REQUIRE(std::same_as<std::ranges::range_value_t<Command>, std::string_view>);
    const Value value = request("DEL a bb ccc\r\n");
    const Command command{value};
    std::size_t bytes = 0;
    std::ranges::for_each(std::ranges::next(command.begin()), command.end(),
                          [&](std::string_view key) { bytes += key.size(); });
    CHECK(bytes == 6);
}

TEST_CASE("an array of arrays has a word for each element") {
    const Value value = request("*3\r\n+a\r\n*1\r\n+b\r\n+c\r\n");
    CHECK(words_of(Command{value}) == std::vector<std::string>{"a", "", "c"});
}

TEST_CASE("a scalar that is not a string is a word, as it was sent") {
    const Value value = request("*3\r\n+ADD\r\n:7\r\n,1.5\r\n");
    const Command command{value};
    CHECK(command.is("add"));
    CHECK(command[1] == "7");
    CHECK(command.integer(1) == 7);
    CHECK(command[2] == "1.5");
}

TEST_CASE("a value that is not an array is a command without words") {
    for (const char* const bytes :
         {":1\r\n", "$4\r\nPING\r\n", "%1\r\n+a\r\n+b\r\n", "~1\r\n+a\r\n", "*-1\r\n", "*0\r\n"}) {
        const Value value = request(bytes);
        CAPTURE(bytes);
        CHECK(Command{value}.size() == 0);
        CHECK(Command{value}.empty());
        CHECK(words_of(Command{value}).empty());
        CHECK(Command{value}.name() == "");
        CHECK_FALSE(Command{value}.is("PING"));
        CHECK_FALSE(Command{value}.integer(0));
    }
}

TEST_CASE("a word is an integer if it is a canonical 64-bit decimal") {
    const auto integer = [](std::string_view word) {
        const Value value =
            request("*1\r\n$" + std::to_string(word.size()) + "\r\n" + std::string{word} + "\r\n");
        return Command{value}.integer(0);
    };
    CHECK(integer("0") == 0);
    CHECK(integer("-7") == -7);
    CHECK(integer("9223372036854775807") == INT64_MAX);
    CHECK(integer("-9223372036854775808") == INT64_MIN);
    for (const char* const word : {"", "-", "+1", "01", "-0", "-01", "1 ", " 1", "1.0", "0x1", "1e3", "abc",
                                   "9223372036854775808", "-9223372036854775809"}) {
        CAPTURE(word);
        CHECK_FALSE(integer(word));
    }
}

TEST_CASE("the error for an unknown command is that of Redis") {
    const Value value = request("FOO a 'b c'\r\n");
    CHECK(unknown_command(Command{value}) ==
          "ERR unknown command 'FOO', with args beginning with: 'a' 'b c' ");
    const Value bare = request("FOO\r\n");
    CHECK(unknown_command(Command{bare}) == "ERR unknown command 'FOO', with args beginning with: ");
}

TEST_CASE("the error for an unknown command quotes at most 128 bytes of its name and of its arguments") {
    const Value name = request(repeat("n", 200) + "\r\n");
    CHECK(unknown_command(Command{name}) ==
          "ERR unknown command '" + repeat("n", 128) + "', with args beginning with: ");
    const Value arguments = request("x " + repeat("a", 100) + ' ' + repeat("b", 100) + " c\r\n");
    CHECK(unknown_command(Command{arguments}) == "ERR unknown command 'x', with args beginning with: '" +
                                                     repeat("a", 100) + "' '" + repeat("b", 25) + "' ");
}

TEST_CASE("the error for a wrong number of arguments has the name in lower case") {
    CHECK(resp::wrong_number_of_arguments("GET") == "ERR wrong number of arguments for 'get' command");
}

TEST_CASE("the common error texts are those of Redis") {
    CHECK(resp::syntax_error == "ERR syntax error");
    CHECK(resp::not_an_integer == "ERR value is not an integer or out of range");
}

TEST_CASE("the error for an unknown subcommand has the command in upper case") {
    const Value value = request("client foo\r\n");
    CHECK(unknown_subcommand(Command{value}) == "ERR unknown subcommand 'foo'. Try CLIENT HELP.");
}
