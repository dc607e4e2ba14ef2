// Waits for the user and the server at the same time, until one of them sends something or the user presses Ctrl-C.
#pragma once

/// Thrown after Ctrl-C: it ends what the client waits for, not the client.
struct Interrupted {};

/// From now on, Ctrl-C does not end the program. wait_for() and throw_if_interrupted() throw Interrupted instead.
void catch_interrupts();
/// Throws if Ctrl-C was pressed since the last Interrupted.
void throw_if_interrupted();

enum class Ready { input, server };
/// Waits until one of two descriptors has bytes to read, or is at its end. It ignores a descriptor of -1.
[[nodiscard]] Ready wait_for(int input, int server);
