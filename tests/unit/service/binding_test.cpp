// How words bind to the parameters of a function, and how a command is found by its name.
#include "fixture.hpp"

#include <limits>

using resp::Call;
using resp::Reply;
using resp::Words;
using service_test::ServiceUnderTest;

namespace {

constexpr const char* no_integer = "-ERR value is not an integer or out of range\r\n";
constexpr const char* must_be_positive = "-ERR value is out of range, must be positive\r\n";
constexpr const char* no_float = "-ERR value is not a valid float\r\n";

/// The replies to integers around the range of T.
template <class T>
void check_range() {
    using Limits = std::numeric_limits<T>;
    ServiceUnderTest test;
    test.commands.add("A number", [](T number) { return std::to_string(number); });
    const auto ask = [&](const std::string& word) { return test.ask("A " + word + "\r\n"); };
    const auto accepts = [&](const std::string& word) {
        return ask(word) == "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
    };
    CAPTURE(Limits::digits, Limits::is_signed);
    CHECK(accepts(std::to_string(Limits::max())));
    CHECK(accepts(std::to_string(Limits::min())));
    CHECK(accepts("0"));
    CHECK(accepts("1"));
    CHECK(ask("-1") == (Limits::is_signed ? "$2\r\n-1\r\n" : must_be_positive));
    CHECK(ask("-9223372036854775808") == (!Limits::is_signed     ? must_be_positive
                                          : Limits::digits == 63 ? "$20\r\n-9223372036854775808\r\n"
                                                                 : no_integer));
    // One more than the maximum, in decimal: no maximum ends with 9.
    std::string more = std::to_string(Limits::max());
    ++more.back();
    CHECK(ask(more) == no_integer);
    if (Limits::is_signed) {
        std::string less = std::to_string(Limits::min());
        ++less.back();
        CHECK(ask(less) == no_integer);
    }
    for (const char* word :
         {"18446744073709551616", "99999999999999999999999", "-9223372036854775809", "x", "1x", "+1", "01",
          "00", "-0", "1.0", "1e3", "0x1", "-", "018446744073709551615"}) {
        CAPTURE(word);
        CHECK(ask(word) == no_integer);
    }
    CHECK(test.ask("*2\r\n$1\r\nA\r\n$0\r\n\r\n") == no_integer);
    CHECK(test.ask("*2\r\n$1\r\nA\r\n$2\r\n 1\r\n") == no_integer);
}

std::string_view echo_word(std::string_view word) { return word; }
std::int64_t negative(std::int64_t number) noexcept { return -number; }

struct BindingState {
    std::int64_t calls = 0;
};

}  // namespace

TEST_CASE("an integer parameter accepts the range of its type") {
    check_range<std::int8_t>();
    check_range<std::uint8_t>();
    check_range<std::int16_t>();
    check_range<std::uint16_t>();
    check_range<std::int32_t>();
    check_range<std::uint32_t>();
    check_range<std::int64_t>();
    check_range<std::uint64_t>();
    check_range<long long>();
    check_range<unsigned long long>();
}

TEST_CASE("a double parameter reads a number as Redis does") {
    ServiceUnderTest test;
    test.commands.add("A number", [](double number) { return number; });
    const auto ask = [&](const std::string& word) { return test.ask("A " + word + "\r\n"); };
    CHECK(ask("1") == "$1\r\n1\r\n");
    CHECK(ask("+1.50") == "$3\r\n1.5\r\n");
    CHECK(ask("-.5") == "$4\r\n-0.5\r\n");
    CHECK(ask("5.") == "$1\r\n5\r\n");
    CHECK(ask("1E3") == "$4\r\n1000\r\n");
    CHECK(ask("inf") == "$3\r\ninf\r\n");
    CHECK(ask("+INF") == "$3\r\ninf\r\n");
    CHECK(ask("-infinity") == "$4\r\n-inf\r\n");
    CHECK(ask("00.1") == "$3\r\n0.1\r\n");
    for (const char* word : {"x", "1x", "nan", "-nan", "nan(1)", "++1", "+-1", "-+1", "--1", "+", "-", ".",
                             "e5", "1e", "1e400", "-1e400", "1e-400", "1,5", "inff"}) {
        CAPTURE(word);
        CHECK(ask(word) == no_float);
    }
    CHECK(test.ask("*2\r\n$1\r\nA\r\n$0\r\n\r\n") == no_float);
    CHECK(test.ask("*2\r\n$1\r\nA\r\n$2\r\n 1\r\n") == no_float);
    CHECK(test.ask("*2\r\n$1\r\nA\r\n$2\r\n1 \r\n") == no_float);
}

TEST_CASE("a text parameter takes any bytes") {
    ServiceUnderTest test;
    test.commands.add("A word", [](std::string_view word) { return word; });
    test.commands.add("B word", [](std::string word) { return word; });
    test.commands.add("C word", [](const std::string& word) { return word; });
    test.commands.add("D word", [](const std::string_view& word) { return word; });
    for (const char name : std::string_view{"ABCD"}) {
        const std::string begin = std::string{"*2\r\n$1\r\n"} + name + "\r\n";
        CHECK(test.ask(begin + "$0\r\n\r\n") == "$0\r\n\r\n");
        CHECK(test.ask(begin + "$4\r\na\r\nb\r\n") == "$4\r\na\r\nb\r\n");
    }
}

TEST_CASE("an optional word binds to a std::optional of any type") {
    ServiceUnderTest test;
    test.commands.add("A [number]", [](std::optional<std::int64_t> number) { return number; });
    test.commands.add("B [number]", [](std::optional<double> number) { return number; });
    test.commands.add("C [word]", [](std::optional<std::string_view> word) { return word; });
    test.commands.add("D [word]", [](const std::optional<std::string>& word) { return word; });
    test.commands.add("E [a] [b]", [](std::optional<std::uint8_t> a, std::optional<std::uint8_t> b) {
        return a.value_or(200) + b.value_or(1);
    });
    for (const char* name : {"A", "B", "C", "D"}) CHECK(test.ask(std::string{name} + "\r\n") == "$-1\r\n");
    CHECK(test.ask("A 7\r\n") == ":7\r\n");
    CHECK(test.ask("A x\r\n") == no_integer);
    CHECK(test.ask("B 7\r\n") == "$1\r\n7\r\n");
    CHECK(test.ask("B x\r\n") == no_float);
    CHECK(test.ask("C x\r\n") == "$1\r\nx\r\n");
    CHECK(test.ask("D x\r\n") == "$1\r\nx\r\n");
    CHECK(test.ask("E\r\n") == ":201\r\n");
    CHECK(test.ask("E 5\r\n") == ":6\r\n");
    CHECK(test.ask("E 5 6\r\n") == ":11\r\n");
    CHECK(test.ask("E 256\r\n") == no_integer);
    CHECK(test.ask("E -1\r\n") == must_be_positive);
    CHECK(test.ask("E 1 2 3\r\n") == "-ERR wrong number of arguments for 'e' command\r\n");
}

TEST_CASE("the first word that cannot be converted decides the error") {
    ServiceUnderTest test;
    int calls = 0;
    test.commands.add("A a b c", [&](std::uint8_t, double, std::int64_t) {
        ++calls;
        return resp::ok;
    });
    CHECK(test.ask("A x x x\r\n") == no_integer);
    CHECK(test.ask("A 1 x x\r\n") == no_float);
    CHECK(test.ask("A -1 x x\r\n") == must_be_positive);
    CHECK(test.ask("A 1 1 x\r\n") == no_integer);
    CHECK(calls == 0);
    CHECK(test.ask("A 1 1 1\r\n") == "+OK\r\n");
    CHECK(calls == 1);
}

TEST_CASE("parameters that bind to no word may stand anywhere") {
    ServiceUnderTest<BindingState> test;
    test.commands.add(
        "A one two [rest ...]",
        [](Reply& reply, std::string_view one, const resp::Request& request, BindingState& state,
           std::int64_t two, const resp::Connection& connection, Words rest, Call& call) {
            reply.array(6).bulk_string(one).integer(two).integer(++state.calls);
            reply.integer(static_cast<std::int64_t>(request.command().size() + rest.size()));
            reply.bulk_string(call.name()).integer(connection.id() == call.client().id() ? 1 : 0);
        });
    test.commands.add("B one", [](Call& call, const BindingState& state) {
        call.reply().integer(state.calls).bulk_string(call[1]);
    });
    CHECK(test.ask("A x 2\r\n") == "*6\r\n$1\r\nx\r\n:2\r\n:1\r\n:3\r\n$1\r\na\r\n:1\r\n");
    CHECK(test.ask("A x 2 y z\r\n") == "*6\r\n$1\r\nx\r\n:2\r\n:2\r\n:7\r\n$1\r\na\r\n:1\r\n");
    CHECK(test.ask("A x 2\r\n", 1) == "*6\r\n$1\r\nx\r\n:2\r\n:1\r\n:3\r\n$1\r\na\r\n:1\r\n");
    CHECK(test.ask("B y\r\n") == ":2\r\n$1\r\ny\r\n");
}

TEST_CASE("words of a line with options bind to parameters too") {
    ServiceUnderTest test;
    test.commands.add(
        "A key [NX] [count] number [EX seconds]",
        [](std::string_view key, std::optional<std::int64_t> count, std::int64_t number, Call& call) {
            return std::string{key} + " " + std::to_string(count.value_or(-1)) + " " +
                   std::to_string(number) + (call.has("NX") ? " NX" : "");
        });
    test.commands.add("B key [key ...] timeout", [](Words keys, double timeout) {
        return std::to_string(keys.size()) + std::string{keys[0]} + std::to_string(static_cast<int>(timeout));
    });
    test.commands.add("C [key [key ...]]", [](Words keys) { return keys.size(); });
    test.commands.add("D [key value ...] last", [](Words keys, std::string_view last) {
        return std::string{last} + std::to_string(keys.size());
    });
    CHECK(test.ask("A k 7\r\n") == "$6\r\nk -1 7\r\n");
    CHECK(test.ask("A k 7 EX 3\r\n").starts_with("-"));  // "k 7" could be the count: 7, then EX is no number
    CHECK(test.ask("A k nx 5 7 EX 3\r\n") == "$8\r\nk 5 7 NX\r\n");
    CHECK(test.ask("A k x 7\r\n") == no_integer);
    CHECK(test.ask("A k 5 7 EY 3\r\n") == "-ERR syntax error\r\n");
    CHECK(test.ask("B a b c 5\r\n") == "$3\r\n3a5\r\n");
    CHECK(test.ask("B a b c\r\n") == no_float);
    CHECK(test.ask("C\r\n") == ":0\r\n");
    CHECK(test.ask("C a b\r\n") == ":2\r\n");
    CHECK(test.ask("D z\r\n") == "$2\r\nz0\r\n");
    CHECK(test.ask("D a b c d z\r\n") == "$2\r\nz4\r\n");
    CHECK(test.ask("D a z\r\n") == "-ERR syntax error\r\n");
}

TEST_CASE("a command is a function, a lambda or an object with one operator()") {
    ServiceUnderTest test;
    struct Adder {
        std::int64_t by;
        std::int64_t operator()(std::int64_t number) const noexcept { return number + by; }
    };
    test.commands.add("A word", echo_word).add("B word", &echo_word).add("C number", negative);
    test.commands.add("D number", Adder{5});
    test.commands.add("E number", [](std::int64_t number) noexcept { return number; });
    test.commands.add("F word", std::function<std::string_view(std::string_view)>{echo_word});
    test.commands.add("G word", [owned = std::string(100, 'x')](std::string_view) { return owned.size(); });
    CHECK(test.ask("A x\r\nB x\r\nC 5\r\nD 5\r\nE 5\r\nF x\r\nG x\r\n") ==
          "$1\r\nx\r\n$1\r\nx\r\n:-5\r\n:10\r\n:5\r\n$1\r\nx\r\n:100\r\n");
}

TEST_CASE("a wrong number of words is refused before the call") {
    ServiceUnderTest test;
    int calls = 0;
    test.commands.add("NONE", [&] { ++calls, static_cast<void>(0); });
    test.commands.add("PAIRS key value [key value ...]", [&](Words) { return ++calls; });
    test.commands.add("MANY [word ...]", [&](Words) { return ++calls; });
    CHECK(test.ask("NONE x\r\n") == "-ERR wrong number of arguments for 'none' command\r\n");
    CHECK(test.ask("Pairs\r\n") == "-ERR wrong number of arguments for 'pairs' command\r\n");
    CHECK(test.ask("pairs a\r\n") == "-ERR wrong number of arguments for 'pairs' command\r\n");
    CHECK(test.ask("pairs a b c\r\n") == "-ERR wrong number of arguments for 'pairs' command\r\n");
    CHECK(calls == 0);
    CHECK(test.ask("pairs a b c d\r\n") == ":1\r\n");
    CHECK(test.ask("many\r\n") == ":2\r\n");
}

// ---- names

TEST_CASE("a command is found by its name in any case, whatever its length") {
    ServiceUnderTest test;
    std::string name;
    std::vector<std::string> names;
    for (int length = 1; length <= 40; ++length) {
        name += static_cast<char>('A' + length % 26);
        names.push_back(name);
        names.push_back(std::string(static_cast<std::size_t>(length), 'Z'));
    }
    for (const std::string& each : names) {
        test.commands.add(resp::runtime(each), [each] { return each; });
    }
    for (const std::string& each : names) {
        const std::string reply = "$" + std::to_string(each.size()) + "\r\n" + each + "\r\n";
        CHECK(test.ask(each + "\r\n") == reply);
        std::string other = each;
        for (std::size_t i = 0; i < other.size(); i += 2) other[i] = static_cast<char>(other[i] - 'A' + 'a');
        CHECK(test.ask(other + "\r\n") == reply);
        for (std::size_t i = 0; i != each.size(); ++i) {
            std::string wrong = each;
            wrong[i] = '!';
            CHECK(test.ask(wrong + "\r\n").starts_with("-ERR unknown command '"));
        }
    }
    CHECK(test.ask(name + "x\r\n").starts_with("-ERR unknown command '"));
}

TEST_CASE("bytes that are no letters have no case") {
    ServiceUnderTest test;
    for (const char* name : {"A-B", "A_B", "A.B", "A@B", "A0", "LONG-NAME_WITH.16", "1"}) {
        test.commands.add(resp::runtime(name), [name] { return std::string_view{name}; });
    }
    for (std::string name : {"A-B", "A_B", "A.B", "A@B", "A0", "LONG-NAME_WITH.16", "1"}) {
        CAPTURE(name);
        CHECK(test.ask(name + "\r\n") == "$" + std::to_string(name.size()) + "\r\n" + name + "\r\n");
        for (char& c : name) {
            const bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            c = static_cast<char>(c ^ 0x20);
            const std::string word = "*1\r\n$" + std::to_string(name.size()) + "\r\n" + name + "\r\n";
            CHECK(test.ask(word).starts_with(is_letter ? "$" : "-ERR unknown command '"));
            c = static_cast<char>(c ^ 0x20);
        }
    }
    CHECK(test.ask("*1\r\n$0\r\n\r\n").starts_with("-ERR unknown command ''"));
}

TEST_CASE("a subcommand is found by its name, and HELP lists them") {
    ServiceUnderTest test;
    test.commands.add("OBJECT FREQ key", [](std::string_view key) { return key; },
                      {.summary = "Says how often."});
    test.commands.add("OBJECT LIST", [] { return resp::ok; });
    CHECK(test.ask("OBJECT FREQ k\r\n") == "$1\r\nk\r\n");
    CHECK(test.ask("object freq k\r\n") == "$1\r\nk\r\n");
    CHECK(test.ask("object list\r\n") == "+OK\r\n");
    CHECK(test.ask("object freq\r\n") == "-ERR wrong number of arguments for 'object|freq' command\r\n");
    CHECK(test.ask("object list k\r\n") == "-ERR wrong number of arguments for 'object|list' command\r\n");
    CHECK(test.ask("OBJECT\r\n") == "-ERR wrong number of arguments for 'object' command\r\n");
    CHECK(test.ask("object nope k\r\n") == "-ERR unknown subcommand 'nope'. Try OBJECT HELP.\r\n");
    CHECK(test.ask("object help\r\n") ==
          "*7\r\n+OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:\r\n"
          "+FREQ key\r\n+    Says how often.\r\n+LIST\r\n+    \r\n+HELP\r\n+    Print this help.\r\n");
    CHECK(test.ask("object help k\r\n") == "-ERR wrong number of arguments for 'object|help' command\r\n");
}

TEST_CASE("a command of the program replaces one of the library") {
    ServiceUnderTest test;
    test.commands.add("PING", [] { return resp::simple("mine"); });
    test.commands.add("CLIENT ID", [] { return resp::simple("my id"); });
    CHECK(test.ask("PING\r\n") == "+mine\r\n");
    CHECK(test.ask("PING x\r\n") == "-ERR wrong number of arguments for 'ping' command\r\n");
    CHECK(test.ask("CLIENT ID\r\n") == "+my id\r\n");
    CHECK(test.ask("CLIENT GETNAME\r\n") == "$-1\r\n");
}

TEST_CASE("two commands of one name are a mistake in the program") {
    resp::Commands commands;
    commands.add("GET key", echo_word).add("CONFIG GET key", echo_word);
    CHECK_THROWS_AS(commands.add("GET a [b]", [](Call&) {}), std::invalid_argument);
    CHECK_THROWS_AS(commands.add("CONFIG GET a", echo_word), std::invalid_argument);
    commands.add("CONFIG SET a", echo_word);
    try {
        commands.add("GET other", echo_word);
        FAIL("no exception");
    } catch (const std::invalid_argument& error) {
        CHECK(std::string_view{error.what()} == "there are two commands of this name: GET other");
    }
}

TEST_CASE("commands cannot change after a service was made") {
    resp::Commands commands;
    commands.add("GET key", echo_word);
    const resp::Service service{commands};
    CHECK_THROWS_AS(commands.add("SET key", echo_word), std::logic_error);
    CHECK_THROWS_AS(commands.add(resp::runtime("SET key"), echo_word), std::logic_error);
    CHECK_THROWS_AS(commands.before([](Call&) { return std::nullopt; }), std::logic_error);
    CHECK_NOTHROW(resp::Service{commands});
}

// ---- functions that do not fit

TEST_CASE("a function that does not fit its line is a UsageError with the place") {
    resp::Commands commands;
    const auto mistake = [&](std::string_view line, auto f) {
        try {
            commands.add(resp::runtime(line), f);
        } catch (const resp::UsageError& error) {
            return std::string{error.what()};
        }
        return std::string{};
    };
    const auto none = [] { return 1; };
    const auto word = [](std::string_view) { return 1; };
    const auto words = [](Words) { return 1; };
    const auto maybe = [](std::optional<int>) { return 1; };
    const auto calls = [](Call&) { return 1; };
    const auto call_and_word = [](Call&, std::string_view) { return 1; };
    CHECK(mistake("A key", none) == "the function has no parameter for this word\n    A key\n      ^");
    CHECK(mistake("A", word) == "the function has more parameters than the line has words\n    A\n     ^");
    CHECK(mistake("A [key]", word) ==
          "the parameter for this word must be a std::optional\n    A [key]\n      ^");
    CHECK(mistake("A key [key ...]", word) ==
          "the parameter for these words must be resp::Words\n    A key [key ...]\n      ^");
    CHECK(mistake("A key", words) ==
          "the parameter for this word must be a text or a number\n    A key\n      ^");
    CHECK(mistake("A key", maybe).starts_with("the parameter for this word must be a text or a number\n"));
    CHECK(mistake("A key [NX]", word) ==
          "only a function that takes a resp::Call& sees this part\n    A key [NX]\n          ^");
    CHECK(mistake("A key [b c]", word)
              .starts_with("only a function that takes a resp::Call& sees this part\n"));
    CHECK(mistake("A a b [NX]", call_and_word).starts_with("the function has no parameter for this word\n"));
    CHECK(mistake("A [", calls) == "this is never closed\n    A [\n      ^");
    std::string line = "B";
    for (int i = 0; i != 17; ++i) line += " b";
    CHECK(mistake(line, calls).starts_with("the line has more than 16 words that bind to parameters\n"));
    line.resize(line.size() - 2);
    CHECK(mistake(line, calls).empty());
    CHECK(mistake("A key [NX] [key]", calls).empty());
}

TEST_CASE("a line that is known at run time may be a temporary text") {
    ServiceUnderTest test;
    for (const char* name : {"ONE", "TWO"}) {
        test.commands.add(resp::runtime(std::string{name} + " key [key ...]"),
                          [](Words keys) { return keys.size(); });
    }
    CHECK(test.ask("ONE a\r\nTWO a b\r\n") == ":1\r\n:2\r\n");
}
