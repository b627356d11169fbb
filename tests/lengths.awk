# lengths.awk - awk -f tests/lengths.awk tokenauth.h
# How long the functions are, in lines: from where the definition starts, in the first column, to its
# closing brace, comments and blank lines inside included. Held: the median is at most 15, nine of ten
# have at most 40, and each that is longer than 60 is listed and has a comment right above it.

# The line without comments; remembers an open one.
function bare(line,    out, at)
{
    out = ""
    while (line != "") {
        if (in_comment) {
            at = index(line, "*/")
            if (at == 0) return out
            line = substr(line, at + 2)
            in_comment = 0
        } else {
            at = index(line, "/*")
            if (at == 0) return out line
            out = out substr(line, 1, at - 1)
            line = substr(line, at + 2)
            in_comment = 1
        }
    }
    return out
}

function name_of(text)
{
    sub(/\(.*/, "", text)
    sub(/ *$/, "", text)
    sub(/.*[ *]/, "", text)
    return text
}

function note(n)
{
    size[++total] = n
    if (n <= 60) return
    listed = listed sprintf("  %d  %s%s\n", n, name_of(head), explained ? "" : "   not explained")
    if (!explained) unexplained++
}

{
    had_comment = in_comment || /\/\*/
    line = bare($0)
    sub(/[ \t]+$/, "", line)
    if (line == "" && had_comment) { comment_end = NR; next }
}

inside { if (line ~ /^[}]/) { note(NR - start + 1); inside = 0; head = "" } next }

line ~ /\\$/ || in_macro { in_macro = (line ~ /\\$/); head = ""; next }     # no functions
line ~ /^#/ || line == "" || line ~ /^[}]/ { head = ""; next }
head == "" && line ~ /^[A-Za-z_]/ { head = line; start = NR; explained = (comment_end == NR - 1) }
head != "" && start != NR { head = head " " line }
head == "" { next }

head ~ /^(typedef|struct|enum|union|extern "C")/ || head ~ /^[^{]*=/ { head = ""; next }
line ~ /[{].*[}]$/ { note(NR - start + 1); head = ""; next }
line ~ /[{]$/ { inside = 1; next }
line ~ /;$/ { head = "" }

END {
    for (i = 2; i <= total; i++) {                      # insertion sort: a few hundred numbers
        v = size[i]
        for (j = i - 1; j > 0 && size[j] > v; j--) size[j + 1] = size[j]
        size[j + 1] = v
    }
    median = size[int((total + 1) / 2)]
    p90 = size[int((total * 9 + 9) / 10)]
    printf "%d functions, median %d lines, nine of ten at most %d, longest %d\n",
           total, median, p90, size[total]
    if (listed != "") printf "longer than 60:\n%s", listed
    bad = (total < 20) + (median > 15) + (p90 > 40) + (unexplained > 0)
    printf "lengths: %d passed, %d failed\n", 4 - bad, bad
    exit (bad > 0)
}
