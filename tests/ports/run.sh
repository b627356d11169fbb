#!/bin/bash
# run.sh [NAME...] - the self-test on machine after machine: built, run, judged by its text and exit status.
# Without names: all of them. It ends with "ports: N passed, N failed[, N skipped]".
#
#   PORTS=ci       those that CI runs, and a line that names the others
#   STRICT=1       a missing tool is a failure; otherwise the line says which package brings it
#   JOBS=4         more at once (default 2)
#
# Each line below: name | what it stands for | tool:package ... | how, a function and its arguments.
# Those with "ci" in front of the bar are in CI.

cd "$(dirname "$0")/../.." || exit 2
B=build/ports
P=tests/ports
mkdir -p $B
[ "${JOBS:-}" ] || JOBS=2

ARM='arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm'
ARM="$ARM /usr/lib/arm-none-eabi/newlib/libc_nano.a:libnewlib-arm-none-eabi"
AVR='avr-gcc:gcc-avr /usr/lib/avr/include/avr/io.h:avr-libc simavr:simavr'
RV='riscv64-unknown-elf-gcc:gcc-riscv64-unknown-elf qemu-system-riscv32:qemu-system-misc'
RV="$RV /usr/lib/picolibc/riscv64-unknown-elf:picolibc-riscv64-unknown-elf"
LX='xtensa-lx106-elf-gcc:gcc-xtensa-lx106 qemu-system-xtensa:qemu-system-misc'
LX="$LX /usr/lib/xtensa-lx106-elf/picolibc.specs:picolibc-xtensa-lx106-elf"
WIN='x86_64-w64-mingw32-gcc:gcc-mingw-w64-x86-64 wine:wine'
M32='gcc-12:gcc-12 /usr/lib/gcc/x86_64-linux-gnu/12/32:gcc-12-multilib'
TRAP='-fsanitize=undefined -fsanitize-undefined-trap-on-error'
WASM='clang-19:clang-19 wasm-ld-19:lld-19 node:nodejs'
MSP='clang-19:clang-19 ld.lld-19:lld-19 llvm-nm-19:llvm-19 mspdebug:mspdebug'

table() {
    cat <<END
m0          ci | Cortex-M0, 16 KB of RAM         | $ARM | cortex_m cortex-m0 microbit 0 256K 0x20000000 16K
m0-ubsan    ci | Cortex-M0, undefined is a trap | $ARM | cortex_m cortex-m0 microbit 0 256K 0x20000000 16K $TRAP
m3          ci | Cortex-M3                       | $ARM | cortex_m cortex-m3 mps2-an385 0 4M 0x20000000 4M
m4          ci | Cortex-M4                       | $ARM | cortex_m cortex-m4 mps2-an386 0 4M 0x20000000 4M
m7          ci | Cortex-M7                       | $ARM | cortex_m cortex-m7 mps2-an500 0 4M 0x20000000 4M
m33         ci | Cortex-M33 | $ARM | cortex_m cortex-m33 mps2-an505 0x10000000 4M 0x38000000 4M
rv32        ci | RISC-V rv32imc                  | $RV  | rv32
avr         ci | ATmega2560: int has 16 bits     | $AVR | avr atmega2560
avr-ubsan   ci | ATmega2560, undefined is a trap | $AVR | avr atmega2560 $TRAP
avr-2k      ci | ATmega328P, 2 KB of RAM: verify | $AVR | avr atmega328p -DPORT_VERIFY_ONLY
msp430         | MSP430: pointers of 16 bits: verify | $MSP | msp430
lx106          | Xtensa lx106 (ESP8266)          | $LX  | lx106
wasm32      ci | WebAssembly without libc        | $WASM | wasm
s390x       ci | big-endian, 64 bits             | $(cross s390x s390x s390x)
powerpc64      | big-endian, 64 bits             | $(cross powerpc64 ppc64 ppc64)
mips        ci | big-endian, 32 bits             | $(cross mips mips mips)
m68k           | big-endian, structs of 2-byte alignment | $(cross m68k m68k m68k)
armhf       ci | Arm, 32 bits                    | $(cross arm armhf arm gnueabihf)
aarch64     ci | Arm, 64 bits                    | $(cross aarch64 arm64 aarch64)
aarch64-crypto ci | Arm, 64 bits, SHA-2 instructions | $(cross aarch64 arm64 aarch64) -march=armv8-a+crypto
riscv64        | RISC-V, 64 bits                 | $(cross riscv64 riscv64 riscv64)
windows     ci | Windows x86-64 under Wine       | $WIN | windows
m32         ci | x86, 32 bits                    | $M32 | native gcc-12 -std=c99 -m32
musl        ci | musl instead of glibc           | musl-gcc:musl-tools | native musl-gcc -std=c99 -static
tcc         ci | Fabrice Bellard's tcc           | tcc:tcc | tcc_build
gcc-11         | gcc 11                          | gcc-11:gcc-11 | native gcc-11 -std=c99
gcc-12      ci | gcc 12                          | gcc-12:gcc-12 | native gcc-12 -std=c99
clang-13       | clang 13                        | clang-13:clang-13 | native clang-13 -std=c99
clang-14       | clang 14                        | clang-14:clang-14 | native clang-14 -std=c99
clang-15       | clang 15                        | clang-15:clang-15 | native clang-15 -std=c99
clang-16       | clang 16                        | clang-16:clang-16 | native clang-16 -std=c99
clang-19    ci | clang 19                        | clang-19:clang-19 | native clang-19 -std=c99
clang-22       | clang 22                        | clang-22:clang-22 | native clang-22 -std=c99
c11         ci | C11                             | gcc-12:gcc-12 | native gcc-12 -std=c11
c17         ci | C17                             | gcc-12:gcc-12 | native gcc-12 -std=c17
c23         ci | C23                             | clang-19:clang-19 | native clang-19 -std=c23
c++98       ci | C++98 and long long | g++-12:g++-12 | native g++-12 -x c++ -std=c++98 -Wno-long-long
c++11       ci | C++11                           | g++-12:g++-12 | native g++-12 -x c++ -std=c++11
c++14       ci | C++14                           | g++-12:g++-12 | native g++-12 -x c++ -std=c++14
c++17       ci | C++17                           | g++-12:g++-12 | native g++-12 -x c++ -std=c++17
c++20       ci | C++20                           | g++-12:g++-12 | native g++-12 -x c++ -std=c++20
c++23       ci | C++23                           | g++-12:g++-12 | native g++-12 -x c++ -std=c++2b
END
}

# cross COMPILER DEBIAN QEMU [ABI]: the last two columns of a Linux machine under qemu-user
cross() {
    local triple=$1-linux-${4:-gnu}
    echo "$triple-gcc:gcc-$triple /usr/$triple/include/stdio.h:libc6-dev-$2-cross" \
        "qemu-$3:qemu-user | linux $triple qemu-$3"
}

# ---- how: each builds, runs, and says on stdout what the program said ------------------------------

WARN='-Wall -Wextra -Werror'
CHIP="-Os -ffunction-sections -fdata-sections -DPORT_NO_OS $WARN"

native() { # COMPILER FLAGS...
    "$@" -O2 $WARN -pedantic $P/selftest.c $P/host.c -o $B/$name && $B/$name
}
tcc_build() { tcc -std=c99 $WARN $P/selftest.c $P/host.c -o $B/$name && $B/$name; }

linux() { # TRIPLE QEMU FLAGS...
    local triple=$1 qemu=$2
    shift 2
    $triple-gcc -std=c99 -O2 -static $WARN -pedantic "$@" $P/selftest.c $P/host.c \
        -o $B/$name && $qemu $B/$name
}

windows() {
    x86_64-w64-mingw32-gcc -std=c99 -O2 $WARN -pedantic $P/selftest.c $P/host.c -o $B/$name.exe || return
    WINEDEBUG=-all WINEPREFIX=$PWD/$B/wine DISPLAY= wine $B/$name.exe | tr -d "\r"
}

cortex_m() { # CPU BOARD FLASH SIZE RAM SIZE FLAGS...
    local cpu=$1 board=$2
    arm-none-eabi-gcc -E -P -x c -DFLASH_AT="$3" -DFLASH_SIZE="$4" -DRAM_AT="$5" -DRAM_SIZE="$6" \
        $P/cortex_m.ld -o $B/$name.ld || return
    shift 6
    arm-none-eabi-gcc -mcpu="$cpu" -mthumb -std=c99 $CHIP "$@" $P/selftest.c $P/cortex_m.c -nostartfiles \
        --specs=nano.specs -Wl,--gc-sections -T$B/$name.ld -o $B/$name.elf || return
    qemu-system-arm -M "$board" -nographic -monitor none -serial none \
        -semihosting-config enable=on,target=native -kernel $B/$name.elf
}

rv32() {
    riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32 -mcmodel=medany -std=gnu99 $CHIP \
        $P/selftest.c $P/rv32.c --specs=picolibc.specs -nostartfiles -T$P/rv32.ld -Wl,--gc-sections \
        -Wl,--no-warn-rwx-segments -o $B/$name.elf || return
    qemu-system-riscv32 -M virt -bios none -nographic -monitor none -serial none \
        -semihosting-config enable=on,target=native -kernel $B/$name.elf
}

said_exit_0() { tee $B/$name.said && grep -q '^exit 0$' $B/$name.said; }        # no exit status in these two

avr() { # CHIP FLAGS...
    local chip=$1
    shift
    avr-gcc -mmcu="$chip" -DF_CPU=16000000UL -std=gnu99 $CHIP -Wno-maybe-uninitialized "$@" \
        $P/selftest.c $P/avr.c -Wl,--gc-sections -o $B/$name.elf || return
    simavr -m "$chip" -f 16000000 $B/$name.elf 2>&1 \
        | sed -e 's/\x1b\[[0-9;]*m//g' -e 's/\.\r*$//' | said_exit_0
}

msp430() {
    local flags="--target=msp430 -std=c99 -ffreestanding $CHIP -DPORT_VERIFY_ONLY -DPORT_BIG_TEXT"
    clang-19 $flags -c $P/selftest.c -o $B/$name.o \
        && clang-19 $flags -fno-builtin -c $P/msp430.c -o $B/$name-run.o \
        && ld.lld-19 --gc-sections -T $P/msp430.ld $B/$name-run.o $B/$name.o -o $B/$name.elf || return
    mspdebug sim "prog $B/$name.elf" 'simio add console con0' \
        "setbreak 0x$(llvm-nm-19 $B/$name.elf | awk '$3 == "stopped" { print $1 }')" run 2>&1 | said_exit_0
}

lx106() {
    xtensa-lx106-elf-gcc -std=gnu99 $CHIP -mlongcalls --specs=/usr/lib/xtensa-lx106-elf/picolibc.specs \
        $P/selftest.c $P/xtensa.c -nostartfiles -T$P/xtensa.ld -Wl,--gc-sections -lgcc \
        -o $B/$name.elf || return
    qemu-system-xtensa -M sim -cpu lx106 -nographic -monitor none -serial none -semihosting \
        -kernel $B/$name.elf
}

wasm() {
    clang-19 --target=wasm32 -nostdlib -ffreestanding -std=c99 $CHIP $P/selftest.c $P/wasm.c \
        -Wl,--no-entry -o $B/$name.wasm && node $P/wasm.mjs $B/$name.wasm
}

# ---- judging ----------------------------------------------------------------------------------------

passes() { sed -n 's/^selftest: \([0-9]*\) passed, 0 failed$/\1/p' "$1"; }

# How many checks there must be: as many as on this machine, so that none goes missing on another.
reference() {
    local form
    for form in full verify; do
        ${CC:-cc} -std=c99 $([ $form = full ] || echo -DPORT_VERIFY_ONLY) $P/selftest.c $P/host.c \
            -o $B/reference-$form && $B/reference-$form > $B/reference-$form.log || return
        passes $B/reference-$form.log > $B/$form.count
    done
}

missing() { # tool:package... - the packages of those that are not here
    local pair
    for pair in "$@"; do
        case $pair in
        /*) [ -e "${pair%%:*}" ] ;;
        *)  command -v "${pair%%:*}" > /dev/null ;;
        esac || printf '%s ' "${pair#*:}"
    done
}

compiler_of() { # TOOL:PACKAGE ...
    local tool=${1%%:*}
    case $tool in
    tcc) echo "tcc $(tcc -v 2> /dev/null | cut -d' ' -f3)" ;;
    *)   echo "${tool%%-[0-9]*} $($tool -dumpversion 2> /dev/null)" ;;
    esac
}

row() { # NAME COLUMN
    table | grep "^$1 " | cut -d'|' -f"$2" | sed -e 's/^ *//' -e 's/ *$//'
}

judge() { # NAME HOW...: builds, runs and judges; says the result
    local log=$B/$1.log form=full n
    case " $* " in *VERIFY_ONLY*|*\ msp430\ *) form=verify ;; esac
    timeout "${LIMIT:-240}" bash $P/run.sh --how "$@" > "$log" 2>&1 < /dev/null \
        || { echo "FAILED, see $log"; return; }
    n=$(passes "$log")
    if [ -n "$n" ] && [ "$n" = "$(cat $B/$form.count)" ]; then echo "ok, $n checks"
    else echo "FAILED, see $log"; fi
}

one() { # NAME: its line of the table, also into a file
    local needs began=${EPOCHREALTIME//[!0-9]/} absent result ms
    [ -n "$(row "$1" 1)" ] || { echo "$1: no such port; tests/ports/run.sh has the list" >&2; return 2; }
    rm -f "$B/$1.log"
    needs=$(row "$1" 3)
    absent=$(missing $needs)
    if [ -z "$absent" ]; then result=$(judge "$1" $(row "$1" 4))
    else result="${STRICT:+FAILED, }skipped: apt-get install ${absent% }"; fi
    ms=$(((${EPOCHREALTIME//[!0-9]/} - began) / 1000))
    printf '%-15s %-40s %-27s %3d.%d s  %s\n' "$1" "$(row "$1" 2)" "$(compiler_of $needs)" \
        $((ms / 1000)) $((ms / 100 % 10)) "$result" | tee "$B/$1.result"
}

count() { cat "${results[@]}" | grep -c -E "$1"; }

case ${1-} in
--how) name=$2;  shift 2;  "$@";  exit ;;
--one) one "$2";  exit ;;
esac

reference || { echo "ports: 0 passed, 1 failed"; exit 1; }
all=$(table | cut -d' ' -f1)
names=${*:-$all}
if [ "${PORTS-}" = ci ]; then names=$(table | sed -n 's/^\([^ ]*\) *ci |.*/\1/p'); fi
results=()
for each in $names; do results+=("$B/$each.result"); done
rm -f "${results[@]}"
printf '%s\n' $names | xargs -P "$JOBS" -n 1 bash $P/run.sh --one
for each in "${results[@]}"; do [ -e "$each" ] || echo "FAILED, no result" > "$each"; done
if [ "${PORTS-}" = ci ]; then echo "not in CI: $(table | sed -n 's/^\([^ ]*\) *|.*/\1/p' | xargs)"; fi
failed=$(count FAILED)
skipped=$(count '  skipped: ')
for each in $(grep -l FAILED "${results[@]}"); do
    echo "---- ${each%.result}.log"
    tail -n 20 "${each%.result}.log" 2> /dev/null
done
sum="$((${#results[@]} - failed - skipped)) passed, $failed failed"
[ "$skipped" = 0 ] || sum="$sum, $skipped skipped"
echo "ports: $sum"
[ "$failed" = 0 ]
