#!/usr/bin/env python3
"""Rules of this code base that no compiler knows: what may stand where, and what must be said.

Reads the source tree around its own real path; every offence is one line `file:line: what is wrong`.
"""
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
MAX_LINES = 400
# Longer by need: tables and grammars that lose by being cut.
LONG_FILES = {'proto/text_reader_test.cc'}
# Folders in the order of their dependencies: each may include from itself and from those before it.
FOLDERS = [
    'core', 'proto', 'checkpoint', 'layers', 'optim', 'data', 'parallel', 'compression', 'hw', 'tools', 'trainer',
    'tests',
]
# Names that the documentation invents for what its reader adds.
INVENTED = re.compile(r'\b(foo|elu)(_\w+)?\.')
# What the head of a job says: how to run it, what came out, how long it took.
HEAD_KEYS = ('# command: ', '# result: ', '# time: ')

CPP_RULES = [
    # pattern, where it is allowed, what is wrong
    (r'\bdnnl(::|_)|#include "(oneapi/)?dnnl', 'core/onednn/', 'oneDNN belongs in core/onednn alone'),
    (r'\bstd::string_view\b|#include <string_view>', None, 'use absl::string_view'),
    (r'\bstd::(mt19937\w*|minstd_rand\w*|random_device|default_random_engine|rand)\b|[^\w:.>]s?rand\(', None,
     'randomness comes from core/random.h'),
    (r'\bthrow\b[^;"]*;', None, 'errors are absl::Status; broken invariants are CHECKs'),
    (r'\bassert\(', None, 'use CHECK'),
    (r'\busing namespace\b', None, 'name what is used'),
    (r'\b(TODO|FIXME|XXX|HACK)\b', None, 'finish it'),
]


def source_files(*suffixes):
    """Paths from the root, with '/', of the files whose names end in one of the suffixes."""
    found = []
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(f for f in folders if not f.startswith(('.', 'bazel-', '__')) and
                            os.path.join(folder, f) != os.path.join(ROOT, 'out'))
        found += [os.path.relpath(os.path.join(folder, f), ROOT) for f in sorted(files) if f.endswith(suffixes)]
    return found


def read(path):
    with open(os.path.join(ROOT, path), encoding='utf-8') as file:
        return file.read()


def without_comments(text):
    """C++ with its comments blanked, line numbers kept."""
    return re.sub(r'//[^\n]*|/\*.*?\*/', lambda match: re.sub(r'[^\n]', ' ', match.group()), text, flags=re.S)


def line_of(text, offset):
    return text.count('\n', 0, offset) + 1


def cpp_offences(path, text):
    code = without_comments(text)
    for pattern, allowed, message in CPP_RULES:
        if allowed and path.startswith(allowed):
            continue
        # The marks of unfinished work stand in comments; everything else is looked for in code.
        for match in re.finditer(pattern, text if 'TODO' in pattern else code):
            yield f'{path}:{line_of(text, match.start())}: {match.group().strip()}: {message}'


def include_offences(path, text):
    folder = path.split('/')[0]
    for match in re.finditer(r'^#include "(\w+)/', text, re.M):
        included = match.group(1)
        if folder in FOLDERS and included in FOLDERS and FOLDERS.index(included) > FOLDERS.index(folder):
            yield f'{path}:{line_of(text, match.start())}: {folder}/ stands below {included}/ and may not include it'


def header_offences(path, text):
    guard = 'ESPALIER_' + re.sub(r'\W', '_', path).upper() + '_'
    if not path.endswith('-inl.h') and f'#ifndef {guard}\n#define {guard}\n' not in text:
        yield f'{path}:1: expected the include guard {guard}'
    if not text.startswith('// '):
        yield f'{path}:1: a header opens with a comment that says what it is for'


def length_offences(path, text):
    lines = text.count('\n')
    if lines > MAX_LINES and path not in LONG_FILES:
        yield f'{path}:{lines}: over {MAX_LINES} lines: split it by idea'


def layout_offences(path, text):
    for number, line in enumerate(text.split('\n'), 1):
        if line != line.rstrip():
            yield f'{path}:{number}: blanks at the end of the line'
        if len(line) > 120 and not path.endswith(('.md', '.pbtxt')):
            yield f'{path}:{number}: {len(line)} columns, at most 120'
    if text and not text.endswith('\n'):
        yield f'{path}: no newline at the end'


def head_offences(path, text):
    head = re.match(r'(#[^\n]*\n)*', text).group()
    for key in HEAD_KEYS:
        if not re.search('^' + re.escape(key) + r'\S', head, re.M):
            yield f'{path}:1: the head lacks a line "{key}..."'


def link_offences(path, text):
    """Links and file names in backquotes must lead to files of this tree."""
    here = os.path.dirname(path)
    for match in re.finditer(r'\]\(([^)#:]+)(#[^)]*)?\)', text):
        if not os.path.exists(os.path.join(ROOT, here, match.group(1))):
            yield f'{path}:{line_of(text, match.start())}: the link {match.group(1)} leads nowhere'
    named_files = r'`((?:%s|configs|bazel)/[\w/.-]+\.(?:h|cc|proto|py|pbtxt|bzl))`' % '|'.join(FOLDERS)
    for match in re.finditer(named_files, text):
        if not os.path.exists(os.path.join(ROOT, match.group(1))) and not INVENTED.search(match.group(1)):
            yield f'{path}:{line_of(text, match.start())}: there is no {match.group(1)}'


class Lint(unittest.TestCase):
    def check(self, rule, paths):
        self.assertTrue(paths, 'no files: is the tree complete?')
        offences = [offence for path in paths for offence in rule(path, read(path))]
        if offences:
            self.fail('\n' + '\n'.join(offences))

    def test_cpp(self):
        self.check(cpp_offences, source_files('.cc', '.h'))

    def test_includes_point_downwards(self):
        self.check(include_offences, source_files('.cc', '.h'))

    def test_headers(self):
        self.check(header_offences, source_files('.h'))

    def test_length(self):
        self.check(length_offences, source_files('.cc', '.h', '.proto', '.py', '.bzl'))

    def test_layout(self):
        suffixes = ('.cc', '.h', '.proto', '.py', '.sh', '.bzl', 'BUILD', 'WORKSPACE', '.md', '.pbtxt')
        self.check(layout_offences, ['run', '.ci/run'] + source_files(*suffixes))

    def test_jobs_say_what_came_out(self):
        jobs = [path for path in source_files('.pbtxt') if os.path.dirname(path) == 'configs']
        self.check(head_offences, jobs)

    def test_links(self):
        self.check(link_offences, source_files('.md'))

    def test_readme_names_the_two_commands(self):
        for command in ('./run demo', './run test'):
            self.assertIn(command, read('README.md'))


class LintItself(unittest.TestCase):
    """Each rule sees what it is for, and lets the rest pass."""

    def test_cpp(self):
        for bad in ('dnnl::engine e;', 'dnnl_memory_t m;', '#include "oneapi/dnnl/dnnl.hpp"', 'std::string_view s;',
                    'std::mt19937 g;', 'int i = rand();', 'throw std::exception();', 'assert(x);', '// TODO: more'):
            self.assertEqual(len(list(cpp_offences('data/a.cc', bad))), 1, bad)
        for good in ('// as dnnl::engine does', 'absl::string_view s;', 'static_assert(x);', 'Operand(x);'):
            self.assertEqual(list(cpp_offences('data/a.cc', good)), [], good)
        self.assertEqual(list(cpp_offences('core/onednn/a.cc', 'dnnl::engine e;')), [])

    def test_includes(self):
        self.assertEqual(list(include_offences('trainer/a.cc', '#include "core/a.h"\n')), [])
        self.assertEqual(len(list(include_offences('core/a.cc', '\n#include "trainer/a.h"\n'))), 1)

    def test_head(self):
        self.assertEqual(list(head_offences('a', '# what\n# command: c\n# result: r\n# time: t\nname: "a"')), [])
        self.assertEqual(len(list(head_offences('a', 'name: "a"\n# command: c\n# result: \n'))), 3)

    def test_links(self):
        self.assertEqual(list(link_offences('docs/a.md', '[r](../README.md#x) `core/tensor.h` [w](http://x.org)')), [])
        self.assertEqual(len(list(link_offences('docs/a.md', '[r](README.md) `core/nothing.h`'))), 2)


if __name__ == '__main__':
    unittest.main()
