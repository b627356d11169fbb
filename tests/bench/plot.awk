# plot.awk - the results as pictures that GitHub and a browser show, in a light and in a dark page.
#   awk -v plot=peers    -f plot.awk results.tsv > peers.svg       what T2 costs here and elsewhere
#   awk -v plot=sessions -f plot.awk results.tsv > sessions.svg    what it costs in a table of a size

BEGIN { FS = "\t"; W = 860; L = 190; R = 150; T = 92 }

/^# cpu: /      { cpu = substr($0, 8) }
/^# compiler: / { compiler = substr($0, 13);  sub(/ \(.*\)/, "", compiler) }
/^# date: /     { date = substr($0, 9) }
/^#/ { next }

plot == "peers" && $1 == "jwt, default" && $2 == "floor T2" { floor = $4 }
plot == "peers" && $1 ~ /^jwt, / && $2 ~ /^(verify|sign) T2$/ {
    name = substr($1, 6)
    sub(/^default$/,  "tokenauth.h",           name)
    sub(/^portable$/, "tokenauth.h, plain C",  name)
    sub(/^small$/,    "tokenauth.h, small",    name)
    if (!(name in known)) { known[name] = 1;  names[++count] = name }
    value[name, substr($2, 1, index($2, " ") - 1)] = $4
}

plot == "sessions" && $1 ~ /^table of [0-9]+$/ && $2 !~ /^(list|sweep)/ {
    size = substr($1, 10) + 0
    name = $2
    sub(/, get$/, "", name)
    if (!(size in known_size)) { known_size[size] = 1;  sizes[++size_count] = size }
    if (!(name in known)) { known[name] = 1;  names[++count] = name }
    value[name, size] = $3
}

function log10(v) { return log(v) / log(10) }
function text(x, y, class, s, anchor) {
    printf "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\"%s>%s</text>\n", x, y, class,
           anchor == "" ? "" : " text-anchor=\"" anchor "\"", s
}
function line(x1, y1, x2, y2, class) {
    printf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1, y1, x2, y2, class
}
function time_of(ns) {
    if (ns == 1000) return "1 µs"
    if (ns < 1000) return sprintf("%.0f ns", ns)
    if (ns < 10000) return sprintf("%.1f µs", ns / 1000)
    return sprintf("%.0f µs", ns / 1000)
}
function size_of(n) { return n >= 1000000 ? n / 1000000 " million" : n >= 1000 ? n / 1000 " thousand" : n }

function head(title, note, h) {
    H = h
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n", W, H
    printf "<title>%s</title>\n<desc>%s. %s, %s, %s.</desc>\n", title, note, cpu, compiler, date
    print "<style>"
    print "text { font: 14px system-ui, sans-serif; fill: #1f2328 }"
    print ".title { font-size: 19px; font-weight: 600 }"
    print ".note, .tick { fill: #59636e; font-size: 13px }  .own { font-weight: 600 }  .bg { fill: #fff }"
    print ".grid { stroke: #d1d9e0 }  .join { stroke: #818b98; stroke-width: 2 }"
    print ".floor { stroke: #818b98; stroke-width: 1.5; stroke-dasharray: 5 4 }"
    print ".a { fill: #0969da; stroke: #0969da }  .b { fill: #bc4c00; stroke: #bc4c00 }"
    print ".c { fill: #1a7f37; stroke: #1a7f37 }  .d { fill: #8250df; stroke: #8250df }"
    print ".e { fill: #818b98; stroke: #818b98 }"
    print ".end { paint-order: stroke; stroke: #fff; stroke-width: 5; stroke-linejoin: round }"
    print "polyline { fill: none !important; stroke-width: 2.5 }  polyline.e { stroke-width: 1.5 }"
    print "polyline.touch { stroke: #1f2328; stroke-dasharray: 5 4; stroke-width: 2 }"
    print "@media (prefers-color-scheme: dark) {"
    print "text { fill: #f0f6fc }  .note, .tick { fill: #9198a1 }"
    print ".bg { fill: #0d1117 }  .grid { stroke: #3d444d }"
    print ".a { fill: #4493f8; stroke: #4493f8 }  .b { fill: #f0883e; stroke: #f0883e }"
    print ".c { fill: #3fb950; stroke: #3fb950 }  .d { fill: #ab7df8; stroke: #ab7df8 }"
    print "polyline.touch { stroke: #f0f6fc }  .end { stroke: #0d1117 } }"
    print "</style>"
    printf "<rect class=\"bg\" width=\"%d\" height=\"%d\" rx=\"6\"/>\n", W, H
    text(20, 32, "title", title)
    text(20, 54, "note", note)
    text(20, H - 14, "note", cpu ", " compiler ", " date)
}

# ---- a logarithmic axis from a power of ten to another ---------------------------------------------------

function scale(least, most) {
    first = int(log10(least));  last = int(log10(most))
    if (10 ^ last < most) last++
}
function x_of(v) { return L + (W - L - R) * (log10(v) - first) / (last - first) }

# ---- others: a line for each library, two dots -----------------------------------------------------------

function by_verify(    i, j, t) {
    for (i = 2; i <= count; i++)
        for (j = i; j > 1 && value[names[j], "verify"] + 0 < value[names[j - 1], "verify"] + 0; j--) {
            t = names[j];  names[j] = names[j - 1];  names[j - 1] = t
        }
}
function dot(x, y, class) { printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"6\" class=\"%s\"/>\n", x, y, class }

function one_peer(name, y,    v, s) {
    v = x_of(value[name, "verify"]);  s = x_of(value[name, "sign"])
    text(L - 16, y + 5, name ~ /^tokenauth/ ? "own" : "", name, "end")
    line(v, y, s, y, "join")
    dot(s, y, "b")
    dot(v, y, "a")
    text((v > s ? v : s) + 14, y + 5, "tick", time_of(value[name, "sign"]) " · " \
         time_of(value[name, "verify"]))
}

function peers(    i, most, x) {
    by_verify()
    for (i = 1; i <= count; i++) if (value[names[i], "verify"] > most) most = value[names[i], "verify"]
    scale(floor, most)
    head("One token of nine claims: sign and verify", \
         "nanoseconds, logarithmic; less is better. The best of many interleaved rounds", T + 30 * count + 74)
    dot(W - 176, 27, "b");  text(W - 164, 32, "", "sign")
    dot(W - 106, 27, "a");  text(W - 94, 32, "", "verify")
    for (i = first; i <= last; i++) {
        line(x_of(10 ^ i), T - 12, x_of(10 ^ i), T + 30 * count, "grid")
        text(x_of(10 ^ i), T + 30 * count + 18, "tick", time_of(10 ^ i), "middle")
    }
    x = x_of(floor)
    line(x, T - 12, x, T + 30 * count, "floor")
    text(x + 6, T - 4, "tick", "the hash alone")
    for (i = 1; i <= count; i++) one_peer(names[i], T + 10 + 30 * i - 18)
}

# ---- sessions: a curve for each operation ------------------------------------------------------------------

function y_of(v) { return T + PH - PH * (log10(v) - first) / (last - first) }
function sx_of(n) {
    return SL + (W - SL - R) * (log10(n) - log10(sizes[1])) / (log10(sizes[size_count]) - log10(sizes[1]))
}

function curve(name, class,    i, points) {
    for (i = 1; i <= size_count; i++)
        if ((name, sizes[i]) in value) {
            points = points sprintf("%.1f,%.1f ", sx_of(sizes[i]), y_of(value[name, sizes[i]]))
            if (class != "touch")
                printf "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" class=\"%s\"/>\n", sx_of(sizes[i]),
                       y_of(value[name, sizes[i]]), class == "e" ? "2.5" : "4", class
            end_of[name] = i
        }
    printf "<polyline points=\"%s\" class=\"%s\"/>\n", points, class
}

# Names at the ends of the curves, pushed apart where they would touch.
function labels(at,    i, j, n, list, y, t) {
    for (i = 1; i <= count; i++) if (end_of[names[i]] == at) list[++n] = names[i]
    for (i = 1; i <= n; i++) y[list[i]] = y_of(value[list[i], sizes[at]]) + 5
    for (i = 2; i <= n; i++)
        for (j = i; j > 1 && y[list[j]] < y[list[j - 1]]; j--) {
            t = list[j];  list[j] = list[j - 1];  list[j - 1] = t
        }
    for (i = 2; i <= n; i++) if (y[list[i]] < y[list[i - 1]] + 17) y[list[i]] = y[list[i - 1]] + 17
    for (i = 1; i <= n; i++) text(sx_of(sizes[at]) + 10, y[list[i]], "end " class_of[list[i]], label_of(list[i]))
}
function label_of(name) {
    return name == "touch of a record" ? "one random touch" : \
           class_of[name] == "e" && name != "get" ? name ", get" : name
}

function sessions(    i, j, least, most) {
    SL = 80;  PH = 380;  least = 1e30
    class_of["get"] = "a";  class_of["swap"] = "c";  class_of["insert"] = "b";  class_of["delete"] = "d"
    for (i = 1; i <= count; i++) {
        if (!(names[i] in class_of)) class_of[names[i]] = names[i] == "touch of a record" ? "touch" : "e"
        for (j = 1; j <= size_count; j++)
            if ((names[i], sizes[j]) in value) {
                if (value[names[i], sizes[j]] > most)  most  = value[names[i], sizes[j]]
                if (value[names[i], sizes[j]] < least) least = value[names[i], sizes[j]]
            }
    }
    scale(least, most)
    head("One operation in a full table", "nanoseconds against the number of sessions, both logarithmic; " \
         "the dashed line is what a random read of memory costs", T + PH + 74)
    for (i = first; i <= last; i++) {
        line(SL, y_of(10 ^ i), W - R, y_of(10 ^ i), "grid")
        text(SL - 10, y_of(10 ^ i) + 5, "tick", time_of(10 ^ i), "end")
    }
    for (i = 1; i <= size_count; i++) {
        line(sx_of(sizes[i]), T, sx_of(sizes[i]), T + PH, "grid")
        text(sx_of(sizes[i]), T + PH + 20, "tick", size_of(sizes[i]), "middle")
    }
    for (i = 1; i <= count; i++) curve(names[i], class_of[names[i]])
    for (i = 1; i <= size_count; i++) labels(i)
}

END { if (plot == "peers") peers(); else sessions();  print "</svg>" }
