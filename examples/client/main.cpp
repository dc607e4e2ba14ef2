// A client: what it types is a command, what it prints is the reply. Shows the encoder and the decoder
// without the server.
//
//     ./client --port 6379 SET greeting 'Hello world!'
//     "OK"
//     echo 'GET greeting' | ./client --port 6379
//     "Hello world!"
#include <libresp/codec/decoder.hpp>
#include <libresp/codec/format.hpp>
#include <libresp/codec/value.hpp>

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

    /// Sends a whole command and returns the reply, which holds until the next call.
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
    // Quotes show where a string begins and ends, whichever kind it is.
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
    // Lines are inline commands: the codec knows their quotes.
    for (std::string line; std::getline(std::cin, line);) {
        const auto command = resp::parse(line + '\n', {}, resp::Reads::commands);
        if (!command) {
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
        "client [OPTIONS] [COMMAND [ARGUMENT]...]: sends a command, or each line of standard input,\n"
        "and prints the reply",
        "client"};
    std::string host = "127.0.0.1";
    std::string port = "6379";
    app.add_option("--host", host, "Host")->capture_default_str();
    app.add_option("-p,--port", port, "Port")->capture_default_str();
    app.prefix_command();  // the first word that is none of these begins the command
    CLI11_PARSE(app, argc, argv);
    try {
        Client client{host, port};
        run(client, app.remaining());
    } catch (const std::exception& error) {
        std::cerr << "client: " << error.what() << '\n';
        return 1;
    }
}
