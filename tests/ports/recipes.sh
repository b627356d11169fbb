#!/bin/bash
# recipes.sh - the build recipes of examples/README.md, each as far as it can be tried without its
# vendor's kit: CMake and Meson build and run, the Arduino sketch is linked for an Uno with the Arduino
# core, what ESP-IDF and Zephyr are given goes through CMake with stand-ins. Ends with "recipes: N passed,
# N failed".

cd "$(dirname "$0")/../.." || exit 2
ROOT=$PWD
B=$ROOT/build/recipes
CORE=/usr/share/arduino/hardware/arduino/avr
rm -rf "$B"
mkdir -p "$B"
passed=0
failed=0

recipe() { # KIND: what stands between ```KIND and ```
    awk -v start="\`\`\`$1" '$0 == start { on = 1; next } /^```/ { on = 0 } on' "$ROOT/examples/README.md"
}

app() { # a program that has the implementation and uses it
    cat <<'END'
#define TOKENAUTH_IMPLEMENTATION
#include "tokenauth.h"
int main(void)
{
    ta_key key;
    return ta_key_init(&key, "32 bytes, for a test of recipes!", 32, NULL) == TA_OK ? 0 : 1;
}
END
}

cmake_app() {
    mkdir -p cmake/third_party && cp "$ROOT/tokenauth.h" cmake/third_party && app > cmake/app.c || return
    {
        echo 'cmake_minimum_required(VERSION 3.10)'
        echo 'project(app C)'
        recipe cmake
    } > cmake/CMakeLists.txt
    cmake -S cmake -B cmake/build && cmake --build cmake/build && cmake/build/app
}

meson_app() {
    mkdir -p meson/third_party && cp "$ROOT/tokenauth.h" meson/third_party && app > meson/app.c || return
    recipe meson > meson/meson.build
    meson setup meson/build meson && meson compile -C meson/build && meson/build/app
}

arduino_sketch() {
    local flags="-mmcu=atmega328p -Os -DF_CPU=16000000L -DARDUINO=10819 -ffunction-sections -fdata-sections"
    local include="-I. -I$CORE/cores/arduino -I$CORE/variants/standard" file
    mkdir -p arduino && cp "$ROOT/tokenauth.h" arduino && cd arduino || return
    { echo '#include <Arduino.h>'; recipe arduino; } > sketch.cpp
    avr-g++ -std=gnu++11 -fno-exceptions -Wall -Wextra -Werror -Wno-maybe-uninitialized \
        $flags $include -c sketch.cpp -o sketch.o || return
    for file in "$CORE"/cores/arduino/*.c "$CORE"/cores/arduino/*.cpp; do
        case $file in
        *.c) avr-gcc -std=gnu11 $flags $include -w -c "$file" ;;
        *)   avr-g++ -std=gnu++11 -fno-exceptions -fno-threadsafe-statics -DDECIMAL_DIG=9 \
                 $flags $include -w -c "$file" ;;
        esac || return
    done
    avr-gcc -mmcu=atmega328p -Os -Wl,--gc-sections ./*.o -o sketch.elf && avr-size sketch.elf
    set -- $(avr-size sketch.elf | tail -n 1)           # what is left of 32 KB and of 2 KB, with the stack
    [ $(($1 + $2)) -lt 32256 ] && [ $(($2 + $3 + 800)) -lt 2048 ]
}

# A kit's functions do nothing here but look at what they get: the files must be there.
vendor() { # NAME
    mkdir -p "$1" && cp "$ROOT/tokenauth.h" "$1" || return
    printf '#define TOKENAUTH_IMPLEMENTATION\n#include "tokenauth.h"\n' > "$1/tokenauth.c"
    cat > "$1/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.10)
project(kit C)
set(COMPONENT_LIB kit)
function(idf_component_register)
    cmake_parse_arguments(A "" "" "SRCS;INCLUDE_DIRS;PRIV_REQUIRES" ${ARGN})
    add_library(kit ${A_SRCS})
    target_include_directories(kit PUBLIC ${A_INCLUDE_DIRS})
endfunction()
function(zephyr_include_directories)
    include_directories(${ARGN})
endfunction()
function(zephyr_library)
endfunction()
function(zephyr_library_sources)
    add_library(kit ${ARGN})
endfunction()
function(zephyr_library_compile_definitions)
    target_compile_definitions(kit PRIVATE ${ARGN})
endfunction()
END
    recipe "$1" >> "$1/CMakeLists.txt"
    cmake -S "$1" -B "$1/build" && cmake --build "$1/build" && [ -e "$1/build/libkit.a" ]
}

try() { # NAME COMMAND...
    local name=$1
    shift
    if ( cd "$B" && "$@" ) > "$B/$name.log" 2>&1; then
        passed=$((passed + 1)); echo "$name builds"
    else
        failed=$((failed + 1)); echo "FAILED $name"; tail -n 20 "$B/$name.log"
    fi
}

for pair in cmake:cmake meson:meson ninja:ninja-build avr-g++:gcc-avr \
            $CORE/cores/arduino/Arduino.h:arduino-core-avr; do
    case $pair in /*) [ -e "${pair%:*}" ] ;; *) command -v "${pair%:*}" > /dev/null ;; esac && continue
    echo "FAILED ${pair%:*} is missing: apt-get install ${pair#*:}"
    failed=$((failed + 1))
done
if [ "$failed" = 0 ]; then
    try cmake cmake_app
    try meson meson_app
    try arduino arduino_sketch
    try esp-idf vendor idf
    try zephyr vendor zephyr
fi
echo "recipes: $passed passed, $failed failed"
[ "$failed" = 0 ]
