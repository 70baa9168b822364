#!/usr/bin/env bash
# Proof that a bare Debian root with python3 and ca-certificates is enough. By hand, as root, with debootstrap:
#
#     tests/deploy/bare_root.sh [FOLDER]      the root is made in FOLDER (default: a new one in TMPDIR) and removed
#
# The host's package configuration (apt, pip, npm) and CA bundle are copied in, and only they. Then, in the root:
# start.py serves a demo; a printed link signs somebody in over HTTP; one short test runs. Times are printed.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-$(mktemp -d)}
root=$folder/root
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
suite=${SUITE:-trixie}
serving=

clean() {
    if [[ -n $serving ]]; then kill -- "-$serving" 2>/dev/null || true; wait "$serving" 2>/dev/null || true; fi
    # Media processes are started detached: end what still runs inside the root, and nothing else.
    for proc in /proc/[0-9]*; do
        if [[ $(readlink "$proc/root" 2>/dev/null) == "$root" ]]; then kill -9 "${proc#/proc/}" 2>/dev/null || true; fi
    done
    umount "$root/dev/shm" "$root/proc" 2>/dev/null || true
    if grep -q " $root/" /proc/mounts; then
        echo "still mounted under $root; not removed" >&2
    else
        rm -rf --one-file-system "$folder"
    fi
}
trap clean EXIT

mirror=$(sed -n 's/^URIs: *\(https\?:[^ ]*\).*/\1/p; s/^deb .*\(https\?:[^ ]*\) .*/\1/p' \
    /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list 2>/dev/null | head -n 1 || true)
[[ -n $mirror ]] || { echo "no Debian mirror in the apt configuration of this host" >&2; exit 1; }
start=$SECONDS
echo "- debootstrap $suite"
debootstrap --variant=minbase --include=python3,ca-certificates "$suite" "$root" "$mirror" >"$folder/debootstrap.log" 2>&1 ||
    { tail -n 20 "$folder/debootstrap.log"; exit 1; }
echo "  $((SECONDS - start)) s"

# The host's package configuration and certificates.
rm -f "$root/etc/apt/sources.list"
cp -a /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null ||
    cp -a /etc/apt/sources.list "$root/etc/apt/"
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*artifact* /etc/apt/apt.conf.d/*proxy* /etc/apt/auth.conf.d/* \
    /etc/ssl/certs/ca-certificates.crt /etc/pip.conf /etc/npmrc /etc/hosts /etc/resolv.conf \
    "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf" "$HOME/.npmrc" "$HOME/.netrc"; do
    if [[ -f $file ]]; then
        inside=${file/#$HOME//root}
        mkdir -p "$root$(dirname "$inside")"
        cp -L "$file" "$root$inside"
    fi
done
environment=(HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 CI=true "VIVAVOCE_PORT=$port"
    "VIVAVOCE_PUBLIC_URL=http://localhost:$port")
while IFS= read -r line; do environment+=("$line"); done < <(env | grep -iE \
    '^(SSL_CERT_FILE|SSL_CERT_DIR|PIP_CERT|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NODE_EXTRA_CA_CERTS|PIP_INDEX_URL|PIP_EXTRA_INDEX_URL|PIP_DEFAULT_TIMEOUT|npm_config_[a-z_]*|https?_proxy|no_proxy)=')
mkdir -p "$root/dev/shm"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm" # the few devices of /dev were made by debootstrap

# The checkout as git knows it: nothing built, nothing ignored.
mkdir -p "$root/srv/vivavoce"
git -C "$checkout" archive HEAD | tar -x -C "$root/srv/vivavoce"

inside() { env -i "${environment[@]}" chroot "$root" "$@"; }

echo "- python3 deploy/start.py"
start=$SECONDS
set -m
inside python3 /srv/vivavoce/deploy/start.py </dev/null >"$folder/start.log" 2>&1 &
serving=$!
set +m
until grep -q "Vivavoce serves" "$folder/start.log" &&
    inside python3 -c "import urllib.request as u; u.urlopen('http://127.0.0.1:$port/healthz', timeout=2)" 2>/dev/null; do
    kill -0 "$serving" 2>/dev/null || { cat "$folder/start.log"; echo "start.py ended"; exit 1; }
    ((SECONDS - start < 600)) || { cat "$folder/start.log"; echo "no address after 600 s"; exit 1; }
    sleep 0.5
done
echo "  served after $((SECONDS - start)) s"

echo "- signing in with a printed link"
inside python3 /srv/vivavoce/tests/deploy/sign_in.py "http://localhost:$port" <"$folder/start.log"

echo "- python3 deploy/start.py test tests/hearings/test_status.py"
start=$SECONDS
inside python3 /srv/vivavoce/deploy/start.py test -q tests/hearings/test_status.py </dev/null >"$folder/test.log" 2>&1 ||
    { tail -n 60 "$folder/test.log"; exit 1; }
tail -n 3 "$folder/test.log"
echo "  $((SECONDS - start)) s, system packages included"
