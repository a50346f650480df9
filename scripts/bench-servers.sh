# Starting and stopping the servers that scripts/bench measures. Sourced, not run.
# Every server works below $WORK, listens on high ports of 127.0.0.1 and is stopped by its process id; nothing
# that the system runs is touched.

SMTP_PORT=${BENCH_PORT:-16025}
IMAP_PORT=$((SMTP_PORT + 1))
POP3_PORT=$((SMTP_PORT + 2))
LMTP_PORT=$((SMTP_PORT + 3))
NAMES_PORT=$((SMTP_PORT + 4))
IMAPS_PORT=$((SMTP_PORT + 5))
USERS=105
PASSWORD=only-for-measuring

say() { printf 'bench: %s\n' "$*" >&2; }

# Waits until something answers at a port.
wait_port() {
    for _ in $(seq 200); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return 0; fi
        sleep 0.1
    done
    say "nothing listens at port $1"
    return 1
}

# Ends a process that this script started, and waits until it is gone.
end_process() {
    [ -n "$1" ] || return 0
    kill "$1" 2>/dev/null || return 0
    for _ in $(seq 100); do
        kill -0 "$1" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$1" 2>/dev/null || true
}

# Installs the peers, or says what is missing.
need_peer() {
    local missing=""
    [ -x /usr/sbin/postfix ] || missing="$missing postfix"
    [ -x /usr/sbin/dovecot ] || missing="$missing dovecot-imapd dovecot-pop3d dovecot-lmtpd"
    [ -z "$missing" ] && { [ "$(id -u)" = 0 ] && return 0; say "Postfix can only be started by root: no peer"; return 1; }
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        say "no peer: missing$missing (and root to start Postfix)"
        return 1
    fi
    say "installing$missing"
    echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
    # RUNLEVEL=1 keeps the packages from starting their services.
    # shellcheck disable=SC2086
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing \
        >"$WORK/apt.log" 2>&1 || { say "apt-get failed: see $WORK/apt.log"; return 1; }
}

postfix_config() {
    mkdir -p "$WORK/postfix/"{etc,queue,data}
    chown postfix "$WORK/postfix/data"
    cat >"$WORK/postfix/etc/main.cf" <<EOF
compatibility_level = 3.6
queue_directory = $WORK/postfix/queue
data_directory = $WORK/postfix/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
virtual_mailbox_domains = example.test
virtual_mailbox_maps = static:present
virtual_transport = lmtp:inet:[127.0.0.1]:$LMTP_PORT
smtpd_peername_lookup = no
maillog_file_prefixes = $WORK
maillog_file = $WORK/postfix/log
# It would slow down input that comes faster than it is delivered.
in_flow_delay = 0
EOF
    # The services of Debian's master.cf that take part, outside of a chroot.
    cat >"$WORK/postfix/etc/master.cf" <<EOF
127.0.0.1:$SMTP_PORT inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
EOF
}

dovecot_config() {
    mkdir -p "$WORK/dovecot/"{run,mail}
    chown mail:mail "$WORK/dovecot/mail"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mail.example.test \
        -keyout "$WORK/dovecot/key.pem" -out "$WORK/dovecot/certificate.pem" 2>>"$WORK/errors"
    cat >"$WORK/dovecot/dovecot.conf" <<EOF
base_dir = $WORK/dovecot/run
state_dir = $WORK/dovecot/run
log_path = $WORK/dovecot/log
protocols = imap pop3 lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <$WORK/dovecot/certificate.pem
ssl_key = <$WORK/dovecot/key.pem
disable_plaintext_auth = no
# Passwords in plain: the cheapest log-in that it has.
passdb {
  driver = static
  args = password=$PASSWORD
}
userdb {
  driver = static
  args = uid=mail gid=mail home=$WORK/dovecot/mail/%u allow_all_users=yes
}
first_valid_uid = 1
first_valid_gid = 1
mail_location = $PEER_FORMAT:$WORK/dovecot/mail/%u/mail
mail_max_userip_connections = 5000
service anvil {
  client_limit = 6000
}
service auth {
  client_limit = 12000
}
# Its "high-performance mode": log-in processes that serve many connections.
service imap-login {
  service_count = 0
  client_limit = 5000
  process_min_avail = 2
  process_limit = 2
  inet_listener imap {
    port = $IMAP_PORT
  }
  inet_listener imaps {
    port = $IMAPS_PORT
    ssl = yes
  }
}
service pop3-login {
  service_count = 0
  process_min_avail = 1
  process_limit = 2
  inet_listener pop3 {
    port = $POP3_PORT
  }
  inet_listener pop3s {
    port = 0
  }
}
service imap {
  process_limit = 5000
}
service lmtp {
  process_min_avail = 2
  inet_listener lmtp {
    address = 127.0.0.1
    port = $LMTP_PORT
  }
}
EOF
}

# Starts Postfix and Dovecot; sets $TREE to their top processes.
start_peer() {
    dovecot_config
    postfix_config
    dovecot -F -c "$WORK/dovecot/dovecot.conf" 2>"$WORK/dovecot/err" &
    DOVECOT=$!
    postfix -c "$WORK/postfix/etc" start 2>"$WORK/postfix/err"
    wait_port "$IMAP_PORT" && wait_port "$POP3_PORT" && wait_port "$LMTP_PORT" && wait_port "$SMTP_PORT"
    POSTFIX=$(tr -d ' ' <"$WORK/postfix/queue/pid/master.pid")
    TREE=$POSTFIX,$DOVECOT
}

stop_peer() {
    if [ -n "${POSTFIX:-}" ]; then postfix -c "$WORK/postfix/etc" stop 2>/dev/null || true; fi
    end_process "${DOVECOT:-}"
    POSTFIX="" DOVECOT=""
}

posthorn_config() {
    mkdir -p "$WORK/posthorn"
    cat >"$WORK/posthorn/posthorn.toml" <<EOF
hostname = "mail.example.test"
data = "data"
[listen]
smtp = ["127.0.0.1:$SMTP_PORT"]
submission = []
submissions = []
imap = ["127.0.0.1:$IMAP_PORT"]
imaps = ["127.0.0.1:$IMAPS_PORT"]
pop3 = ["127.0.0.1:$POP3_PORT"]
pop3s = []
[login]
allow_plaintext = true
[limits]
sessions_total = 20000
sessions_per_address = 20000
[dns]
resolvers = ["127.0.0.1:$NAMES_PORT"]
EOF
}

make_accounts() {
    posthorn_config
    local config=$WORK/posthorn/posthorn.toml n
    "$POSTHORN" domain add example.test --config "$config" >"$WORK/posthorn/accounts.log" 2>&1
    for n in $(seq $USERS); do
        echo "$PASSWORD" | "$POSTHORN" account add "user$n@example.test" --password-stdin --config "$config" \
            >>"$WORK/posthorn/accounts.log" 2>&1
    done
}

# Starts Posthorn; sets $TREE. It asks about every sender; a name server beside it knows nobody.
start_posthorn() {
    "$LOAD" --server names names --listen 127.0.0.1:$NAMES_PORT 2>>"$WORK/errors" &
    NAMES=$!
    "$POSTHORN" serve --config "$WORK/posthorn/posthorn.toml" --ready-file "$WORK/posthorn/ready" \
        >>"$WORK/posthorn/log" 2>&1 &
    SERVER=$!
    wait_port "$IMAP_PORT" && wait_port "$SMTP_PORT"
    TREE=$SERVER
}

stop_posthorn() {
    end_process "${SERVER:-}"
    end_process "${NAMES:-}"
    SERVER="" NAMES=""
}
