"""How the tests of one unit ended."""

from collections import Counter


class Results:
    """Each list has pairs: the name of a test, and why."""

    def __init__(self):
        self.passed = []
        self.failed = []
        self.known = []  # failed, as expected.py says
        self.skipped = []  # did not run, as expected.py says
        self.left_out = Counter()  # why the suite itself did not run tests or groups of tests
        self.faults = []  # what is wrong with the run, or with expected.py

    @property
    def is_good(self):
        return not self.failed and not self.faults

    def check(self, wrong):
        """`wrong` has names of tests: each must have run and failed."""
        passed, known = ({name for name, _ in tests} for tests in (self.passed, self.known))
        for name in wrong:
            if name not in known or name in passed:
                self.faults.append(f"passes, or did not run, so remove it from expected.py: {name}")

    def not_run(self):
        """How many, for each reason."""
        return Counter(why for _, why in self.skipped) + self.left_out

    def show(self, unit, server):
        skipped = self.not_run()
        print(f"{unit}, {server}: {len(self.passed)} passed, {len(self.failed)} failed, {len(self.known)} known to fail, "
              f"{sum(skipped.values())} skipped")
        for test, why in self.known:
            print(f"    known to fail: {test}: {why}")
        for why, number in skipped.items():
            print(f"    skipped: {number}: {why}")
        for test, why in self.failed:
            print(f"    FAILED: {test}\n        " + why.replace("\n", "\n        "))
        for fault in self.faults:
            print(f"    FAULT: {fault}")

    def row(self, unit, server):
        """The line of the table."""
        known = Counter(why for _, why in self.known)
        cells = [unit, server, str(len(self.passed)), *map(counted, (known, self.not_run()))]
        return "| " + " | ".join(cells) + " |\n"


def counted(reasons):
    return "; ".join(f"{number}: {why}" for why, number in sorted(reasons.items(), key=lambda pair: -pair[1]))
