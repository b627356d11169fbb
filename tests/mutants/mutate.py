#!/usr/bin/env python3
"""mutate.py - do the tests notice? tokenauth.h is changed in one place at a time, and the tests of that
section must fail. What `make mutants` runs.

A change is one token: an operator, a constant, a condition (always, never), a statement left out, another
return value, two arguments swapped. The mutant is compiled with tcc, the hash coming from an object that
the system's compiler made (it would take most of the time), and each test ends at its first failure.

Survivors must stand in equivalent.txt, with the reason why no test can tell them from the original. An
entry that fits no mutant any more is stale, and a failure.

From the environment:
  SECTIONS  "auth table": only these              (default: all that are mapped below)
  SAMPLE    n: the n mutants whose text hashes lowest; an edit elsewhere does not change the choice
  PART      i/n: every n-th, beginning with the i-th; all parts together are the whole
  JOBS      default 2
  SCORE     percent of the mutants that must be noticed or listed (default 98)
Each survivor that is not listed is printed; "failed" counts stale entries, and 1 for a score too low."""

import bisect
import hashlib
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
HEADER = os.path.join(ROOT, 'tokenauth.h')
BUILD = os.path.join(ROOT, 'build', 'mutants')

# The tests of a section, the quickest to notice first.
TESTS = {
    'bytes': ['bytes', 'base64url', 'hmac', 'store', 'json'],
    'base64url': ['base64url', 'key', 'jwt'], 'hmac': ['hmac', 'key', 'wiped'],
    'json': ['json', 'json_writer', 'jwt'], 'key': ['key', 'wiped'], 'jwt': ['jwt', 'json_writer', 'wiped'],
    'store': ['store', 'table'], 'table': ['table', 'session'], 'deny': ['deny'],
    'auth': ['session', 'auth', 'wiped'], 'web': ['web', 'auth'],
}
WALL_S = 120            # a test that takes longer, or TIMES its usual processor time, has noticed: it does not end
TIMES = 4

# ---- reading C -----------------------------------------------------------------------------------

TOKEN = re.compile(r'''
    (?P<skip>/\*.*?\*/ | //[^\n]* | ^[ \t]*\#(?:\\\n|[^\n])* | "(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])+')
  | (?P<number>\b0[xX][0-9a-fA-F]+[uUlL]*\b | \b\d+[uUlL]*\b)
  | (?P<word>\b[A-Za-z_]\w*\b)
  | (?P<op><<=|>>=|<<|>>|[-+*/%&|^]=|[=!<>]=|&&|\|\||\+\+|--|->|[-+*/%&|^<>!=?:;,(){}\[\].~])
''', re.S | re.M | re.X)

SWAPS = {
    '==': ['!='], '!=': ['=='], '<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'],
    '&&': ['||'], '||': ['&&'], '+': ['-'], '-': ['+'], '/': ['*'], '%': ['/'], '<<': ['>>'], '>>': ['<<'],
    '|': ['&'], '^': ['|'], '+=': ['-='], '-=': ['+='], '|=': ['&='], '&=': ['|='], '++': ['--'],
    '--': ['++'], '!': [''],
}
TYPES = {'int', 'char', 'unsigned', 'const', 'void', 'bool', 'size_t', 'static', 'struct', 'enum', 'volatile'}


class Token:
    def __init__(self, kind, text, start, end):
        self.kind, self.text, self.start, self.end = kind, text, start, end


def tokens_of(source, start):
    out = []
    for m in TOKEN.finditer(source, start):
        if m.lastgroup != 'skip':
            out.append(Token(m.lastgroup, m.group(0), m.start(), m.end()))
    return out


def partners(toks):
    """For each bracket the index of the other one."""
    stack, other = [], {}
    for i, t in enumerate(toks):
        if t.text in '([{' and t.kind == 'op':
            stack.append(i)
        elif t.text in ')]}' and t.kind == 'op' and stack:
            other[i] = stack.pop()
            other[other[i]] = i
    return other


def returns_of(toks, other):
    """For each token inside a function, what the function returns."""
    out, i = {}, 0
    while i < len(toks):
        if toks[i].text == '{' and i > 0 and toks[i - 1].text == ')':
            name = other[i - 1] - 1
            kind = toks[name - 1].text if name > 0 else ''
            for k in range(i + 1, other[i]):
                out[k] = kind
            i = other[i]
        i += 1
    return out


# ---- mutants --------------------------------------------------------------------------------------


class Mutant:
    """One change: source[start:end] becomes `new`."""
    def __init__(self, function, source, start, end, new):
        self.function = function
        self.start, self.end, self.new = start, end, new
        self.line = source.count('\n', 0, start) + 1
        begin = source.rfind('\n', 0, start) + 1
        stop = source.find('\n', end)
        self.before = ' '.join(source[begin:stop].split())
        self.after = ' '.join((source[begin:start] + new + source[end:stop]).split())
        self.twin = 0                   # the same change of the same text elsewhere

    def text(self):
        return self.before + ' => ' + self.after

    def names(self):
        """What it is called in equivalent.txt: wherever that text stands, or in this function alone."""
        return {self.text(), f'{self.function}: {self.text()}'}

    def rank(self):
        return hashlib.sha256(f'{self.text()} {self.twin}'.encode()).hexdigest()


def is_binary(toks, i):
    """Is this + - & * between two values?"""
    before = toks[i - 1]
    return before.kind in ('number', 'char') or before.text in (')', ']') or (
        before.kind == 'word' and before.text not in TYPES | {'return', 'case', 'sizeof'}
        and not before.text.endswith('_t'))


def is_noise(toks, i):
    """The n of `sizeof x[n]`: another element is just as big."""
    return i >= 3 and toks[i - 1].text == '[' and toks[i - 3].text == 'sizeof'


def is_declaration(toks, i):
    """Does the statement that token i stands in begin with a type?"""
    while i > 0 and toks[i - 1].text not in (';', '{', '}'):
        i -= 1
    return (toks[i].text in TYPES or toks[i].text.endswith('_t')
            or toks[i].text.startswith('ta') and toks[i + 1].kind == 'word')


def of_token(toks, i):
    t = toks[i]
    if t.kind == 'number' and not is_noise(toks, i):
        digits = re.match(r'0[xX][0-9a-fA-F]+|\d+', t.text).group(0)
        value, tail = int(digits, 0) if digits != '0' else 0, t.text[len(digits):]
        roomier = toks[i - 1].text == '[' and is_declaration(toks, i)   # an array longer than it must be
        for v in (value + 1, value - 1):
            if v >= 0 and not (roomier and v > value):
                yield t.start, t.end, str(v) + tail
    elif t.kind == 'op' and t.text in SWAPS:
        if t.text in ('+', '-', '&', '*') and not is_binary(toks, i):
            return
        if t.text == '&' and not is_binary(toks, i):
            return
        for new in SWAPS[t.text]:
            yield t.start, t.end, new
    elif t.kind == 'word' and t.text in ('true', 'false'):
        yield t.start, t.end, 'false' if t.text == 'true' else 'true'


def of_condition(toks, other, i):
    if toks[i].text not in ('if', 'while') or toks[i + 1].text != '(':
        return
    a, b = toks[i + 1].end, toks[other[i + 1]].start
    yield a, a, '0 && '                 # a && b || c is then still wrong enough
    if toks[i].text == 'if':
        yield a, a, '1 || '


def of_return(source, toks, i, kind):
    if toks[i].text != 'return' or toks[i + 1].text == ';':
        return
    end = i
    while toks[end].text != ';':
        end += 1
    a, b = toks[i + 1].start, toks[end].start
    value = source[a:b]
    if kind == 'bool':
        yield a, b, f'!({value})'
    elif kind == 'ta_status':
        yield a, b, 'TA_ERR_ARGUMENT' if value == 'TA_OK' else 'TA_OK'


def of_statement(source, toks, other, i):
    """A call or an assignment that is a statement is left out."""
    if toks[i - 1].text not in (';', '{', '}', ')'):
        return
    if toks[i].kind != 'word' and toks[i].text not in ('*', '(', '++', '--'):
        return
    if toks[i - 1].text == ')' and toks[other[i - 1] - 1].text not in ('if', 'while', 'for'):
        return
    if toks[i].text in TYPES | {'return', 'if', 'while', 'for', 'do', 'switch', 'case', 'default', 'break',
                                'continue', 'else', 'goto', 'typedef'} or toks[i].text.endswith('_t'):
        return
    if toks[i].kind == 'word' and (toks[i + 1].kind == 'word'
                                   or toks[i].text.startswith('ta') and toks[i + 1].text == '*'):
        return                          # a declaration
    end = i
    while toks[end].text != ';':
        if toks[end].text in ('{', '}'):
            return
        end = other[end] if toks[end].text in ('(', '[') else end + 1
    yield toks[i].start, toks[end].start, ''


def is_symmetric(toks, other, i):
    """Whether two are equal does not depend on their order."""
    return toks[i].text == 'ta_equal' or (
        toks[i].text == 'memcmp' and toks[other[i + 1] + 1].text in ('==', '!='))


def of_arguments(source, toks, other, i):
    """The first two arguments of a call, when both are one word or number."""
    if toks[i].kind != 'word' or toks[i].text in ('if', 'while', 'for', 'switch', 'sizeof', 'return'):
        return
    if toks[i + 1].text == '(' and toks[i + 3].text == ',' and toks[i + 5].text in (',', ')'):
        a, b = toks[i + 2], toks[i + 4]
        if (a.kind in ('word', 'number') and b.kind in ('word', 'number') and a.text != b.text
                and not is_symmetric(toks, other, i)):
            yield a.start, b.end, f'{b.text}, {a.text}'


def sections_of(source):
    start = source.index('#if defined(TOKENAUTH_IMPLEMENTATION)')
    marks = [(m.start(), m.group(1)) for m in re.finditer(r'^   >>(\w+)', source[start:], re.M)]
    for n, (at, name) in enumerate(marks):
        end = marks[n + 1][0] if n + 1 < len(marks) else source.index('/* ====', start + at + 10)
        yield name, start + at, start + end


def active_lines(source):
    """The lines of the header that are compiled here, by the compiler's own line marks."""
    text = subprocess.run(['cc', '-E', '-x', 'c', '-DTOKENAUTH_IMPLEMENTATION', '-DTOKENAUTH_STATIC',
                           *FLAGS, HEADER], check=True, capture_output=True, text=True).stdout
    lines, here, n = set(), False, 0
    for row in text.split('\n'):
        mark = re.match(r'# (\d+) "(.*?)"', row)
        if mark:
            here, n = mark.group(2) == HEADER, int(mark.group(1))
        else:
            if here and row.strip():
                lines.add(n)
            n += 1
    return lines


FUNCTION = re.compile(r'^[A-Za-z][^\n;=]*?\b(ta\w+)\(', re.M)     # the first line of a definition


def functions_of(source):
    """Where each begins, and its name."""
    return [(m.start(), m.group(1)) for m in FUNCTION.finditer(source)]


def function_at(functions, place):
    return functions[bisect.bisect(functions, (place,)) - 1][1]


def mutants_of(source):
    """All of them, as (section, mutant)."""
    active, functions, seen, out = active_lines(source), functions_of(source), {}, []
    for section, begin, end in sections_of(source):
        if section not in TESTS:
            continue
        comment_end = source.index('*/', begin) + 2     # the banner is not code
        toks = [t for t in tokens_of(source, comment_end) if t.start < end]
        other = partners(toks)
        inside = returns_of(toks, other)
        for i in sorted(inside):
            if i + 6 >= len(toks):
                continue
            for change in [*of_token(toks, i), *of_condition(toks, other, i),
                           *of_return(source, toks, i, inside[i]), *of_statement(source, toks, other, i),
                           *of_arguments(source, toks, other, i)]:
                m = Mutant(function_at(functions, toks[i].start), source, *change)
                if m.line not in active or 'TA_ASSERT' in m.before or m.before == m.after:
                    continue
                m.twin = seen.get(m.text(), 0)
                seen[m.text()] = m.twin + 1
                out.append((section, m))
    return out


# ---- one mutant -----------------------------------------------------------------------------------

FLAGS = ['-DTOKENAUTH_NO_INTRINSICS', '-DTOKENAUTH_SHA256_COMPRESS(s,i,n)=mutants_compress(s,i,n)',
         '-include', os.path.join(HERE, 'compress.h')]


FAST = ['tcc']
CAREFUL = ['cc', '-O0', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']


def build(directory, test, compiler):
    exe = os.path.join(directory, test)
    file = test if test == 'wiped' else 'test_' + test
    done = subprocess.run([*compiler, '-std=c99', '-w', *FLAGS, '-DCHECK_STOP', '-o', exe,
                           os.path.join(directory, 'tests', file + '.c'),
                           os.path.join(BUILD, 'compress.o')], capture_output=True)
    return exe if done.returncode == 0 else None


def notices(exe, cpu_s=WALL_S):
    try:
        return subprocess.run(['sh', '-c', f'ulimit -t {cpu_s}; exec "$0"', exe], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=WALL_S, cwd=ROOT).returncode != 0
    except subprocess.TimeoutExpired:
        return True


def usual_seconds(exe):
    """Processor time of a test that passes; None if it does not."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if notices(exe):
        return None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def judge(source, known, limits, section, m):
    """'killed', 'killed by a sanitizer', 'no C', 'equivalent' (it survived, and is listed) or 'survived'."""
    with tempfile.TemporaryDirectory(dir=BUILD) as directory:
        os.mkdir(os.path.join(directory, 'tests'))
        for name in os.listdir(os.path.join(ROOT, 'tests')):
            if name.endswith(('.c', '.h')):
                os.symlink(os.path.join(ROOT, 'tests', name), os.path.join(directory, 'tests', name))
        with open(os.path.join(directory, 'tokenauth.h'), 'w') as f:
            f.write(source[:m.start] + m.new + source[m.end:])
        for compiler, verdict in ((FAST, 'killed'), (CAREFUL, 'killed by a sanitizer')):
            for test in TESTS[section]:
                if (compiler[0], test) not in limits:
                    continue
                exe = build(directory, test, compiler)
                if exe is None:
                    return 'no C'
                if notices(exe, limits[compiler[0], test]):
                    return verdict
            if not m.names().isdisjoint(known):
                return 'equivalent'
    return 'survived'


# ---- the list of those that no test can tell ----------------------------------------------------------

def listed():
    """equivalent.txt: a reason on a line of its own beginning with #, then the mutants it is for."""
    out, reason = {}, ''
    path = os.path.join(HERE, 'equivalent.txt')
    for line in open(path, encoding='utf-8') if os.path.exists(path) else []:
        line = line.rstrip('\n')
        if line.startswith('#'):
            reason = line
        elif ' => ' in line:
            if len(reason) < 10:
                sys.exit(f'equivalent.txt: no reason before {line}')
            out[line] = reason
    return out


def choose(all_of_them):
    sections = os.environ.get('SECTIONS', '').split()
    chosen = [x for x in all_of_them if not sections or x[0] in sections]
    sample, part = os.environ.get('SAMPLE'), os.environ.get('PART')
    if sample:
        chosen = sorted(chosen, key=lambda x: x[1].rank())[:int(sample)]
    if part:
        i, n = map(int, part.split('/'))
        chosen = chosen[i - 1::n]
    return chosen


def prepare():
    os.makedirs(BUILD, exist_ok=True)
    subprocess.run(['cc', '-O2', '-w', '-I', ROOT, '-c', '-o', os.path.join(BUILD, 'compress.o'),
                    os.path.join(HERE, 'compress.c')], check=True)


def limits_of(tests):
    """({(compiler, test): seconds of processor time it may take}, a test that fails as it is or None)"""
    limits = {}
    with tempfile.TemporaryDirectory(dir=BUILD) as d:
        os.symlink(os.path.join(ROOT, 'tests'), os.path.join(d, 'tests'))
        os.symlink(HEADER, os.path.join(d, 'tokenauth.h'))
        for test in sorted(tests):
            for compiler in (FAST, CAREFUL):
                if (compiler, test) == (CAREFUL, 'wiped'):      # sanitizers keep variables elsewhere
                    continue
                exe = build(d, test, compiler)
                usual = usual_seconds(exe) if exe else None
                if usual is None:
                    return limits, test
                limits[compiler[0], test] = int(TIMES * usual) + 2
    return limits, None


def main():
    prepare()
    source = open(HEADER, encoding='utf-8').read()
    everything = mutants_of(source)
    texts = {name for _, m in everything for name in m.names()}
    known = listed()
    stale = [t for t in known if t not in texts]
    for t in stale:
        print(f'FAILED stale entry of equivalent.txt: {t}')

    chosen, start, counts = choose(everything), time.time(), {}
    limits, broken = limits_of({t for s, _ in chosen for t in TESTS[s]})
    if broken:
        print(f'FAILED tests/test_{broken}.c fails without any mutation')
        print('mutants: 0 passed, 1 failed')
        return 1
    with ThreadPoolExecutor(int(os.environ.get('JOBS') or 2)) as pool:
        for (section, m), verdict in zip(chosen, pool.map(lambda x: judge(source, known, limits, *x), chosen)):
            counts[verdict] = counts.get(verdict, 0) + 1
            if verdict == 'survived':
                print(f'survived: {section}: line {m.line}: {m.text()}', flush=True)
    bad = counts.get('survived', 0)
    good = len(chosen) - bad - counts.get('no C', 0)
    score = 100 * good / max(1, good + bad)
    least = float(os.environ.get('SCORE') or 98)
    took = time.time() - start
    print(f'{len(everything)} mutants, {len(chosen)} tried in {took:.0f} s: {counts}; {score:.1f} %')
    failed = len(stale) + (score < least) + (not chosen)
    if score < least:
        print(f'FAILED the tests notice {score:.1f} %, not {least:.0f} %')
    print(f'mutants: {good} passed, {failed} failed')
    return 1 if failed else 0


sys.exit(main())
