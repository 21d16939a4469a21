#!/usr/bin/env bash
# An own certificate authority for a small installation: the broker's certificate, and one for each gateway.
#
#   deploy/certificates.sh DIR init HOST [HOST …]    the authority, and the broker's certificate for these names
#   deploy/certificates.sh DIR renew HOST [HOST …]   a new certificate of the broker, by the same authority
#   deploy/certificates.sh DIR add NAME              key and certificate of a gateway
#   deploy/certificates.sh DIR revoke NAME           from its next connection on the gateway is refused
#
# DIR/broker is for the broker, DIR/gateways/NAME.* for the gateway, which also needs DIR/broker/ca.crt. DIR/authority
# signs: keep it away from this machine while nothing is to be signed. After renew and revoke the broker reads its files
# again at a SIGHUP. DAYS says for how many days a certificate holds (825).
set -euo pipefail
umask 077

usage() {
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
fail() {
    echo "certificates.sh: $*" >&2
    exit 1
}

days=${DAYS:-825}
[ $# -ge 3 ] || usage
dir=$1 verb=$2
shift 2
mkdir -p "$dir/authority/issued" "$dir/broker" "$dir/gateways"
cd "$dir"

cat > authority/openssl.cnf <<'CNF'
[ca]
default_ca = here
[here]
database = authority/index.txt
serial = authority/serial
new_certs_dir = authority/issued
certificate = broker/ca.crt
private_key = authority/ca.key
default_md = sha256
default_crl_days = 3650
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
CNF

names() {
    local list="" host
    for host in "$@"; do
        case $host in
            *[!0-9.:]*) list="$list,DNS:$host" ;;
            *) list="$list,IP:$host" ;;
        esac
    done
    printf '%s' "${list#,}"
}

# issue FILE CN USAGE [subjectAltName]
issue() {
    [ -e authority/ca.key ] || fail "$dir/authority has no key to sign with: is it put away, or was there no init?"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" \
        -addext "extendedKeyUsage=$3" ${4:+-addext "subjectAltName=$4"} \
        -keyout "$1.key.new" -out "$1.csr" 2>> authority/log
    openssl ca -batch -config authority/openssl.cnf -days "$days" -notext -in "$1.csr" -out "$1.crt.new" \
        2>> authority/log || fail "nothing was signed, see $dir/authority/log"
    rm "$1.csr"
    # The broker may run as another user, who must be able to read what takes the place of its old files.
    if [ -e "$1.key" ]; then chown --reference="$1.key" "$1.key.new" "$1.crt.new"; fi
    mv "$1.key.new" "$1.key"
    mv "$1.crt.new" "$1.crt"
    chmod 644 "$1.crt"
}

list_revoked() {
    openssl ca -config authority/openssl.cnf -gencrl -out broker/revoked.pem.new 2>> authority/log
    if [ -e broker/revoked.pem ]; then chown --reference=broker/revoked.pem broker/revoked.pem.new; fi
    mv broker/revoked.pem.new broker/revoked.pem
    chmod 644 broker/revoked.pem
}

gateway() {
    [[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$ ]] || fail "$1 is not the name of a gateway: letters, digits, . - _"
}

case $verb in
    init)
        [ ! -e broker/ca.crt ] || fail "$dir has an authority already: renew or add"
        : > authority/index.txt
        openssl rand -hex 16 > authority/serial
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 \
            -subj "/CN=Watermaster authority" -addext "keyUsage=critical,keyCertSign,cRLSign" \
            -keyout authority/ca.key -out broker/ca.crt 2>> authority/log
        chmod 644 broker/ca.crt
        issue broker/broker "$1" serverAuth "$(names "$@")"
        list_revoked
        ;;
    renew) issue broker/broker "$1" serverAuth "$(names "$@")" ;;
    add)
        gateway "$1"
        [ ! -e "gateways/$1.crt" ] || mv "gateways/$1.crt" "gateways/$1.before.crt"
        issue "gateways/$1" "$1" clientAuth
        ;;
    revoke)
        gateway "$1"
        found=0
        for held in "gateways/$1.crt" "gateways/$1.before.crt"; do
            [ -e "$held" ] || continue
            if openssl ca -config authority/openssl.cnf -revoke "$held" 2>> authority/log; then found=1; fi
        done
        [ $found = 1 ] || fail "$dir has no certificate of $1 that holds"
        list_revoked
        ;;
    *) usage ;;
esac
echo "certificates.sh: $verb $*: done, in $dir" >&2
