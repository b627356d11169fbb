# steps.awk - the table of tests/bench/README.md from results.tsv: what each step takes, in times the hash itself

BEGIN { FS = "\t" }
/^#/ { next }
$1 == "jwt, default" && $2 ~ /^(floor|verify|sign) T[123]$/ { split($2, part, " "); whole[part[1], part[2]] = $4 }
$1 ~ /^steps of T[123]$/ {
    token = substr($1, 10)
    if ($2 ~ /^floor /) { floor[token] = $4; next }
    if (!($2 in known)) { known[$2] = 1; names[++count] = $2 }
    ns[$2, token] = $4
}

function line(name, a, b, c) { printf "| %s | %.2f | %.2f | %.2f |\n", name, a, b, c }
function call(what) {
    line("**ta_jwt_" what "**", whole[what, "T1"] / whole["floor", "T1"], whole[what, "T2"] / whole["floor", "T2"], \
         whole[what, "T3"] / whole["floor", "T3"])
}

END {
    if (count == 0) { print "steps.awk: the results have no steps" > "/dev/stderr"; exit 1 }
    print "| times the hash itself | T1 | T2 | T3 |"
    print "|---|--:|--:|--:|"
    for (i = 1; i <= count; i++) {
        what = substr(names[i], 1, index(names[i], ":") - 1)
        if (what != last) call(what)
        last = what
        line(substr(names[i], index(names[i], ":") + 2), ns[names[i], "T1"] / floor["T1"], \
             ns[names[i], "T2"] / floor["T2"], ns[names[i], "T3"] / floor["T3"])
    }
}
