// A client. It sends a command, or each line of its input, and prints the reply. It shows the encoder and the
// decoder without the server.
//
//     ./client --port 6379 SET greeting 'Hello world!'
//     "OK"
//     echo 'GET greeting' | ./client --port 6379
//     "Hello world!"
#include <libresp/codec.hpp>
#include <libresp/codec/format.hpp>

#include <CLI/CLI.hpp>
#include <asio.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace {

class Client {
public:
    Client(const std::string& host, const std::string& port) {
        asio::connect(socket_, asio::ip::tcp::resolver{context_}.resolve(host, port));
    }

    /// Sends one command and returns the reply. The reply is valid until the next call.
    resp::View request(std::string_view command) {
        asio::write(socket_, asio::buffer(command));
        for (;;) {
            if (const auto reply = decoder_.next()) return *reply;
            if (decoder_.error()) throw std::runtime_error{"bad reply: " + decoder_.error()->message()};
            const std::span<char> room = decoder_.prepare(16 * 1024);
            decoder_.commit(socket_.read_some(asio::buffer(room.data(), room.size())));
        }
    }

private:
    asio::io_context context_;
    asio::ip::tcp::socket socket_{context_};
    resp::Decoder decoder_;
};

void print(resp::View reply) {
    // fmt shows a simple string without quotes. Here every string has them, to show where it begins and ends.
    const bool quotes = reply.type() == resp::Type::simple_string;
    std::cout << (quotes ? fmt::format("\"{}\"", reply) : fmt::format("{}", reply)) << std::endl;
}

void run(Client& client, const std::vector<std::string>& words) {
    std::string bytes;
    resp::Encoder out{bytes};
    if (!words.empty()) {
        out.array(words.size());
        for (const std::string& word : words) out.bulk_string(word);
        return print(client.request(bytes));
    }
    // Each line is an inline command. The codec splits it into words and reads the quotes.
    for (std::string line; std::getline(std::cin, line);) {
        const auto command = resp::parse(line + '\n', {}, resp::Reads::commands);
        if (!command) {
            // The decoder skips a blank line, so parse() finds no command and reports `incomplete`.
            const bool blank = command.error().code == resp::Errc::incomplete;
            if (!blank) std::cerr << "client: " << command.error().message() << '\n';
            continue;
        }
        bytes.clear();
        encode(out, *command);
        print(client.request(bytes));
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "client [OPTIONS] [COMMAND [ARGUMENT]...]\n"
        "Sends the command and prints the reply. Without a command, sends each line of standard input.",
        "client"};
    std::string host = "127.0.0.1";
    std::string port = "6379";
    app.add_option("--host", host, "Host of the server")->capture_default_str();
    app.add_option("-p,--port", port, "Port of the server")->capture_default_str();
    app.prefix_command();  // the first word that is not an option begins the command
    CLI11_PARSE(app, argc, argv);
    try {
        Client client{host, port};
        run(client, app.remaining());
    } catch (const std::exception& error) {
        std::cerr << "client: " << error.what() << '\n';
        return 1;
    }
}
