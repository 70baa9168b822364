#!/usr/bin/env bash
# docs/operation.md and docs/proxies.md followed from nothing to a working site. By hand, as root, with debootstrap:
#
#     tests/deploy/site.sh [FOLDER]      the root is made in FOLDER (default: a new one in TMPDIR) and removed
#
# The commands and files are those of the two pages (tests/deploy/page.py), typed in a new Debian with a process tree, a
# mount tree and a network of its own: addresses and ports are as the pages say. There is no systemd; systemctl.py starts
# what the unit files say. Before each block that installs packages, apt fetches them; pip and the build have the host's
# network. Then each proxy stands in front, and site_checks.py tries what is promised. Exit code 1 on a failure.
# BASE=FOLDER takes a root that debootstrap has made before.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
root=$folder/root
second=$folder/second
suite=${SUITE:-trixie}
host=hearings.court.example
holder= holding=
began=$SECONDS

clean() {
    # The first process of the tree: all others end with it, and so do its mounts.
    if [[ -n $holder ]]; then kill -9 "$holder" 2>/dev/null || true; wait "$holding" 2>/dev/null || true; fi
    if grep -q " $root/" /proc/mounts; then
        echo "still mounted under $root; not removed" >&2
    else
        rm -rf --one-file-system "$root" "$second" "$folder/first"
    fi
}
trap clean EXIT

say() { echo "- $* ($((SECONDS - began)) s)"; }

mirror=$(sed -n 's/^URIs: *\(https\?:[^ ]*\).*/\1/p; s/^deb .*\(https\?:[^ ]*\) .*/\1/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1 || true)
[[ -n $mirror ]] || { echo "no Debian mirror in the apt configuration of this host" >&2; exit 1; }
if [[ -n ${BASE:-} ]]; then
    cp -a "$BASE" "$root"
else
    say "debootstrap $suite"
    debootstrap --variant=minbase --include=python3,ca-certificates "$suite" "$root" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
        { tail -n 20 "$folder/debootstrap.log"; exit 1; }
fi

# The host's package configuration and certificates, as bare_root.sh has it.
rm -f "$root/etc/apt/sources.list"
cp -a /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null ||
    cp -a /etc/apt/sources.list "$root/etc/apt/"
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*artifact* /etc/apt/apt.conf.d/*proxy* /etc/apt/auth.conf.d/* \
    /etc/ssl/certs/ca-certificates.crt /etc/pip.conf /etc/npmrc /etc/hosts /etc/resolv.conf \
    "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf" "$HOME/.npmrc" "$HOME/.netrc"; do
    if [[ -f $file ]]; then
        within=${file/#$HOME//root}
        mkdir -p "$root$(dirname "$within")"
        cp -L "$file" "$root$within"
    fi
done
# CA certificates that the host adds are added here too, so that update-ca-certificates keeps them.
mkdir -p "$root/usr/local/share/ca-certificates"
cp -L /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates/" 2>/dev/null || true
echo "192.0.2.10 $host" >>"$root/etc/hosts"
environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8 CI=true DEBIAN_FRONTEND=noninteractive)
outside=()
while IFS= read -r line; do outside+=("$line"); done < <(env | grep -iE \
    '^(SSL_CERT_FILE|SSL_CERT_DIR|PIP_CERT|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|PIP_DEFAULT_TIMEOUT|npm_config_[a-z_]*|https?_proxy|no_proxy)=')
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d" # packages start nothing: systemctl does
chmod 755 "$root/usr/sbin/policy-rc.d"

# The checkout as git knows it, twice: for the build machine, and the copy of the tests that run inside.
for place in build checkout; do
    mkdir -p "$root/srv/$place"
    git -C "$checkout" archive HEAD | tar -x -C "$root/srv/$place"
done
install -m 0755 /dev/null "$root/usr/local/bin/systemctl"
{ echo '#!/usr/bin/python3 -I'; cat "$checkout/tests/deploy/systemctl.py"; } >"$root/usr/local/bin/systemctl"

# A network without a way out, with the server's address and those of clients; a tree of processes; mounts.
machine() {
    mkdir -p "$root/dev/shm"
    unshare --net --pid --mount --fork bash -c "
        mount -t proc proc '$root/proc' && mount -t tmpfs -o mode=1777 tmpfs '$root/dev/shm' &&
        mount -t tmpfs -o mode=755 tmpfs '$root/run' && ip link set lo up && ip address add 192.0.2.10/24 dev lo &&
        for last in \$(seq 21 32); do ip address add 192.0.2.\$last/24 dev lo; done &&
        touch '$folder/held' && while sleep 3600; do :; done" &
    holding=$!
    until [[ -e $folder/held ]]; do kill -0 $holding; sleep 0.1; done
    rm "$folder/held"
    holder=$(pgrep -P $holding)
}
machine

inside() { nsenter -t "$holder" -n -p -m env -i "${environment[@]}" chroot "$root" "$@"; }
with_network() { nsenter -t "$holder" -p -m env -i "${environment[@]}" "${outside[@]}" chroot "$root" "$@"; }

# Types a block of a page, or writes its file where the page has made one; what the block prints goes to the log.
do_block() {
    local page=$1 mark=$2 name=$3 run=inside
    if [[ $mark == file ]]; then
        mkdir -p "$root$(dirname "$name")"
        python3 "$checkout/tests/deploy/page.py" "$page" file "$name" >"$root$name"
        return
    fi
    { echo 'set -eux'; python3 "$checkout/tests/deploy/page.py" "$page" step "$name"; } >"$root/run-step"
    local begun=$SECONDS where=/
    case $name in
    build) run=with_network where=/srv/build ;;
    install) run=with_network ;;
    esac
    if grep -q '^apt-get install' "$root/run-step"; then
        { grep '^apt-get install' "$root/run-step" | sed 's/install/install --download-only/'; } >"$root/run-fetch"
        with_network sh -c 'apt-get update -qq && . /run-fetch' >"$folder/$name.fetch.log" 2>&1 || { tail -n 20 "$folder/$name.fetch.log"; exit 1; }
    fi
    # The page is typed into a shell that ends at the first failure.
    if ! $run bash -c "cd $where && . /run-step" </dev/null >"$folder/$name.log" 2>&1; then
        tail -n 40 "$folder/$name.log"
        echo "FAILED: $page, $name" >&2
        exit 1
    fi
    say "$page: $name, $((SECONDS - begun)) s"
}

healthy() {
    local end=$((SECONDS + 90))
    # Until it answers well; where it tells of live hearings, until this process conducts them (some seconds after a start).
    until inside curl --silent --fail --max-time 10 "$1" >"$folder/healthz" 2>&1 &&
        { [[ $1 != */healthz ]] || grep -q 'conductor: this process' "$folder/healthz"; }; do
        ((SECONDS < end)) || { cat "$folder/healthz" "$root/var/log/systemctl/vivavoce"; echo "FAILED: $1 after 90 s" >&2; exit 1; }
        sleep 0.5
    done
}

# An authority that speaks ACME (RFC 8555): pebble, which asks port 80 of the site for the proof, as any other does.
prepare_authority() {
    with_network sh -c 'apt-get update -qq && apt-get install --yes --download-only pebble' >"$folder/pebble.log" 2>&1
    cat >"$root/srv/pebble.json" <<-END
		{"pebble": {"listenAddress": "127.0.0.1:14000", "managementListenAddress": "127.0.0.1:15000", "httpPort": 80,
		 "tlsPort": 443, "certificate": "/srv/pebble.pem", "privateKey": "/srv/pebble.key"}}
	END
    mkdir -p "$root/root/.config/letsencrypt"
    printf '%s\n' 'server = https://localhost:14000/dir' 'agree-tos = true' 'register-unsafely-without-email = true' \
        'non-interactive = true' >"$root/root/.config/letsencrypt/cli.ini"
    inside sh -ec "apt-get install --yes pebble
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /srv/pebble.key -out /srv/pebble.pem \
            -days 90 -subj /CN=localhost -addext subjectAltName=DNS:localhost
        cp /srv/pebble.pem /usr/local/share/ca-certificates/of-pebble-itself.crt
        update-ca-certificates
        PEBBLE_VA_NOSLEEP=1 pebble -config /srv/pebble.json >/var/log/pebble 2>&1 &
        until curl --silent --fail https://localhost:15000/roots/0 >/usr/local/share/ca-certificates/of-pebble.crt; do
            sleep 0.2
        done
        update-ca-certificates" >>"$folder/pebble.log" 2>&1 || { tail -n 20 "$folder/pebble.log"; exit 1; }
}

failed=0
checks() {
    local proxy=$1 addresses=$2 link=
    link=$(inside vivavoce link radu@court.example | grep -o 'https://.*')
    inside env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PYTHONPATH=/srv/checkout/docs/examples \
        /opt/vivavoce/bin/python /srv/checkout/tests/deploy/site_checks.py "$proxy" "$addresses" <<<"$link" || failed=1
}

# Each proxy, its checks, and `vivavoce check` behind it.
proxies() {
    local number=0 proxy
    for proxy in nginx caddy haproxy; do
        do_block proxies.md step $proxy
        healthy "https://$host/healthz"
        if [[ $proxy == nginx ]]; then do_block operation.md step renewal; fi
        checks $proxy "192.0.2.$((21 + number)),192.0.2.$((22 + number)),192.0.2.$((23 + number))"
        inside vivavoce check >"$folder/check.$proxy" || { cat "$folder/check.$proxy"; failed=1; }
        if grep -l -r -E '/docket|7F3K|api-clients' "$root/var/log/nginx" "$root/var/log/caddy" "$root/var/log/haproxy.log" \
            "$root/var/log/systemctl" 2>/dev/null; then echo "FAILED: a log holds addresses of pages" >&2; failed=1; fi
        number=$((number + 3))
        if [[ $proxy != haproxy ]]; then inside systemctl stop $proxy; fi
    done
    echo "  vivavoce check: $(cut -c 1-4 "$folder/check.haproxy" | sort | uniq -c | tr -s ' \n' ' ')"
}

# The last backup of the first machine, which is then switched off; from here on everything happens on the second.
move() {
    inside vivavoce-backup >"$folder/last-backup.log" 2>&1
    inside systemctl disable --now vivavoce
    kill -9 "$holder"
    wait "$holding" 2>/dev/null || true
    cp -a "$root/var/backups" "$second/var/"
    cp -a "$root/srv/vivavoce-anchor" "$second/srv/"
    mv "$root" "$folder/first"
    mv "$second" "$root"
    machine
    inside pg_ctlcluster 17 main start
}

staff=
while read -r mark name; do
    do_block operation.md "$mark" "$name"
    case $name in
    build)
        mkdir -p "$root/usr/local/src/vivavoce"
        cp -a "$root/srv/build/dist" "$root/srv/build/deploy" "$root/usr/local/src/vivavoce/"
        ;;
    packages)
        inside pg_ctlcluster 17 main start
        ;;
    certificate-command) prepare_authority ;;
    firewall) say "rules of the firewall: $(inside nft list ruleset | grep -c accept)" ;;
    /usr/local/sbin/vivavoce) # what another machine has before an installation moves to it
        inside pg_ctlcluster 17 main stop
        cp -a --one-file-system "$root" "$second"
        inside pg_ctlcluster 17 main start
        ;;
    start) healthy http://127.0.0.1:8000/healthz ;;
    esac
done < <(python3 "$checkout/tests/deploy/page.py" operation.md | sed -n '1,/step certificate$/p')
do_block operation.md step people
proxies
while read -r mark name; do
    [[ $name != people && $name != renewal ]] || continue
    if [[ $name == back ]]; then staff=$(inside vivavoce people); fi
    if [[ $name == move ]]; then move; fi
    do_block operation.md "$mark" "$name"
    case $name in
    try)
        inside sh -c 'SETTINGS=/etc/vivavoce-try.env vivavoce serve >/var/log/try 2>&1 & echo $! >/run/try'
        healthy http://127.0.0.1:8001/healthz/live
        told=$(inside curl --silent --output /dev/null --write-out '%{http_code}' http://127.0.0.1:8001/s)
        echo "  the copy answers /s with $told; refuses: $(inside env SETTINGS=/etc/vivavoce-try.env vivavoce link radu 2>&1 || true)"
        [[ $told == 503 ]] || failed=1
        inside sh -c 'kill $(cat /run/try)'
        inside sh -c 'while kill -0 $(cat /run/try) 2>/dev/null; do sleep 0.2; done'
        ;;
    move-end) healthy http://127.0.0.1:8000/healthz ;;
    update | back)
        healthy "https://$host/healthz"
        [[ $(inside vivavoce people) == *radu@court.example* ]] || { echo "FAILED: $name has lost the staff" >&2; failed=1; }
        checks haproxy 192.0.2.30,192.0.2.31,192.0.2.32
        ;;
    esac
done < <(python3 "$checkout/tests/deploy/page.py" operation.md | sed '1,/step certificate$/d')
[[ $(inside vivavoce people) == "$staff" ]] || { echo "FAILED: the staff are not as they were" >&2; failed=1; }
say "$( ((failed)) && echo FAILED || echo "all is as the pages say")"
exit $failed
