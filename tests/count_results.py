#!/usr/bin/env python3
"""Counts test cases over one `bazel test`, from the events that Bazel wrote and the reports that they name.

usage: count_results.py EVENTS      (EVENTS: what --build_event_json_file wrote)
Prints the skipped and failed cases, then `N passed, N failed, N skipped`. A test program that was not built, did not
finish or left no report counts as one failed case. Exits with 1 unless all passed and there were some.
"""
import json
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree


def report_cases(path):
    """(name, 'passed' | 'failed' | 'skipped') of each case in a JUnit-style report; none if it cannot be read."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError):
        return []
    cases = []
    for case in root.iter('testcase'):
        if case.get('status') == 'notrun':
            continue
        skipped = case.find('skipped') is not None or case.get('result') == 'skipped'
        failed = case.find('failure') is not None or case.find('error') is not None
        name = f'{case.get("classname") or ""}.{case.get("name")}'
        cases.append((name, 'failed' if failed else 'skipped' if skipped else 'passed'))
    return cases


def count(events):
    """Cases of all test programs that the events name, as (name, result)."""
    expected, results = set(), {}
    for line in events:
        event = json.loads(line)
        identity = event.get('id', {})
        if 'testSize' in event.get('configured', {}):
            expected.add(identity['targetConfigured']['label'])
        if 'testResult' in event:
            label, result = identity['testResult']['label'], event['testResult']
            reports = [output['uri'] for output in result.get('testActionOutput', []) if output['name'] == 'test.xml']
            cases = [case for uri in reports for case in report_cases(urllib.parse.urlparse(uri).path)]
            passed = result.get('status') in ('PASSED', 'FLAKY')
            if not cases or (not passed and not any(state == 'failed' for _, state in cases)):
                cases.append((f'the program ({result.get("status")})', 'passed' if passed else 'failed'))
            # Of several attempts the last one counts.
            results[label] = cases
    cases = [(f'{label} {name}', state) for label, found in sorted(results.items()) for name, state in found]
    return cases + [(f'{label} (not built)', 'failed') for label in sorted(expected - set(results))]


def main():
    with open(sys.argv[1], encoding='utf-8') as events:
        cases = count(events)
    numbers = {wanted: sum(state == wanted for _, state in cases) for wanted in ('passed', 'failed', 'skipped')}
    for wanted in ('skipped', 'failed'):
        for name, state in cases:
            if state == wanted:
                print(f'{wanted}: {name}')
    print(', '.join(f'{number} {state}' for state, number in numbers.items()))
    return 1 if numbers['failed'] or not numbers['passed'] else 0


if __name__ == '__main__':
    sys.exit(main())
