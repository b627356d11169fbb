#!/bin/sh
# stores.sh - what `make stores` does: every store of examples/stores against one suite, then against
# clients, faults and kill -9; then the same with bugs planted in the stores, each of which must be found.
#
# From the environment: QUICK=1 the short form; STORES="journal redis" only those; CC;
# STORES_DIR where files and servers live (default: /dev/shm for the short form, build/stores for the whole);
# BUGS=no without planted bugs, PLANTS=1 those alone. Needs libsqlite3-dev,
# libpq-dev, postgresql, libhiredis-dev, redis-server.

cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
ALL='memory journal sqlite postgres redis cluster'
STORES=${STORES:-$ALL}
OUT=build/stores
mkdir -p "$OUT" || exit 2
if [ -z "$STORES_DIR" ]; then
    STORES_DIR=$PWD/$OUT
    [ -z "$QUICK" ] || [ ! -w /dev/shm ] || [ "$(df -Pk /dev/shm | awk 'END { print $4 }')" -lt 500000 ] ||
        STORES_DIR=/dev/shm             # where it is more than the 64 MB of some containers
fi
export STORES_DIR
WARN='-std=c99 -pedantic -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wcast-qual -Wundef -Wvla'
WARN="$WARN -Werror"
LIBS='-I/usr/include/postgresql -lsqlite3 -lpq -lhiredis -lpthread'

count() { echo "$1 $2" >> "$OUT/sums"; }        # passed, failed; several write at once
sum_of() { sed -n "s/^$1: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p" "$2" | tail -n 1; }

# where the header of a store is taken from: TA_SQLITE_FILE=build/stores/bug.h
header() { printf '%s' "-DTA_$(echo "$1" | tr a-z A-Z)_FILE=\"$PWD/${2:-examples/stores/$1.h}\""; }

build() { # $1 program  $2 store  $3 its header, or the right one  $4 conformance.o  $5.. flags
    to=$1; store=$2; file=$3; suite=$4; shift 4
    # shellcheck disable=SC2086
    set -- "$@" -I. "$(header journal)" "$(header sqlite)" "$(header redis)" "$(header postgres)"
    [ -z "$file" ] || set -- "$@" "-UTA_$(echo "$store" | tr a-z A-Z)_FILE" "$(header "$store" "$file")"
    $CC $WARN "$@" -o "$to" tests/store_tests.c "$suite" $LIBS
}

# ---- the stores as they are ----------------------------------------------------------------------

SAN='-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all'
echo 'int main(void) { return 0; }' > "$OUT/probe.c"
# shellcheck disable=SC2086
$CC $SAN "$OUT/probe.c" -o "$OUT/probe" > /dev/null 2>&1 || SAN=-O1
# shellcheck disable=SC2086
$CC $WARN $SAN -c -o "$OUT/conformance.o" tests/store_conformance.c &&
$CC $WARN -O1 -c -o "$OUT/plain.o" tests/store_conformance.c &&
build "$OUT/store_tests" none '' "$OUT/conformance.o" $SAN || { echo 'stores: 0 passed, 1 failed'; exit 1; }

MIGRATE=$OUT/migrate
export MIGRATE
# shellcheck disable=SC2086
$CC $WARN -O1 -I. -DTA_ANY_SQLITE -DTA_ANY_POSTGRES -DTA_ANY_REDIS -o "$MIGRATE" \
    examples/stores/migrate.c $LIBS || { echo 'stores: 0 passed, 1 failed'; exit 1; }
make build/server-stores CC="$CC" || { echo 'stores: 0 passed, 1 failed'; exit 1; }

run() { # $1 store  $2 what it is called  $3.. flags of store_tests
    s=$1; what=$2; shift 2
    start=$(date +%s)
    timeout 900 "$OUT/store_tests" ${QUICK:+--quick} "$@" "$s" > "$OUT/$s-$what.log" 2>&1
    rc=$?
    sum=$(sum_of stores "$OUT/$s-$what.log")
    [ -n "$sum" ] || sum='0 1'
    [ "$rc" = 0 ] || [ "${sum#* }" != 0 ] || sum="${sum% *} 1"
    # shellcheck disable=SC2086
    count $sum
    grep -E ' operations, | put back: |^servers: ' "$OUT/$s-$what.log" | sed "s/^servers/$s: three servers/"
    echo "$s: $what: ${sum% *} passed, ${sum#* } failed ($(($(date +%s) - start)) s)"
    [ "${sum#* }" = 0 ] || tail -n 40 "$OUT/$s-$what.log"
}

# ---- planted bugs: one line changed, and a test that must go red ------------------------------------

# The bug's test is run alone; "torture" is the long one, which must find a contradiction.
bug() { # $1 store  $2 what  $3 the line's text  $4 what it becomes  $5 the test that must fail
    [ "$1" = "$only" ] || return 0
    store=$1; to=$OUT/bug-$1; flag=; want="^FAILED $5 "
    [ "$1" != cluster ] || store=redis
    [ "$5" != torture ] || { flag=--torture; want='^violated: '; }
    if ! FROM=$3 TO=$4 awk '
        { at = index($0, ENVIRON["FROM"])
          if (at > 0) {
              n++
              $0 = substr($0, 1, at - 1) ENVIRON["TO"] substr($0, at + length(ENVIRON["FROM"]))
          }
          print }
        END { exit n != 1 }' "examples/stores/$store.h" > "$to.h"; then
        echo "bug in $1 not planted: $2: the line is not there, or there twice"
        count 0 1
        return
    fi
    if ! build "$to" "$store" "$to.h" "$OUT/plain.o" -O0 -w -Wno-error > "$to.log" 2>&1; then
        echo "bug in $1 does not compile: $2"; head -n 5 "$to.log"
        count 0 1
        return
    fi
    [ "$5" = torture ] || export ONLY="$5"
    short=--quick                               # but a torture of the whole form takes its minute
    [ "$5" != torture ] || short=${QUICK:+--quick}
    for try in 1 2 3 4; do                      # a torture may miss a bug, if it must; four in a row do not
        # shellcheck disable=SC2086
        timeout 300 "$to" $short $flag "$1" > "$to.log" 2>&1
        grep -q "$want" "$to.log" && break
        echo "$1: bug not yet found by $5, try $try: $2"
    done
    unset ONLY
    if grep -q "$want" "$to.log"; then
        count 1 0
        echo "$1: bug found by $5: $2"
    else
        count 0 1
        echo "$1: bug NOT FOUND by $5: $2"
        tail -n 3 "$to.log"
    fi
}
more() { [ -n "$QUICK" ] || "$@"; }             # not in the short form

planted() {
    bug sqlite 'an unconditional swap' 'WHERE id = ?1 AND ver = ?6 AND sub IS ?3' \
        'WHERE id = ?1 AND ?6 = ?6 AND sub IS ?3' torture
    bug redis 'an unconditional swap' 'elseif not v or string.sub(v, 5, 8) ~= ARGV[1] then' \
        'elseif not v then' torture
    more bug journal 'an unconditional swap' '|| ta_journal_ver(*link) != old->ver) return TA_ERR_CONFLICT;' \
        ') return TA_ERR_CONFLICT;' torture
    more bug journal 'a logout is not written' 'st = ta_journal_append(j, id, NULL, 0, false);' \
        'st = TA_OK;' torture
    more bug postgres 'an unconditional swap' 'AND ver = $6::bigint AND sub' \
        'AND $6::bigint >= 0 AND sub' torture
    more bug postgres 'answered before it is committed' 'return ta_postgres_say(p, "SET SESSION' \
        'return ta_postgres_say(p, "BEGIN", NULL, 0) && ta_postgres_say(p, "SET SESSION' torture
    more bug cluster 'a swap on generation' 'string.sub(v, 5, 8)' 'string.sub(v, 9, 12)' torture
    bug journal 'acknowledged before fsync' \
        'if (TA_JOURNAL_FSYNC(j->fd) != 0) return ta_journal_break(j, "fsync", errno);' '' \
        test_journal_acknowledges_what_is_synced
    more bug journal 'a failed fsync is forgotten' 'return ta_journal_break(j, "fsync", errno);' \
        'return TA_ERR_STORE;' test_journal_bad_disk
    more bug journal 'an unconditional swap' '|| ta_journal_ver(*link) != old->ver) return TA_ERR_CONFLICT;' \
        ') return TA_ERR_CONFLICT;' test_stale_swap
    bug journal 'a swap on generation' '(uint32_t)(ta_journal_get64(n->record) & 0xFFFFFFFFu);' \
        '(uint32_t)(ta_journal_get64(n->record) + (ta_journal_get64(n->record + 8) >> 32) - 0 * 1);' \
        test_swap_compares_the_version
    more bug journal 'the sum is not chained' 'ta_sha256_update(&c, before, 16);' '(void)before;' \
        test_journal_damage
    more bug journal 'what follows damage is left out' 'return *torn ? TA_OK : ta_journal_damaged' \
        '*torn = true; return *torn ? TA_OK : ta_journal_damaged' test_journal_damage
    more bug journal 'the torn end stays' '|| j->size == size) return st;' '|| true) return st;' \
        test_journal_torn_end
    more bug journal 'an end without its beginning is damage' 'return memcmp(e, zero, sizeof zero) == 0 || ' \
        'return ' test_journal_unwritten_end
    more bug journal 'a path that moves with the program' 'j->path = ta_journal_absolute(path);' \
        'j->path = ta_journal_name(path, "");' test_journal_stays_where_it_was_opened
    more bug journal 'a full disk is copied to at each write' \
        '? 0 : j->entries + j->live + spare;' '? 0 : 0;' \
        test_journal_full_disk_is_not_copied_to
    more bug journal 'no lock' 'if (flock(j->lock_fd, LOCK_EX | LOCK_NB) == 0) return TA_OK;' \
        'return TA_OK;' \
        test_journal_one_owner
    more bug journal 'memory before the disk' 'st = ta_journal_append(j, id, NULL, 0, false);' \
        'ta_journal_remove(j, link); return ta_journal_append(j, id, NULL, 0, false);' test_journal_bad_disk
    bug sqlite 'synchronous=NORMAL' '|| !ta_sqlite_says(s, "PRAGMA synchronous", "2"))' \
        '|| sqlite3_exec(s->db, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL) != SQLITE_OK)' \
        test_sqlite_acknowledges_what_is_synced
    more bug sqlite 'an unconditional swap' 'WHERE id = ?1 AND ver = ?6 AND sub IS ?3' \
        'WHERE id = ?1 AND ?6 = ?6 AND sub IS ?3' test_stale_swap
    more bug sqlite 'an unconditional delete' '"DELETE FROM ta_record WHERE id = ?1 AND ver = ?6"' \
        '"DELETE FROM ta_record WHERE id = ?1 AND ?6 = ?6"' test_stale_swap
    more bug sqlite 'the columns are not compared' 'if (same) return TA_OK;' \
        'if (same || true) return TA_OK;' \
        test_sqlite_row_that_disagrees
    more bug sqlite 'insert overwrites' 'ON CONFLICT(id) DO NOTHING' \
        'ON CONFLICT(id) DO UPDATE SET record = ?5' \
        test_insert_twice
    more bug sqlite 'a list without order' 'ORDER BY id LIMIT ?3' 'ORDER BY id DESC LIMIT ?3' test_list
    more bug sqlite 'a conflict is taken for success' '== 1 ? TA_OK : TA_ERR_CONFLICT;' \
        '== 1 ? TA_OK : TA_OK;' \
        test_threads_race
    more bug postgres 'an unconditional swap' 'AND ver = $6::bigint AND sub' 'AND $6::bigint >= 0 AND sub' \
        test_stale_swap
    more bug postgres 'an unconditional delete' 'WHERE id = $1::bytea AND ver = $2::bigint",' \
        'WHERE id = $1::bytea AND $2::bigint >= 0",' test_stale_swap
    bug postgres 'a write that timed out may come late' 'if (!p->in_doubt) return true;' 'return true;' \
        test_postgres_late_write
    more bug postgres 'a write waits for its lock when nobody waits for it' 'if (!p->in_doubt) return true;' \
        'return true;' test_postgres_waits_for_a_lock
    more bug postgres 'acknowledged before the disk' "IN ('off', 'local')" "IN ('local')" \
        test_postgres_sets_what_it_needs
    more bug postgres 'what no standby has is read' '(!doubt || ta_postgres_settle(p))' 'true' \
        test_postgres_waits_for_the_standby
    more bug postgres 'a write that was refused is taken for a conflict' '"40P01") == 0)) return' \
        '"40P01") == 0 || 1)) return' test_postgres_errors
    more bug postgres 'the table is made without a lock' '"BEGIN; SELECT pg_advisory_xact_lock(7466931)"' \
        '"BEGIN"' \
        test_postgres_many_open_at_once
    more bug postgres 'inside a transaction' 'return ta_postgres_say(p, "SET SESSION' \
        'return ta_postgres_say(p, "BEGIN", NULL, 0) && ta_postgres_say(p, "SET SESSION' \
        test_another_opener_sees_it
    more bug redis 'an unconditional swap' 'elseif not v or string.sub(v, 5, 8) ~= ARGV[1] then' \
        'elseif not v then' test_stale_swap
    bug redis 'a swap on generation' 'string.sub(v, 5, 8)' 'string.sub(v, 9, 12)' \
        test_swap_compares_the_version
    bug redis 'a write that timed out may come late' 'n->in_doubt ? n->id :' '0 ? n->id :' \
        test_redis_late_write
    more bug redis 'a write is sent again when its answer is lost' \
        'if (a == NULL && c->writes) return NULL;' '' \
        test_redis_bad_link
    bug redis 'each piece of an answer may take all of the time' 'return ta_redis_clock() < r->deadline && ' \
        'struct timeval all = {2, 0}; return redisSetTimeout(link, all) == REDIS_OK || ' test_redis_trickle
    more bug redis 'sent around without end' 'if (tries > 8 && !ta_redis_nap(r)) return NULL;' '' \
        test_redis_sent_around
    more bug redis 'addresses are never forgotten' 'if (n->link != NULL || n->in_doubt' \
        'if (n != NULL || n->in_doubt' test_redis_addresses_come_and_go
    more bug redis 'any number is a conflict' 'a->integer == 0) st = TA_ERR_CONFLICT;' \
        'a->integer != 1) st = TA_ERR_CONFLICT;' test_redis_nonsense
    more bug redis 'a session that cannot be listed' \
        'if (old == NULL && next->kind == 1) st = ta_redis_enlist(r, next);' \
        'if (old == NULL && next->kind == 1) (void)ta_redis_enlist(r, next);' \
        test_redis_between_list_and_record
    bug redis 'a replica is read' '"GETEX", 5' '"GET", 3' test_redis_demoted
    more bug redis 'an evicting server is taken' 'if (!r->opts.allow_eviction' \
        'if (0 && !r->opts.allow_eviction' \
        test_redis_settings_that_lose
    more bug redis 'a replica lists' '"redis.call('"'ZREM', KEYS[1], '')"'\n"' '""' test_redis_demoted
    more bug redis 'not synced while the file is rewritten' '"no-appendfsync-on-rewrite", "no"' \
        '"appendonly", "yes"' test_redis_settings_that_lose
    more bug redis 'a record without expiry is left behind' 'if (st == TA_OK && a->integer == -1)' 'if (0)' \
        test_redis_each_without_expiry
    more bug redis 'SCAN is not among the rights' '(migrate) +scan' '(migrate) scan' test_redis_urls
    more bug redis 'sessions are not listed' \
        'if (old == NULL && next->kind == 1) st = ta_redis_enlist(r, next);' '' \
        test_list
    more bug redis 'the answer of WAIT is not looked at' 'a->integer >= r->opts.replicas;' \
        'a->integer >= 0;' \
        test_redis_wait
    bug redis 'what no replica has is read' \
        'if ((st == TA_OK || st == TA_ERR_NOT_FOUND) && !ta_redis_wait(' 'if (0 && !ta_redis_wait(' \
        test_redis_wait
    more bug redis 'no expiry' "'EXAT', ARGV[3]" "'EXAT', 4000000000" test_expires_by_itself
    bug cluster 'MOVED ignored' 'if (ta_redis_begins(a, "MOVED ")) {' 'if (0) {' test_cluster_moved
    more bug cluster 'another polynomial' '0x1021u' '0x1020u' test_cluster_slots
    more bug cluster 'ASK ignored' 'if (ta_redis_begins(a, "ASK ")) {' 'if (0) {' test_cluster_ask
    more bug cluster 'no ASKING before the command' 'return ta_redis_ok(r, ta_redis_say(r, n, "ASKING",' \
        'return true || ta_redis_ok(r, ta_redis_say(r, n, "ASKING",' test_cluster_ask
    more bug cluster 'ASKING is not among the rights' '+cluster|slots +asking' '+cluster|slots' \
        test_cluster_ask
    more bug cluster 'a dead master is not looked for elsewhere' \
        'if (r->cluster) (void)ta_redis_map(r, n);' '' \
        test_cluster_new_master
}
# ---- two at a time ------------------------------------------------------------------------------------

group() {
    for only in $STORES; do
        case " $* " in *" $only "*) ;; *) continue ;; esac
        if [ -z "$PLANTS" ]; then
            run "$only" conformance
            run "$only" torture --torture
        fi
        [ "$BUGS" = no ] || planted
    done
}
rm -f "$OUT/sums"
group memory journal sqlite postgres & first=$!
group redis cluster & second=$!
wait $first; wait $second

passed=$(awk '{ n += $1 } END { print n + 0 }' "$OUT/sums")
failed=$(awk '{ n += $2 } END { print n + 0 }' "$OUT/sums")
echo "stores: $passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
