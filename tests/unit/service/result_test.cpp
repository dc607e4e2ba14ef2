// How the result of a function becomes a reply in RESP2 and RESP3, and what an error replaces.
#include "fixture.hpp"

#include <array>
#include <list>
#include <set>
#include <span>
#include <stdexcept>
#include <unordered_map>

using resp::Reply;
using service_test::ServiceUnderTest;

namespace {

/// The bytes of a value as a reply.
template <class T>
std::string reply_of(const T& value, resp::Version version) {
    std::string bytes;
    Reply reply{bytes, version};
    resp::write_result(reply, value);
    return bytes;
}
template <class T>
std::string resp2(const T& value) {
    return reply_of(value, resp::Version::resp2);
}
template <class T>
std::string resp3(const T& value) {
    return reply_of(value, resp::Version::resp3);
}
template <class T>
void check_both(const T& value, std::string_view expected) {
    CHECK(resp2(value) == expected);
    CHECK(resp3(value) == expected);
}

}  // namespace

TEST_CASE("an integer or a boolean becomes an integer") {
    check_both(0, ":0\r\n");
    check_both(std::int8_t{-128}, ":-128\r\n");
    check_both(std::uint8_t{255}, ":255\r\n");
    check_both(std::uint16_t{65'535}, ":65535\r\n");
    check_both(4'294'967'295U, ":4294967295\r\n");
    check_both(INT64_MIN, ":-9223372036854775808\r\n");
    check_both(static_cast<std::uint64_t>(INT64_MAX), ":9223372036854775807\r\n");
    check_both(true, ":1\r\n");
    check_both(false, ":0\r\n");
}

TEST_CASE("an integer above 63 bits becomes a big number") {
    CHECK(resp2(UINT64_MAX) == "$20\r\n18446744073709551615\r\n");
    CHECK(resp3(UINT64_MAX) == "(18446744073709551615\r\n");
    CHECK(resp3(std::uint64_t{1} << 63U) == "(9223372036854775808\r\n");
}

TEST_CASE("a text becomes a bulk string, a simple text a simple string") {
    check_both(std::string{"a\r\nb"}, "$4\r\na\r\nb\r\n");
    check_both(std::string_view{}, "$0\r\n\r\n");
    check_both(static_cast<const char*>("abc"), "$3\r\nabc\r\n");
    check_both(resp::ok, "+OK\r\n");
    check_both(resp::simple("string"), "+string\r\n");
    check_both(resp::error("WRONGTYPE a\r\nb"), "-WRONGTYPE a  b\r\n");
    check_both(resp::Error{std::string_view{"ERR x"}}, "-ERR x\r\n");
}

TEST_CASE("a double becomes a double, in RESP2 a bulk string") {
    CHECK(resp2(1.5) == "$3\r\n1.5\r\n");
    CHECK(resp3(1.5) == ",1.5\r\n");
    CHECK(resp3(-std::numeric_limits<double>::infinity()) == ",-inf\r\n");
    CHECK(resp3(0.5F) == ",0.5\r\n");
}

TEST_CASE("what is empty becomes null") {
    CHECK(resp2(std::optional<int>{}) == "$-1\r\n");
    CHECK(resp3(std::optional<int>{}) == "_\r\n");
    CHECK(resp3(std::nullopt) == "_\r\n");
    CHECK(resp3(std::shared_ptr<const std::string>{}) == "_\r\n");
    check_both(std::optional<int>{7}, ":7\r\n");
    check_both(std::optional<std::string_view>{"x"}, "$1\r\nx\r\n");
    check_both(std::shared_ptr<const std::string>{std::make_shared<std::string>("abc")}, "$3\r\nabc\r\n");
    CHECK(resp3(std::vector<std::optional<std::string>>{"a", std::nullopt}) == "*2\r\n$1\r\na\r\n_\r\n");
    CHECK(resp3(std::optional<std::optional<int>>{std::optional<int>{}}) == "_\r\n");
}

TEST_CASE("a range becomes an array") {
    check_both(std::vector<int>{}, "*0\r\n");
    check_both(std::vector<std::string>{"a", "b"}, "*2\r\n$1\r\na\r\n$1\r\nb\r\n");
    check_both(std::vector<bool>{true, false}, "*2\r\n:1\r\n:0\r\n");
    check_both(std::array<int, 2>{1, 2}, "*2\r\n:1\r\n:2\r\n");
    check_both(std::list<std::vector<int>>{{1}, {}}, "*2\r\n*1\r\n:1\r\n*0\r\n");
    const std::array<int, 2> numbers{3, 4};
    check_both(std::span<const int>{numbers}, "*2\r\n:3\r\n:4\r\n");
    check_both(std::vector<resp::Ok>(2), "*2\r\n+OK\r\n+OK\r\n");
}

TEST_CASE("a pair or a tuple becomes an array") {
    check_both(std::pair{1, std::string{"a"}}, "*2\r\n:1\r\n$1\r\na\r\n");
    check_both(std::tuple<>{}, "*0\r\n");
    CHECK(resp3(std::tuple{1, 2.5, std::string_view{"x"}, resp::ok, std::nullopt}) ==
          "*5\r\n:1\r\n,2.5\r\n$1\r\nx\r\n+OK\r\n_\r\n");
    check_both(std::vector<std::pair<int, int>>{{1, 2}}, "*1\r\n*2\r\n:1\r\n:2\r\n");
    check_both(std::pair<const resp::Ok, const std::optional<int>>{{}, 1}, "*2\r\n+OK\r\n:1\r\n");
    int number = 5;
    const std::string text = "t";
    check_both(std::tie(number, text), "*2\r\n:5\r\n$1\r\nt\r\n");
}

TEST_CASE("a map becomes a map, and a set a set") {
    const std::map<std::string, int> map{{"a", 1}, {"b", 2}};
    CHECK(resp2(map) == "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n");
    CHECK(resp3(map) == "%2\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n");
    CHECK(resp3(std::unordered_map<int, double>{{1, 0.5}}) == "%1\r\n:1\r\n,0.5\r\n");
    CHECK(resp3(std::multimap<int, int>{{1, 1}, {1, 2}}) == "%2\r\n:1\r\n:1\r\n:1\r\n:2\r\n");
    CHECK(resp2(std::set<int>{1, 2}) == "*2\r\n:1\r\n:2\r\n");
    CHECK(resp3(std::set<int>{1, 2}) == "~2\r\n:1\r\n:2\r\n");
    CHECK(resp3(std::map<int, std::set<std::string>>{{1, {"x"}}}) == "%1\r\n:1\r\n~1\r\n$1\r\nx\r\n");
}

TEST_CASE("a variant becomes what it holds") {
    using Any = std::variant<resp::Ok, std::string, resp::Error, std::nullopt_t>;
    check_both(Any{resp::ok}, "+OK\r\n");
    check_both(Any{"x"}, "$1\r\nx\r\n");
    check_both(Any{resp::error("ERR x")}, "-ERR x\r\n");
    CHECK(resp3(Any{std::nullopt}) == "_\r\n");
    check_both(std::optional<Any>{Any{"x"}}, "$1\r\nx\r\n");
    check_both(std::variant<int, Any>{Any{"x"}}, "$1\r\nx\r\n");
}

TEST_CASE("a RESP value is sent as it is") {
    const resp::Parsed parsed = resp::parse("%1\r\n+a\r\n,1.5\r\n");
    REQUIRE(parsed);
    CHECK(resp3(*parsed) == "%1\r\n+a\r\n,1.5\r\n");
    CHECK(resp2(*parsed) == "*2\r\n+a\r\n$3\r\n1.5\r\n");
    CHECK(resp3(resp::Value{*parsed}) == "%1\r\n+a\r\n,1.5\r\n");
    CHECK(resp3(std::vector<resp::Value>(2, resp::Value{*parsed})) ==
          "*2\r\n%1\r\n+a\r\n,1.5\r\n%1\r\n+a\r\n,1.5\r\n");
}

TEST_CASE("a result has the version of its connection") {
    ServiceUnderTest test;
    test.commands.add("MAP", [] { return std::map<int, double>{{1, 0.5}}; });
    test.commands.add("SHARED", [] { return std::make_shared<const std::string>(20'000, 'x'); });
    CHECK(test.ask("MAP\r\n") == "*2\r\n:1\r\n$3\r\n0.5\r\n");
    test.ask("HELLO 3\r\n");
    CHECK(test.ask("MAP\r\n") == "%1\r\n:1\r\n,0.5\r\n");
    CHECK(test.ask("SHARED\r\nMAP\r\n") ==
          "$20000\r\n" + std::string(20'000, 'x') + "\r\n%1\r\n:1\r\n,0.5\r\n");
}

TEST_CASE("a function without a result writes the reply itself") {
    ServiceUnderTest test;
    test.commands.add("TWO", [](Reply& reply) { reply.array(2).integer(1).integer(2); });
    test.commands.add("NOTHING", [] {});
    CHECK(test.ask("TWO\r\nNOTHING\r\nTWO\r\n") == "*2\r\n:1\r\n:2\r\n*2\r\n:1\r\n:2\r\n");
}

TEST_CASE("an Error may be returned or thrown, and the connection goes on") {
    ServiceUnderTest test;
    test.commands.add("RETURN", [] { return resp::error("WRONGTYPE returned"); });
    test.commands.add("THROW", []() -> int { throw resp::error("WRONGTYPE thrown"); });
    test.commands.add("MAYBE [n]", [](std::optional<int> n) -> std::variant<int, resp::Error> {
        if (n) return *n;
        return resp::error("ERR none");
    });
    CHECK(test.ask("RETURN\r\nTHROW\r\nMAYBE\r\nMAYBE 3\r\n") ==
          "-WRONGTYPE returned\r\n-WRONGTYPE thrown\r\n-ERR none\r\n:3\r\n");
}

TEST_CASE("a thrown Error replaces what was written of its reply, and nothing else") {
    ServiceUnderTest test;
    test.commands.add("PART", [](Reply& reply) {
        reply.array(3).integer(1).bulk_string("two");
        throw resp::error("ERR late");
    });
    test.commands.add("SHARED", [](Reply& reply) {
        reply.array(2);
        reply.bulk_string(std::make_shared<const std::string>(20'000, 'x')).integer(1);
        throw resp::error("ERR late");
    });
    test.commands.add("FINE", [] { return 1; });
    CHECK(test.ask("FINE\r\nPART\r\nFINE\r\nSHARED\r\nFINE\r\n") ==
          ":1\r\n-ERR late\r\n:1\r\n-ERR late\r\n:1\r\n");
}

TEST_CASE("another exception is an internal error, and ends the connection") {
    ServiceUnderTest test;
    test.commands.add("THROW", [](Reply& reply) {
        reply.array(2).integer(1);
        throw std::runtime_error{"secret"};
    });
    test.commands.add("FINE", [] { return 1; });
    CHECK(test.ask("FINE\r\nTHROW\r\nFINE\r\n") == ":1\r\n-ERR internal error\r\n");
    CHECK(test.clients[0]->ended);
    CHECK(test.ask("FINE\r\n", 1) == ":1\r\n");
}
