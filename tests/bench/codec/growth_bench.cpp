// How the cost of a frame grows with its depth, with the bytes of its string and with its elements. In
// chunks, since a string that lies whole in memory costs the same at any size.
#include "benchmarks.hpp"

namespace bench {

namespace {

constexpr std::size_t enough = 256 * 1024;  // bytes of an input; at least one frame

/// An input of one frame again and again, and what is in it.
struct Repeated {
    std::string frame;
    Checker checker;  // of all frames
    std::shared_ptr<char> memory;
    Input input;

    Repeated(std::string one, std::size_t leaves, std::string_view text) : frame(std::move(one)) {
        const std::size_t times = frame.size() < enough ? enough / frame.size() : 1;
        memory = large_block(times * frame.size());
        for (std::size_t i = 0; i != times; ++i) {
            std::memcpy(memory.get() + i * frame.size(), frame.data(), frame.size());
            for (std::size_t leaf = 0; leaf != leaves; ++leaf) checker.text(text);
            checker.frame();
        }
        input = {{memory.get(), times * frame.size()}, checker.digest()};
    }
};

void add(const std::string& row, std::size_t n, std::string frame, std::size_t leaves,
         std::string_view text) {
    const auto made = std::make_shared<const Repeated>(std::move(frame), leaves, text);
    for_each_parser([&](const ParserKind& kind) {
        if (!kind.takes(Form::resp2) || kind.name == "decoder_lent") return;
        if (row == "depth" && n > 8 && kind.name.starts_with("hiredis")) return;  // its own bound
        const std::string label = "growth/" + row + "/" + std::to_string(n) + "/" + std::string{kind.name};
        measure_parser(label, kind, Form::resp2, made->input.expected, made->input.bytes.size(),
                       [=](Parser& parser) { return read_input(parser, made->input, Mode::chunks); });
    });
}

std::string header(char type, std::size_t n) {
    std::string made(1, type);
    return made.append(std::to_string(n)).append("\r\n");
}

std::string repeat(std::string_view bytes, std::size_t n) {
    std::string all;
    for (std::size_t i = 0; i != n; ++i) all += bytes;
    return all;
}

}  // namespace

void register_growth() {
    for (const std::size_t depth : {1u, 2u, 4u, 8u, 16u, 32u})
        add("depth", depth, repeat("*1\r\n", depth) + "$4\r\nleaf\r\n", 1, "leaf");
    for (const std::size_t size : {1u, 16u, 256u, 4096u, 65536u, 1048576u}) {
        const std::string text(size, 'x');
        add("string", size, header('$', size) + text + "\r\n", 1, text);
    }
    for (const std::size_t n : {1u, 10u, 100u, 1000u, 10000u, 100000u})
        add("elements", n, header('*', n) + repeat("$7\r\nelement\r\n", n), n, "element");
}

}  // namespace bench
