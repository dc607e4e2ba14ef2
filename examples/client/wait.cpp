// Ctrl-C is a signal. Its handler only sets a flag.
#include "wait.hpp"

#include <poll.h>
#include <signal.h>

#include <cerrno>
#include <system_error>

namespace {

volatile sig_atomic_t interrupted = 0;

}  // namespace

void catch_interrupts() {
    struct sigaction action{};
    action.sa_handler = [](int) { interrupted = 1; };
    sigaction(SIGINT, &action, nullptr);  // without SA_RESTART: a call that waits ends with EINTR
}

void throw_if_interrupted() {
    if (interrupted == 0) return;
    interrupted = 0;
    throw Interrupted{};
}

Ready wait_for(int input, int server) {
    // Only ppoll() lets the signal in, so that it cannot arrive between the check and the wait.
    sigset_t interrupt;
    sigset_t before;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    pthread_sigmask(SIG_BLOCK, &interrupt, &before);
    pollfd waiting[] = {{input, POLLIN, 0}, {server, POLLIN, 0}};
    const int ready = interrupted != 0 ? 0 : ppoll(waiting, 2, nullptr, &before);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw_if_interrupted();
    if (ready > 0) return waiting[0].revents != 0 ? Ready::input : Ready::server;
    if (error == EINTR) return wait_for(input, server);  // another signal
    throw std::system_error{error, std::generic_category(), "poll"};
}
