# names.awk - reads the output of `cc -E` (C, with line markers) and prints each name that tokenauth.h
# brings to file scope, as an enumerator or as a tag, and that does not begin with our prefix.
# Members of structs, parameters and local variables may be called anything.

BEGIN {
    split("auto const double enum extern float for inline int long register restrict return short " \
          "signed sizeof static struct typedef union unsigned void volatile char _Bool bool " \
          "__attribute__ __extension__ __inline __inline__ __volatile__ __restrict", k, " ")
    for (i in k) plain[k[i]] = 1
    braces = parens = 0
}

/^#/ {                                          # # 12 "file" flags
    ours = ($0 ~ /"[^"]*tokenauth\.h"/)
    next
}

ours {
    line = $0
    gsub(/"([^"\\]|\\.)*"/, " ", line)
    gsub(/'([^'\\]|\\.)*'/, " ", line)
    while (match(line, /[A-Za-z_][A-Za-z0-9_]*|[0-9][A-Za-z0-9_.]*|[^ \t]/)) {
        see(substr(line, RSTART, RLENGTH))
        line = substr(line, RSTART + RLENGTH)
    }
}

function ours_or_plain(w) { return w in plain || w ~ /^(ta_|TA_|tai_|TAI_)/ }

# w follows the name that was held back: a type is followed by another name or a star, a declared name is not.
function judge(w)
{
    if (held != "" && (held_tag || w ~ /^[(;=,}\[]$/) && !ours_or_plain(held)) print held
    held = ""
}

function see(w)
{
    judge(w)
    if (w == "{") {
        braces++
        is_enum[braces] = enum_next
        enum_next = 0
    } else if (w == "}") {
        braces--
    } else if (w == "(" || w == "[") {
        parens++
    } else if (w == ")" || w == "]") {
        parens--
    } else if (w ~ /^[A-Za-z_]/) {
        names++
        held_tag = (last == "struct" || last == "union" || last == "enum")
        pointer = (braces == 0 && parens == 1 && last == "*" && before == "(")
        if (pointer && !ours_or_plain(w)) print w
        if (held_tag || (parens == 0 && (braces == 0 || is_enum[braces]))) held = w
    }
    if (w == "enum") enum_next = 1
    if (w == ";" || w == ")") enum_next = 0
    before = last
    last = w
}

END { if (names < 100) print "(only " names " names seen: this check looked at nothing)" }
