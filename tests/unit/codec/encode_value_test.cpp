// encode(): turns decoded values back into bytes, in RESP3 and in RESP2.
#include <libresp/codec/value.hpp>

#include <string>

#include "support/catch.hpp"
#include "support/feed.hpp"

using resp::Reads;
using resp::Value;
using resp::Version;
using support::decode_one;

namespace {

std::string encoded(std::string_view bytes, Version version, Reads reads = Reads::replies) {
    std::string text;
    resp::Encoder out{text, version};
    encode(out, decode_one(bytes, reads));
    return text;
}

std::string resp3(std::string_view bytes) { return encoded(bytes, Version::resp3); }
std::string resp2(std::string_view bytes) { return encoded(bytes, Version::resp2); }

}  // namespace

TEST_CASE("a value in canonical form is encoded as it was sent") {
    for (const char* const bytes :
         {"+OK\r\n", "-ERR\r\n", ":-1\r\n", "$2\r\nhi\r\n", "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", "#f\r\n",
          ",1.5\r\n", ",inf\r\n", ",nan\r\n", "(123\r\n", "!3\r\nERR\r\n", "=6\r\ntxt:hi\r\n",
          "*2\r\n:1\r\n*0\r\n", "%1\r\n+k\r\n~1\r\n:1\r\n", ">1\r\n+m\r\n",
          "|1\r\n+k\r\n+v\r\n*1\r\n|0\r\n:1\r\n"}) {
        CAPTURE(bytes);
        CHECK(resp3(bytes) == bytes);
    }
}

TEST_CASE("streamed values are encoded with their lengths") {
    CHECK(resp3("$?\r\n;2\r\nab\r\n;1\r\nc\r\n;0\r\n") == "$3\r\nabc\r\n");
    CHECK(resp3("%?\r\n+k\r\n*?\r\n.\r\n.\r\n") == "%1\r\n+k\r\n*0\r\n");
}

TEST_CASE("numbers are encoded in canonical form") {
    CHECK(resp3(":+7\r\n") == ":7\r\n");
    CHECK(resp3(",1.50e1\r\n") == ",15\r\n");
    CHECK(resp3(",1e400\r\n") == ",inf\r\n");
    CHECK(resp3(",+1.5\r\n") == ",1.5\r\n");
    CHECK(resp3(",+inf\r\n") == ",inf\r\n");
    CHECK(resp3(",-NAN(0x8000)\r\n") == ",nan\r\n");
}

TEST_CASE("in RESP2 each type is encoded in the form of the encoder's table") {
    CHECK(resp2("_\r\n") == "$-1\r\n");
    CHECK(resp2("*-1\r\n") == "*-1\r\n");
    CHECK(resp2("#t\r\n") == ":1\r\n");
    CHECK(resp2(",1.5\r\n") == "$3\r\n1.5\r\n");
    CHECK(resp2("(12\r\n") == "$2\r\n12\r\n");
    CHECK(resp2("!3\r\na\nb\r\n") == "-a b\r\n");
    CHECK(resp2("=6\r\ntxt:hi\r\n") == "$2\r\nhi\r\n");
    CHECK(resp2("%1\r\n+k\r\n~1\r\n#f\r\n") == "*2\r\n+k\r\n*1\r\n:0\r\n");
    CHECK(resp2(">1\r\n+m\r\n") == "*1\r\n+m\r\n");
}

TEST_CASE("in RESP2 attributes are left out") {
    CHECK(resp2("|1\r\n+k\r\n+v\r\n|0\r\n:1\r\n") == ":1\r\n");
    CHECK(resp2("*2\r\n|1\r\n+k\r\n|0\r\n*1\r\n:8\r\n:1\r\n:2\r\n") == "*2\r\n:1\r\n:2\r\n");
}

TEST_CASE("an inline line is encoded as an array of bulk strings") {
    CHECK(encoded("SET k 'a b'\r\n", Version::resp2, Reads::commands) ==
          "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3\r\na b\r\n");
}
