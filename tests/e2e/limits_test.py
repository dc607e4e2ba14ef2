"""Too many clients, and clients that do not read, neither stop the server nor keep it busy."""

import resource
import time

from support import PATIENCE, TestCase, main
from wire import bulk

REFUSAL = b"-ERR max number of clients reached\r\n"
ADDRESS_REFUSAL = b"-ERR max number of clients from this address reached\r\n"


class MaxConnections(TestCase):
    def test_a_client_over_the_limit_gets_an_error_and_the_others_are_served(self):
        server = self.serve("--max-connections", "3")
        clients = [self.connect(server) for _ in range(3)]
        for i, client in enumerate(clients):
            self.assert_echoes(client, b":%d\r\n" % i)
        clients[0].send(b"$5\r\nhe")
        for _ in range(40):
            self.assertEqual(self.connect(server).read_to_end(), REFUSAL)
        clients[0].send(b"llo\r\n")
        self.assertEqual(clients[0].read(11), b"$5\r\nhello\r\n")
        for client in clients[1:]:
            self.assert_echoes(client, b":42\r\n")

    def test_a_client_over_the_limit_gets_the_same_error_if_it_sends_first(self):
        server = self.serve("--max-connections", "1")
        self.assert_echoes(self.connect(server), b":1\r\n")
        client = self.connect(server)
        client.send(b":42\r\n" * 1000)
        self.assertEqual(client.read_to_end(), REFUSAL)

    def test_a_new_client_is_served_after_another_has_left(self):
        server = self.serve("--max-connections", "2")
        first, second = self.connect(server), self.connect(server)
        self.assert_echoes(first, b":1\r\n")
        self.assert_echoes(second, b":2\r\n")
        for number in range(5):
            self.assertEqual(self.connect(server).read_to_end(), REFUSAL)
            name = first.name
            first.close()
            server.wait_for_log(rf"{name} Ending connection")
            first = self.connect(server)
            self.assert_echoes(first, b":%d\r\n" % number)
        self.assert_echoes(second, b":42\r\n")


class PerAddress(TestCase):
    def test_a_client_over_the_limit_of_its_address_gets_an_error_and_other_addresses_are_served(self):
        server = self.serve("--max-connections-per-address", "2")
        clients = [self.connect_from("127.0.0.2", server) for _ in range(2)]
        for client in clients:
            self.assert_echoes(client, b":1\r\n")
        for _ in range(10):
            self.assertEqual(self.connect_from("127.0.0.2", server).read_to_end(), ADDRESS_REFUSAL)
        server.wait_for_log(r"\[127\.0\.0\.2:\d+\] Refused: too many clients from its address")
        self.assert_echoes(self.connect_from("127.0.0.3", server), b":2\r\n")
        name = clients[0].name
        clients[0].close()
        server.wait_for_log(rf"{name} Ending connection")
        self.assert_echoes(self.connect_from("127.0.0.2", server), b":3\r\n")

    def test_a_client_that_connects_too_often_is_closed_and_other_addresses_are_served(self):
        server = self.serve("--connection-rate", "5")
        served = 0
        while self.is_served(self.connect_from("127.0.0.2", server)):
            served += 1
            self.assertLess(served, 1000, "there is no limit")
        self.assertGreaterEqual(served, 5)
        server.wait_for_log(r"\[127\.0\.0\.2:\d+\] Refused: connects too often")
        self.assert_echoes(self.connect_from("127.0.0.3", server), b":2\r\n")
        begun = time.monotonic()  # a token comes back after 0.2 s
        while not self.is_served(self.connect_from("127.0.0.2", server)):
            self.assertLess(time.monotonic() - begun, PATIENCE)

    def connect_from(self, address, server):
        return self.connect(server, source=address)

    @staticmethod
    def is_served(client):
        try:
            client.send(b":1\r\n")
            return client.read(4) == b":1\r\n"
        except (ConnectionError, EOFError, AssertionError):
            return False
        finally:
            client.close()


class Descriptors(TestCase):
    def assert_idle(self, server, client, seconds=2.0):
        """The server uses little CPU time meanwhile. A server that spins would use all of it."""
        before, begun = server.cpu_seconds(), time.monotonic()
        self.assertTrue(client.is_silent_for(seconds))
        self.assertLess(server.cpu_seconds() - before, (time.monotonic() - begun) / 4)

    def test_a_server_with_few_descriptors_refuses_further_clients_and_stays_idle(self):
        for threads, limit in ((1, 64), (8, 98)):
            with self.subTest(threads=threads):
                self.assert_refuses_and_stays_idle(threads, limit)

    def assert_serves_another(self, server):
        """A place is free soon after the line in the log that says that its client has left."""
        deadline = time.monotonic() + PATIENCE
        reply = REFUSAL
        while reply == REFUSAL and time.monotonic() < deadline:
            reply = self.connect(server).ask(b":2\r\n", 4)
        self.assertEqual(reply, b":2\r\n")

    def assert_refuses_and_stays_idle(self, threads, limit):
        def lower_limit():
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

        server = self.serve("--threads", str(threads), preexec_fn=lower_limit)
        # The server keeps 37 for itself, 5 for each thread, and 1 for its address.
        served = [self.connect(server) for _ in range(limit - 38 - 5 * threads)]
        for client in served:
            self.assert_echoes(client, b":1\r\n")
        refused = [self.connect(server) for _ in range(40)]
        for client in refused:
            self.assertEqual(client.read_to_end(), REFUSAL)
        self.assert_idle(server, served[0])
        self.assertNotIn("Cannot accept", server.log)

        name = served[-1].name
        served.pop().close()
        server.wait_for_log(rf"{name} Ending connection")
        self.assert_serves_another(server)
        for client in served:
            self.assert_echoes(client, b":3\r\n")

    def test_a_server_without_descriptors_stays_idle_and_serves_a_waiting_client_later(self):
        server = self.serve()
        if server.is_sanitized():
            self.skipTest("UBSan opens a pipe to check an object, and reports an error if it cannot")
        before = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, (24, before[1]))
        clients = []
        while self.is_served(client := self.connect(server), server):
            clients.append(client)
            self.assertLess(len(clients), 30, "the limit has no effect")
        waiting = client
        self.assert_idle(server, waiting)
        for client in clients:
            self.assert_echoes(client, b":42\r\n")

        begun = time.monotonic()
        clients[0].close()
        self.assertEqual(waiting.read(4), b":1\r\n")
        self.assertLess(time.monotonic() - begun, 2)  # about 0.1 s on an idle machine
        resource.prlimit(server.pid, resource.RLIMIT_NOFILE, before)

    def is_served(self, client, server):
        """True after a reply. False after the log has reported twice that there is no descriptor: the first report
        may be older than this client."""
        client.send(b":1\r\n")
        text = "Cannot accept: Too many open files"
        known, deadline = server.log.count(text), time.monotonic() + PATIENCE
        while server.log.count(text) < known + 2:
            self.assertLess(time.monotonic(), deadline)
            if not client.is_silent_for(0.05):
                self.assertEqual(client.read(4), b":1\r\n")
                return True
        return False


class SilentReaders(TestCase):
    def test_a_client_that_writes_its_whole_pipeline_before_it_reads_loses_no_reply(self):
        server = self.serve()
        silent, other = self.connect(server), self.connect(server)
        self.assert_echoes(other, b":1\r\n")
        memory = server.memory()
        frames = 1600  # 100 MiB
        frame_size = len(self.frame(0))
        for i in range(frames):
            silent.send(self.frame(i))
        self.assert_echoes(other, b":2\r\n")
        if not server.is_sanitized():
            self.assertLess(server.memory() - memory, 1.1 * frames * frame_size + (16 << 20))

        for i in range(frames):
            self.assert_same_bytes(silent.read(frame_size), self.frame(i))
        self.assert_echoes(silent, b":3\r\n")
        self.assert_echoes(other, b":4\r\n")

    @staticmethod
    def frame(i):
        return bulk(b"%08d" % i * 8192)

    def test_the_server_frees_the_memory_of_large_values(self):
        server = self.serve()
        if server.is_sanitized():
            self.skipTest("a sanitizer keeps freed memory")
        clients = [self.connect(server) for _ in range(4)]
        for client in clients:
            self.assert_echoes(client, b":1\r\n")
        memory = server.memory()
        for client in clients:
            self.assert_echoes(client, bulk(b"x" * (32 << 20)))
        for client in clients:
            self.assert_echoes(client, b":2\r\n")
        self.assertLess(server.memory() - memory, 16 << 20)


if __name__ == "__main__":
    main()
