#!/usr/bin/env python3
"""Events and reports as Bazel writes them, and the counts that must come out."""
import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import count_results  # pylint: disable=wrong-import-position

REPORT = """<testsuites><testsuite name="s">
<testcase name="a" classname="s" status="run" result="completed"/>
<testcase name="b" classname="s" status="run" result="skipped"><skipped message="no data"/></testcase>
<testcase name="c" classname="s" status="run" result="completed"><failure message="1 != 2"/></testcase>
<testcase name="d" classname="s" status="notrun" result="suppressed"/>
</testsuite></testsuites>"""
PASSED = '<testsuites><testsuite name="s"><testcase name="a" classname="s" status="run"/></testsuite></testsuites>'


def configured(label):
    return json.dumps({'id': {'targetConfigured': {'label': label}}, 'configured': {'testSize': 'SMALL'}})


def result(label, status, report=None):
    output = [{'name': 'test.log', 'uri': 'file:///none'}]
    if report:
        output.append({'name': 'test.xml', 'uri': 'file://' + report})
    return json.dumps({'id': {'testResult': {'label': label, 'run': 1}},
                       'testResult': {'status': status, 'testActionOutput': output}})


class CountResults(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def report(self, text):
        path = os.path.join(self.folder.name, 'test.xml')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        return path

    def states(self, *events):
        return [state for _, state in count_results.count(events)]

    def test_cases_of_a_report(self):
        self.assertEqual(self.states(configured('//a'), result('//a', 'FAILED', self.report(REPORT))),
                         ['passed', 'skipped', 'failed'])

    def test_a_program_that_fails_without_a_failing_case(self):
        self.assertEqual(self.states(configured('//a'), result('//a', 'TIMEOUT', self.report(PASSED))),
                         ['passed', 'failed'])
        self.assertEqual(self.states(configured('//a'), result('//a', 'FAILED')), ['failed'])
        self.assertEqual(self.states(configured('//a'), result('//a', 'PASSED')), ['passed'])

    def test_a_program_that_was_not_built(self):
        self.assertEqual(self.states(configured('//a'), configured('//b'), result('//a', 'PASSED')),
                         ['passed', 'failed'])

    def test_the_last_attempt_counts(self):
        self.assertEqual(self.states(result('//a', 'FAILED'), result('//a', 'PASSED', self.report(PASSED))), ['passed'])


if __name__ == '__main__':
    unittest.main()
