// The terminal edits the line. A message of the server interrupts it on the screen, but what was typed stays.
#include "edit.hpp"
#include "wait.hpp"

#include <cstdio>
#include <iostream>

namespace {

class PlainEditor final : public Editor {
public:
    explicit PlainEditor(Session& session) : session_(session) {}

    std::optional<std::string> read_line() override try {
        show_prompt();
        while (!session_.wait_for_input()) {
            std::fputs("\r", stdout);
            session_.print_arrived();
            show_prompt();
        }
        std::string line;
        if (std::getline(std::cin, line)) return line;
        std::cin.clear();
        throw_if_interrupted();
        return std::nullopt;
    } catch (const Interrupted&) {
        std::puts("");
        return "";
    }

    void remember(const std::string&) override {}

private:
    static void show_prompt() {
        std::fputs(prompt, stdout);
        std::fflush(stdout);
    }

    Session& session_;
};

}  // namespace

std::unique_ptr<Editor> make_editor(Session& session) { return std::make_unique<PlainEditor>(session); }

const char* keys() noexcept { return "It was built without libedit: there is no history and no completion."; }
