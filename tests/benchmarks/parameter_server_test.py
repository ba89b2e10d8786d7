#!/usr/bin/env python3
"""The report of parameter_server.py on made-up runs."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

SCRIPT = os.path.join(os.path.dirname(os.path.realpath(__file__)), 'parameter_server.py')
# Of the runfiles' root, where tests start.
ESPALIER = os.path.abspath('tools/espalier')
HEAD, MARKS, FOOT = '# A parameter server\n', '<!-- results:begin -->\nold\n<!-- results:end -->', '\nlast words\n'


class Report(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.doc = os.path.join(self.folder.name, 'doc.md')
        with open(self.doc, 'w', encoding='utf-8') as file:
            file.write(HEAD + MARKS + FOOT)

    def add_run(self, mode, seed, ranks, top1, complete=True):
        run = os.path.join(self.folder.name, 'out', 'lenet300', mode, f'seed-{seed}')
        os.makedirs(run)
        with open(os.path.join(run, 'metrics.jsonl'), 'w', encoding='utf-8') as file:
            for epoch, value in enumerate(top1, 1):
                for split, top1_of_split in (('train', value / 2), ('validation', value)):
                    record = {'step': 10 * epoch, 'epoch': epoch, 'split': split, 'top1': top1_of_split}
                    file.write(json.dumps(record) + '\n')
        if complete:
            with open(run + '.json', 'w', encoding='utf-8') as file:
                json.dump({'seconds': 7 * seed, 'ranks': ranks, 'command': []}, file)

    def report(self):
        command = [sys.executable, SCRIPT, '--out', os.path.join(self.folder.name, 'out'), 'report', '--doc', self.doc,
                   '--espalier', ESPALIER]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)

    def test_table_and_plot(self):
        self.add_run('one_worker', 1, 1, [0.5, 0.9])
        self.add_run('one_worker', 2, 1, [0.7, 0.92])
        self.add_run('asynchronous', 1, 3, [0.4, 0.88])
        self.add_run('synchronous', 1, 3, [0.4, 0.1], complete=False)
        result = self.report()
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(self.doc, encoding='utf-8') as file:
            text = file.read()
        self.assertTrue(text.startswith(HEAD) and text.endswith(FOOT), text)
        self.assertNotIn('old', text)
        self.assertIn('| one worker | 1 | 90.00, 92.00 | 91.00 | 1.41 | 10 |\n', text)
        self.assertIn('| asynchronous | 2 | 88.00 | 88.00 |  | 7 |\n', text)
        self.assertNotIn('| synchronous', text)
        with open(os.path.join(self.folder.name, 'out', 'lenet300', 'curves.csv'), encoding='utf-8') as file:
            self.assertIn('"one worker",60000,0.600000\n"one worker",120000,0.910000\n', file.read())
        with open(os.path.join(self.folder.name, 'parameter_server_lenet300.svg'), encoding='utf-8') as file:
            self.assertIn('<title>async</title>', file.read())

    def test_says_what_is_missing(self):
        self.assertIn('no runs in', self.report().stderr)
        self.add_run('one_worker', 1, 1, [0.5])
        with open(self.doc, 'w', encoding='utf-8') as file:
            file.write(HEAD)
        result = self.report()
        self.assertNotEqual(result.returncode, 0)
        self.assertIn('expected the marks', result.stderr)


if __name__ == '__main__':
    unittest.main()
