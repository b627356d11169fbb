#!/bin/bash
# run.sh - builds the gate, twice: plain, and with the SHA-256 of a hash engine; runs it under QEMU and
# holds the dialogue of dialogue.txt with it. Each answer is compared. Ends with "firmware: N passed, N
# failed".

cd "$(dirname "$0")/../.." || exit 2
F=$PWD/examples/firmware
B=$PWD/build/firmware
mkdir -p "$B"
for pair in arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm; do
    command -v ${pair%:*} > /dev/null && continue
    echo "${pair%:*} is missing: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm"
    echo 'firmware: 0 passed, 1 failed'
    exit 1
done

passed=0
failed=0

build() { # NAME FLAGS AND FILES...
    local name=$1
    shift
    arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -std=c99 -Os -Wall -Wextra -Werror \
        -ffunction-sections -fdata-sections -I. "$F/gate.c" "$F/board.c" "$@" \
        -nostartfiles --specs=nano.specs -Wl,--gc-sections -T"$F/board.ld" \
        -o "$B/$name.elf" && arm-none-eabi-size "$B/$name.elf" | tail -n 1 | awk -v name="$name" \
        '{ print name ": " $1 + $2 " bytes of flash, " $2 + $3 " of RAM besides the stack" }'
}

power_on() {
    coproc GATE { cd "$B/flash" && exec timeout 300 qemu-system-arm -M mps2-an386 -nographic -monitor none \
        -serial stdio -semihosting-config enable=on,target=native -kernel "$B/$image.elf" \
        2> "$B/$image.err"; }
    to=${GATE[1]}
    from=${GATE[0]}
}

damage() { # a bit of the sector that was written last and is still whole
    local sector n=0 newest= most=0
    for sector in "$B"/flash/gate.flash[01]; do
        [ "$sector" -nt "$sector.bad" ] || continue
        read -r n < <(od -An -N4 -tu4 "$sector")
        [ -z "$newest" ] || [ "$n" -gt "$most" ] || continue
        newest=$sector; most=$n
    done
    printf '\x55' | dd of="$newest" bs=1 seek=40 conv=notrunc 2> /dev/null
    sleep 0.01
    touch "$newest.bad"
}

spelt() { # a line in which access1, refresh2... become the tokens
    local line=$1 name
    for name in "${!tokens[@]}"; do
        [[ " $line " == *" $name "* ]] && line=${line/ $name/ ${tokens[$name]}}
    done
    echo "$line"
}

answer() { # what is expected; a token is given its name and not compared
    local got
    if ! IFS= read -r -t 60 -u "$from" got; then got='(nothing)'; silent=1; fi
    case $1 in
    access*)  tokens[$1]=${got#access  };  got=${got:+$1} ;;
    refresh[0-9]*) tokens[$1]=${got#refresh };  got=${got:+$1} ;;
    again[0-9]*)   [ "$got" != "refresh ${tokens[refresh${1#again}]}" ] || got=$1 ;;
    esac
    count "$1" "$got"
}

count() { # WHAT IS EXPECTED, WHAT CAME
    if [ "$2" = "$1" ]; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    echo "FAILED $image, line $number of dialogue.txt: \"$1\" expected, \"$2\" came"
}

written() { cat "$B"/flash/gate.flash[01] | cksum; }

hold_dialogue() {
    local line number=0 looked= silent=
    declare -A tokens=()
    rm -rf "$B/flash"
    mkdir -p "$B/flash"
    power_on
    while IFS= read -r line; do
        number=$((number + 1))
        [ -z "$silent" ] || break                      # after one answer too few none is the right one
        case $line in
        '> '*)  spelt "${line#> }" >&"$to" ;;
        '< '*)  answer "${line#< }" ;;
        look)    looked=$(written) ;;
        nothing\ written) count "$looked" "$(written)" ;;
        flash\ fails) mkdir "$B/flash/kept"; mv "$B"/flash/gate.flash[01] "$B/flash/kept"
                       mkdir "$B/flash/gate.flash0" "$B/flash/gate.flash1" ;;     # nothing is written into those
        flash\ works) rmdir "$B"/flash/gate.flash[01]; mv "$B"/flash/kept/* "$B/flash" ;;
        damage) wait "$GATE_PID" 2> /dev/null; damage ;;
        power)  wait "$GATE_PID" 2> /dev/null; power_on ;;
        esac
    done < "$F/dialogue.txt"
    [ -z "$silent" ] || kill "$GATE_PID"
    wait "$GATE_PID" 2> /dev/null
}

for image in gate gate-engine; do
    case $image in
    gate) build gate ;;
    *)    build gate-engine -DGATE_HAS_ENGINE "$F/engine.c" ;;
    esac || { failed=$((failed + 1)); continue; }
    hold_dialogue
done
echo "firmware: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
