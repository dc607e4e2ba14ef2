"""The flags, environment variables, exit codes, error messages and log of resp-echo."""

import re
import signal
import subprocess
import time

from support import PATIENCE, RESP_ECHO, TestCase, main, run
from under_test import environment, free_port
from wire import command

FLAGS = {
    "--bind": "RESP_BIND", "--port": "RESP_PORT", "--unix": "RESP_UNIX", "--log-level": "RESP_LOG",
    "--threads": "RESP_THREADS", "--max-connections": "RESP_MAX_CONNECTIONS",
    "--max-connections-per-address": "RESP_MAX_CONNECTIONS_PER_ADDRESS", "--connection-rate": "RESP_CONNECTION_RATE",
    "--max-bulk": "RESP_MAX_BULK",
    "--idle-timeout": "RESP_IDLE_TIMEOUT", "--first-request-timeout": "RESP_FIRST_REQUEST_TIMEOUT",
    "--drain-timeout": "RESP_DRAIN_TIMEOUT", "--verbatim": "RESP_VERBATIM",
}


class Help(TestCase):
    def test_help_names_every_flag_and_its_variable(self):
        ran = run("--help")
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))
        shown = ran.stdout.decode()
        for flag, variable in {**FLAGS, "--help": "", "--version": ""}.items():
            self.assertIn(flag, shown)
            self.assertIn(variable, shown)
        # FLAGS lists every flag that --help shows.
        self.assertEqual(set(re.findall(r"^ +(?:-\w, *)?(--[a-z-]+)", shown, re.MULTILINE)),
                         {*FLAGS, "--help", "--version"})

    def test_help_fits_a_terminal_of_80_columns(self):
        for line in run("--help").stdout.decode().splitlines():
            self.assertLessEqual(len(line), 80, line)
            self.assertEqual(line.rstrip(), line)

    def test_help_is_printed_even_if_other_flags_are_wrong(self):
        self.assertEqual(run("--help", "--nope", "--port", "x").returncode, 0)

    def test_version_is_one_line(self):
        ran = run("--version")
        self.assertRegex(ran.stdout.decode(), r"\Aresp-echo \d+\.\d+\.\d+\S*\n\Z")
        self.assertEqual((ran.returncode, ran.stderr), (0, b""))


class Refusals(TestCase):
    def assert_refused(self, ran, code, text):
        """The program printed one line to standard error and nothing to standard output."""
        self.assertEqual(ran.stdout, b"")
        self.assertRegex(ran.stderr.decode(), rf"\Aresp-echo: [^\n]*{text}[^\n]*\n\Z")
        self.assertEqual(ran.returncode, code)

    def test_a_port_in_use_is_refused_with_exit_code_1(self):
        server = self.serve()
        ran = run("--port", str(server.port))
        self.assertEqual(ran.stderr.decode(),
                         f"resp-echo: cannot listen on 127.0.0.1:{server.port}: Address already in use\n")
        self.assertEqual((ran.returncode, ran.stdout), (1, b""))
        self.assert_echoes(self.connect(server), b":42\r\n")

    def test_no_address_is_served_if_the_port_of_one_is_in_use(self):
        server = self.serve()
        ran = run("--bind", "127.0.0.2", "--bind", "127.0.0.1", "--port", str(server.port))
        self.assert_refused(ran, 1, rf"cannot listen on 127\.0\.0\.1:{server.port}: Address already in use")

    def assert_usage_error(self, ran, text):
        """The program printed exactly this line, followed by "see --help", and exited with code 2."""
        self.assertEqual((ran.stdout, ran.stderr.decode()), (b"", f"resp-echo: {text}; see --help\n"))
        self.assertEqual(ran.returncode, 2)

    def test_a_value_out_of_range_is_refused_with_the_range(self):
        for flag, value, rule in (
                ("--port", "65536", "a number from 0 to 65535"), ("--port", "-1", "a number from 0 to 65535"),
                ("--port", "http", "a number from 0 to 65535"), ("--port", "", "a number from 0 to 65535"),
                ("--port", " 1", "a number from 0 to 65535"), ("--port", "1x", "a number from 0 to 65535"),
                ("--threads", "0", "a number from 1 to 1024"), ("--threads", "many", "a number from 1 to 1024"),
                ("--threads", "1025", "a number from 1 to 1024"),
                ("--max-connections", "0", "a number from 1 to 1000000"),
                ("--max-connections-per-address", "-1", "a number from 0 to 1000000"),
                ("--connection-rate", "fast", "a number from 0 to 1000000"),
                ("--max-bulk", "-5", "a number from 1 to 4294901759"),
                ("--max-bulk", "4294901760", "a number from 1 to 4294901759"),
                ("--idle-timeout", "-1", "a number of seconds, 0 or more"),
                ("--idle-timeout", "soon", "a number of seconds, 0 or more"),
                ("--idle-timeout", "nan", "a number of seconds, 0 or more"),
                ("--idle-timeout", "1e300", "a number of seconds, at most 1e12"),
                ("--first-request-timeout", "-1", "a number of seconds, 0 or more"),
                ("--drain-timeout", "1.1e12", "a number of seconds, at most 1e12"),
                ("--drain-timeout", "inf", "a number of seconds, 0 or more"),
                ("--drain-timeout", "", "a number of seconds, 0 or more"),
                ("--log-level", "loud", "one of trace, debug, info, warn, error, off")):
            with self.subTest(flag=flag, value=value):
                self.assert_usage_error(run(flag, value), f'{flag}: "{value}" is not {rule}')

    def test_a_flag_without_its_value_is_refused_by_name(self):
        for flags, name in ((["--port"], "--port"), (["-p"], "--port"),
                            (["--log-level"], "--log-level"), (["--bind"], "--bind")):
            with self.subTest(flags):
                self.assert_usage_error(run(*flags), f"{name} needs a value")

    def test_a_flag_given_twice_is_refused(self):
        self.assert_usage_error(run("--port", "0", "--port", "1"), "--port is given more than once")

    def test_a_flag_without_a_value_refuses_a_wrong_one(self):
        self.assert_usage_error(run("--verbatim=maybe"), '--verbatim: "maybe" is not one of 1, true, 0, false')

    def test_an_unknown_flag_is_refused_with_the_nearest_one(self):
        for flag, nearest in (("--prot", "--port"), ("--prot=3", "--port"), ("--thread", "--threads"),
                              ("--max-conections", "--max-connections"), ("--log", "--log-level"),
                              ("--idle", "--idle-timeout"), ("--verbose", None), ("--no-such-flag", None),
                              ("--nope", None), ("-x", None)):
            for value in ([], ["3"]):
                with self.subTest(flag=flag, value=value):
                    ran = run(flag, *value)
                    hint = f"; did you mean {nearest}? See --help" if nearest else "; see --help"
                    name = flag.partition("=")[0]
                    self.assertEqual(ran.stderr.decode(), f"resp-echo: unknown flag {name}{hint}\n")
                    self.assertEqual((ran.returncode, ran.stdout), (2, b""))

    def test_an_argument_that_is_not_a_flag_is_refused(self):
        self.assert_usage_error(run("left", "over"), 'unexpected argument "left"')
        self.assert_usage_error(run("--", "--port"), 'unexpected argument "--port"')

    def test_a_bad_argument_cannot_write_a_second_line_or_a_control_byte(self):
        self.assert_usage_error(run("--port", "1\n\x1b[2J"), r'--port: "1\x0a\x1b[2J" is not a number from 0 to 65535')
        self.assert_usage_error(run("--p\nq"), r"unknown flag --p\x0aq")

    def test_a_bad_address_is_refused_with_exit_code_1(self):
        for address in ("localhost", "256.0.0.1", "no address", "127.0.0.1:80", ""):
            with self.subTest(address):
                self.assert_refused(run("--port", "0", "--bind", address), 1, "cannot listen on")
        self.assert_refused(run("--port", "0", "--bind", "192.0.2.77"), 1,
                            r"cannot listen on 192\.0\.2\.77:0: Cannot assign requested address")

    def test_an_error_in_a_variable_names_the_variable(self):
        for name, value, rule in (("RESP_PORT", "x", "a number from 0 to 65535"),
                                  ("RESP_LOG", "loud", "one of trace, debug, info, warn, error, off"),
                                  ("RESP_THREADS", "0", "a number from 1 to 1024"),
                                  ("RESP_MAX_CONNECTIONS", "1000001", "a number from 1 to 1000000"),
                                  ("RESP_MAX_BULK", "0", "a number from 1 to 4294901759"),
                                  ("RESP_IDLE_TIMEOUT", "-0.5", "a number of seconds, 0 or more"),
                                  ("RESP_DRAIN_TIMEOUT", "5s", "a number of seconds, 0 or more"),
                                  ("RESP_VERBATIM", "maybe", "one of 1, true, 0, false")):
            with self.subTest(name):
                self.assert_usage_error(run(**{name: value}), f'{name}: "{value}" is not {rule}')


class Variables(TestCase):
    def test_resp_port_is_the_port(self):
        port = free_port()
        server = self.serve(variables={"RESP_PORT": str(port)})
        self.assertEqual(server.port, port)
        self.assert_echoes(self.connect(server), b":42\r\n")

    def test_resp_bind_is_the_address(self):
        server = self.serve(variables={"RESP_BIND": "127.0.0.2"})
        server.wait_for_log(r"Listening on 127\.0\.0\.2:\d+$")
        self.assert_echoes(self.connect_to(("127.0.0.2", server.port)), b":42\r\n")

    def test_resp_bind_may_list_several_addresses(self):
        server = self.serve(variables={"RESP_BIND": "127.0.0.2,127.0.0.3"})
        server.wait_for_log(rf"Listening on 127\.0\.0\.3:{server.port}$")
        self.assert_echoes(self.connect_to(("127.0.0.2", server.port)), b":42\r\n")
        self.assert_echoes(self.connect_to(("127.0.0.3", server.port)), b":42\r\n")

    def test_resp_log_is_the_log_level(self):
        server = self.serve(variables={"RESP_LOG": "debug"})
        self.assert_echoes(self.connect(server), b":42\r\n")
        server.wait_for_log("DEBUG .* Received Integer 42$")

    def test_the_other_variables_have_an_effect(self):
        server = self.serve(variables={"RESP_MAX_CONNECTIONS": "1", "RESP_MAX_BULK": "7", "RESP_VERBATIM": "1",
                                       "RESP_THREADS": "2", "RESP_IDLE_TIMEOUT": "60", "RESP_DRAIN_TIMEOUT": "1"})
        client = self.connect(server)
        self.assert_echoes(client, command(b"COMMAND"))
        self.assertEqual(self.connect(server).read_to_end(), b"-ERR max number of clients reached\r\n")
        client.send(b"$8\r\n")
        self.assertEqual(client.read_to_end(), b"-ERR Protocol error: invalid bulk length\r\n")

    def test_an_empty_variable_counts_as_unset(self):
        server = self.serve("--port", "0", variables=dict.fromkeys(FLAGS.values(), ""))
        server.wait_for_log(r"Listening on 127\.0\.0\.1:\d+$")

    def test_a_flag_wins_over_its_variable(self):
        server = self.serve("--port", "0", "--bind", "127.0.0.1", "--log-level", "info",
                            variables={"RESP_PORT": "1", "RESP_BIND": "192.0.2.77", "RESP_LOG": "debug"})
        self.assertNotEqual(server.port, 1)
        client = self.connect(server)
        self.assert_echoes(client, b":42\r\n")
        client.close()
        server.wait_for_log("Ending connection")
        self.assertNotIn("DEBUG", server.log)


class Log(TestCase):
    LINE = r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z +(TRACE|DEBUG|INFO|WARN|ERROR) \[.*\] "

    def test_the_debug_log_shows_each_step_of_a_connection(self):
        server = self.serve("--log-level", "debug")
        client = self.connect(server)
        self.assert_echoes(client, b":42\r\n")
        name = client.name
        client.close()
        server.wait_for_log("Ending connection")
        server.close()
        lines = server.log.splitlines()
        for line in lines:
            self.assertRegex(line, self.LINE)
        for line, end in zip(lines, (
                rf" INFO \[server\] Listening on 127\.0\.0\.1:{server.port}",
                rf" INFO {name} Accepted connection", rf"DEBUG {name} Received 5 bytes",
                rf"DEBUG {name} Received Integer 42", rf" INFO {name} Ending connection",
                r" INFO \[server\] Stopping", r" INFO \[server\] Stopped"), strict=True):
            self.assertRegex(line, rf"Z {end}\Z")

    def test_a_line_shows_the_current_time_in_utc(self):
        server = self.serve(variables={"TZ": "Asia/Tokyo"})
        logged = time.strptime(server.log.split(".")[0], "%Y-%m-%dT%H:%M:%S")
        self.assertLess(abs(time.mktime(time.gmtime()) - time.mktime(logged)), PATIENCE)

    def test_a_level_shows_its_lines_and_those_of_higher_levels(self):
        shown = {"trace": {"DEBUG", "INFO", "WARN"}, "debug": {"DEBUG", "INFO", "WARN"}, "info": {"INFO", "WARN"},
                 "warn": {"WARN"}, "WARN": {"WARN"}, "error": set(), "off": set()}
        for level, expected in shown.items():
            with self.subTest(level):
                port = free_port()  # at the higher levels the log does not show the port
                server = self.serve("--port", str(port), "--log-level", level, wait=False)
                server.port = port
                client = self.connect_when_it_listens(server)
                client.send(b":42\r\n:bad\r\n")
                self.assertEqual(client.read_to_end(), b":42\r\n-ERR Protocol error: invalid integer\r\n")
                client.close()
                server.close()
                labels = set(re.findall(r"Z +([A-Z]+) ", server.log))
                self.assertEqual(labels - {"TRACE"}, expected)
                if not expected:
                    self.assertEqual(server.log, "")
                self.assertEqual(server.stderr, "")

    def connect_when_it_listens(self, server):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                return self.connect(server)
            except ConnectionRefusedError:
                if time.monotonic() > deadline or not server.is_running:
                    raise
                time.sleep(0.01)  # a server without a log does not say when it listens, so this tries again

    def test_a_server_continues_after_the_reader_of_its_log_has_closed(self):
        process = subprocess.Popen([RESP_ECHO, "--port", "0", "--log-level", "debug"], env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        port = int(process.stdout.readline().rpartition(b":")[2])
        process.stdout.close()
        client = self.connect_to(("127.0.0.1", port))
        for i in range(10):
            self.assert_echoes(client, b":%d\r\n" % i)
        client.close()
        self.assert_echoes(self.connect_to(("127.0.0.1", port)), b":42\r\n")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 0)

    def test_a_server_continues_if_its_log_is_full(self):
        # log.hpp drops lines that standard output has no room for.
        process = subprocess.Popen([RESP_ECHO, "--port", "0", "--log-level", "debug"], env=environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.kill)
        port = int(process.stdout.readline().rpartition(b":")[2])
        client = self.connect_to(("127.0.0.1", port))
        client.socket.settimeout(10)
        for i in range(2000):  # each request logs two lines; the pipe holds about a thousand lines
            client.send(b":1\r\n")
            try:
                self.assertEqual(client.read(4), b":1\r\n")
            except TimeoutError:
                self.fail(f"no reply to request {i}")


if __name__ == "__main__":
    main()
