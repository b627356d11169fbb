"""prove.py - runs the proofs of proofs.ini with CBMC, then each again with a bug of plants.txt built in.

A proof passes when every property of it holds, and every `reached` of it fails: the places where something
was shown can be got to at all. A planted bug passes when some property fails, other than an unwinding
assertion. And each public function of the header is named: in a proof, or with a reason in the exceptions.

From the environment: JOBS, LONG, PROOF, PLANTS (see tests/proofs.sh --help), PROOFS_ROOT (see run.sh).
Ends with "cbmc: N passed, N failed".
"""
import concurrent.futures
import configparser
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PLANT = os.path.join(HERE, '../../protocol/plant.awk')
HEADER = os.path.join(HERE, '../../../tokenauth.h')
ROOT = os.environ.get('PROOFS_ROOT', '')
LONG = os.environ.get('LONG', '') not in ('', '0', 'no')
MEMORY = 10 << 30
SECONDS = int(os.environ.get('LIMIT') or (3600 if LONG else 300))       # of processor time, for one run

MODELS = {
    'plain': '-DMODEL_INT=4 -DTOKENAUTH_NO_INTRINSICS',
    'small': '-DMODEL_INT=4 -DTOKENAUTH_SMALL',
    'int16': '--16 -DMODEL_INT=2 -DTOKENAUTH_SMALL',
    'be32':  '--32 --big-endian -DMODEL_INT=4 -DMODEL_BIG_ENDIAN -DTOKENAUTH_NO_INTRINSICS',
}
ALL_MODELS = tuple(MODELS)
if os.environ.get('MODEL'):
    MODELS = {name: MODELS[name] for name in os.environ['MODEL'].split()}
CHECKS = ('--bounds-check --pointer-check --pointer-overflow-check --pointer-primitive-check '
          '--signed-overflow-check --undefined-shift-check --div-by-zero-check --unwinding-assertions '
          '--drop-unused-functions --slice-formula --object-bits 10').split()


def words(text):
    return text.split()


class Proof:
    def __init__(self, name, section, loops):
        self.name = name
        self.file, self.entry = words(section['entry'])
        self.proves = words(section.get('proves', ''))
        self.models = words(section.get('models', 'plain int16'))
        if LONG:
            self.models = words(section.get('exists', ' '.join(ALL_MODELS)))
        self.seams = words(section.get('contracts', ''))
        self.flags = words(section.get('flags', ''))
        self.checks = words(section.get('checks', ''))
        self.bounds = dict(pair.split('=') for pair in words(section.get('bounds', '')))
        if LONG:
            self.bounds.update(pair.split('=') for pair in words(section.get('long', '')))
        self.unwind = [part.split(':') for part in loops + words(section.get('unwind', ''))]
        self.says = section['says'].replace('\n', ' ')

    def loops(self, known):
        """--unwindset for those of this proof's loops that the model has; `all` is what the others get."""
        bound = {loop: str(eval(times, {}, {k: int(v) for k, v in self.bounds.items()}))
                 for loop, times in self.unwind}
        options = ['--unwind', bound.pop('all')] if 'all' in bound else []
        pairs = [f'{loop}:{times}' for loop, times in bound.items() if loop in known]
        return options + (['--unwindset', ','.join(pairs)] if pairs else [])


class Workshop:
    """The directory the runs happen in: the sources, and a copy of the header for each plant and seam."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix='proofs-', dir=os.path.join(ROOT, 'tmp') if ROOT else None)
        os.chmod(self.dir, 0o755)
        self.inside = self.dir[len(ROOT.rstrip('/')):] if ROOT else self.dir
        self.running = ['chroot', ROOT, 'env', '-i', 'PATH=/usr/bin:/bin'] if ROOT else []
        shutil.copytree(HERE, self.dir, dirs_exist_ok=True)

    def header(self, name, seams, plant=None):
        """tokenauth.h with the calls of the seams going to contract_...; with a bug in it, if asked."""
        place = os.path.join(self.dir, name)
        os.mkdir(place)
        text = open(HEADER).read()
        if plant is not None:
            done = subprocess.run(['awk', '-v', f'N={plant}', '-v', f'PLANTS={HERE}/plants.txt', '-f', PLANT,
                                   HEADER], capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(done.stderr.strip())
            text = done.stdout
        for seam in seams:                              # a definition's name stands before any bracket
            calls, n = 0, 1
            while n > 0:                                # a line may have several
                text, n = re.subn(rf'(?m)^( .*?|\w.*?\(.*?)\b{seam}\(', rf'\1contract_{seam}(', text)
                calls += n
            if calls == 0:
                raise RuntimeError(f'the header has no call of {seam}')
        with open(os.path.join(place, 'tokenauth.h'), 'w') as out:
            out.write(text)
        return os.path.join(self.inside, name)

    def cbmc(self, arguments):
        """Its exit status, what it said, and the processor time it took."""
        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        with tempfile.TemporaryFile() as out:
            started = subprocess.Popen(self.running + ['cbmc'] + arguments, stdout=out,
                                       stderr=subprocess.STDOUT, preexec_fn=limit)
            _, status, used = os.wait4(started.pid, 0)
            started.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            return started.returncode, out.read().decode(errors='replace'), used.ru_utime + used.ru_stime


def arguments_of(shop, proof, model, include, planted):
    common = ['--function', proof.entry, '-I' + include, '-I' + shop.inside]
    common += words(MODELS[model]) + proof.flags
    if model in ('int16', 'be32'):
        common.append(f'-I{shop.inside}/inc')
    common += [f'-D{key}={value}' for key, value in proof.bounds.items()]
    if planted:
        common.append('-DPLANTED')
    return common + [os.path.join(shop.inside, proof.file)]


def run(shop, proof, model, plant=None):
    """One run of CBMC: (what is wrong or None, properties, seconds of processor time)."""
    try:
        name = f'{proof.name}-{model}' + (f'-{plant}' if plant is not None else '')
        common = arguments_of(shop, proof, model, shop.header(name, proof.seams, plant), plant is not None)
    except RuntimeError as error:
        return str(error), 0, 0
    _, said, before = shop.cbmc(['--drop-unused-functions', '--show-loops'] + common)
    known = re.findall(r'^Loop (\S+):', said, re.M)
    stop = ['--stop-on-fail'] if plant is not None else []
    status, said, seconds = shop.cbmc(CHECKS + proof.checks + stop + proof.loops(known) + common)
    with open(f'build/proofs/cbmc-{name}.log', 'w') as log:
        log.write(said)
    if plant is not None:
        return planted_verdict(status, said), 0, before + seconds
    return verdict(status, said) + (before + seconds,)


def end_of(status, said):
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return f'no answer within {SECONDS} seconds'
    return f'CBMC stopped with status {status}: ' + (said.strip().splitlines() or ['nothing said'])[-1]


def verdict(status, said):
    results = re.findall(r'^\[(\S+)\] (?:file \S+ )?(?:line \d+ )?(.*): (SUCCESS|FAILURE|UNKNOWN|ERROR)$',
                         said, re.M)
    if status not in (0, 10) or not results:
        return end_of(status, said), 0
    for name, text, result in results:
        is_reach = text.startswith('reached: ')
        if is_reach and result != 'FAILURE':
            return 'not to be got to: ' + text[len('reached: '):], len(results)
        if not is_reach and result != 'SUCCESS':
            return f'{name}: {text}', len(results)
    if not any(text.startswith('reached: ') for _, text, _ in results):
        return 'it has no `reached`', len(results)
    return None, len(results)


def planted_verdict(status, said):
    violated = re.search(r'^Violated property:\n(?:.*\n)?(.*)\n', said, re.M)
    if status == 10 and violated:
        found = violated.group(1).strip()
        return None if not found.startswith('unwinding assertion') else 'it only unwinds further: ' + found
    return 'it is not noticed' if status == 0 else end_of(status, said)


def plants():
    """[(number, title, proof, model or None)] of plants.txt."""
    found = []
    for line in open(os.path.join(HERE, 'plants.txt')):
        if line.startswith('= '):
            found.append([len(found) + 1, line[2:].strip(), None, None])
        elif line.startswith('? '):
            found[-1][2:] = (words(line[2:]) + [None])[:2]
    return found


def public_functions():
    """Names of all that the header's public half declares."""
    text = open(HEADER).read().split('#endif /* TOKENAUTH_H ends here')[0]
    return re.findall(r'\bTA_API [^;(]*?\b(ta_\w+) *\(', text)


def unnamed(proofs, exceptions):
    """Public functions of which nothing is said, and names that the header does not have."""
    public = set(public_functions())
    named = set(exceptions) | {name for proof in proofs for name in proof.proves}
    return ([f'{name} has neither a proof nor a reason in proofs.ini' for name in sorted(public - named)]
            + [f'proofs.ini names {name}, which the header has not' for name in sorted(named - public)])


def tasks(proofs, planted):
    wanted = os.environ.get('PROOF', '')
    chosen = {proof.name: proof for proof in proofs if wanted in proof.name}
    todo = [(proof, model, None, proof.says.format(**proof.bounds))
            for proof in chosen.values() for model in proof.models if model in MODELS]
    how = os.environ.get('PLANTS', '')
    if how == 'one':                                        # the first of each proof
        planted = list({plant[2]: plant for plant in reversed(planted)}.values())[::-1]
    if how != 'no':
        todo += [(chosen[of], model or chosen[of].models[0], number, 'planted: ' + title)
                 for number, title, of, model in planted if of in chosen]
    return todo


def main():
    table = configparser.ConfigParser(interpolation=None)
    table.optionxform = str
    table.read(os.path.join(HERE, 'proofs.ini'))
    exceptions = table['exceptions']
    loops = [f'{name}:{times}' for name, times in table['loops'].items()]
    proofs = [Proof(name, table[name], loops) for name in table.sections()
              if name not in ('exceptions', 'loops')]
    planted = plants()
    complaints = unnamed(proofs, exceptions)
    names = {proof.name for proof in proofs}
    complaints += [f'the plant "{title}" names no proof' for _, title, of, _ in planted if of not in names]
    complaints += [f'{name} has no planted bug' for name in sorted(names - {of for _, _, of, _ in planted})]

    passed, failed = (1, 0) if not complaints else (0, len(complaints))
    for complaint in complaints:
        print('FAILED', complaint)
    os.makedirs('build/proofs', exist_ok=True)
    shop = Workshop()
    try:
        todo = tasks(proofs, planted)
        with concurrent.futures.ThreadPoolExecutor(int(os.environ.get('JOBS') or 2)) as pool:
            results = pool.map(lambda task: run(shop, *task[:3]), todo)
            for (proof, model, plant, says), (wrong, properties, seconds) in zip(todo, results):
                what = f'{proof.name:18} {model:6}'
                if wrong is None:
                    passed += 1
                    count = f'{properties:5} properties' if plant is None else '      it fails   '
                    print(f'{what} {count} {seconds:6.1f} s  {says}', flush=True)
                else:
                    failed += 1
                    print(f'FAILED {what} {says}: {wrong} ({seconds:.1f} s)', flush=True)
    finally:
        shutil.rmtree(shop.dir)
    print(f'cbmc: {passed} passed, {failed} failed')
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
