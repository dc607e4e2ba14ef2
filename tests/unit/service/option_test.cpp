// What Call says of the words of a command: has(), text(), integer(), number() and words().
#include "fixture.hpp"

#include <ranges>

using resp::Call;
using service_test::ServiceUnderTest;

namespace {

std::string text_or_none(const Call& call, std::string_view name) {
    const std::optional<std::string_view> text = call.text(name);
    return text ? std::string{*text} : "none";
}

std::string joined(const resp::Words& words) {
    std::string text;
    for (const std::string_view word : words) text.append(text.empty() ? "" : ",").append(word);
    return text;
}

}  // namespace

static_assert(std::ranges::forward_range<const resp::Words>);
static_assert(std::ranges::sized_range<const resp::Words>);

TEST_CASE("a Call finds the words of a simple line by their names") {
    ServiceUnderTest test;
    test.commands.add("A one two [three] [four]", [](Call& call) {
        return text_or_none(call, "one") + " " + text_or_none(call, "two") + " " +
               text_or_none(call, "three") + " " + text_or_none(call, "four") +
               (call.has("three") ? " has three" : "") + (call.has("four") ? " has four" : "") + " " +
               joined(call.words("two")) + " " + std::to_string(call.words("four").size());
    });
    CHECK(test.ask("A 1 2\r\n") == "$17\r\n1 2 none none 2 0\r\n");
    CHECK(test.ask("A 1 2 3\r\n") == "$24\r\n1 2 3 none has three 2 0\r\n");
    CHECK(test.ask("A 1 2 3 4\r\n") == "$30\r\n1 2 3 4 has three has four 2 1\r\n");
}

TEST_CASE("a Call finds the words of a repeat of a simple line") {
    ServiceUnderTest test;
    test.commands.add("DEL key [key ...]",
                      [](Call& call) { return text_or_none(call, "key") + " " + joined(call.words("key")); });
    test.commands.add("HSET key field value [field value ...]", [](Call& call) {
        return text_or_none(call, "key") + " " + text_or_none(call, "field") + " " +
               text_or_none(call, "value") + " " + joined(call.words("field")) + " " +
               joined(call.words("value"));
    });
    test.commands.add("HDEL key [field ...]", [](Call& call) {
        return text_or_none(call, "field") + " " + joined(call.words("field")) +
               (call.has("field") ? " has" : " has not");
    });
    test.commands.add("CONFIG DROP parameter [parameter ...]", [](Call& call) {
        return text_or_none(call, "parameter") + joined(call.words("parameter"));
    });
    CHECK(test.ask("DEL a\r\n") == "$3\r\na a\r\n");
    CHECK(test.ask("DEL a b c\r\n") == "$7\r\na a,b,c\r\n");
    CHECK(test.ask("HSET k f v\r\n") == "$13\r\nk f v f,v f,v\r\n");
    CHECK(test.ask("HSET k f v g w\r\n") == "$21\r\nk f v f,v,g,w f,v,g,w\r\n");
    CHECK(test.ask("HDEL k\r\n") == "$13\r\nnone  has not\r\n");
    CHECK(test.ask("HDEL k f g\r\n") == "$9\r\nf f,g has\r\n");
    CHECK(test.ask("CONFIG DROP a b\r\n") == "$4\r\naa,b\r\n");
}

TEST_CASE("a Call finds the words of a line with options") {
    ServiceUnderTest test;
    test.commands.add("SET key value [NX | XX] [EX seconds]", [](Call& call) {
        return text_or_none(call, "key") + " " + text_or_none(call, "value") + " " +
               text_or_none(call, "NX") + " " + text_or_none(call, "seconds") +
               (call.has("XX") ? " XX" : "") + (call.has("EX") ? " EX" : "");
    });
    CHECK(test.ask("SET k v\r\n") == "$13\r\nk v none none\r\n");
    CHECK(test.ask("SET k v ex 5 xx\r\n") == "$16\r\nk v none 5 XX EX\r\n");
    CHECK(test.ask("SET k v nx\r\n") == "$11\r\nk v nx none\r\n");
    // Names are compared as they stand in the line.
    CHECK(test.ask("SET k v NX EX 5\r\n") == "$11\r\nk v NX 5 EX\r\n");
}

TEST_CASE("a Call reads integers, and answers Redis' error for other words") {
    ServiceUnderTest test;
    test.commands.add("A number [EX seconds]", [](Call& call) {
        return call.integer("number").value_or(-1) * 100 + call.integer("seconds").value_or(-1);
    });
    CHECK(test.ask("A 5\r\n") == ":499\r\n");
    CHECK(test.ask("A 5 EX 7\r\n") == ":507\r\n");
    CHECK(test.ask("A x\r\n") == "-ERR value is not an integer or out of range\r\n");
    CHECK(test.ask("A 5 EX 7.0\r\n") == "-ERR value is not an integer or out of range\r\n");
    CHECK(test.ask("A 5 EX 9223372036854775808\r\n") == "-ERR value is not an integer or out of range\r\n");
    CHECK(test.ask("A 5 EX +7\r\n") == "-ERR value is not an integer or out of range\r\n");
}

TEST_CASE("a Call reads doubles, and answers Redis' error for other words") {
    ServiceUnderTest test;
    test.commands.add("A number [TIMES times]",
                      [](Call& call) { return *call.number("number") * call.number("times").value_or(1); });
    CHECK(test.ask("A 1.5\r\n") == "$3\r\n1.5\r\n");
    CHECK(test.ask("A 1.5 TIMES 1e3\r\n") == "$4\r\n1500\r\n");
    CHECK(test.ask("A inf\r\n") == "$3\r\ninf\r\n");
    CHECK(test.ask("A x\r\n") == "-ERR value is not a valid float\r\n");
    CHECK(test.ask("A 1 TIMES nan\r\n") == "-ERR value is not a valid float\r\n");
}

TEST_CASE("a name that is not in the usage line is a mistake in the program") {
    ServiceUnderTest test;
    std::string what;
    const auto ask_for = [&](Call& call, std::string_view name) {
        try {
            static_cast<void>(call.text(name));
        } catch (const std::invalid_argument& error) {
            what += std::string{error.what()} + "\n";
        }
    };
    test.commands.add("A key [key ...] [EX seconds]", [&](Call& call) {
        for (const char* name : {"EY", "ex", "Key", "", "...", "A", "[EX seconds]"}) ask_for(call, name);
        return resp::ok;
    });
    test.commands.add("B key [key ...]", [&](Call& call) {
        ask_for(call, "");
        return resp::ok;
    });
    test.commands.add("C key", [](Call& call) { return call.text("seconds").has_value(); });
    test.commands.add("D key", [](Call& call) { return call.words("seconds").size(); });
    CHECK(test.ask("A k\r\n") == "+OK\r\n");
    CHECK(what.starts_with("the usage line has no part 'EY': A key [key ...] [EX seconds]\n"));
    CHECK(std::count(what.begin(), what.end(), '\n') == 7);
    CHECK(test.ask("B k\r\n") == "+OK\r\n");
    CHECK(std::count(what.begin(), what.end(), '\n') == 8);
    CHECK(test.ask("C k\r\n", 1) == "-ERR internal error\r\n");
    CHECK(test.ask("D k\r\n", 2) == "-ERR internal error\r\n");
}

TEST_CASE("a Call has the command, the client and the request") {
    ServiceUnderTest test;
    test.commands.add("A key [NX]", [](Call& call) {
        std::string text{call.name()};
        text.append(" ").append(call.usage().line()).append(" ").append(std::to_string(call.size()));
        text.append(" ").append(call[0]).append(" ").append(call[1]).append(call[9]);
        text.append(" ").append(call.command()[1]).append(" ").append(call.request().command().name());
        const bool same = call.connection().id() == call.client().id();
        call.reply().bulk_string(text + (same ? " same" : " other"));
    });
    test.commands.add("B GET key", [](Call& call) { return std::string{call.name()}; });
    CHECK(test.ask("a k\r\n") == "$27\r\na A key [NX] 2 a k k a same\r\n");
    CHECK(test.ask("b get k\r\n") == "$5\r\nb|get\r\n");
}

TEST_CASE("Words may be used by position, and are empty if the client has sent none") {
    ServiceUnderTest test;
    test.commands.add("A [word ...]", [](resp::Words words) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i != words.size(); ++i) sum += words.integer(i).value_or(1'000);
        return words.empty() ? -1 : sum;
    });
    test.commands.add("B key [word ...]", [](std::string_view, resp::Words words) {
        return std::vector<std::string_view>{words.begin(), words.end()};
    });
    CHECK(test.ask("A\r\n") == ":-1\r\n");
    CHECK(test.ask("A 1 2 x\r\n") == ":1003\r\n");
    CHECK(test.ask("B k\r\n") == "*0\r\n");
    CHECK(test.ask("B k a b\r\n") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
}
