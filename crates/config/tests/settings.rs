//! The settings file from outside: what is read, what is refused with which words, and that all texts made
//! from the declarations are read back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may")]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use posthorn_base::{Domain, Secret};
use posthorn_config::{
    ConfigError, DetailSeparator, Fault, LogFormat, LogLevel, OverQuota, RemoteHost, Settings, Size,
    Smarthost, SmarthostTls, example_file, manual_chapter,
};
use proptest::prelude::*;

fn parse(text: &str) -> Result<Settings, ConfigError> {
    Settings::parse(text, Path::new("/etc/posthorn.toml"))
}

fn faults(text: &str) -> Vec<Fault> {
    match parse(text) {
        Ok(_) => Vec::new(),
        Err(ConfigError::Faulty { faults, .. }) => faults,
        Err(ConfigError::Unreadable { path, .. }) => panic!("{path:?} was read"),
    }
}

/// The messages, with their lines.
fn messages(text: &str) -> Vec<String> {
    let line = |fault: &Fault| fault.line.map_or("-".to_owned(), |line| line.to_string());
    faults(text)
        .iter()
        .map(|fault| format!("{} {fault}", line(fault)))
        .collect()
}

const NAME: &str = "hostname = \"mail.example.org\"\n";

fn with_name(text: &str) -> String {
    format!("{NAME}{text}")
}

#[test]
fn a_hostname_is_enough() {
    let settings = parse(NAME).unwrap();
    assert_eq!(settings.hostname.as_str(), "mail.example.org");
    assert_eq!(settings.data, PathBuf::from("/etc/data"));
    let everywhere: Vec<SocketAddr> = vec!["0.0.0.0:25".parse().unwrap(), "[::]:25".parse().unwrap()];
    assert_eq!(settings.listen.smtp, everywhere);
    assert!(settings.listen.lmtp.is_empty() && settings.listen.http.is_empty());
    assert!(!settings.login.allow_plaintext);
    assert_eq!(settings.limits.message_size, Size::from_octets(50 * 1024 * 1024));
    assert_eq!(settings.queue.port, 25);
    assert_eq!(settings.queue.smarthost, None);
}

#[test]
fn values_have_their_types() {
    let text = with_name(
        "data = \"/srv/mail\"\n[listen]\nsmtp = [\"127.0.0.1:0\"]\nimaps = []\n\
         [tls]\ncertificate = \"tls/cert.pem\"\nkey = \"/keys/key.pem\"\n\
         [mailbox]\nquota = \"1GB\"\nover_quota = \"refuse\"\ndetail_separator = \"off\"\n\
         [queue]\nretry_after = [\"1s\", \"1m30s\"]\nport = 0x9dd\n\
         [queue.smarthost]\nhost = \"127.0.0.1\"\nport = 2525\ntls = \"none\"\nuser = \"u\"\npassword = \"p\\\"\\\\\"\n\
         [log]\nlevel = \"debug\"\nformat = \"json\"\n",
    );
    let settings = parse(&text).unwrap();
    assert_eq!(settings.data, PathBuf::from("/srv/mail"));
    assert_eq!(settings.listen.smtp, vec!["127.0.0.1:0".parse().unwrap()]);
    assert!(settings.listen.imaps.is_empty());
    assert_eq!(settings.tls.certificate, Some(PathBuf::from("/etc/tls/cert.pem")));
    assert_eq!(settings.tls.key, Some(PathBuf::from("/keys/key.pem")));
    assert_eq!(settings.mailbox.quota.octets(), 1_000_000_000);
    assert_eq!(settings.mailbox.over_quota, OverQuota::Refuse);
    assert_eq!(settings.mailbox.detail_separator, DetailSeparator::Off);
    assert_eq!(
        settings.queue.retry_after,
        [Duration::from_secs(1), Duration::from_secs(90)]
    );
    assert_eq!(settings.queue.port, 2525);
    let smarthost = settings.queue.smarthost.unwrap();
    assert_eq!(smarthost.host, RemoteHost::Ip("127.0.0.1".parse().unwrap()));
    assert_eq!(smarthost.tls, SmarthostTls::None);
    assert_eq!(
        smarthost.read_password().unwrap(),
        Some(Secret::new("p\"\\".to_owned()))
    );
    assert_eq!(
        (settings.log.level, settings.log.format),
        (LogLevel::Debug, LogFormat::Json)
    );
}

#[test]
fn an_unknown_key_is_an_error_with_the_near_name() {
    assert_eq!(
        messages("hostnmae = \"a.test\"\n"),
        [
            "1 hostnmae: there is no such setting; did you mean `hostname`?",
            "- hostname: this setting must be given; add `hostname = \"mail.example.org\"`",
        ]
    );
    assert_eq!(
        messages(&with_name("[queue]\n\nprot = 2525\n")),
        ["4 queue.prot: there is no such setting; did you mean `queue.port`?"]
    );
    assert_eq!(
        messages(&with_name("[listne]\nsmtp = []\n")),
        ["2 listne: there is no such setting; did you mean `listen`?"]
    );
}

#[test]
fn a_key_in_the_wrong_table_is_sent_to_the_right_one() {
    assert_eq!(
        messages(&with_name("over_quota = \"retry\"\n")),
        ["2 over_quota: there is no such setting; did you mean `mailbox.over_quota`?"]
    );
    let lines = messages(&with_name("[log]\ncolour = true\n"));
    assert_eq!(
        lines,
        ["3 log.colour: there is no such setting; `[log]` has `level`, `format`"]
    );
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_lines() {
    let text = "\n[queue]\nport = \"25\"\nmax_age = \"5 days\"\n[listen]\nsmtp = [\"localhost\", 25]\n[log]\nlevel = \"warning\"\n";
    assert_eq!(
        messages(text),
        [
            "3 queue.port: a string stands here, not a whole number; write a whole number, for instance `port = 2525`",
            "4 queue.max_age: `5 days` cannot be used: ` days` is not a unit known here (d, h, m, s, ms); write a time \
             such as \"90s\", \"5m\" or \"1h30m\" (d, h, m, s, ms), for instance `max_age = \"5d\"`",
            "6 listen.smtp: `localhost` cannot be used: it is no IP address with a port; write a list, each item an \
             \"address:port\" such as \"127.0.0.1:25\" or \"[::1]:25\", for instance `smtp = [\"0.0.0.0:25\", \"[::]:25\"]`",
            "6 listen.smtp: a whole number stands here, not a string; write a list, each item an \"address:port\" such \
             as \"127.0.0.1:25\" or \"[::1]:25\", for instance `smtp = [\"0.0.0.0:25\", \"[::]:25\"]`",
            "8 log.level: `warning` cannot be used: the word is not known here (did you mean `warn`?); write one of \
             \"error\", \"warn\", \"info\", \"debug\", \"trace\", for instance `level = \"debug\"`",
            "- hostname: this setting must be given; add `hostname = \"mail.example.org\"`",
        ]
    );
}

#[test]
fn a_value_out_of_range_names_the_range() {
    assert_eq!(
        messages(&with_name(
            "[limits]\nrecipients = 5\nmessage_size = \"1B\"\n[queue]\nport = 70000\n"
        )),
        [
            "3 limits.recipients: 5 is out of range; write a value from 100 to 100000",
            "4 limits.message_size: \"1B\" is out of range; write a value from \"64KiB\" to \"2GiB\"",
            "6 queue.port: `70000` is outside 0 to 65535; write a whole number, for instance `port = 2525`",
        ]
    );
    assert_eq!(faults(&with_name("[queue]\nport = -1\n")).len(), 1);
    assert_eq!(faults(&with_name("[queue]\nport = 0\n")).len(), 1);
}

#[test]
fn a_setting_where_a_table_belongs_is_refused_and_the_other_way_round() {
    assert_eq!(
        messages(&with_name("queue = 5\n")),
        ["2 queue: this is a table, not a setting; write `[queue]` and its settings below"]
    );
    assert_eq!(faults(&with_name("[[queue]]\nport = 25\n")).len(), 1);
    assert_eq!(messages("[hostname]\n").len(), 1);
}

#[test]
fn text_that_is_no_toml_is_told_with_its_line_and_the_rest_is_still_checked() {
    let lines = messages("hostname = mail.example.org\n[queue]\nprot = 25\n");
    assert!(lines[0].starts_with("1 this is not TOML: "), "{lines:?}");
    assert!(
        lines.iter().any(|line| line.starts_with("3 queue.prot: ")),
        "{lines:?}"
    );
    let lines = messages("hostname = \"a.test\"\nhostname = \"b.test\"\n");
    assert!(
        lines.len() == 1 && lines[0].starts_with("2 this is not TOML: duplicate key"),
        "{lines:?}"
    );
}

#[test]
fn an_ip_address_is_no_hostname() {
    let lines = messages("hostname = \"192.0.2.1\"\n");
    assert!(lines[0].contains("it is an IP address, not a name"), "{lines:?}");
}

/// What must not stand together: the text, the line and the setting that is named.
const CLASHES: &[(&str, usize, &str)] = &[
    ("[tls]\ncertificate = \"c.pem\"\n", 3, "tls.certificate"),
    ("[tls]\nkey = \"k.pem\"\n", 3, "tls.key"),
    (
        "[listen]\nimap = [\"127.0.0.1:99\"]\npop3 = [\"127.0.0.1:99\"]\n",
        4,
        "listen.pop3",
    ),
    (
        "[listen]\nsmtp = []\nsubmission = []\nsubmissions = []\nimap = []\nimaps = []\npop3 = []\npop3s = []\n",
        2,
        "listen",
    ),
    (
        "[limits]\nmessage_size = \"64KiB\"\nheader_size = \"1MiB\"\n",
        4,
        "limits.header_size",
    ),
    (
        "[limits]\nsessions_total = 5\nsessions_per_address = 6\n",
        4,
        "limits.sessions_per_address",
    ),
    ("[queue]\nretry_after = []\n", 3, "queue.retry_after"),
    ("[queue]\nretry_after = [\"0\"]\n", 3, "queue.retry_after"),
    ("[queue]\nretry_after = [\"6d\"]\n", 3, "queue.retry_after"),
    (
        "[queue]\ndelay_notice_after = \"5d\"\n",
        3,
        "queue.delay_notice_after",
    ),
    (
        "[queue]\nconnections_total = 3\n",
        2,
        "queue.connections_per_domain",
    ),
    (
        "[queue.smarthost]\nhost = \"a.test\"\nuser = \"u\"\n",
        4,
        "queue.smarthost.user",
    ),
    (
        "[queue.smarthost]\nhost = \"a.test\"\npassword = \"p\"\n",
        4,
        "queue.smarthost.password",
    ),
    (
        "[queue.smarthost]\nhost = \"a.test\"\nuser = \"u\"\npassword = \"p\"\npassword_file = \"f\"\n",
        5,
        "queue.smarthost.password",
    ),
    (
        "[queue.smarthost]\nhost = \"a.test\"\nuser = \"u\"\npassword = \"p\"\ntls = \"none\"\n",
        6,
        "queue.smarthost.tls",
    ),
    ("[queue.smarthost]\nport = 25\n", 2, "queue.smarthost.host"),
];

#[test]
fn impossible_combinations_are_refused_with_line_and_key() {
    for (text, line, key) in CLASHES {
        let found = faults(&with_name(text));
        let found: Vec<_> = found
            .iter()
            .map(|fault| (fault.line, fault.key.as_str()))
            .collect();
        assert_eq!(found, [(Some(*line), *key)], "{text}");
    }
}

#[test]
fn port_0_may_stand_many_times() {
    let text = with_name("[listen]\nsmtp = [\"127.0.0.1:0\"]\nimap = [\"127.0.0.1:0\"]\n");
    assert_eq!(messages(&text), Vec::<String>::new());
}

#[test]
fn the_message_names_the_file_and_the_line() {
    let error = parse(&with_name("[queue]\nprot = 1\nmax_age = 3\n"))
        .unwrap_err()
        .to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert!(
        lines[0].starts_with("/etc/posthorn.toml:3: queue.prot: "),
        "{error}"
    );
    assert!(
        lines[1].starts_with("/etc/posthorn.toml:4: queue.max_age: "),
        "{error}"
    );
}

#[test]
fn a_missing_or_unreadable_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posthorn.toml");
    let error = Settings::load(&path).unwrap_err().to_string();
    assert!(
        error.contains(path.to_str().unwrap()) && error.contains("there is no such file"),
        "{error}"
    );
    let error = Settings::load(folder.path()).unwrap_err().to_string();
    assert!(error.contains(folder.path().to_str().unwrap()), "{error}");
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("posthorn.toml");
    let text = with_name("[queue.smarthost]\nhost = \"a.test\"\nuser = \"u\"\npassword_file = \"secret\"\n");
    std::fs::write(&path, text).unwrap();
    std::fs::write(folder.path().join("secret"), "hunter2\nmore\n").unwrap();
    let settings = Settings::load(&path).unwrap();
    assert_eq!(settings.data, folder.path().join("data"));
    let password = settings.queue.smarthost.unwrap().read_password().unwrap();
    assert_eq!(password, Some(Secret::new("hunter2".to_owned())));
}

#[test]
fn a_password_does_not_show_in_debug_output() {
    let text = with_name("[queue.smarthost]\nhost = \"a.test\"\nuser = \"u\"\npassword = \"hunter2\"\n");
    assert!(!format!("{:?}", parse(&text).unwrap()).contains("hunter2"));
}

#[test]
fn the_example_file_can_be_read_and_its_defaults_are_the_defaults() {
    let example = example_file();
    let plain = parse(&example).unwrap();
    assert_eq!(plain, parse(NAME).unwrap());
    // Now without the # before every setting of a table that is not optional, except where it shows an
    // example of what is absent by default.
    let mut table = "";
    let mut text = String::new();
    for line in example.lines() {
        let setting = line
            .strip_prefix('#')
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()));
        if line.starts_with('[') || line.starts_with("#[") {
            table = line;
        }
        let is_example = table == "[tls]" || table.starts_with('#') || line.starts_with("#source_address");
        text.push_str(if is_example { line } else { setting.unwrap_or(line) });
        text.push('\n');
    }
    assert!(text.contains("\nlevel = \"info\"\n"), "{text}");
    assert_eq!(parse(&text).unwrap(), plain);
}

#[test]
fn every_example_value_is_accepted() {
    // In the manual each row ends with the example; the key is the first cell.
    let mut table = String::new();
    let mut settings = 0;
    for line in manual_chapter().lines() {
        if let Some(title) = line.strip_prefix("## ") {
            table = title.trim_matches('`').to_owned();
        }
        let Some(row) = line.strip_prefix("| `") else {
            continue;
        };
        let (key, _) = row.split_once('`').unwrap();
        let example = row.trim_end_matches("` |").rsplit_once("| `").unwrap().1;
        let hostname = if key == "hostname" { "" } else { NAME };
        let header = if table.starts_with('[') {
            table.as_str()
        } else {
            ""
        };
        let host = if table == "[queue.smarthost]" && key != "host" {
            "host = \"a.test\"\n"
        } else {
            ""
        };
        let text = format!("{hostname}{header}\n{host}{key} = {example}\n");
        let own_fault = |fault: &Fault| !fault.what.contains("without");
        assert_eq!(faults(&text).into_iter().find(own_fault), None, "{text}");
        settings += 1;
    }
    assert!(settings > 40, "only {settings} rows in the manual");
}

#[test]
fn only_what_differs_is_written() {
    let settings = Settings::new(Domain::parse("a.test").unwrap(), PathBuf::from("/srv/a"));
    let text = settings.to_toml();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    assert_eq!(lines, ["hostname = \"a.test\"", "data = \"/srv/a\""]);
    assert!(text.contains("# The folder that holds all mail"), "{text}");
}

fn sockets() -> impl Strategy<Value = Vec<SocketAddr>> {
    prop::collection::vec(any::<(std::net::IpAddr, u16)>().prop_map(SocketAddr::from), 0..3)
}

fn smarthosts() -> impl Strategy<Value = Option<Smarthost>> {
    let tls = prop_oneof![Just(SmarthostTls::Implicit), Just(SmarthostTls::StartTls)];
    let login = prop::option::of(("\\PC{1,12}", "[ -~äöü\"\\\\\t\n]{1,20}"));
    prop::option::of(("[a-z]{1,8}\\.test", 1..=u16::MAX, tls, login)).prop_map(|parts| {
        let (host, port, tls, login) = parts?;
        let (user, password) = login.unzip();
        let host = RemoteHost::Name(Domain::parse(&host).unwrap());
        Some(Smarthost {
            host,
            port,
            tls,
            user,
            password: password.map(Secret::new),
            password_file: None,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn printed_settings_parse_to_the_same(
        (host, folder) in ("[a-z]{1,8}\\.test", "/[a-zA-Z0-9 \"'\\\\ä]{1,20}"),
        (resolvers, smarthost) in (sockets(), smarthosts()),
        (retries, history) in (prop::collection::vec(1u64..86_400, 1..5), 0u64..1_000_000),
        (quota, is_refusing, allow) in (any::<u64>(), any::<bool>(), any::<bool>()),
        recipients in 100u32..100_000,
    ) {
        let mut settings = Settings::new(Domain::parse(&host).unwrap(), PathBuf::from(folder));
        settings.dns.resolvers = resolvers;
        settings.queue.smarthost = smarthost;
        settings.queue.retry_after = retries.into_iter().map(Duration::from_secs).collect();
        settings.queue.history = Duration::from_millis(history);
        settings.mailbox.quota = Size::from_octets(quota);
        settings.mailbox.over_quota = if is_refusing { OverQuota::Refuse } else { OverQuota::Retry };
        settings.login.allow_plaintext = allow;
        settings.limits.recipients = recipients;
        settings.tls.certificate = Some(PathBuf::from("/c"));
        settings.tls.key = Some(PathBuf::from("/k"));
        let printed = settings.to_toml();
        let read = parse(&printed);
        prop_assert!(read.is_ok(), "{}\n{}", printed, read.unwrap_err());
        prop_assert_eq!(read.unwrap(), settings);
    }

    #[test]
    fn no_text_panics(text in "([a-z_\\[\\]{}.=\"'0-9#\n äß-]|hostname|queue|smtp|listen|smarthost){0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
