// libresp_counts CORPUS...: does the work whose instructions run.py counts, under callgrind. A CORPUS is
// NAME:FORM:FILE; FORM is "commands" or "replies". For each piece of work it calls counted(), after it has done the
// same work once, and prints a line: the name of the work, a tab, and by what the count is divided.
// libresp_counts --compiler prints only the compiler that made it.
#include "wire.hpp"
#include "work.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

namespace driver {

/// Callgrind dumps what was counted between the beginning and the end of each call. It must not be inlined.
extern "C" [[gnu::noipa]] void counted(const std::function<void()>& work) { work(); }

namespace {

/// Counts the work after it was done once. `divisor` is the number of its requests, frames or bytes.
void count(std::string_view name, std::size_t divisor, const std::function<void()>& work) {
    work();
    std::printf("%.*s\t%zu\n", static_cast<int>(name.size()), name.data(), divisor);
    counted(work);
}

void require(bool holds, std::string_view what) {
    if (holds) return;
    std::fprintf(stderr, "wrong result: %.*s\n", static_cast<int>(what.size()), what.data());
    std::exit(1);
}

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i != times; ++i) all += text;
    return all;
}

// ---- requests

constexpr std::string_view get = "*2\r\n$3\r\nGET\r\n$10\r\nkey:000001\r\n";

template <class H>
void count_requests(const std::string& name) {
    constexpr std::size_t rounds = 500;
    for (const std::size_t deep : {1, 16}) {
        Server server{{}, H{}};
        const std::string requests = repeated(get, deep);
        count(name + (deep == 1 ? ", no pipeline" : ", 16 deep"), rounds * deep, [&] {
            for (std::size_t i = 0; i != rounds; ++i)
                require(server.send(requests) == requests.size(), "the reply to a GET");
        });
    }
}

constexpr std::string_view set = "*3\r\n$3\r\nSET\r\n$10\r\nkey:000001\r\n$1\r\nv\r\n";

/// GET and SET by turns, 16 deep, to which the handler replies OK.
template <class H>
void count_commands(std::string_view name, H handler) {
    constexpr std::size_t rounds = 500, deep = 16;
    Server server{{}, std::move(handler)};
    const std::string requests = repeated(std::string{get}.append(set), deep / 2);
    count(name, rounds * deep, [&] {
        for (std::size_t i = 0; i != rounds; ++i)
            require(server.send(requests) == deep * std::strlen("+OK\r\n"), "the replies to GET and SET");
    });
}

// ---- input that costs most for its bytes

struct Input {
    std::string_view name;
    std::string unit;
    std::size_t requests;  // in a unit
    resp::Reads reads = resp::Reads::commands;
};

void count_input(const Input& input) {
    constexpr std::size_t block = 16 * 1024;
    resp::Options options;
    options.reads = input.reads;
    Server server{std::move(options), work::Ok{}};
    const std::size_t times = std::max<std::size_t>(1, block / input.unit.size());
    const std::string bytes = repeated(input.unit, times);
    count(std::string{"input: "}.append(input.name), 4 * bytes.size(), [&] {
        for (int i = 0; i != 4; ++i)
            require(server.send(bytes) == times * input.requests * std::strlen("+OK\r\n"), input.name);
    });
}

void count_inputs() {
    constexpr auto anything = resp::Reads::anything;
    const Input inputs[] = {
        {"GET", std::string{get}, 1},
        {"PING", "*1\r\n$4\r\nPING\r\n", 1},
        {"LF", "\n", 0},
        {"CRLF", "\r\n", 0},
        {"*0", "*0\r\n", 0},
        {"*-1", "*-1\r\n", 0},
        {"\"\" LF", "\"\"\n", 1},
        {"a LF", "a\n", 1},
        {"8,000 inline words", repeated("a ", 8000) + "\n", 1},
        {"nulls", "_\r\n", 1, anything},
        {"array of 4,000 nulls", "*4000\r\n" + repeated("_\r\n", 4000), 1, anything},
        {"attributes", "|1\r\n+a\r\n+b\r\n:1\r\n", 1, anything},
        {"streamed string, one byte", "$?\r\n;1\r\na\r\n;0\r\n", 1, anything},
        {"streamed string, 2,000 chunks", "$?\r\n" + repeated(";1\r\na\r\n", 2000) + ";0\r\n", 1, anything},
    };
    for (const Input& input : inputs) count_input(input);
}

// ---- frames

std::string read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    require(file.good(), path);
    return {std::istreambuf_iterator<char>{file}, {}};
}

/// Gives the decoder all bytes in pieces of 16 KiB. Returns the number of frames.
std::size_t decode(resp::Decoder& decoder, std::string_view bytes, bool lent) {
    std::size_t frames = 0;
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, 16 * 1024);
        if (lent) {
            frames += work::take_frames(decoder, piece);
        } else {
            char* const room = decoder.prepare(piece.size()).data();
            for (std::size_t i = 0; i != piece.size(); ++i) {
                room[i] = piece[i];
                asm volatile("" ::: "memory");  // as in wire.cpp
            }
            decoder.commit(piece.size());
            frames += work::take_frames(decoder);
        }
        bytes.remove_prefix(piece.size());
    }
    return frames;
}

void count_corpus(std::string_view corpus) {
    const std::size_t first = corpus.find(':');
    const std::size_t second = corpus.find(':', first + 1);
    const std::string name{corpus.substr(0, first)};
    const bool commands = corpus.substr(first + 1, second - first - 1) == "commands";
    const std::string bytes = read_file(std::string{corpus.substr(second + 1)});
    const auto reads = commands ? resp::Reads::commands : resp::Reads::replies;
    for (const bool lent : {false, true}) {
        resp::Decoder decoder{{}, reads};
        const std::size_t frames = decode(decoder, bytes, lent);
        count((lent ? "decode, lent: " : "decode: ") + name, frames,
              [&] { require(decode(decoder, bytes, lent) == frames, name); });
        require(frames != 0 && decoder.pending() == 0, name);
    }
}

void count_encoder() {
    constexpr std::size_t rounds = 1000;
    resp::Buffer buffer;
    resp::Encoder out{buffer};
    const auto repeat = [&](void (*encode)(resp::Encoder&)) {
        buffer.clear();
        for (std::size_t i = 0; i != rounds; ++i) encode(out);
    };
    count("encode: SET", rounds, [&] { repeat(work::encode_command); });
    count("encode: replies", rounds * work::replies, [&] { repeat(work::encode_replies); });
}

}  // namespace
}  // namespace driver

int main(int argc, char** argv) {
    if (argc == 2 && std::string_view{argv[1]} == "--compiler") {
        std::puts(LIBRESP_COUNTS_COMPILER);
        return 0;
    }
    driver::count_requests<work::Echo>("request, plain handler");
    driver::count_requests<work::OutcomeEcho>("request, Outcome handler");
    driver::count_requests<work::CoroutineEcho>("request, coroutine handler");
    driver::count_commands("command, a handler that replies OK", work::OutcomeOk{});
    driver::count_commands("command, a service", work::service());
    driver::count_inputs();
    for (int i = 1; i != argc; ++i) driver::count_corpus(argv[i]);
    driver::count_encoder();
}
