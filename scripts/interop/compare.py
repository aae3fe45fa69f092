# SPDX-License-Identifier: GPL-2.0-only
"""ksmbd alone against ksmbd with the module, test by test."""

import concurrent.futures
from dataclasses import dataclass, field, replace

from . import boots

# How often a test that did worse with the module is run again, both ways, and
# with how much more patience: the machine may have been busy
REPEATS, PATIENCE = 3, 5


@dataclass
class Comparison:
    """One test: the first run of each, and those that were to make sure."""

    test: str
    alone: boots.Result
    module: boots.Result
    again_alone: list = field(default_factory=list)
    again_module: list = field(default_factory=list)

    @property
    def suspect(self):
        """Did the first run with the module do worse?"""
        return self.module.broken and not self.alone.broken or \
            self.alone.passed and not self.module.passed

    @property
    def worse(self):
        """Is it the module that breaks it? A crash that ksmbd alone does
        not have, or an honest user who is refused, counts even if it came but
        once; a failure, if it comes again where ksmbd alone keeps passing."""
        if any(run.broken for run in (self.module, *self.again_module)):
            return not any(run.broken
                           for run in (self.alone, *self.again_alone))
        return self.alone.passed and not self.module.passed and \
            _mostly(self.again_alone) and not _mostly(self.again_module)

    @property
    def better(self):
        """Does it pass only with the module?"""
        alone, module = self.outcomes
        return module == "pass" and alone not in ("pass", "flaky")

    @property
    def outcomes(self):
        """(alone, with the module) in a word each."""
        return _outcome(self.alone, self.again_alone), \
            _outcome(self.module, self.again_module)

    @property
    def repeated(self):
        """How the repeated runs came out."""
        return f"{_tally(self.again_alone)} alone, " \
               f"{_tally(self.again_module)} with smbsign"


def _mostly(runs):
    """Did at least half of @runs pass?"""
    return 2 * sum(run.passed for run in runs) >= len(runs)


def _tally(runs):
    return f"{sum(run.passed for run in runs)} of {len(runs)}"


def _outcome(first, again):
    """In a word: the worst if the kernel broke, "flaky" where it is now
    this and now that."""
    runs = (first, *again)
    for one in runs:
        if one.broken:
            return one.result
    if len({one.passed for one in runs}) == 2:
        return "flaky"
    return first.result


def _both(setups, directory, tests, progress):
    """Run @tests in both setups at once: much of their time they wait.
    Returns the plan and the results of each."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        futures = [pool.submit(boots.run, setup,
                               directory / setup.name.replace(" ", "-"),
                               tests, progress) for setup in setups]
        return [future.result() for future in futures]


def run(setups, directory, progress=print):
    """Compare the two @setups, first of which is ksmbd alone."""
    (plan, alone), (_, module) = _both(setups, directory / "first", None,
                                       progress)
    pairs = zip(_by_test(alone, plan), _by_test(module, plan), strict=True)
    all_of_them = [Comparison(test, *pair)
                   for test, pair in zip(plan, pairs, strict=True)]
    suspects = [one for one in all_of_them if one.suspect]
    if suspects:
        _repeat(suspects, setups, directory / "again", progress)
    return all_of_them


def _by_test(results, plan):
    """@results in the order of @plan."""
    found = {result.test: result for result in results}
    return [found[test] for test in plan]


def _repeat(suspects, setups, directory, progress):
    tests = [one.test for one in suspects for _ in range(REPEATS)]
    progress(f"# {len(suspects)} did worse with smbsign: "
             f"each {REPEATS} times again, both ways")
    setups = [replace(setup, patience=PATIENCE) for setup in setups]
    (_, alone), (_, module) = _both(setups, directory, tests, progress)
    for one in suspects:
        one.again_alone = [r for r in alone if r.test == one.test]
        one.again_module = [r for r in module if r.test == one.test]
