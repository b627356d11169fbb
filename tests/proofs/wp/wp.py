#!/usr/bin/env python3
"""wp.py - merges the annotations of *.acsl into tokenauth.h and has Frama-C's WP prove them: see ../wp.sh"""
import collections
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
WORK = os.path.join(ROOT, 'build', 'proofs', 'wp')

# The plain C that is left where nothing is known of compiler and processor. To WP, memory of char and of
# uint8_t are two things unless char is unsigned, as it is on ARM; functions that do not need them to be
# one are also proved with the signed char of a PC.
Form = collections.namedtuple('Form', 'machine defines options')
FORMS = {
    'plain':  Form('unsigned_char', ['TOKENAUTH_NO_INTRINSICS'], []),
    'small':  Form('unsigned_char', ['TOKENAUTH_NO_INTRINSICS', 'TOKENAUTH_SMALL'], []),
    'signed': Form('x86_64', ['TOKENAUTH_NO_INTRINSICS'], []),
    'bits':   Form('unsigned_char', ['TOKENAUTH_NO_INTRINSICS'], ['-wp-auto', 'wp:bitshift,wp:bitrange']),
}
# A proof is found or given up after so many steps, which are the same on each machine, however busy.
STEPS = 60000
SECONDS = 60


# ---- annotations: what one .acsl file says about one function ----------------------------------------

class Section:
    def __init__(self, name, tags):
        self.name, self.tags = name, tags
        self.contract, self.loops, self.plants = [], [], []

    def plants_in(self, form):
        return [(old, new) for only, old, new in self.plants if only in ('', form)]

    def forms(self):
        return [f for f in FORMS if f in self.tags] or ['plain']


def read_sections(path):
    sections, target = [], None
    for line in open(path):
        line = line.rstrip()
        if line.startswith('#') or not line:
            continue
        if line.startswith('== '):
            name, *tags = line[3:].split()
            sections.append(Section(name, tags))
            target = sections[-1].contract
        elif line.startswith('-- at '):
            target = []
            sections[-1].loops.append((line[6:].strip(), target))
        elif line.startswith('-- plant'):
            form, change = line[8:].split(' ', 1)       # "-- plant old ==> new", or "-- plant:small ..."
            sections[-1].plants.append((form.strip(':'), *[t.strip() for t in change.split(' ==> ')]))
            target = None
        else:
            target.append(line)
    return sections


# ---- the header with them in it ----------------------------------------------------------------------

class Mismatch(Exception):
    """The annotations do not fit the code, or Frama-C does not take them."""


def definitions(lines, name, trusted):
    """(first, last) of each definition of the function, as indices into lines."""
    head = re.compile(r'[A-Za-z][^(]*\b' + name + r'\(')
    for first, line in enumerate(lines):
        if not head.match(line):
            continue
        brace = first
        while not re.search('[{;]', lines[brace]):
            brace += 1
        if '{' not in lines[brace].split(';')[0]:       # a prototype
            if trusted: yield first, first
            continue
        last = brace
        while lines[brace][-1] != '}' and lines[last] != '}':
            last += 1
        yield first, last


def only_line(lines, body, what, fits, name):
    at = [i for i in body if fits(i)]
    if len(at) != 1:
        raise Mismatch(f'{name}: "{what}" is on {len(at)} lines of it, not on one')
    return at[0]


def stands_at(lines, i, anchor):        # "line", or "line -> line" for two that follow each other
    return [line.strip() for line in lines[i:i + 1 + anchor.count(' -> ')]] == anchor.split(' -> ')


def as_comment(text):
    return '/*@ ' + '\n    '.join(text) + ' */'


def merge(lines, sections, form, plant):
    """The lines of the header with all annotations; in each function its plant number `plant`, if any."""
    before = collections.defaultdict(list)
    lines = list(lines)
    for s in sections:
        if s.name == 'global': continue
        spans = list(definitions(lines, s.name, 'trusted' in s.tags))
        body = [i for first, last in spans for i in range(first, last + 1)]
        if not spans:
            raise Mismatch(f'{s.name}: no such function')
        for first, _ in spans:
            before[first].append(as_comment(s.contract))
        for anchor, text in s.loops:
            at = only_line(lines, body, anchor, lambda i: stands_at(lines, i, anchor), s.name)
            before[at].append(as_comment(text))
        for old, new in s.plants_in(form)[plant:plant + 1] if plant is not None else []:
            at = only_line(lines, body, old, lambda i: lines[i].count(old) == 1, s.name)
            lines[at] = lines[at].replace(old, new)
    first = min(before)
    before[first][:0] = [as_comment(s.contract) for s in sections if s.name == 'global']
    return [out for i, line in enumerate(lines) for out in before[i] + [line]]


# ---- one run of Frama-C ------------------------------------------------------------------------------

Goal = collections.namedtuple('Goal', 'name proved seconds steps')


def run(form, sections, text, label):
    """Each function's goals. What Frama-C says is kept in build/proofs/wp."""
    names = [s.name for s in sections]
    work = tempfile.mkdtemp(prefix=f'{form}-{label}-', dir=WORK)
    source = os.path.join(work, 'tokenauth.c')
    with open(source, 'w') as f:
        f.write('#define TOKENAUTH_IMPLEMENTATION\n')
        f.writelines(f'#define {d}\n' for d in FORMS[form].defines)
        f.write('\n'.join(text))
    command = ['frama-c', '-load-module', os.path.join(WORK, 'machine.cmxs'), '-machdep', FORMS[form].machine,
               '-cpp-extra-args=-D__FC_MACHDEP_X86_64 -U__GNUC__ -ffreestanding', source,
               '-wp', '-wp-rte', '-wp-fct', ','.join(names), '-wp-no-warn-memory-model',
               *FORMS[form].options, '-wp-prover', 'cvc4', '-wp-steps', str(STEPS),
               '-wp-timeout', str(SECONDS), '-wp-par', '1', '-wp-cache', 'none', '-wp-session', os.path.join(work, 'session')]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    with open(os.path.join(work, 'frama-c.log'), 'w') as f:
        f.write(out)
    if '[wp] Proved goals:' not in out:
        raise Mismatch('Frama-C did not come through:\n' + out[-2000:])
    return read_goals(out, names), out


def milliseconds(text):
    return sum(float(n) * {'ms': 1, 's': 1000, "'": 60000}[unit]
               for n, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|s|')", text))


def build_machine():
    copy = os.path.join(WORK, 'machine.ml')
    shutil.copy(os.path.join(HERE, 'machine.ml'), copy)
    subprocess.run(['ocamlopt', '-shared', '-w', '-a', '-I', '/usr/lib/frama-c', copy,
                    '-o', copy[:-2] + 'cmxs'], check=True)


def read_goals(out, names):
    goals = {name: [] for name in names}
    by_length = sorted(names, key=len, reverse=True)    # tai_string_rest before tai_string
    found = re.findall(r'^\[wp\] \[[^]]*\] Goal typed_(\S+)(?: : (.*))?$', out, re.M)
    scheduled = re.search(r'^\[wp\] (\d+) goals? scheduled$', out, re.M)
    if not scheduled or len(found) != int(scheduled.group(1)):
        raise Mismatch(f'{len(found)} goals in what Frama-C said, which is\n' + out[-2000:])
    for goal, result in found:
        owner = next(n for n in by_length if goal.startswith(n + '_'))
        steps = re.findall(r'\((\d+)\)$', result)
        goals[owner].append(Goal(goal[len(owner) + 1:], result.startswith('Valid'),
                                 milliseconds(result) / 1000, int(steps[0]) if steps else 0))
    return goals


# ---- the report --------------------------------------------------------------------------------------

def complaints(out):
    """Anything that would make a proof mean less than it seems to."""
    return [line for line in out.split('\n')
            if 'Error' in line or (line.startswith('[wp') and 'Warning' in line)]


def prove(form, sections, lines, every):
    """Each function as it is: nothing may stay unproved."""
    goals, out = run(form, sections, merge(lines, every, form, None), 'proof')
    for line in complaints(out):
        yield False, line
    for s in sections:
        mine = goals[s.name]
        bad = [g.name for g in mine if not g.proved]
        yield bool(mine) and not bad, '%-6s %-24s %3d of %3d goals, %4.1f s, at most %d steps %s' % (
            form, s.name, len(mine) - len(bad), len(mine), sum(g.seconds for g in mine),
            max([g.steps for g in mine], default=0), ' '.join(bad))


def plant(form, sections, lines, every, k):
    """Each function with its bug number k: something must stay unproved."""
    goals, _ = run(form, sections, merge(lines, every, form, k), f'plant{k + 1}')
    for s in sections:
        bad = [g.name for g in goals[s.name] if not g.proved]
        yield bool(bad), '%-6s %-24s %s ==> %s: %s' % (form, s.name, *s.plants_in(form)[k],
                                                      'noticed by ' + ' '.join(bad) if bad else 'NOT NOTICED')


def jobs_for(path, lines, every, patterns):
    for form in FORMS:
        wanted = [s for s in read_sections(path) if form in s.forms() and
                  'trusted' not in s.tags and s.name != 'global' and
                  (not patterns or any(re.search(p, s.name) for p in patterns))]
        if wanted:
            yield lambda form=form, wanted=wanted: list(prove(form, wanted, lines, every))
        if form == 'signed' or os.environ.get('PLANTS') == 'no':
            continue                    # these are planted in the plain form
        for k in range(max([len(s.plants_in(form)) for s in wanted], default=0)):
            planted = [s for s in wanted if len(s.plants_in(form)) > k]
            yield lambda form=form, planted=planted, k=k: list(plant(form, planted, lines, every, k))
        for s in wanted:
            if not s.plants_in(form):
                yield lambda s=s: [(False, f'{s.name} has no bug to plant')]


def main(patterns):
    paths = sorted(glob.glob(os.path.join(HERE, '*.acsl')))
    every = [s for path in paths for s in read_sections(path)]
    lines = open(os.path.join(ROOT, 'tokenauth.h')).read().split('\n')
    for form in FORMS:
        merge(lines, every, form, None)                 # does everything fit? Said at once, not after minutes
    build_machine()
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get('JOBS') or 2)) as pool:
        jobs = [job for path in paths for job in jobs_for(path, lines, every, patterns)]
        for done in concurrent.futures.as_completed([pool.submit(job) for job in jobs]):
            for good, line in done.result():
                passed += good
                failed += not good
                print(('  ' if good else 'FAILED ') + line, flush=True)
    print(f'wp: {passed} passed, {failed} failed')
    return failed != 0 or passed == 0


if __name__ == '__main__':
    try:
        sys.exit(main(sys.argv[1:]))
    except Mismatch as e:
        print('FAILED', e, '\nwp: 0 passed, 1 failed')
        sys.exit(1)
