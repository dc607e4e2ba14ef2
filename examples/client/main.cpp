// A client for the terminal, like redis-cli. It shows the codec without the server.
//
//     ./client SET greeting 'Hello world!'     one command
//     echo 'GET greeting' | ./client           a command for each line of the input
//     ./client -3                              a prompt
//     > GET greeting
//     "Hello world!"
//
// connection.hpp sends and receives, print.hpp prints replies, session.hpp puts the two together, docs.hpp knows the
// commands of the server, edit.hpp reads what the user types, and wait.hpp waits for the user and the server at once.
//
// The exit code is 1 if there is no connection, or after an error reply. At a prompt it is 0.
#include "edit.hpp"
#include "session.hpp"
#include "wait.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace {

/// Splits a line into words: quotes and escapes are those of an inline command. Reports a line that is wrong.
std::optional<Words> split(const std::string& line) {
    constexpr std::size_t longest = 512 * 1024 * 1024;
    // The space keeps a line that begins with a type byte, such as `*`, a line of words.
    const auto parsed = resp::parse(' ' + line + '\n', {.max_line = longest}, resp::Reads::commands);
    if (parsed) {
        const resp::Command words{(*parsed).view()};
        return Words{words.begin(), words.end()};
    }
    // The decoder skips a blank line, so parse() finds no command and reports `incomplete`.
    if (parsed.error().code == resp::Errc::incomplete) return Words{};
    std::fprintf(stderr, "client: %s\n", parsed.error().message().c_str());
    return std::nullopt;
}

void run_or_help(Session& session, const Words& words) {
    if (resp::equals_ignoring_case(words[0], "help")) {
        session.help({words.begin() + 1, words.end()});
    } else {
        session.run(words);
    }
}

void run_prompt(Session& session) {
    catch_interrupts();
    const std::unique_ptr<Editor> editor = make_editor(session);
    session.attempt([&] { session.connect(); });
    while (const auto line = editor->read_line()) {
        editor->remember(*line);
        const auto words = split(*line);
        if (!words || words->empty()) continue;
        const std::string& name = (*words)[0];
        if (resp::equals_ignoring_case(name, "quit") || resp::equals_ignoring_case(name, "exit")) return;
        session.attempt([&] { run_or_help(session, *words); });
    }
}

bool run_lines(Session& session) {
    bool succeeded = true;
    for (std::string line; std::getline(std::cin, line);) {
        const auto words = split(line);
        if (words && words->empty()) continue;
        if (!words || !session.run(*words)) succeeded = false;
    }
    return succeeded;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "client [OPTIONS] [COMMAND [ARGUMENT]...]\n"
        "Sends the command and prints the reply. Without a command, sends each line of standard input.",
        "client"};
    Settings settings;
    bool is_raw = isatty(STDOUT_FILENO) == 0;
    app.set_help_flag("--help", "Print this help message and exit");
    app.add_option("-h,--host", settings.host, "Host of the server")->capture_default_str();
    app.add_option("-p,--port", settings.port, "Port of the server")->capture_default_str();
    app.add_option("-s,--socket", settings.path, "Unix socket of the server, instead of host and port");
    app.add_option("-a,--pass", settings.password,
                   "Password. Other users can see it in the list of processes")
        ->envname("REDISCLI_AUTH");
    app.add_option("--user", settings.user, "User of the password");
    app.add_option("-n,--database", settings.database, "Number of the database")->capture_default_str();
    app.add_flag("-3,--resp3", settings.resp3, "Speak RESP3");
    app.add_flag("--raw,!--no-raw", is_raw,
                 "Print only the texts. Default if standard output is not a terminal");
    app.footer(keys());
    app.prefix_command();  // the first word that is not an option begins the command
    CLI11_PARSE(app, argc, argv);
    const Words command = app.remaining();
    try {
        Session session{settings, {is_raw, isatty(STDOUT_FILENO) != 0}};
        if (!command.empty() && command[0].starts_with('-'))
            throw std::runtime_error{"unknown option " + resp::escaped(command[0])};
        if (!command.empty()) return session.run(command) ? 0 : 1;
        if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return run_lines(session) ? 0 : 1;
        run_prompt(session);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "client: %s\n", error.what());
        return 1;
    }
}
