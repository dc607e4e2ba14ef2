// Assertions: misuse of the codec ends the program in a build that has them.
#ifndef NDEBUG

#include <libresp/codec/decoder.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "support/catch.hpp"

namespace {

/// Whether `use` aborts. It runs in a child process, without the signal handlers of the test program.
template <class Use>
bool aborts(Use use) {
    const pid_t child = fork();
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);
        if (std::freopen("/dev/null", "w", stderr) != nullptr) use();
        _exit(0);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace

TEST_CASE("committing more bytes than the room has is asserted") {
    resp::Decoder decoder;
    const std::size_t room = decoder.prepare(1).size();
    CHECK_FALSE(aborts([&] { decoder.commit(room); }));
    CHECK(aborts([&] { decoder.commit(room + 1); }));
    resp::Buffer buffer;
    static_cast<void>(buffer.prepare(1));
    CHECK(aborts([&] { buffer.commit(buffer.capacity() + 1); }));
    CHECK(aborts([&] { buffer.commit_to(buffer.data() + buffer.capacity() + 1); }));
}

TEST_CASE("committing received bytes while others are lent is asserted") {
    resp::Decoder decoder;
    decoder.feed(std::string_view{"$5\r\nhel"});
    CHECK(aborts([&] { decoder.commit(0); }));
}

TEST_CASE("dropping more bytes than a buffer has is asserted") {
    resp::Buffer buffer;
    buffer.append("abc");
    CHECK_FALSE(aborts([&] { buffer.consume(3); }));
    CHECK(aborts([&] { buffer.consume(4); }));
    CHECK_FALSE(aborts([&] { buffer.truncate(3); }));
    CHECK(aborts([&] { buffer.truncate(4); }));
}

#endif
