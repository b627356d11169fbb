#!/bin/sh
# run.sh - what `make ct` does: constant time, looked at in two ways.
#   valgrind: secrets are undefined memory (secrets.c), at each -O level of each compiler, in three forms:
#             sse (what x86-64 runs, but for the hash), plain (TOKENAUTH_NO_INTRINSICS),
#             small (TOKENAUTH_SMALL)
#   traces:   program counters and addresses of Cortex-M0 and M4 code under QEMU (traces.c, trace_plugin.c)
# and each leak of leaks.txt must be seen.
#
# From the environment: JOBS, CCS (compilers; default "gcc clang"), ONLY ("leak", "m4", "clang -O3"). Needs valgrind and its headers,
# qemu-system-arm, gcc-arm-none-eabi, libnewlib-arm-none-eabi. Ends with "ct: N passed, N failed".

cd "$(dirname "$0")/../.." || exit 2
JOBS=${JOBS:-2}
CCS=${CCS:-gcc clang}
OUT=build/ct
HERE=tests/ct
rm -rf "$OUT" && mkdir -p "$OUT/claim" "$OUT/marked" "$OUT/plugin" || exit 2
stop() { echo "FAILED $*"; echo 'ct: 0 passed, 1 failed'; exit 1; }

for tool in valgrind qemu-system-arm arm-none-eabi-gcc $CCS; do
    command -v "$tool" > /dev/null || stop "there is no $tool"
done
# $1 number of a plant  $2 its list  $3 the header before  $4 after
planted() { awk -v N="$1" -v PLANTS="$2" -f tests/protocol/plant.awk "$3" > "$4"; }
planted 1 $HERE/verdicts.txt tokenauth.h "$OUT/marked/tokenauth.h" 2> "$OUT/log" || stop "$(cat "$OUT/log")"
cc -O2 -shared -fPIC -o "$OUT/plugin/trace.so" $HERE/trace_plugin.c || stop 'the plugin does not compile'

# ---- the two ways of looking; each says "ok" or what is wrong -------------------------------------

form_flags() {
    case $1 in
    plain) echo -DTOKENAUTH_NO_INTRINSICS ;;
    small) echo -DTOKENAUTH_SMALL ;;
    esac
}

# $1 name  $2 directory of the header  $3 form  $4.. compiler and level
look_with_valgrind() {
    name=$OUT/$1 dir=$2 form=$3
    shift 3
    "$@" -std=gnu99 -w $(form_flags "$form") -I"$dir" -o "$name.bin" $HERE/secrets.c > "$name.log" 2>&1 ||
        { echo "it does not compile: $(head -n 1 "$name.log")"; return; }
    valgrind -q --log-file="$name.log" "$name.bin" > "$name.said" 2>&1
    status=$?
    if [ "$status" -gt 1 ] || [ "$(grep -c '^[0-9]' "$name.said")" != 17 ] || grep -q '^no ' "$name.said"
    then echo "it broke off: $(tail -n 1 "$name.said")"
    elif ! grep -q '^hash: plain C' "$name.said"; then echo 'valgrind claims to have SHA instructions'
    elif [ "$form" = sse ] && ! grep -q '^base64: SSE' "$name.said" && [ "$*" = "${*%-Os}" ]
    then echo 'the SSE form did not run'
    elif [ "$status" = 0 ]; then echo ok
    else echo "leaks: $(sed -n 's/^[1-9][0-9]* //p' "$name.said" | paste -sd,)"; fi
    rm -f "$name.bin"
}

# $1 name  $2 directory of the header  $3 cpu  $4 board  $5 flash  $6 ram  $7 level
look_at_traces() {
    name=$OUT/$1
    arm-none-eabi-gcc -E -P -x c -DFLASH_AT=0 -DFLASH_SIZE="$5" -DRAM_AT=0x20000000 -DRAM_SIZE="$6" \
        tests/ports/cortex_m.ld -o "$name.ld" &&
    arm-none-eabi-gcc -mcpu="$3" -mthumb -std=gnu99 "$7" -w -ffunction-sections -I"$2" $HERE/traces.c \
        tests/ports/cortex_m.c -nostartfiles --specs=nano.specs -Wl,--gc-sections -T"$name.ld" \
        -o "$name.elf" > "$name.log" 2>&1 || { echo "it does not compile: $(head -n 1 "$name.log")"; return; }
    at() { echo "0x$(arm-none-eabi-nm "$name.elf" | awk -v f="$1" '$3 == f { print $1 }')"; }
    timeout 120 qemu-system-arm -M "$4" -nographic -monitor none -serial none \
        -semihosting-config enable=on,target=native -kernel "$name.elf" -d plugin \
        -plugin "$OUT/plugin/trace.so,begin=$(at trace_begin),end=$(at trace_end)" \
        -D "$name.trace" > "$name.said" 2>&1 || { echo "it broke off: $(tail -n 1 "$name.said")"; return; }
    awk -v secrets=6 '
        FILENAME == ARGV[1] { name[++names] = $0; next }
        { trace[++n] = $0 }
        END {
            each = n / secrets
            if (n < 15 * secrets || n != names || each != int(each)) { print "only " n " traces"; exit }
            for (i = 1; i <= each; i++) for (s = 1; s < secrets; s++)
                if (trace[i + s * each] != trace[i] && !(name[i] in bad)) {
                    bad[name[i]]
                    leaks = leaks (leaks == "" ? "" : ",") name[i]
                }
            print leaks == "" ? "ok" : "leaks: " leaks
        }' "$name.said" "$name.trace"
    rm -f "$name.elf" "$name.trace"
}

M0='cortex-m0 microbit 256K 16K'
M4='cortex-m4 mps2-an386 4M 4M'

# $1 number: a leak, looked for in each way that it should show.
look_for_leak() {
    dir=$OUT/leak$1
    mkdir -p "$dir/marked"
    show=$(awk -v n="$1" '/^= /{k++} k == n && /^\? /{print $2}' $HERE/leaks.txt)
    form=plain
    [ "$show" != sse ] || form=sse
    planted "$1" $HERE/leaks.txt tokenauth.h "$dir/tokenauth.h" 2> "$dir/log" || { cat "$dir/log"; return; }
    planted "$1" $HERE/leaks.txt "$OUT/marked/tokenauth.h" "$dir/marked/tokenauth.h" 2> "$dir/log" ||
        { cat "$dir/log"; return; }
    seen=$(look_with_valgrind "leak$1.v" "$dir/marked" "$form" gcc -O1)
    case $seen in leaks*) ;; *) echo "valgrind: $seen"; return ;; esac
    if [ "$show" = trace ]; then
        seen=$(look_at_traces "leak$1.t" "$dir" $M0 -Os)
        case $seen in leaks*) ;; *) echo "traces: $seen"; return ;; esac
    fi
    echo ok
}

# ---- all of it -------------------------------------------------------------------------------------

leaks=$(grep -c '^= ' $HERE/leaks.txt)
tasks() {
    for level in -O3 -O2 -Os -O1 -O0; do for cc in $CCS; do for form in sse plain small; do
        case $form$level in small-O1 | small-Os | sse* | plain*) echo "valgrind $form $cc $level" ;; esac
    done; done; done
    for level in -Os -O2; do echo "traces m0 $level"; echo "traces m4 $level"; done
    n=1
    while [ "$n" -le "$leaks" ]; do echo "leak $n"; n=$((n + 1)); done
}
tasks | grep -e "${ONLY:-.}" > "$OUT/tasks"

worker() {
    n=0
    while read -r what a b c; do
        n=$((n + 1))
        mkdir "$OUT/claim/$n" 2> /dev/null || continue
        case $what in
        valgrind) look_with_valgrind "$n" "$OUT/marked" "$a" "$b" "$c" ;;
        traces)   case $a in m0) chip=$M0 ;; *) chip=$M4 ;; esac
                  look_at_traces "$n" . $chip "$b" ;;
        leak)     look_for_leak "$a" ;;
        esac > "$OUT/$n.verdict" < /dev/null
    done < "$OUT/tasks"
}
j=1
while [ "$j" -lt "$JOBS" ]; do worker & j=$((j + 1)); done
worker
wait

passed=0; failed=0; n=0
while read -r task; do
    n=$((n + 1))
    case $task in leak*)
        task="planted leak: $(grep '^= ' $HERE/leaks.txt | sed -n "${task#leak }s/^= //p")" ;;
    esac
    if [ "$(cat "$OUT/$n.verdict")" = ok ]; then passed=$((passed + 1))
    else failed=$((failed + 1)); echo "FAILED $task: $(cat "$OUT/$n.verdict")"; fi
done < "$OUT/tasks"
echo "$(grep -vc ^leak "$OUT/tasks") builds were looked at, $(grep -c ^leak "$OUT/tasks") planted leaks must be seen"
echo "ct: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
