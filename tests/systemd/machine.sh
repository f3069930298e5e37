# The machine of tests/systemd/run: its tools, its root, its boot, its end, and
# how commands are run in it.

# The packages that the Debian of the tests has beyond the smallest: an init,
# and what riskd's package depends on, so that it installs without a mirror.
include=systemd,systemd-sysv,init-system-helpers,ca-certificates,procps
suite=bookworm
# The version of cargo-deb that is installed when there is none.
cargo_deb=3.8.0

# Ends the test where a system cannot be booted.
skip() {
    printf 'skipped: %s\n' "$*"
    exit 0
}

[[ $(id -u) == 0 ]] || skip "this needs root"
base=${RISKD_TEST_ROOT:-$PWD/target/systemd/debian}
mkdir -p target/systemd
work=$(mktemp -d "$PWD/target/systemd/run.XXXXXX")
root=$work/root
nspawn=
leader=
paper=
making=

# Ends one process that this test started: asks first, and waits.
end() {
    local pid=$1 patience=$2
    kill -TERM "$pid" 2>/dev/null || return 0
    while ((patience-- > 0)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.2
    done
    kill -KILL "$pid" 2>/dev/null || true
}

finish() {
    local code=$?
    trap - EXIT
    [[ -z $making ]] || end "$making" 25
    [[ -z $paper ]] || end "$paper" 25
    [[ -z $nspawn ]] || end "$nspawn" 100
    rm -rf --one-file-system "$work"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Waits until a command succeeds: `wait_for SECONDS COMMAND...`.
wait_for() {
    local until=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < until)) || return 1
        sleep 0.1
    done
}

# Whatever is missing and can be had by apt or cargo.
prepare_tools() {
    local missing=()
    command -v debootstrap >/dev/null || missing+=(debootstrap)
    command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
    command -v curl >/dev/null || missing+=(curl)
    if ((${#missing[@]})); then
        command -v apt-get >/dev/null || skip "${missing[*]} missing, and no apt-get"
        {
            timeout 120 apt-get update &&
                DEBIAN_FRONTEND=noninteractive timeout 180 \
                    apt-get install --yes --no-install-recommends "${missing[@]}"
        } >"$work/apt.log" 2>&1 ||
            skip "${missing[*]} cannot be installed: $(tail -n 1 "$work/apt.log")"
    fi
    [[ -e $base/.complete ]] || begin_base
    if ! cargo deb --version >/dev/null 2>&1; then
        timeout 600 cargo install --locked --quiet "cargo-deb@$cargo_deb" ||
            skip "cargo-deb cannot be installed"
    fi
    [[ ${RISKD_TEST_BUILD:-yes} == no ]] || cargo build --locked --profile dist
    [[ -z $making ]] || finish_base
}

# Makes the Debian that runs are copied from, while the program is built.
begin_base() {
    rm -rf --one-file-system "$base.new"
    mkdir -p "$(dirname "$base")"
    timeout 400 debootstrap --variant=minbase --include="$include" "$suite" "$base.new" \
        >"$base.log" 2>&1 </dev/null &
    making=$!
}

finish_base() {
    wait "$making" || skip "debootstrap makes no Debian: $(tail -n 1 "$base.log")"
    making=
    rm -rf "$base.new"/var/cache/apt/archives/*.deb "$base.new"/usr/share/locale/*
    rm -f "$base.new/etc/machine-id" "$base.new/etc/hostname"
    touch "$base.new/.complete"
    rm -rf --one-file-system "$base"
    mv "$base.new" "$base"
}

# The package, the same under the next version, and once more.
build_packages() {
    mkdir -p "$work/packages"
    packaging/build --no-build --output "$work/packages" >"$work/built"
    packaging/build --no-build --output "$work/packages" --fast --version 99.1 >>"$work/built"
    packaging/build --no-build --output "$work/packages" --fast --version 99.2 >>"$work/built"
    mapfile -t packages <"$work/built"
    cp "${packages[@]}" "$root/root/"
}

# A copy of the Debian, with nothing of riskd's.
make_root() {
    cp --archive --reflink=auto "$base" "$root"
    # Nobody out there is asked for anything: the real venue is this machine,
    # where nothing listens on its port.
    echo '127.0.0.1 localhost app.crosstrade.io' >"$root/etc/hosts"
}

boot() {
    systemd-nspawn --quiet --register=no --keep-unit --boot --console=pipe \
        --resolv-conf=off --timezone=off --link-journal=no --machine="riskd-test-$$" \
        --directory="$root" >"$work/console.log" 2>&1 </dev/null &
    nspawn=$!
    wait_for 60 is_up_or_ended || true
    kill -0 "$nspawn" 2>/dev/null || skip "systemd-nspawn cannot boot here: $(tail -n 1 "$work/console.log")"
    is_up || skip "no system comes up here: $(tail -n 1 "$work/console.log")"
    printf 'a Debian with %s is up\n' "$(in_machine systemctl --version | head -n 1)"
}

is_up_or_ended() { ! kill -0 "$nspawn" || is_up; }

# Looks for the init each time: at first the child of systemd-nspawn is another.
is_up() {
    leader=$(pgrep -P "$nspawn") || return 1
    [[ $(in_machine systemctl is-system-running) =~ ^(running|degraded)$ ]]
}

# Runs a command in the machine, with nothing of this one's environment.
in_machine() {
    timeout 60 nsenter --target "$leader" --all -- env --ignore-environment \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 TERM=dumb \
        DEBIAN_FRONTEND=noninteractive SYSTEMD_PAGER= "$@"
}

# Writes a file of the machine from what comes in: `write MODE PATH`.
write() {
    in_machine install -m "$1" /dev/stdin "$2"
}
