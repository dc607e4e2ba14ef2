// A few commands have special replies: replies without an end, pushes, and texts of several lines.
#include "session.hpp"

#include "wait.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace {

bool is(std::string_view word, std::initializer_list<std::string_view> names) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return resp::equals_ignoring_case(word, name); });
}

/// Commands whose replies have no end.
bool has_endless_reply(const Words& command) {
    return is(command[0], {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR"});
}

/// In RESP3, the replies of these commands are pushes.
bool has_push_as_reply(const Words& command) {
    return is(command[0],
              {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"});
}

/// Commands whose reply is a text of several lines. redis-cli prints it as it is.
bool has_text_as_reply(const Words& command) {
    if (is(command[0], {"INFO", "LOLWUT"})) return true;
    if (command.size() < 2) return false;
    constexpr std::pair<std::string_view, std::string_view> texts[] = {
        {"CLIENT", "LIST"},   {"CLIENT", "INFO"},         {"CLUSTER", "NODES"},  {"CLUSTER", "INFO"},
        {"MEMORY", "DOCTOR"}, {"MEMORY", "MALLOC-STATS"}, {"LATENCY", "DOCTOR"}, {"LATENCY", "GRAPH"},
    };
    return std::any_of(std::begin(texts), std::end(texts), [&](const auto& each) {
        return is(command[0], {each.first}) && is(command[1], {each.second});
    });
}

}  // namespace

bool Session::run(const Words& command) {
    if (!connection_.is_open()) connection_.open();
    connection_.send(command);
    const bool is_endless = has_endless_reply(command);
    if (is_endless && !printer_.is_raw()) printer_.print_line("Reading messages... (press Ctrl-C to quit)");
    for (;;) {
        const resp::View frame = connection_.receive();
        if (frame.type() == resp::Type::push && !has_push_as_reply(command)) {
            if (printer_.is_terminal()) printer_.print_push(frame);
            continue;
        }
        const bool is_error = frame.is_error();
        printer_.print_reply(frame, has_text_as_reply(command));
        if (is_endless && !is_error) continue;
        print_pushes();  // those that came with the reply
        return !is_error;
    }
}

void Session::print_pushes() {
    while (const auto frame = connection_.next()) {
        if (printer_.is_terminal()) printer_.print_push(*frame);
    }
}

void Session::attempt(const std::function<void()>& function) {
    std::string reason;
    try {
        return function();
    } catch (const Interrupted&) {
        std::puts("");  // after the ^C that the terminal shows
        reason = "interrupted: the connection is closed";
    } catch (const std::exception& error) {
        reason = error.what();
    }
    connection_.close();
    std::fflush(stdout);
    std::fprintf(stderr, "client: %s\n", reason.c_str());
}

bool Session::wait_for_input() { return wait_for(STDIN_FILENO, connection_.descriptor()) == Ready::input; }

void Session::print_arrived() {
    attempt([this] {
        connection_.read();
        print_pushes();
    });
}

std::string Session::complete(std::string_view line) {
    const auto known = docs();
    if (!known) return {};
    const Completion completion = ::complete(*known, line);
    for (const std::string& each : completion.lines) printer_.print_line(each);
    return completion.insert;
}

void Session::help(const Words& names) {
    if (names.empty()) {
        printer_.print_line("help COMMAND   shows the arguments of a command");
        printer_.print_line("quit, Ctrl-D   ends the client");
        printer_.print_line("Ctrl-C         cancels the line, or ends waiting for a reply");
        return;
    }
    const auto known = docs();
    const std::vector<std::string> lines = known ? ::help(*known, names) : std::vector<std::string>{};
    for (const std::string& line : lines) printer_.print_line(line);
    printer_.print_line(lines.empty() ? "The server has no help for this." : "");
}

/// Asks on a second connection: on the first one, the command could become a part of a transaction.
std::optional<resp::View> Session::docs() try {
    if (!docs_) {
        Connection connection{settings_};
        connection.open();
        docs_.emplace(connection.request({"COMMAND", "DOCS"}));  // an error has no commands in it
    }
    return docs_->view();
} catch (const std::exception&) {
    return std::nullopt;
} catch (const Interrupted&) {
    return std::nullopt;
}
