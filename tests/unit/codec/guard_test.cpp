// The decoder reads several bytes at a time, but none after the received ones. Here a page that nobody may read
// follows them, so such a read ends the program. ASan sees it too, but not every build has ASan.
#include <libresp/codec/decoder.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "support/catch.hpp"
#include "support/describe.hpp"

using resp::Decoder;
using resp::Reads;
using support::repeat;

namespace {

/// Two pages; the second one cannot be read.
class Guarded {
public:
    Guarded()
        : size_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))),
          pages_(::mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
        REQUIRE(pages_ != MAP_FAILED);
        REQUIRE(::mprotect(static_cast<char*>(pages_) + size_, size_, PROT_NONE) == 0);
    }
    Guarded(const Guarded&) = delete;
    Guarded& operator=(const Guarded&) = delete;
    ~Guarded() { ::munmap(pages_, 2 * size_); }

    /// A copy of the bytes, directly before the second page.
    [[nodiscard]] std::string_view place(std::string_view bytes) const {
        REQUIRE(bytes.size() <= size_);
        char* const begin = static_cast<char*>(pages_) + size_ - bytes.size();
        std::copy(bytes.begin(), bytes.end(), begin);
        return {begin, bytes.size()};
    }

private:
    const std::size_t size_;
    void* const pages_;
};

/// Decodes each beginning of `bytes` where a read after its last byte ends the program. Returns the number of
/// frames in all of them.
std::size_t decode_beginnings(std::string_view bytes, Reads reads) {
    const Guarded guarded;
    std::size_t frames = 0;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        frames = 0;
        Decoder decoder{{}, reads};
        decoder.feed(guarded.place(bytes.substr(0, size)));
        while (decoder.next()) ++frames;
        REQUIRE_FALSE(decoder.error());
    }
    return frames;
}

}  // namespace

TEST_CASE("no byte after a command is read, whatever its length") {
    for (std::size_t size = 0; size <= 80; ++size) {
        CAPTURE(size);
        const std::string command =
            "*2\r\n$3\r\nGET\r\n$" + std::to_string(size) + "\r\n" + std::string(size, 'k') + "\r\n";
        CHECK(decode_beginnings(repeat(command, 4), Reads::commands) == 4);
    }
}

TEST_CASE("no byte after an inline line or a reply of any type is read") {
    CHECK(decode_beginnings(repeat("GET \"a b\" key\r\n", 3), Reads::commands) == 3);
    for (const char* const value : {"+OK\r\n",
                                    "+a longer line of text\r\n",
                                    "-ERR no\r\n",
                                    ":1\r\n",
                                    ":-1234567890123456789\r\n",
                                    "$-1\r\n",
                                    "$0\r\n\r\n",
                                    "$12\r\nhello, world\r\n",
                                    "_\r\n",
                                    "#t\r\n",
                                    ",-1.5e-10\r\n",
                                    ",inf\r\n",
                                    "(1234567890123456789012\r\n",
                                    "!5\r\nERR x\r\n",
                                    "=7\r\ntxt:abc\r\n",
                                    "*0\r\n",
                                    "*2\r\n:1\r\n:2\r\n",
                                    "%1\r\n+k\r\n$1\r\nv\r\n",
                                    "~1\r\n#f\r\n",
                                    ">2\r\n+message\r\n:1\r\n",
                                    "|1\r\n+a\r\n:1\r\n+OK\r\n",
                                    "$?\r\n;3\r\nabc\r\n;0\r\n",
                                    "*?\r\n:1\r\n.\r\n"}) {
        CAPTURE(value);
        CHECK(decode_beginnings(repeat(value, 3), Reads::replies) == 3);
    }
}
