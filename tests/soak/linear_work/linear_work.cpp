// Decoding byte by byte takes time in proportion to the bytes: T(2L) / T(L) is about 2, for every long form
// and for L from 64 KiB to 512 KiB. A ratio above 2.3 is measured again, because a disturbance passes; the
// test fails if it stays. Work that is not linear, such as reading all bytes again for each new byte, has a
// ratio of 4.
#include <libresp/codec/decoder.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>

namespace {

constexpr double most = 2.3;
constexpr int tries = 6;
constexpr int repetitions = 3;

/// A form that can be long. `frame` returns one frame of about `size` bytes, or several if one cannot be that
/// long.
struct Form {
    std::string_view name;
    resp::Reads reads;
    std::string (*frame)(std::size_t size);
};

std::string many(std::string_view part, std::size_t size) {
    std::string all;
    while (all.size() < size) all += part;
    return all;
}

std::string array_of(std::size_t size, std::string_view element) {
    const std::size_t n = size / element.size();
    return "*" + std::to_string(n) + "\r\n" + many(element, n * element.size());
}

constexpr Form forms[] = {
    {"line", resp::Reads::replies, [](std::size_t n) { return "+" + many("x", n) + "\r\n"; }},
    {"bulk string", resp::Reads::replies,
     [](std::size_t n) { return "$" + std::to_string(n) + "\r\n" + many("x", n) + "\r\n"; }},
    {"array", resp::Reads::replies, [](std::size_t n) { return array_of(n, "$1\r\na\r\n"); }},
    {"command", resp::Reads::commands, [](std::size_t n) { return array_of(n, "$1\r\na\r\n"); }},
    {"inline line", resp::Reads::commands, [](std::size_t n) { return many("word 'a b' ", n) + "\r\n"; }},
    {"double", resp::Reads::replies, [](std::size_t n) { return ",1." + many("5", n) + "\r\n"; }},
    {"big number", resp::Reads::replies, [](std::size_t n) { return "(" + many("7", n) + "\r\n"; }},
    {"streamed string", resp::Reads::replies,
     [](std::size_t n) { return "$?\r\n" + many(";4\r\ntext\r\n", n) + ";0\r\n"; }},
    {"pipeline", resp::Reads::commands, [](std::size_t n) { return many("*1\r\n$4\r\nPING\r\n", n); }},
};

/// Decodes the bytes one by one. Returns the number of frames.
std::size_t decode(const std::string& bytes, resp::Reads reads) {
    constexpr std::size_t enough = 1 << 30;
    resp::Decoder decoder{{.max_line = enough, .max_elements = enough}, reads};
    std::size_t frames = 0;
    for (const char byte : bytes) {
        decoder.prepare(1).front() = byte;
        decoder.commit(1);
        while (decoder.next()) ++frames;
    }
    return frames;
}

/// Seconds of the fastest of some repetitions: a disturbance only makes them slower. 0 if there is no frame.
double time_of(const Form& form, std::size_t size) {
    using Clock = std::chrono::steady_clock;
    const std::string bytes = form.frame(size);
    double least = std::numeric_limits<double>::max();
    for (int i = 0; i != repetitions; ++i) {
        const Clock::time_point begin = Clock::now();
        if (decode(bytes, form.reads) == 0) return 0;
        least = std::min(least, std::chrono::duration<double>(Clock::now() - begin).count());
    }
    return least;
}

/// Whether one of some tries has a good ratio.
bool is_linear(const Form& form, std::size_t size) {
    double ratio = std::numeric_limits<double>::max();
    for (int i = 0; i != tries && ratio > most; ++i) {
        const double once = time_of(form, size);
        const double twice = time_of(form, 2 * size);
        if (once <= 0 || twice <= 0) {
            std::printf("%-16.*s gives no frame\n", static_cast<int>(form.name.size()), form.name.data());
            return false;
        }
        ratio = std::min(ratio, twice / once);
    }
    std::printf("%-16.*s %5zu KiB -> %5zu KiB: %.2f%s\n", static_cast<int>(form.name.size()),
                form.name.data(), size / 1024, 2 * size / 1024, ratio, ratio > most ? "  TOO MUCH" : "");
    return ratio <= most;
}

}  // namespace

int main() {
    bool good = true;
    for (const Form& form : forms) {
        for (std::size_t size = 64 * 1024; size <= 512 * 1024; size *= 2)
            good = is_linear(form, size) && good;
    }
    return good ? 0 : 1;
}
