# plant.awk - puts bug number N of a plant list into a C file.
#   awk -v N=3 -v PLANTS=plants.txt -f plant.awk tokenauth.h > out.h
# Lines are compared without the white space before and behind them. A place that is not there, or
# there twice, is an error: then the list is stale.

function bare(s) { sub(/^[ \t]+/, "", s); sub(/[ \t]+$/, "", s); return s }

BEGIN {
    while ((getline line < PLANTS) > 0) {
        mark = substr(line, 1, 1)
        if (mark == "=") bug++
        if (bug != N) continue
        if (mark == "-") {
            if (last != "-") place++
            old[place, ++olds[place]] = bare(substr(line, 3))
        }
        if (mark == "+") new[place, ++news[place]] = substr(line, 3)
        last = mark
    }
}
{ text[NR] = $0; key[NR] = bare($0) }

function fits(at, p,    i) {
    for (i = 1; i <= olds[p]; i++) if (key[at + i - 1] != old[p, i]) return 0
    return 1
}

END {
    for (p = 1; p <= place; p++) {
        found = 0
        for (i = 1; i <= NR; i++) if (fits(i, p)) { found++; where[p] = i }
        if (found != 1) {
            print "plant " N ": place " p " is there " found " times, not once" > "/dev/stderr"
            exit 1
        }
    }
    for (i = 1; i <= NR; i++) {
        for (p = 1; p <= place; p++) {
            if (where[p] != i) continue
            for (j = 1; j <= news[p]; j++) print new[p, j]
            i += olds[p]
            p = 0
        }
        if (i <= NR) print text[i]
    }
}
