// How the words of a command fit a usage line: which part each word belongs to, and what does not fit.
#include "fixture.hpp"

#include <algorithm>
#include <random>

using service_test::ServiceUnderTest;

namespace {

/// All parts that the client has sent, by their names: "key=k NX seconds=10". Words that are repeated are one part.
std::string sent_parts(const resp::Call& call) {
    std::string text;
    std::vector<std::string_view> seen;
    for (std::size_t i = 1; i != call.usage().size(); ++i) {
        const resp::UsageNode& node = call.usage()[i];
        if (node.kind > resp::UsageNode::Kind::keyword) continue;
        const std::string_view name = call.usage().text(node);
        if (std::find(seen.begin(), seen.end(), name) != seen.end()) continue;
        seen.push_back(name);
        if (!call.has(name)) continue;
        text.append(text.empty() ? "" : " ").append(name);
        if (node.kind == resp::UsageNode::Kind::keyword) continue;
        const resp::Words words = call.words(name);
        for (std::size_t n = 0; n != words.size(); ++n) text.append(n == 0 ? "=" : ",").append(words[n]);
    }
    return text;
}

/// A service with one command, whose reply is sent_parts().
class MatchTest {
public:
    explicit MatchTest(std::string_view line) {
        test_.commands.add(resp::runtime(line), [](resp::Call& call) { return sent_parts(call); });
    }
    /// The reply without its framing: the parts, or an error.
    std::string operator()(const std::string& command) {
        std::string reply = test_.ask(command + "\r\n");
        if (reply.starts_with('$')) reply.erase(0, reply.find('\n') + 1);
        reply.resize(reply.size() - 2);
        return reply;
    }

private:
    ServiceUnderTest<> test_;
};

constexpr const char* bad_syntax = "-ERR syntax error";

constexpr const char* full_set =
    "SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
    "unix-time-milliseconds | KEEPTTL]";

}  // namespace

TEST_CASE("options come in any order") {
    MatchTest set{full_set};
    CHECK(set("SET k v") == "key=k value=v");
    std::vector<std::string> options{"EX 10", "GET", "NX"};
    do {
        CHECK(set("SET k v " + options[0] + " " + options[1] + " " + options[2]) ==
              "key=k value=v NX GET EX seconds=10");
    } while (std::next_permutation(options.begin(), options.end()));
    CHECK(set("set k v xx") == "key=k value=v XX");
    CHECK(set("SET k v pX 5 gEt") == "key=k value=v GET PX milliseconds=5");
    CHECK(set("SET k v EXAT 1") == "key=k value=v EXAT unix-time-seconds=1");
    CHECK(set("SET k v PXAT 1") == "key=k value=v PXAT unix-time-milliseconds=1");
    CHECK(set("SET k v KEEPTTL GET") == "key=k value=v GET KEEPTTL");
}

TEST_CASE("a required word may be equal to a keyword") {
    MatchTest set{full_set};
    CHECK(set("SET NX XX") == "key=NX value=XX");
    CHECK(set("SET NX XX NX") == "key=NX value=XX NX");
    CHECK(set("SET EX EX EX EX") == "key=EX value=EX EX seconds=EX");
    CHECK(set("SET k v EX NX NX") == "key=k value=v NX EX seconds=NX");
}

TEST_CASE("a wrong option is a syntax error, too few words are a wrong number of arguments") {
    MatchTest set{full_set};
    CHECK(set("SET") == "-ERR wrong number of arguments for 'set' command");
    CHECK(set("SET k") == "-ERR wrong number of arguments for 'set' command");
    CHECK(set("SET k v NOPE") == bad_syntax);
    CHECK(set("SET k v N") == bad_syntax);
    CHECK(set("SET k v NXX") == bad_syntax);
    CHECK(set("SET k v GET NOPE") == bad_syntax);
    CHECK(set("SET k v EX") == bad_syntax);
    CHECK(set("SET k v GET EX") == bad_syntax);
    CHECK(set("SET k v EX 10 10") == bad_syntax);
    CHECK(set("SET k v NX GET EX 10 extra words that nothing takes") == bad_syntax);
}

TEST_CASE("two alternatives of one option are a syntax error") {
    MatchTest set{full_set};
    CHECK(set("SET k v NX XX") == bad_syntax);
    CHECK(set("SET k v EX 1 PX 1") == bad_syntax);
    CHECK(set("SET k v KEEPTTL EX 1") == bad_syntax);
    CHECK(set("SET k v NX GET XX") == bad_syntax);
}

TEST_CASE("a keyword may be repeated if it stands alone") {
    MatchTest set{full_set};
    CHECK(set("SET k v NX NX") == "key=k value=v NX");
    CHECK(set("SET k v NX GET NX GET GET") == "key=k value=v NX GET");
    CHECK(set("SET k v KEEPTTL KEEPTTL") == "key=k value=v KEEPTTL");
    CHECK(set("SET k v EX 1 EX 1") == bad_syntax);
    MatchTest small{"SET key value [NX | XX]"};
    CHECK(small("SET k v NX NX NX NX") == "key=k value=v NX");
    CHECK(small("SET k v NX NX NX XX") == bad_syntax);
}

TEST_CASE("options may stand before a repeat") {
    MatchTest zadd{"ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]"};
    CHECK(zadd("ZADD k 1 a") == "key=k score=1,a member=1,a");
    CHECK(zadd("ZADD k 1 a 2 b") == "key=k score=1,a,2,b member=1,a,2,b");
    CHECK(zadd("ZADD k nx ch 1 a 2 b") == "key=k NX CH score=1,a,2,b member=1,a,2,b");
    CHECK(zadd("ZADD k CH GT XX 1 a") == "key=k XX GT CH score=1,a member=1,a");
    CHECK(zadd("ZADD k NX 1") == "key=k score=NX,1 member=NX,1");  // Redis says the same of NX: no float
    CHECK(zadd("ZADD k NX XX 1 a") == bad_syntax);
    CHECK(zadd("ZADD k 1 a 2") == bad_syntax);
    CHECK(zadd("ZADD k 1 a NX") == bad_syntax);
    CHECK(zadd("ZADD k 1") == "-ERR wrong number of arguments for 'zadd' command");
}

TEST_CASE("numkeys is the number of repetitions") {
    MatchTest lmpop{"LMPOP numkeys key [key ...] <LEFT | RIGHT> [COUNT count]"};
    CHECK(lmpop("LMPOP 1 a LEFT") == "numkeys=1 key=a LEFT");
    CHECK(lmpop("LMPOP 2 a b right") == "numkeys=2 key=a,b RIGHT");
    CHECK(lmpop("LMPOP 2 LEFT RIGHT LEFT COUNT 3") == "numkeys=2 key=LEFT,RIGHT LEFT COUNT count=3");
    CHECK(lmpop("LMPOP 1 a b LEFT") == bad_syntax);
    CHECK(lmpop("LMPOP 3 a b LEFT") == bad_syntax);
    CHECK(lmpop("LMPOP 0 a LEFT") == bad_syntax);
    CHECK(lmpop("LMPOP -1 a LEFT") == bad_syntax);
    CHECK(lmpop("LMPOP x a LEFT") == bad_syntax);
    CHECK(lmpop("LMPOP 9223372036854775807 a LEFT") == bad_syntax);
    CHECK(lmpop("LMPOP 1 a MIDDLE") == bad_syntax);
    CHECK(lmpop("LMPOP 1 a LEFT COUNT") == bad_syntax);
    CHECK(lmpop("LMPOP 1 LEFT") == "-ERR wrong number of arguments for 'lmpop' command");
    MatchTest zdiff{"ZDIFF numkeys key [key ...]"};
    CHECK(zdiff("ZDIFF 2 a b") == "numkeys=2 key=a,b");
    CHECK(zdiff("ZDIFF 1 a b") == bad_syntax);
    CHECK(zdiff("ZDIFF 3 a b") == bad_syntax);
    MatchTest eval{"EVAL script numkeys [key ...] [arg ...]"};
    CHECK(eval("EVAL s 0") == "script=s numkeys=0");
    CHECK(eval("EVAL s 0 x y") == "script=s numkeys=0 arg=x,y");
    CHECK(eval("EVAL s 1 x y") == "script=s numkeys=1 key=x arg=y");
    CHECK(eval("EVAL s 2 x y") == "script=s numkeys=2 key=x,y");
    CHECK(eval("EVAL s 3 x y") == bad_syntax);
    CHECK(eval("EVAL s -1 x y") == bad_syntax);
}

TEST_CASE("a repeat leaves the words that must follow it") {
    MatchTest blpop{"BLPOP key [key ...] timeout"};
    CHECK(blpop("BLPOP a 0") == "key=a timeout=0");
    CHECK(blpop("BLPOP a b c 0") == "key=a,b,c timeout=0");
    CHECK(blpop("BLPOP a") == "-ERR wrong number of arguments for 'blpop' command");
    MatchTest two{"X key value [key value ...] a b"};
    CHECK(two("X 1 2 3 4 5 6") == "key=1,2,3,4 value=1,2,3,4 a=5 b=6");
    CHECK(two("X 1 2 3 4 5") == bad_syntax);
    MatchTest choice{"X key [key ...] <AND | OR>"};
    CHECK(choice("X a b or") == "key=a,b OR");
    CHECK(choice("X a b c") == bad_syntax);
    MatchTest none{"X [key ...] end"};
    CHECK(none("X 1") == "end=1");
    CHECK(none("X a 1") == "key=a end=1");
}

TEST_CASE("a repeat ends at the keyword of an option after it") {
    MatchTest inter{"X key [key ...] [LIMIT limit] [WITHSCORES]"};
    CHECK(inter("X a b") == "key=a,b");
    CHECK(inter("X a b LIMIT 3") == "key=a,b LIMIT limit=3");
    CHECK(inter("X a b withscores limit 3") == "key=a,b LIMIT limit=3 WITHSCORES");
    CHECK(inter("X LIMIT LIMIT 3") == "key=LIMIT LIMIT limit=3");
    CHECK(inter("X a LIMIT") == bad_syntax);
    CHECK(inter("X a LIMIT 3 b") == bad_syntax);
}

TEST_CASE("a repeat in an option ends at the keyword of another option") {
    MatchTest zunion{
        "ZUNION numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN | MAX>] "
        "[WITHSCORES]"};
    CHECK(zunion("ZUNION 2 a b") == "numkeys=2 key=a,b");
    CHECK(zunion("ZUNION 2 a b WEIGHTS 1 2") == "numkeys=2 key=a,b WEIGHTS weight=1,2");
    CHECK(zunion("ZUNION 2 a b WEIGHTS 1 2 AGGREGATE max WITHSCORES") ==
          "numkeys=2 key=a,b WEIGHTS weight=1,2 AGGREGATE MAX WITHSCORES");
    CHECK(zunion("ZUNION 2 a b WITHSCORES WEIGHTS 1 2") == "numkeys=2 key=a,b WEIGHTS weight=1,2 WITHSCORES");
    CHECK(zunion("ZUNION 2 a b AGGREGATE SUM WEIGHTS 1 2 WITHSCORES") ==
          "numkeys=2 key=a,b WEIGHTS weight=1,2 AGGREGATE SUM WITHSCORES");
    CHECK(zunion("ZUNION 2 a b AGGREGATE AVG") == bad_syntax);
    CHECK(zunion("ZUNION 2 a b WEIGHTS") == bad_syntax);
    CHECK(zunion("ZUNION 2 a b WEIGHTS 1 WEIGHTS 2") == bad_syntax);
    MatchTest then{"X [IDS id [id ...]] key"};
    CHECK(then("X IDS 1 2 k") == "IDS id=1,2 key=k");
    CHECK(then("X IDS") == "key=IDS");
    MatchTest nested{"X <IDS id [id ...] | ALL> [LIMIT limit]"};
    CHECK(nested("X IDS 1 2 LIMIT 3") == "IDS id=1,2 LIMIT limit=3");
    CHECK(nested("X all limit 3") == "ALL LIMIT limit=3");
}

TEST_CASE("a word may be optional") {
    MatchTest spop{"SPOP key [count]"};
    CHECK(spop("SPOP k") == "key=k");
    CHECK(spop("SPOP k 3") == "key=k count=3");
    CHECK(spop("SPOP k 3 4") == "-ERR wrong number of arguments for 'spop' command");
    MatchTest random{"X key [count] [WITHVALUES]"};
    CHECK(random("X k") == "key=k");
    CHECK(random("X k 3") == "key=k count=3");
    CHECK(random("X k withvalues") == "key=k WITHVALUES");
    CHECK(random("X k 3 withvalues") == "key=k count=3 WITHVALUES");
    CHECK(random("X k 3 4") == bad_syntax);
    MatchTest before{"X [user] password"};
    CHECK(before("X p") == "password=p");
    CHECK(before("X u p") == "user=u password=p");
    MatchTest pair{"X key [start end [BYTE | BIT]]"};
    CHECK(pair("X k") == "key=k");
    CHECK(pair("X k 1 2") == "key=k start=1 end=2");
    CHECK(pair("X k 1 2 bit") == "key=k start=1 end=2 BIT");
    CHECK(pair("X k 1") == bad_syntax);
    CHECK(pair("X k 1 2 word") == bad_syntax);
}

TEST_CASE("groups may be nested") {
    MatchTest xadd{
        "XADD key [NOMKSTREAM] [MAXLEN [= | ~] threshold [LIMIT count]] <* | id> field value [field value "
        "...]"};
    CHECK(xadd("XADD k * f v") == "key=k * field=f,v value=f,v");
    CHECK(xadd("XADD k 1-1 f v g w") == "key=k id=1-1 field=f,v,g,w value=f,v,g,w");
    CHECK(xadd("XADD k maxlen 5 * f v") == "key=k MAXLEN threshold=5 * field=f,v value=f,v");
    CHECK(xadd("XADD k MAXLEN ~ 5 LIMIT 7 NOMKSTREAM 1-1 f v") ==
          "key=k NOMKSTREAM MAXLEN ~ threshold=5 LIMIT count=7 id=1-1 field=f,v value=f,v");
    // The words that must follow go before an option: there are not enough for both.
    CHECK(xadd("XADD k MAXLEN ~ * f v") == "key=k MAXLEN threshold=~ * field=f,v value=f,v");
    CHECK(xadd("XADD k * f v g") == bad_syntax);
    CHECK(xadd("XADD k *") == "-ERR wrong number of arguments for 'xadd' command");
    MatchTest trimmed{
        "XADD key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value "
        "[field value "
        "...]"};
    CHECK(trimmed("XADD k * f v g w") == "key=k * field=f,v,g,w value=f,v,g,w");
    CHECK(trimmed("XADD k minid ~ 5 NOMKSTREAM 1-1 f v") ==
          "key=k NOMKSTREAM MINID ~ threshold=5 id=1-1 field=f,v value=f,v");
    CHECK(trimmed("XADD k MAXLEN 5 MINID 5 * f v") == bad_syntax);
    MatchTest led{"X [<A | B>] [count]"};
    CHECK(led("X 5") == "count=5");
    CHECK(led("X b 5") == "B count=5");
    CHECK(led("X 5 a") == "A count=5");
    CHECK(led("X a b a") == bad_syntax);
    MatchTest late{"X <id | ALL>"};
    CHECK(late("X all") == "ALL");
    CHECK(late("X 5") == "id=5");
    MatchTest chain{"X [a [b [c]]]"};
    CHECK(chain("X") == "");
    CHECK(chain("X 1") == "a=1");
    CHECK(chain("X 1 2 3") == "a=1 b=2 c=3");
    MatchTest names{"X [AFTER time | BEFORE time | AT time [time ...]]"};
    CHECK(names("X BEFORE 5") == "time=5 BEFORE");
    CHECK(names("X AT 5 6") == "time=5,6 AT");
}

TEST_CASE("random words neither crash nor leave a reply out") {
    constexpr const char* lines[] = {
        "C0 key value [NX | XX] [GET] [EX seconds | PX milliseconds | KEEPTTL]",
        "C1 key [NX | XX] [CH] score member [score member ...]",
        "C2 numkeys key [key ...] <LEFT | RIGHT> [COUNT count]",
        "C3 key [key ...] timeout",
        "C4 numkeys key [key ...] [WEIGHTS weight [weight ...]] [AGGREGATE <SUM | MIN>]",
        "C5 key [MAXLEN [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
        "C6 script numkeys [key ...] [arg ...]",
        "C7 [a [b [c | NX]]] <d | <e f | LEFT>> [g [g ...]]",
    };
    constexpr const char* words[] = {"NX", "xx", "GET", "EX", "LEFT",  "COUNT", "WEIGHTS", "SUM", "AGGREGATE",
                                     "*",  "~",  "0",   "1",  "LIMIT", "2",     "a",       "b",   "MAXLEN"};
    ServiceUnderTest test;
    for (const char* line : lines) {
        test.commands.add(resp::runtime(line), [](resp::Call& call) { return sent_parts(call).size(); });
    }
    std::mt19937 random{11};
    std::size_t fit = 0;
    for (int round = 0; round != 20'000; ++round) {
        std::string command = "C" + std::to_string(random() % 8);
        for (std::size_t n = random() % 9; n != 0; --n) command.append(" ").append(words[random() % 18]);
        const std::string reply = test.ask(command + "\r\n");
        CAPTURE(command, reply);
        fit += reply.starts_with(':') ? 1U : 0U;
        const bool is_refused =
            reply == "-ERR syntax error\r\n" || reply.starts_with("-ERR wrong number of arguments for 'c");
        if (!reply.starts_with(':') && !is_refused) FAIL("an unexpected reply");
    }
    CHECK(fit > 1'000);
}
