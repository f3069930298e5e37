# What tests/systemd/run shows, one function a subject. They build upon one
# another, in the order of the calls there.

# A token that is searched for where it must not be.
canary=canary-5e1c07d2-token

passed=0
failed=0

# One check: `check WHAT COMMAND...`. It is passed when the command succeeds;
# else what it printed is shown.
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
        printf 'ok %s\n' "$what"
    else
        failed=$((failed + 1))
        printf 'FAILED %s\n' "$what"
        sed 's/^/    /' <<<"$output"
        in_machine journalctl --unit riskd --no-pager --lines 15 | sed 's/^/    | /' || true
    fi
}

# Shows what an operator sees.
show() {
    printf '   %s\n' "$*"
    in_machine "$@" 2>&1 | sed 's/^/    | /' || true
}

not() { ! "$@"; }

property() { in_machine systemctl show --property="$1" --value riskd; }
has_property() { [[ $(property "$1") == "$2" ]]; }
has_status() { [[ $(property StatusText) == *"$1"* ]]; }
journal_says() { in_machine journalctl --unit riskd --no-pager --output cat | grep -F -e "$1"; }
# By its address, as a rule file with a mistake names none.
status() { in_machine riskd status --json --http "127.0.0.1:$http"; }
status_says() { status | grep -F -e "$1"; }
pid() { property MainPID; }
is_another() { [[ $(pid) != 0 && $(pid) != "$1" ]]; }
is_ready() { has_property ActiveState active && has_property SubState running; }
# Back after an end: another process, and ready.
is_back() { is_another "$1" && is_ready; }
is_locked() { status | grep -F "\"since\":\"$locked_since"; }

# Tells the paper venue something: `venue PATH JSON`.
venue() {
    curl --silent --show-error --fail --max-time 10 -H 'content-type: application/json' \
        --data "$2" "$control/$1" >/dev/null
}

# Whether an account is flat and quiet by the venue's own book.
is_flat() {
    curl --silent --fail --max-time 10 "$control/state" | tr '{' '\n' |
        grep "\"account\":\"$1\"" | grep '"positions":\[\],"working_orders":0'
}

install_package() {
    in_machine apt-get install --yes --no-install-recommends "/root/$(basename "$1")"
}

check_install() {
    check "the package installs" install_package "${packages[0]}"
    check "the program runs" in_machine riskd --version
    check "the unit is there and not enabled" unit_is_disabled
    check "there is a rule file to begin with" in_machine riskd check /etc/riskd/rules.yaml
    check "it is no conffile, so that no upgrade asks about it" not grep -q /etc/riskd/rules.yaml \
        "$root/var/lib/dpkg/info/riskd.conffiles"
    local file
    for file in man/man1/riskd-run.1.gz man/man1/riskd.1.gz bash-completion/completions/riskd \
        zsh/vendor-completions/_riskd fish/vendor_completions.d/riskd.fish \
        riskd/rules.schema.json doc/riskd/copyright; do
        check "there is $file" test -s "$root/usr/share/$file"
    done
    check "the unit has no mistake" unit_is_clean
}

unit_is_disabled() { [[ $(in_machine systemctl is-enabled riskd 2>&1) == disabled ]]; }

unit_is_clean() {
    local said
    said=$(in_machine systemd-analyze verify --man=no riskd.service 2>&1)
    echo "$said"
    [[ -z $said ]]
}

# What an operator sees who forgot something, and who did not.
check_start() {
    check "without a token the start fails at once" not in_machine timeout 10 systemctl start riskd
    check "... for good, until a person acts" has_property NRestarts 0
    check "... and the status says what to do" failed_status_says /etc/riskd/crosstrade-token
    show systemctl status riskd --no-pager --lines 5
    in_machine systemctl reset-failed riskd

    write 600 /etc/riskd/crosstrade-token <<<"$canary"
    start_paper
    rules 500 | sed 's/pnl:/pln:/' | write 644 /etc/riskd/rules.yaml
    check "with a mistake in the rules the first start fails" not in_machine timeout 10 systemctl start riskd
    check "... and the status says what to do" failed_status_says "riskd check"
    in_machine systemctl reset-failed riskd

    in_machine cp /usr/share/riskd/rules.yaml /etc/riskd/rules.yaml
    in_machine systemctl start --no-block riskd
    check "with the rule file as it came it waits for the venue and says so" \
        wait_for 10 has_status "not ready, no observation yet of sim"
    check "... and that it only observes" has_status "only observing, nothing is sent"
    show systemctl status riskd --no-pager --lines 5
    check "... and stops when it is told to" in_machine timeout 15 systemctl stop riskd

    rules 500 | sed 's/pnl:/pln:/' | write 644 /etc/riskd/rules.yaml
    in_machine systemctl start --no-block riskd
    check "with a mistake in the rules a later start takes those of the record and says so" \
        wait_for 10 has_status "rule file refused, the old rules are in force"
    check "... which only observed" wait_for 10 has_status "only observing, nothing is sent"
    check "... and stops when it is told to" in_machine timeout 15 systemctl stop riskd

    rules 500 | write 644 /etc/riskd/rules.yaml
    check "riskd check is content" in_machine riskd check /etc/riskd/rules.yaml
    local from=${EPOCHREALTIME/./}
    check "systemctl enable --now is enough" in_machine timeout 15 systemctl enable --now riskd
    printf '   ready %d ms after the command\n' $(((${EPOCHREALTIME/./} - from) / 1000))
    check "it is active" is_ready
    check "it runs as a user of its own" runs_as_nobody_else
    check "its status line tells accounts, firings and age" \
        has_status "2 accounts seen 0 s ago; 0 rules fired"
    show systemctl status riskd --no-pager --lines 5
}

failed_status_says() {
    local said
    # It ends with 3, as the unit has failed.
    said=$(in_machine systemctl status riskd --no-pager --full) || true
    has_property ActiveState failed && grep -F -e "$1" <<<"$said"
}

runs_as_nobody_else() {
    local uid
    uid=$(in_machine ps -o uid= -p "$(pid)")
    ((uid >= 61184 && uid <= 65519))
}

# The paper venue on this machine; the machine under test shares its loopback.
start_paper() {
    target/dist/riskd paper --listen 127.0.0.1:0 --accounts 2 --token "$canary" \
        >"$work/paper" 2>"$work/paper.log" &
    paper=$!
    wait_for 10 grep -q '^control:' "$work/paper"
    base_url=$(sed -n 's/^base_url: *//p' "$work/paper")
    control=$(sed -n 's/^control: *//p' "$work/paper")
    http=$(free_port)
}

# A port of the loopback address that nothing listens on.
free_port() {
    local port
    while
        port=$((20000 + RANDOM % 10000))
        (: <>"/dev/tcp/127.0.0.1/$port") 2>/dev/null
    do :; done
    echo "$port"
}

# A rule file: `rules LOSS [MORE RULES]`.
rules() {
    cat <<END
version: 1
daemon: { http: "127.0.0.1:$http" }
sessions:
  day: { timezone: UTC, open: "00:00", days: [sun, mon, tue, wed, thu, fri, sat] }
venues:
  paper: { kind: crosstrade, token: { credential: crosstrade-token }, poll: 1s, base_url: "$base_url" }
accounts:
  first: { venue: paper, number: Sim101, session: day, starting_balance: 50000 }
  second: { venue: paper, number: Sim102, session: day, starting_balance: 50000 }
notify:
  log: { kind: log }
rules:
  - name: daily loss limit
    accounts: ["*"]
    when: { pnl: { loss: $1 } }
    then: [cancel_orders, flatten, { lock: { until: manual } }, { notify: log }]
${2:-}
END
}

check_protection() {
    venue open '{"account": "Sim101", "instrument": "ES", "quantity": 2}'
    check "a position is seen" wait_for 5 status_says 'ES 03-26'
    local from=${EPOCHREALTIME/./}
    venue price '{"instrument": "ES", "price": "4990"}'
    check "a rule fires and the account is flat and quiet" wait_for 10 is_flat Sim101
    printf '   flat %d ms after the price\n' $(((${EPOCHREALTIME/./} - from) / 1000))
    check "... which is verified" wait_for 10 event_of verified
    check "... and the account is locked" wait_for 5 status_says '"until":"manual"'
    # To the millisecond, as the record keeps it.
    locked_since=$(status | sed -n 's/.*"since":"\([^"]\{23\}\).*/\1/p')
    check "the status line tells it" wait_for 5 has_status "1 rule fired; 1 account locked"
    check "the journal has it with its fields" journal_has_fields
    show journalctl --unit riskd --no-pager --output cat EVENT=fired
}

event_of() { in_machine riskd events --json --kind "$1" | grep -F '"account":"first"'; }

journal_has_fields() {
    local line
    line=$(in_machine journalctl --unit riskd --no-pager --output json EVENT=fired)
    echo "$line"
    [[ $line == *'"ACCOUNT":"first"'* && $line == *'"RULE":"daily loss limit"'* &&
        $line == *'"PRIORITY":"4"'* && $line == *'"SYSLOG_IDENTIFIER":"riskd"'* ]]
}

check_reload() {
    local before
    before=$(pid)
    rules 500 '
  - name: size limit
    accounts: [second]
    when: { position: { contracts: 1 } }
    then: [cancel_orders, flatten]' | write 644 /etc/riskd/rules.yaml
    check "a reload with a good file succeeds" in_machine timeout 15 systemctl reload riskd
    check "... and its new rule is there" wait_for 5 status_says '"rule":"size limit"'
    venue open '{"account": "Sim102", "instrument": "ES", "quantity": 2}'
    check "... and in force" wait_for 10 is_flat Sim102
    local good=$root/etc/riskd/rules.yaml
    cp "$good" "$work/good"
    sed 's/contracts: 1/contrcats: 1/' "$work/good" | write 644 /etc/riskd/rules.yaml
    check "a reload with a mistake fails" not in_machine timeout 15 systemctl reload riskd
    check "... and riskd status says why" wait_for 5 status_says 'did you mean `contracts`'
    check "... and the journal" wait_for 5 journal_says 'the rule file is refused, the old rules stay'
    check "... and the status line" wait_for 5 has_status "rule file refused, the old rules are in force"
    venue open '{"account": "Sim102", "instrument": "ES", "quantity": 2}'
    check "... while the old rules stay in force" wait_for 10 is_flat Sim102
    write 644 /etc/riskd/rules.yaml <"$work/good"
    check "the corrected file is taken again" in_machine timeout 15 systemctl reload riskd
    check "... and said to be good" wait_for 5 not has_status refused
    check "no reload was a restart" has_property MainPID "$before"
    check "the lock is kept" is_locked
}

# A daemon that hangs is ended, one whose venue hangs is not.
check_hanging() {
    local before from
    before=$(pid)
    venue faults '{"fault": "hang"}'
    from=$SECONDS
    check "a venue that hangs shows in the status line" wait_for 25 has_status "2 without good data"
    sleep $((from + 25 - SECONDS > 0 ? from + 25 - SECONDS : 0))
    check "... and for 25 s it is no reason to restart" has_property MainPID "$before"
    curl --silent --fail --max-time 10 -X DELETE "$control/faults" >/dev/null
    check "... and it is back when the venue is" wait_for 15 has_status "2 accounts seen"

    in_machine kill -STOP "$before"
    from=${EPOCHREALTIME/./}
    check "a daemon that hangs is restarted by the watchdog and ready" wait_for 30 is_back "$before"
    local took=$(((${EPOCHREALTIME/./} - from) / 1000))
    printf '   %d ms after it hung\n' "$took"
    check "... within 20 s" test "$took" -le 20000
    check "... and the journal says why" journal_says "Watchdog timeout"
    check "... and the lock is kept" is_locked

    before=$(pid)
    in_machine kill -KILL "$before"
    from=${EPOCHREALTIME/./}
    check "after kill -9 it is restarted and ready" wait_for 10 is_back "$before"
    printf '   %d ms after its end\n' $(((${EPOCHREALTIME/./} - from) / 1000))
    check "... and the lock is kept" is_locked
    venue open '{"account": "Sim101", "instrument": "ES", "quantity": 1}'
    check "... and enforced" wait_for 10 is_flat Sim101
}

check_upgrade() {
    local before sum
    before=$(pid)
    sum=$(sha256sum <"$root/etc/riskd/rules.yaml")
    check "an upgrade installs" install_package "${packages[1]}"
    check "... and restarts riskd" wait_for 15 is_back "$before"
    check "... and keeps the lock" is_locked
    check "... and the rules as they were edited" test "$sum" == "$(sha256sum <"$root/etc/riskd/rules.yaml")"

    before=$(pid)
    sed -i 's/contracts: 1/contrcats: 1/' "$root/etc/riskd/rules.yaml"
    check "an upgrade with rules that the new version refuses installs" install_package "${packages[2]}"
    check "... and leaves the daemon that protects running" has_property MainPID "$before"
    write 644 /etc/riskd/rules.yaml <"$work/good"
    check "... until the file is corrected" in_machine timeout 20 systemctl restart riskd
    check "... and keeps the lock" is_locked
}

check_secrecy() {
    local exposure
    exposure=$(in_machine systemd-analyze security --no-pager riskd | tail -n 1)
    printf '   %s\n' "$exposure"
    check "the exposure is at most 1.2" is_at_most_1_2 "$exposure"
    check "no core can be dumped" no_core
    in_machine journalctl --no-pager --all --output export >"$work/journal"
    status >"$work/status"
    in_machine systemctl show riskd >"$work/show"
    in_machine systemctl status riskd --no-pager --full >>"$work/show"
    curl --silent --fail --max-time 10 "http://127.0.0.1:$http/metrics" >"$work/metrics"
    curl --silent --fail --max-time 10 "http://127.0.0.1:$http/events?limit=1000" >"$work/events"
    tr '\0' '\n' <"/proc/$(host_pid)/environ" >"$work/environ"
    tr '\0' '\n' <"/proc/$(host_pid)/cmdline" >"$work/cmdline"
    local place
    for place in journal status show metrics events environ cmdline; do
        check "the token is not in: $place ($(stat -c %s "$work/$place") bytes)" lacks_token "$work/$place"
    done
    check "the token is not in the state directory ($(du -sb "$root/var/lib/private/riskd" | cut -f 1) bytes)" \
        lacks_token "$root/var/lib/private/riskd"
    check "nor anywhere on the disk but in its own file" only_in_its_file
}

is_at_most_1_2() { grep -E 'level for riskd.service: (0\.[0-9]|1\.[0-2]) ' <<<"$1"; }

no_core() {
    grep -E '^Max core file size +0 +0 ' "/proc/$(host_pid)/limits" &&
        grep -Fx 00000000 "/proc/$(host_pid)/coredump_filter"
}

# The daemon's process as this machine numbers it.
host_pid() {
    local inside found
    inside=$(pid)
    for found in $(pgrep -x riskd); do
        if grep -qE "^NSpid:[[:space:]]+$found[[:space:]]+$inside\$" "/proc/$found/status"; then
            echo "$found"
        fi
    done
}

# Searched as bytes, in a place that has some.
lacks_token() {
    [[ -n $(find "$1" -type f -size +0) ]] || return 1
    not grep --recursive --text --fixed-strings --files-with-matches -e "$canary" "$1"
}

only_in_its_file() {
    local found
    found=$(grep --recursive --text --fixed-strings --files-with-matches --devices=skip \
        -e "$canary" "$root" 2>/dev/null)
    echo "$found"
    [[ $found == "$root/etc/riskd/crosstrade-token" ]]
}

check_removal() {
    check "the package can be removed" in_machine apt-get remove --yes riskd
    check "... which ends the daemon" no_daemon
    check "... and leaves the rules" test -s "$root/etc/riskd/rules.yaml"
    check "... and the record" test -s "$root/var/lib/private/riskd/riskd.db"
    check "the package can be purged" in_machine apt-get purge --yes riskd
    local path
    for path in etc/riskd var/lib/private/riskd var/lib/riskd usr/bin/riskd usr/share/riskd \
        etc/systemd/system/multi-user.target.wants/riskd.service; do
        check "... which leaves no /$path" not test -e "$root/$path" -o -L "$root/$path"
    done
}

no_daemon() { [[ -z $(host_pid_any) ]]; }

host_pid_any() { in_machine pgrep -x riskd || true; }
