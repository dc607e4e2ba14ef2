// hiredis' formatting of a command: a string of malloc for each. It writes no replies.
#include "writer.hpp"

#ifdef LIBRESP_BENCH_HIREDIS
#include <hiredis/hiredis.h>

#include "parser.hpp"

namespace bench {

namespace {

class HiredisWriter final : public Writer {
public:
    std::size_t write(const SetCommands& commands, std::string* check) override {
        std::size_t written = 0;
        for (const SetCommand& command : commands.list) {
            const char* words[] = {"SET", command.key.data(), command.value.data()};
            const std::size_t sizes[] = {3, command.key.size(), command.value.size()};
            char* bytes = nullptr;
            const auto n = static_cast<std::size_t>(redisFormatCommandArgv(&bytes, 3, words, sizes));
            keep(bytes);
            if (check != nullptr) check->append(bytes, n);
            written += n;
            redisFreeCommand(bytes);
        }
        return written;
    }
    std::size_t write(const Replies&, std::string*) override { return 0; }
};

}  // namespace

std::span<const WriterKind> hiredis_writers() {
    static constexpr WriterKind kinds[] = {{"hiredis", false, make_writer<HiredisWriter>}};
    return kinds;
}

}  // namespace bench

#else

std::span<const bench::WriterKind> bench::hiredis_writers() { return {}; }

#endif
