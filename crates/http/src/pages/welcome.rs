//! `/`: which server this is, and how to set up a mail program for it. Plain HTML that needs no scripts and
//! reads well in any browser, narrow or wide, light or dark, on the screen or aloud.

use super::escape::Escaped;
use crate::facts::{Facts, MailKind, MailService, MailTls};

/// The style sheet.
pub(crate) const STYLE: &str = include_str!("welcome/style.css");

/// The whole page.
pub(crate) fn page(facts: &Facts) -> String {
    let hostname = Escaped(facts.hostname.to_unicode());
    let programs = programs(facts);
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>Posthorn on {hostname}</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<main>
<h1>Posthorn serves <span class="name">{hostname}</span></h1>
{programs}
</main>
</body>
</html>
"#
    )
}

/// What to type into a mail program.
fn programs(facts: &Facts) -> String {
    if facts.mail.is_empty() {
        return "<p class=\"lead\">This server offers nothing to mail programs.</p>".to_owned();
    }
    let host = facts.only_host();
    let server = host.map_or_else(String::new, |host| {
        format!(
            "<div><dt>Server</dt><dd><code>{}</code></dd></div>\n",
            Escaped(host)
        )
    });
    let host_head = if host.is_none() {
        "<th scope=\"col\">Server</th>"
    } else {
        ""
    };
    let rows: String = facts
        .mail
        .iter()
        .map(|service| row(service, host.is_none()))
        .collect();
    format!(
        r#"<p class="lead">This is a mail server. To read and write mail with your own program, give it these settings.</p>
<dl>
{server}<div><dt>User name</dt><dd>your full e-mail address</dd></div>
<div><dt>Password</dt><dd>that of your mail account</dd></div>
</dl>
<table>
<caption>Ports</caption>
<thead><tr><th scope="col">For</th>{host_head}<th scope="col">Port</th><th scope="col">Security</th></tr></thead>
<tbody>
{rows}</tbody>
</table>
<p class="note">One line for reading and one for sending is enough. Where your program lets you choose, take
<strong>SSL/TLS</strong>, and IMAP rather than POP3: it keeps the mail on the server, for all your devices.</p>"#
    )
}

fn row(service: &MailService, has_host: bool) -> String {
    let (purpose, protocol) = match service.kind {
        MailKind::Imap => ("Reading", "IMAP"),
        MailKind::Pop3 => ("Fetching", "POP3"),
        MailKind::Submission => ("Sending", "SMTP"),
    };
    let security = match service.tls {
        MailTls::Implicit => "<strong>SSL/TLS</strong>",
        MailTls::StartTls => "STARTTLS",
    };
    let host = if has_host {
        format!("<td><code>{}</code></td>", Escaped(&service.host))
    } else {
        String::new()
    };
    let port = service.port;
    format!(
        "<tr><th scope=\"row\">{purpose} <span class=\"protocol\">{protocol}</span></th>{host}\
         <td>{port}</td><td>{security}</td></tr>\n"
    )
}

#[cfg(test)]
mod tests {
    use posthorn_base::Domain;

    use super::*;
    use crate::facts::Host;
    use crate::facts::tests::{all_services, facts};

    #[test]
    fn every_service_has_a_row_and_a_common_host_stands_once() {
        let text = page(&facts(all_services()));
        assert_eq!(text.matches("<th scope=\"row\">").count(), 6);
        assert!(
            text.contains("Reading <span class=\"protocol\">IMAP</span></th><td>993</td><td><strong>SSL/TLS")
        );
        assert!(text.contains("<dt>Server</dt><dd><code>mail.example.org</code>"));
        assert_eq!(text.matches(">Server<").count(), 1);
    }

    #[test]
    fn different_hosts_have_a_column() {
        let mut facts = facts(all_services());
        facts.mail[5].host = Host::Ip("::1".parse().unwrap());
        let text = page(&facts);
        assert!(text.contains("<th scope=\"col\">Server</th>"));
        assert!(text.contains("<td><code>::1</code></td><td>587</td><td>STARTTLS</td>"));
        assert!(!text.contains("<dt>Server"));
    }

    #[test]
    fn a_server_without_mail_programs_says_so() {
        let text = page(&facts(Vec::new()));
        assert!(text.contains("offers nothing to mail programs"));
        assert!(!text.contains("<table"));
    }

    #[test]
    fn an_international_name_is_shown_as_people_write_it() {
        let mut facts = facts(all_services());
        facts.hostname = Domain::parse("post.bücher.example").unwrap();
        assert!(page(&facts).contains("Posthorn serves <span class=\"name\">post.bücher.example</span>"));
    }

    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        let text = page(&facts(all_services()));
        for forbidden in [
            "<script", "style=", "<style", "onload", "http:", "https:", "<img", "<form",
        ] {
            assert!(!text.contains(forbidden), "{forbidden}");
        }
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }
}
