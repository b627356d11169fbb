# table.awk - README's table from results.tsv: how many times what the hash itself takes, for verify and sign

BEGIN { FS = "\t" }
/^# cpu: /      { cpu = substr($0, 8) }
/^# compiler: / { compiler = substr($0, 13) }
/^# date: /     { date = substr($0, 9) }
/^#/ { next }
$1 == "jwt, default" && $2 ~ /^floor / { floor[substr($2, 7)] = $4 }
$1 ~ /^jwt, / && $2 ~ /^(verify|sign) / {
    name = substr($1, 6)
    if (!(name in known)) { known[name] = 1;  names[++count] = name }
    split($2, part, " ")
    ns[name, $2] = $4                                   # the best round: the machine had other work, too
    if ($8 != "") allocs[name, $2] = $8
}

function times(v) { return v < 9.95 ? sprintf("%.1f", v) : sprintf("%.0f", v) }
function ratio(name, what, token) { return times(ns[name, what " " token] / floor[token]) }
function bold(own, s) { return own ? "**" s "**" : s }
function long_name(name) {
    return name == "default" ? "`tokenauth.h`" : name == "portable" ? "`tokenauth.h`, plain C" : \
           name == "small" ? "`tokenauth.h`, small" : name
}

END {
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && ns[names[j], "verify T2"] + 0 < ns[names[j - 1], "verify T2"] + 0; j--) {
            t = names[j];  names[j] = names[j - 1];  names[j - 1] = t
        }
    print "| times the hash itself | verify | sign | verify, 4 KiB | sign, 4 KiB | allocations |"
    print "|---|--:|--:|--:|--:|--:|"
    for (i = 1; i <= count; i++) {
        n = names[i]
        a = (n, "verify T2") in allocs ? allocs[n, "verify T2"] " / " allocs[n, "sign T2"] : ""
        own = n == "default"
        printf "| %s | %s | %s | %s | %s | %s |\n", long_name(n), bold(own, ratio(n, "verify", "T2")), \
               bold(own, ratio(n, "sign", "T2")), ratio(n, "verify", "T3"), ratio(n, "sign", "T3"), a
    }
    printf "\n<sub>%s, %s, %s.</sub>\n", cpu, compiler, date
}
