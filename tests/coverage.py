#!/usr/bin/env python3
"""coverage.py - what `make coverage` does: which lines, branches and conditions of tokenauth.h do the tests reach?

Each tests/test_*.c is built and run by gcc for lines and branches (gcov) and by clang for MC/DC; and in the other
two forms of the header what stands above >>store, where they differ, by the tests of that part alone. The forms
are judged apart, and everything must be reached, except what tests/coverage.txt lists with its reason. An entry
there that excuses nothing is an error, too. fake_cpu/cpuid.h shows the header processors that lack something;
one that lacks SHA or AVX2 itself cannot judge the default form.

From the environment: CC (gcc), CLANG (clang-19), LLVM_COV, LLVM_PROFDATA, JOBS (2), FORMS ("default plain small").
Needs gcc with gcov, clang 18 or later with its llvm tools, Python 3. Everything built goes into build/coverage.
"""
import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / 'build' / 'coverage'
HEADER = ROOT / 'tokenauth.h'
CC = os.environ.get('CC') or 'gcc'
if CC == 'cc':
    CC = 'gcc'
CLANG = os.environ.get('CLANG') or 'clang-19'
LLVM = CLANG.replace('clang', '')
LLVM_COV = os.environ.get('LLVM_COV') or 'llvm-cov' + LLVM
LLVM_PROFDATA = os.environ.get('LLVM_PROFDATA') or 'llvm-profdata' + LLVM
JOBS = int(os.environ.get('JOBS') or 2)
SWITCHES = {'default': [f'-I{ROOT}/tests/fake_cpu'], 'plain': ['-DTOKENAUTH_NO_INTRINSICS'], 'small': ['-DTOKENAUTH_SMALL']}
LOWER = ['base64url', 'bytes', 'hmac', 'json', 'json_writer', 'jwt', 'key', 'sha256']      # tests of all above >>store
FAKE_CPUS = {'test_base64url': '1234', 'test_sha256': '1234', 'test_json': '14'}
FORMS = (os.environ.get('FORMS') or 'default plain small').split()
TESTS = sorted((ROOT / 'tests').glob('test_*.c'), key=lambda t: -t.stat().st_size)


def tests_of(form):
    return [t for t in TESTS if form == 'default' or t.stem[5:] in LOWER]


def run(command, cwd, **more):
    done = subprocess.run([str(c) for c in command], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout.decode(errors='replace')[-3000:]}\ncoverage: 0 passed, 1 failed")
    return done.stdout


def run_unit(form, test, where, **more):
    """The test, and where the processor matters once more for each that lacks something."""
    for lack in ['0', *(FAKE_CPUS.get(test.stem, '') if form == 'default' else '')]:
        run([where / 'unit'], where, timeout=300, env={**os.environ, 'FAKE_CPU': lack, **more})


def unit(form, tool, test):
    """A directory for one test in one form, with a unit.c of the same name in all: so the tools can add them up."""
    where = OUT / tool / form / test.stem
    where.mkdir(parents=True, exist_ok=True)
    (where / 'unit.c').write_text(f'#include "{test}"\n')
    return where


# ---- gcov: lines and branches -----------------------------------------------------------------------

def gcov_one(form, test):
    where = unit(form, 'gcov', test)
    for old in [*where.glob('*.gcda'), *where.glob('*.gz')]:
        old.unlink()
    run([CC, '-std=c99', '-O0', '-w', '--coverage', '-fkeep-static-functions', *SWITCHES[form], 'unit.c', '-o', 'unit'], where)
    run_unit(form, test, where)
    run([CC.replace('gcc', 'gcov'), '--json-format', '--branch-probabilities', next(where.glob('*.gcda'))], where)
    with gzip.open(next(where.glob('*.gcov.json.gz'))) as f:
        return [one for one in json.load(f)['files'] if Path(where / one['file']).resolve() == HEADER]


def gcov(form, pool):
    """{line: times run}, {(line, function, number): times taken}, over all tests."""
    lines, branches = defaultdict(int), defaultdict(int)
    for files in pool.map(lambda t: gcov_one(form, t), tests_of(form)):
        for line in (line for one in files for line in one['lines']):
            lines[line['line_number']] += line['count']
            for i, branch in enumerate(line['branches']):
                branches[line['line_number'], line.get('function_name'), i] += branch['count']
    return lines, branches


# ---- clang: MC/DC ----------------------------------------------------------------------------------

def clang_one(form, test):
    where = unit(form, 'mcdc', test)
    run([CLANG, '-std=c99', '-O0', '-w', '-fprofile-instr-generate', '-fcoverage-mapping', '-fcoverage-mcdc', *SWITCHES[form],
         'unit.c', '-o', 'unit'], where)
    for old in where.glob('raw-*'):
        old.unlink()
    run_unit(form, test, where, LLVM_PROFILE_FILE=str(where / 'raw-%p'))
    return where


def mcdc(form, pool):
    """{(line, column): [for each condition: has a pair of tests shown that it decides?]}.
    The raw counts of all tests are added first, so the two tests of a pair may stand in two files."""
    units = list(pool.map(lambda t: clang_one(form, t), tests_of(form)))
    merged = OUT / 'mcdc' / form / 'all.profdata'
    run([LLVM_PROFDATA, 'merge', '-sparse', *(raw for u in units for raw in u.glob('raw-*')), '-o', merged], OUT)

    def export(where):
        text = subprocess.run([LLVM_COV, 'export', '--instr-profile', merged, where / 'unit'], cwd=where,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        return json.loads(text)['data'][0]['functions']

    decisions = {}
    for functions in pool.map(export, units):
        for function in functions:
            for record in function.get('mcdc_records', []):
                # line, column, end line, end column, [counts,] file, kind, conditions
                conditions = next(x for x in record if isinstance(x, list))
                if not function['filenames'][record[record.index(conditions) - 2]].endswith('/tokenauth.h'):
                    continue
                seen = decisions.setdefault((record[0], record[1]), [False] * len(conditions))
                for i, shown in enumerate(conditions):
                    seen[i] = seen[i] or shown
    return decisions


# ---- what is excused ------------------------------------------------------------------------------

class Excuses:
    """tests/coverage.txt: KIND FORM | text of the line | reason. KIND is line, branch or mcdc; FORM may be *."""

    def __init__(self, path):
        self.entries, self.used = [], set()
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if not text.strip() or text.startswith('#'):
                continue
            parts = [p.strip() for p in text.split(' | ')]
            if len(parts) != 3 or len(parts[0].split()) != 2 or not parts[2]:
                raise SystemExit(f'{path}:{number}: not "KIND FORM | line | reason"\ncoverage: 0 passed, 1 failed')
            self.entries.append((*parts[0].split(), parts[1], number))

    def cover(self, kind, form, text):
        hits = [e for e in self.entries if e[0] == kind and e[1] in ('*', form) and e[2] == text.strip()]
        self.used.update(hits)
        return bool(hits)

    def stale(self):
        return [e for e in self.entries if e not in self.used]


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    source = HEADER.read_text().splitlines()
    store = next(n for n, text in enumerate(source, 1) if text.startswith('   >>store       records as bytes'))
    if 'default' in FORMS and not {'sha_ni', 'avx2'} <= set(Path('/proc/cpuinfo').read_text().split()):
        raise SystemExit('this processor has no SHA or no AVX2: it cannot run all of the default form\n'
                         'coverage: 0 passed, 1 failed')
    excuses = Excuses(ROOT / 'tests' / 'coverage.txt')
    passed = failed = 0

    def judge(kind, form, all_of, missed):
        nonlocal passed, failed
        end = len(source) if form == 'default' else store
        total = sum(weight for n, weight in all_of if n < end)
        missed = [m for m in missed if m[0] < end]
        excused = [m for m in missed if excuses.cover(kind, form, source[m[0] - 1])]
        left = sorted(set(m for m in missed if m not in excused))
        rate = 100 * (total - len(missed)) / total if total else 0
        print(f'{form:8} {kind:7} {total - len(missed):5} of {total:5}  {rate:6.2f} %   excused {len(excused)}')
        for line, what in left:
            print(f'FAILED tokenauth.h:{line}: {what}: {source[line - 1].strip()}')
        passed += not left and total > 0
        failed += bool(left) or total == 0

    with ThreadPoolExecutor(JOBS) as pool:
        for form in FORMS:
            lines, branches = gcov(form, pool)
            judge('line', form, [(n, 1) for n in lines], [(n, 'never run') for n, c in lines.items() if c == 0])
            judge('branch', form, [(n, 1) for n, _, _ in branches], [(n, f'branch {i} never taken') for (n, _, i), c in branches.items() if c == 0])
            decisions = mcdc(form, pool)
            judge('mcdc', form, [(n, len(c)) for (n, _), c in decisions.items()],
                  [(n, f'condition {i + 1} of {len(c)} (column {col}) never decides')
                   for (n, col), c in decisions.items() for i, shown in enumerate(c) if not shown])
    if set(FORMS) == set(SWITCHES):
        for kind, form, text, number in excuses.stale():
            print(f'FAILED tests/coverage.txt:{number}: excuses nothing: {kind} {form} | {text}')
            failed += 1
    print(f'coverage: {passed} passed, {failed} failed')
    return 1 if failed else 0


sys.exit(main())
