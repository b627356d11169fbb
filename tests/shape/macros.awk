# macros.awk - reads the output of `cc -E -dD` (with line markers) and prints each macro that
# tokenauth.h itself defines, even for a moment, and that does not begin with our prefix or holds two
# underscores in a row, which C++ keeps for itself.

/^# [0-9]+ "/ { ours = ($0 ~ /"[^"]*tokenauth\.h"/); next }

ours && /^#define / {
    name = $2
    sub(/\(.*/, "", name)
    seen++
    if (name !~ /^(TA_|TAI_|TOKENAUTH_)/ || name ~ /__/) print name
}

END { if (seen < 30) print "(only " seen + 0 " macros seen: this check looked at nothing)" }
