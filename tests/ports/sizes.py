#!/usr/bin/env python3
"""sizes.py [--write] - what tokenauth.h takes on small chips: flash, static RAM, stack, instructions.

Prints a table, compares it with the one in README.md (--write puts it there instead) and with the budgets in
tests/ports/budgets. All figures repeat exactly for the same compilers. Ends with "sizes: N passed, N failed".

flash    what stays of the library's object when all but the named calls is thrown away; libc is not in it
stack    the deepest chain of calls that the compiler knows, and the painted stack of a run must not exceed it
work     instructions from QEMU, by a plugin of our own; on AVR cycles from simavr, to the next 256
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
B, P = 'build/ports', 'tests/ports'
os.makedirs(B, exist_ok=True)

SMALLEST = ['-DTOKENAUTH_NO_OS_RANDOM', '-DTOKENAUTH_NO_STATUS_STR']
FORMS = {                           # the switches, and the calls of a program that uses it
    'verify': (SMALLEST + ['-DTOKENAUTH_VERIFY_ONLY', '-DTOKENAUTH_NO_WEB'],
               ['ta_key_init', 'ta_jwt_verify']),
    'jwt': (SMALLEST + ['-DTOKENAUTH_NO_REFRESH', '-DTOKENAUTH_NO_WEB'],
            ['ta_key_init', 'ta_jwt_verify', 'ta_jwt_sign', 'ta_json_at', 'ta_json_int', 'ta_json_string']),
    'sessions': (SMALLEST + ['-DTOKENAUTH_NO_WEB', '-DTOKENAUTH_NO_DENY'],
                 ['ta_key_init', 'ta_table_init', 'ta_table_store', 'ta_table_save', 'ta_table_load',
                  'ta_auth_init', 'ta_login', 'ta_check', 'ta_refresh', 'ta_logout']),
    'everything': (['-DTOKENAUTH_NO_OS_RANDOM'], []),
}
COMMON = ['-Os', '-ffunction-sections', '-fdata-sections']
SEMIHOSTING = ['-nographic', '-monitor', 'none', '-serial', 'none',
               '-semihosting-config', 'enable=on,target=native']


class Target:
    def __init__(self, name, title, tools, flags, program=(), run=(), link=()):
        self.name, self.title, self.tools, self.flags = name, title, tools, flags
        self.program, self.run, self.link = list(program), list(run), list(link)

    def cc(self, *args):
        subprocess.run([self.tools + 'gcc', *self.flags, *COMMON, *args], check=True)

    def tool(self, tool, *args):
        return subprocess.run([self.tools + tool, *args], check=True, capture_output=True, text=True).stdout


def cortex_m(name, title, cpu, board, ram):
    script = f'{B}/size-{name}.ld'
    with open(script, 'w') as out:
        subprocess.run(['arm-none-eabi-gcc', '-E', '-P', '-x', 'c', '-DFLASH_AT=0', '-DFLASH_SIZE=256K',
                        '-DRAM_AT=0x20000000', f'-DRAM_SIZE={ram}', f'{P}/cortex_m.ld'],
                       check=True, stdout=out)
    return Target(name, title, 'arm-none-eabi-', [f'-mcpu={cpu}', '-mthumb', '-std=c99'],
                  [f'{P}/cortex_m.c', '-nostartfiles', '--specs=nano.specs', f'-T{script}'],
                  ['qemu-system-arm', '-M', board, *SEMIHOSTING])


TARGETS = [
    cortex_m('m0plus', 'Cortex-M0+', 'cortex-m0plus', 'microbit', '16K'),
    cortex_m('m4', 'Cortex-M4', 'cortex-m4', 'mps2-an386', '4M'),
    Target('rv32', 'rv32imc', 'riscv64-unknown-elf-',
           ['-march=rv32imc', '-mabi=ilp32', '-mcmodel=medany', '-std=gnu99', '--specs=picolibc.specs'],
           [f'{P}/rv32.c', '-nostartfiles', f'-T{P}/rv32.ld', '-Wl,--no-warn-rwx-segments'],
           ['qemu-system-riscv32', '-M', 'virt', '-bios', 'none', *SEMIHOSTING], ['-melf32lriscv']),
    Target('avr', 'ATmega2560', 'avr-', ['-mmcu=atmega2560', '-std=gnu99', '-DF_CPU=16000000UL', '-w'],
           [f'{P}/avr.c'], (), ['-mavr6']),
]


def flash(target, form):
    """Bytes of flash and of static RAM; a map of its functions goes to build/ports/."""
    switches, calls = FORMS[form]
    source, whole, kept = (f'{B}/{target.name}-{form}{end}' for end in ('.c', '-all.o', '.o'))
    with open(source, 'w') as out:
        out.write('#define TOKENAUTH_IMPLEMENTATION\n' + ('#define TOKENAUTH_STATIC\n' if calls else '')
                  + '#include "../../tokenauth.h"\n')
        if calls:
            out.write('typedef void (*call)(void);\nextern const call calls[];\nconst call calls[] = {'
                      + ', '.join(f'(call){call}' for call in calls) + '};\n')
    target.cc(*switches, '-w', '-c', source, '-o', whole)
    roots = ['--gc-sections', '-ecalls', '-ucalls'] if calls else []
    target.tool('ld', '-r', *target.link, *roots, whole, '-o', kept)
    with open(f'{B}/{target.name}-{form}.map', 'w') as out:
        out.write(target.tool('nm', '-S', kept))
    code = ram = 0
    for name, size in re.findall(r'^(\.\S+)\s+(\d+)', target.tool('size', '-A', kept), re.M):
        if re.match(r'\.(text|progmem)|\.(s?rodata|srodata)', name):
            code += int(size)
        if re.match(r'\.s?(data|bss)', name) or (target.name == 'avr' and name.startswith('.rodata')):
            ram += int(size)            # AVR copies its constants to RAM
            code += int(size) if re.match(r'\.s?data', name) else 0
    pointer = 2 if target.name == 'avr' else 4
    table = pointer * len(calls)        # the list of calls is ours
    return code - table, ram - (table if target.name == 'avr' else 0)


# ---- the deepest chain of calls: what gcc's -fcallgraph-info=su knows --------------------------------

LIBC = {'memcpy': 16, 'memset': 16, 'memcmp': 16, 'strlen': 16}
ARGUMENTS = 48                      # of the call itself, in its caller's frame
OTHER = 64                          # libgcc's arithmetic: the deepest here is a 64-bit division


def stacks(target, name, switches):
    """The worst case of each public function, also as build/ports/TARGET-NAME.stack."""
    graph = f'{B}/{target.name}-{name}.stack.o'
    target.cc('-x', 'c', '-DTOKENAUTH_IMPLEMENTATION', *switches, '-fcallgraph-info=su', '-c', 'tokenauth.h',
              '-o', graph)
    with open(graph[:-2] + '.ci') as ci:
        text = ci.read()
    own, calls = {}, {}
    for name, label in re.findall(r'node: \{ title: "([^"]+)" label: "([^"]*)"', text):
        frame = re.search(r'(\d+) bytes \((\w+)', label)
        if frame:
            if frame.group(2) != 'static':
                raise SystemExit(f'{name}: a frame without a fixed size')
            own[name] = int(frame.group(1))
    for source, to in re.findall(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"', text):
        if not re.search(r':tai_(un)?lock$', source):       # the lock hooks are the caller's own
            calls.setdefault(source, set()).add(to)
    hooks = [name for name in own if re.search(r':tai_table_(get|cas|list|sweep)$', name)]
    known = {}

    def deepest(name, above=()):
        if name in above:
            raise SystemExit(f'{name} recurses')
        if name == '__indirect_call':
            return max(deepest(hook, above + (name,)) for hook in hooks)
        if name not in known:
            below = [deepest(each, above + (name,)) for each in calls.get(name, ())]
            known[name] = own.get(name, LIBC.get(name, OTHER)) + max(below, default=0)
        return known[name]

    worst = {name: deepest(name) for name in own if name.startswith('ta_')}
    with open(graph[:-2], 'w') as out:
        out.writelines(f'{worst[each]:6} {each}\n' for each in sorted(worst))
    return worst


# ---- a run -----------------------------------------------------------------------------------------

def run(target, form):
    """{call: (stack, work)} of bench.c."""
    image = f'{B}/bench-{target.name}-{form}.elf'
    target.cc(*(['-DBENCH_VERIFY_ONLY'] if form == 'verify' else []), f'{P}/bench.c', *target.program,
              '-Wl,--gc-sections', '-o', image)
    if target.name == 'avr':
        said = subprocess.run(['simavr', '-m', 'atmega2560', '-f', '16000000', image], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120).stdout.decode(errors='replace')
        said = re.sub(r'\x1b\[[0-9;]*m', '', said)
        figures = {name: (int(stack), int(work))
                   for name, stack, work in re.findall(r'(\w+) stack (\d+) cycles (\d+)', said)}
    else:
        lines = target.tool('nm', image).splitlines()
        symbols = dict(reversed(line.split()[::2]) for line in lines if line[0] != ' ')
        begin, end = symbols['window_begin'], symbols['window_end']
        plugin = f'{B}/insn_count.so,begin=0x{begin},end=0x{end}'
        ran = subprocess.run([*target.run, '-plugin', plugin, '-d', 'plugin', '-kernel', image],
                             capture_output=True, text=True, timeout=120)
        said = ran.stdout + ran.stderr
        counts = re.findall(r'window \d+: (\d+)', said)
        names = re.findall(r'^(\w+) stack (\d+)', said, re.M)
        figures = {name: (int(stack), int(work)) for (name, stack), work in zip(names, counts)}
    if 'all good' not in said:
        raise SystemExit(f'{image} failed:\n{said}')
    return figures


def measure():
    subprocess.run([os.environ.get('CC') or 'cc', '-O2', '-shared', '-fPIC', f'{P}/insn_count.c',
                    '-o', f'{B}/insn_count.so'], check=True)
    with ThreadPoolExecutor(int(os.environ.get('JOBS') or 2)) as pool:
        return dict(figure for figures in pool.map(measure_one, TARGETS) for figure in figures.items())


def measure_one(target):
    got = {}
    for form in FORMS:
        got[target.name, form, 'flash'], got[target.name, form, 'ram'] = flash(target, form)
    for form in ('sessions', 'verify'):
        for call, (stack, work) in run(target, form).items():
            got[target.name, call, 'painted'], got[target.name, call, 'work'] = stack, work
    for name, stack in (stacks(target, 'everything', FORMS['everything'][0]) if target.name != 'avr' else {}).items():
        got[target.name, name[3:].replace('jwt_', ''), 'stack'] = stack
    if target.name != 'avr':
        limits = FORMS['verify'][0] + ['-DTA_MAX_MEMBERS=32', '-DTA_MAX_DEPTH=8']
        got[target.name, 'verify-32', 'stack'] = stacks(target, 'verify-32', limits)['ta_jwt_verify']
    return got


# ---- the table, and what must hold -----------------------------------------------------------------

CALLS = ['verify', 'sign', 'login', 'check', 'refresh', 'logout']


def sections():
    """{name: section of tokenauth.h that defines it}"""
    where, section = {}, None
    with open('tokenauth.h') as header:
        for line in header.read().split('#define TAI_ONCE')[1].splitlines():
            banner = re.match(r' +>>(\w+) ', line + ' ')
            section = banner.group(1) if banner else section
            if re.match(r'[A-Za-z]', line):
                for name in re.findall(r'\b(tai?_\w+)(?=\(|\[| =)', line):
                    where.setdefault(name, section)
    return where


def by_section(form, total):
    """A form's bytes on the Cortex-M0+, by section; 'texts' are constants without a name of the section's."""
    where, sums = sections(), {}
    with open(f'{B}/m0plus-{form}.map') as symbols:
        for size, name in re.findall(r'^\w+ (\w+) [tTrR] (\w+)', symbols.read(), re.M):
            if name in where:
                sums[where[name]] = sums.get(where[name], 0) + int(size, 16)
    sums['texts and tables'] = total - sum(sums.values())
    order = [*dict.fromkeys(where.values()), 'texts and tables']
    return ', '.join(f'{section} {sums[section]:,}' for section in order if section in sums)


def table(got):
    def row(title, cells):
        return f'| {title} | ' + ' | '.join(cells) + ' |'

    def each(call, kind):
        return [f'{got[t.name, call, kind]:,}' if (t.name, call, kind) in got else '-' for t in TARGETS]

    lines = [row('', [t.title for t in TARGETS]), '|---|' + '---:|' * len(TARGETS),
             row('**flash**, bytes: verify a token', each('verify', 'flash')),
             row('sign and verify, read claims', each('jwt', 'flash')),
             row('sessions in a table, with snapshots', each('sessions', 'flash')),
             row('every function and text', each('everything', 'flash')),
             row('**static RAM**: verify a token', each('verify', 'ram')),
             row('every function and text', each('everything', 'ram'))]
    for call in CALLS:
        title = f'`ta_jwt_{call}`' if call in ('verify', 'sign') else f'`ta_{call}`'
        lines.append(row(('**stack**, bytes, at most: ' if call == 'verify' else '') + title,
                         [f'{got[t.name, call, "painted" if t.name == "avr" else "stack"]:,}'
                          for t in TARGETS]))
    title = '`ta_jwt_verify` with `TA_MAX_MEMBERS` 32, `TA_MAX_DEPTH` 8'
    lines.append(row(title, each('verify-32', 'stack')))
    for call in CALLS:
        title = {'verify': '`ta_jwt_verify`, RFC 7515 A.1', 'sign': '`ta_jwt_sign`'}.get(call, f'`ta_{call}`')
        lines.append(row(('**instructions**: ' if call == 'verify' else '') + title, each(call, 'work')))
    lines += ['', 'By section of the header, on the Cortex-M0+:', '']
    for form, title in (('verify', 'verify a token'), ('everything', 'every function and text')):
        lines.append(f'- {title}: ' + by_section(form, got['m0plus', form, 'flash']))
    return '\n'.join(lines)


def over_budget(got):
    """Lines of the budgets that do not hold; and how many do."""
    good, bad = 0, []
    with open(f'{P}/budgets') as lines:
        for line in lines:
            words = line.split('#')[0].split()
            if not words:
                continue
            target, what, kind, most = words[0], words[1], words[2], int(words[3])
            if got[target, what, kind] <= most:
                good += 1
            else:
                bad.append(f'{target} {what} {kind}: {got[target, what, kind]}, budget {most}')
    return good, bad


def main():
    got = measure()
    text = table(got)
    print(text)
    good, bad = over_budget(got)
    with open(f'{B}/m0plus-verify.map') as symbols:      # verifying does without the dearest arithmetic
        divides = re.findall(r'\S*(?:divmod|divdi3)\S*', symbols.read())
    if divides:
        bad.append(f'verifying divides: {divides}')
    else:
        good += 1
    for target, call in [(t.name, c) for t in TARGETS for c in CALLS if (t.name, c, 'stack') in got]:
        painted, bound = got[target, call, 'painted'], got[target, call, 'stack'] + ARGUMENTS
        if painted > bound:
            bad.append(f'{target} {call}: {painted} bytes of stack in a run, {bound} by the call graph')
        else:
            good += 1
    with open('README.md') as readme:
        old = readme.read()
    new = re.sub(r'(<!-- sizes[^\n]*-->\n).*?(<!-- end of sizes -->)', lambda m: m[1] + text + '\n' + m[2],
                 old, flags=re.S)
    if '--write' in sys.argv:
        with open('README.md', 'w') as readme:
            readme.write(new)
    elif new != old or text not in old:
        bad.append('the table in README.md is another: make sizes WRITE=--write')
    else:
        good += 1
    for line in bad:
        print('FAILED', line)
    print(f'sizes: {good} passed, {len(bad)} failed')
    return 1 if bad else 0


sys.exit(main())
