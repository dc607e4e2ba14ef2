// The editor with libedit. libedit asks for one character at a time. While it waits for one, messages of the server may
// arrive: they appear above the line, which is then drawn again.
#include "edit.hpp"
#include "wait.hpp"

#include <histedit.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <cwchar>

namespace {

/// RESP_CLIENT_HISTORY, or a file in the home folder. Empty if there is none.
std::string history_file() {
    if (const char* const file = std::getenv("RESP_CLIENT_HISTORY")) return file;
    const char* const home = std::getenv("HOME");
    return home != nullptr ? std::string{home} + "/.resp_client_history" : "";
}

/// Whether a line may have a password in it, such as AUTH, HELLO 3 AUTH, CONFIG SET requirepass or ACL SETUSER. Other
/// lines with such a word are not in the history either.
bool may_have_password(std::string line) {
    std::transform(line.begin(), line.end(), line.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto has = [&](const char* word) { return line.find(word) != std::string::npos; };
    return has("auth") || has("pass") || has("setuser");
}

// libedit is C: no exception may pass through it. So the functions that it calls catch all.
class LibeditEditor final : public Editor {
public:
    explicit LibeditEditor(Session& session);
    ~LibeditEditor() override;
    LibeditEditor(const LibeditEditor&) = delete;
    LibeditEditor& operator=(const LibeditEditor&) = delete;

    std::optional<std::string> read_line() override;
    void remember(const std::string& line) override;

private:
    static LibeditEditor& self(EditLine* edit);
    int read_character(wchar_t* to);
    void complete();
    void show_above(const std::function<void()>& print);

    Session& session_;
    EditLine* edit_;
    History* history_ = history_init();
    HistEvent event_{};  // what history() returns
    std::string file_ = history_file();
    bool interrupted_ = false;
};

LibeditEditor::LibeditEditor(Session& session)
    : session_(session), edit_(el_init("client", stdin, stdout, stderr)) {
    std::setlocale(LC_CTYPE, "");
    std::signal(SIGTSTP, SIG_IGN);  // Ctrl-Z would leave the terminal in the mode of libedit
    el_set(edit_, EL_CLIENTDATA, this);
    el_set(edit_, EL_PROMPT, +[](EditLine*) { return const_cast<char*>(prompt); });
    el_set(edit_, EL_EDITOR, "emacs");
    el_set(edit_, EL_GETCFN, +[](EditLine* edit, wchar_t* to) { return self(edit).read_character(to); });
    const auto complete = [](EditLine* edit, int) -> unsigned char {
        self(edit).complete();
        return CC_NORM;
    };
    el_wset(edit_, EL_ADDFN, L"complete", L"Completes a command", +complete);  // el_set() leaks the texts
    el_set(edit_, EL_BIND, "^I", "complete", nullptr);
    el_set(edit_, EL_BIND, "^R", "em-inc-search-prev", nullptr);
    el_set(edit_, EL_HIST, history, history_);
    history(history_, &event_, H_SETSIZE, 1000);
    history(history_, &event_, H_SETUNIQUE, 1);
    if (!file_.empty()) history(history_, &event_, H_LOAD, file_.c_str());
}

LibeditEditor::~LibeditEditor() {
    if (!file_.empty()) history(history_, &event_, H_SAVE, file_.c_str());  // only the user may read the file
    el_end(edit_);
    history_end(history_);
}

LibeditEditor& LibeditEditor::self(EditLine* edit) {
    void* data = nullptr;
    el_get(edit, EL_CLIENTDATA, &data);
    return *static_cast<LibeditEditor*>(data);
}

std::optional<std::string> LibeditEditor::read_line() {
    int size = 0;
    el_resize(edit_);
    el_set(edit_, EL_PREP_TERM,
           1);  // before the prompt appears: from then on, only libedit echoes what is typed
    interrupted_ = false;
    const char* const line = el_gets(edit_, &size);
    if (line != nullptr) return std::string{line, std::strcspn(line, "\n")};
    std::puts("");
    if (interrupted_) return "";
    return std::nullopt;
}

void LibeditEditor::remember(const std::string& line) {
    if (!line.empty() && !may_have_password(line)) history(history_, &event_, H_ENTER, line.c_str());
}

/// Returns 1, or -1 to end the line.
int LibeditEditor::read_character(wchar_t* to) try {
    std::mbstate_t state{};
    for (;;) {
        while (!session_.wait_for_input()) show_above([this] { session_.print_arrived(); });
        char byte = 0;
        const auto size = ::read(STDIN_FILENO, &byte, 1);
        if (size < 0 && errno == EINTR) continue;
        if (size != 1) return -1;
        const std::size_t result = std::mbrtowc(to, &byte, 1, &state);
        if (result == static_cast<std::size_t>(-1)) state = {};  // no character of this locale: skip it
        if (result <= 1) return 1;
    }
} catch (...) {
    interrupted_ = true;
    return -1;
}

void LibeditEditor::complete() try {
    const LineInfo* const line = el_line(edit_);
    const std::string typed{line->buffer, line->cursor};
    show_above([&] { el_insertstr(edit_, session_.complete(typed).c_str()); });
} catch (...) {
    el_set(edit_, EL_REFRESH);
}

/// Clears the rows of the line, prints, and draws the line again.
void LibeditEditor::show_above(const std::function<void()>& print) {
    const char* const terminal = std::getenv("TERM");
    if (terminal == nullptr || std::string_view{terminal} == "dumb") {
        std::puts("");
    } else {
        int columns = 0;
        el_get(edit_, EL_GETTC, "co", &columns);
        const LineInfo* const line = el_line(edit_);
        const auto position =
            static_cast<int>(std::string_view{prompt}.size()) + static_cast<int>(line->cursor - line->buffer);
        if (columns > 0 && position >= columns) std::printf("\033[%dA", position / columns);  // up
        std::fputs("\r\033[J", stdout);                                                       // and clear
    }
    print();
    el_set(edit_, EL_REFRESH);
}

}  // namespace

std::unique_ptr<Editor> make_editor(Session& session) { return std::make_unique<LibeditEditor>(session); }

const char* keys() noexcept {
    return "TAB completes commands and shows their arguments; arrow up is the previous line.";
}
