// The short pieces of docs/encoding.md.
#include <libresp/codec.hpp>

#include "expect.hpp"

#include <string>
#include <string_view>

namespace {

void map() {
    // [map]
    std::string bytes;
    resp::Encoder out{bytes};
    out.map(2);
    out.bulk_string("name").bulk_string("libresp");
    out.bulk_string("tags").array(2).bulk_string("fast").bulk_string("small");
    // [/map]
    expect(bytes, "%2\r\n$4\r\nname\r\n$7\r\nlibresp\r\n$4\r\ntags\r\n*2\r\n$4\r\nfast\r\n$5\r\nsmall\r\n");
}

void streamed() {
    // [streamed]
    std::string bytes;
    resp::Encoder out{bytes};
    out.streamed_array();
    for (int i = 0; i != 3; ++i) out.integer(i);
    out.end_stream();

    out.streamed_string().chunk("Hello ").chunk("world!").end_chunks();
    // [/streamed]
    expect(bytes, "*?\r\n:0\r\n:1\r\n:2\r\n.\r\n$?\r\n;6\r\nHello \r\n;6\r\nworld!\r\n;0\r\n");
}

void command() {
    // [command]
    std::string bytes;
    resp::Encoder out{bytes};
    out.command("EXPIRE", "greeting", 60);  // *3\r\n$6\r\nEXPIRE\r\n$8\r\ngreeting\r\n$2\r\n60\r\n
    // [/command]
    expect(bytes, "*3\r\n$6\r\nEXPIRE\r\n$8\r\ngreeting\r\n$2\r\n60\r\n");
}

void one_line() {
    // [one_line]
    std::string bytes;
    resp::Encoder out{bytes};
    out.simple_error("ERR no such key 'a\r\n+OK'");  // -ERR no such key 'a  +OK'\r\n
    // [/one_line]
    expect(bytes, "-ERR no such key 'a  +OK'\r\n");
}

void versions() {
    // [versions]
    const auto value = resp::parse("%1\r\n+ready\r\n#t\r\n");
    std::string resp3, resp2;
    resp::Encoder out3{resp3, resp::Version::resp3};
    resp::Encoder out2{resp2, resp::Version::resp2};
    encode(out3, *value);  // %1\r\n+ready\r\n#t\r\n
    encode(out2, *value);  // *2\r\n+ready\r\n:1\r\n
    // [/versions]
    expect(resp3, "%1\r\n+ready\r\n#t\r\n");
    expect(resp2, "*2\r\n+ready\r\n:1\r\n");
}

void buffer() {
    // [buffer]
    resp::Buffer buffer;
    resp::Encoder out{buffer};
    out.simple_string("OK");
    std::string_view bytes = buffer;  // valid until the buffer grows
    // [/buffer]
    expect(bytes, "+OK\r\n");
}

/// The table of the two versions.
template <class Write>
void both(Write write, std::string_view resp3, std::string_view resp2) {
    std::string bytes;
    resp::Encoder out{bytes};
    write(out);
    expect(bytes, resp3);
    bytes.clear();
    out.set_version(resp::Version::resp2);
    write(out);
    expect(bytes, resp2);
}

void table() {
    using Out = resp::Encoder;
    both([](Out& out) { out.null(); }, "_\r\n", "$-1\r\n");
    both([](Out& out) { out.boolean(true); }, "#t\r\n", ":1\r\n");
    both([](Out& out) { out.double_(0.1); }, ",0.1\r\n", "$3\r\n0.1\r\n");
    both([](Out& out) { out.big_number("123"); }, "(123\r\n", "$3\r\n123\r\n");
    both([](Out& out) { out.bulk_error("ERR a\nb"); }, "!7\r\nERR a\nb\r\n", "-ERR a b\r\n");
    both([](Out& out) { out.verbatim_string("txt", "hi"); }, "=6\r\ntxt:hi\r\n", "$2\r\nhi\r\n");
    both([](Out& out) { out.map(2); }, "%2\r\n", "*4\r\n");
    both([](Out& out) { out.set(2); }, "~2\r\n", "*2\r\n");
    both([](Out& out) { out.push(2); }, ">2\r\n", "*2\r\n");
    both([](Out& out) { out.null_bulk_string().null_array(); }, "$-1\r\n*-1\r\n", "$-1\r\n*-1\r\n");
}

/// The table of what people see.
void shown() {
    const auto show = [](std::string_view wire) {
        const auto value = resp::parse(wire);
        return resp::to_string(*value);
    };
    expect(show("+OK\r\n") + show(":42\r\n") + show(",1.5\r\n"), "OK421.5");
    expect(show("$9\r\ntwo words\r\n"), "\"two words\"");
    expect(show("-ERR no\r\n"), "(error) ERR no");
    expect(show("*2\r\n:1\r\n:2\r\n") + show("~2\r\n:1\r\n:2\r\n") + show(">2\r\n:1\r\n:2\r\n"),
           "[1, 2]~[1, 2]>[1, 2]");
    expect(show("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n"), "{a: 1, b: 2}");
    expect(show("|1\r\n+ttl\r\n:9\r\n$1\r\nv\r\n"), "|{ttl: 9} \"v\"");
    expect(show("_\r\n") + show("#t\r\n") + show("#f\r\n"), "niltruefalse");
}

}  // namespace

int main() {
    map();
    streamed();
    command();
    one_line();
    versions();
    buffer();
    table();
    shown();
}
