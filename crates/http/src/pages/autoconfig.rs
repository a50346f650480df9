//! How to set up a mail program, for mail programs: Mozilla's autoconfig, version 1.1, which Thunderbird,
//! K-9, Evolution, KMail and others ask for. Tells nothing about domains that are not ours.

use std::time::Duration;

use hyper::StatusCode;
use posthorn_accounts::is_local_domain;
use posthorn_base::Domain;

use super::escape::Escaped;
use crate::facts::{Facts, MailKind, MailService, MailTls};
use crate::reply::{Content, Reply};
use crate::routes::Site;
use crate::visit::Visit;

const PATIENCE: Duration = Duration::from_secs(5);

/// The settings for the domain of `?emailaddress=`, or else of the host that was asked.
pub(crate) async fn reply(site: &Site, visit: &Visit) -> Reply {
    let Some(domain) = domain(visit) else {
        return not_ours();
    };
    let asked = domain.clone();
    let read = site.store.read(move |tx| is_local_domain(tx, &asked));
    match tokio::time::timeout(PATIENCE, read.into_future()).await {
        Ok(Ok(true)) => Reply::ok(Content::Xml, document(&site.facts, &domain)),
        Ok(Ok(false)) => not_ours(),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "no autoconfig");
            not_now()
        }
        Err(_elapsed) => not_now(),
    }
}

fn not_ours() -> Reply {
    Reply::problem(
        StatusCode::NOT_FOUND,
        "Not a domain of this server. Ask with ?emailaddress=name@domain.\n",
    )
}

fn not_now() -> Reply {
    Reply::problem(StatusCode::SERVICE_UNAVAILABLE, "Try again later.\n")
}

fn domain(visit: &Visit) -> Option<Domain> {
    if let Some(address) = visit.parameter("emailaddress") {
        let (_, domain) = address.rsplit_once('@')?;
        return Domain::parse(domain).ok();
    }
    let host = visit.host.as_deref()?;
    Domain::parse(host.strip_prefix("autoconfig.").unwrap_or(host)).ok()
}

fn document(facts: &Facts, domain: &Domain) -> String {
    let is_outgoing = |service: &&MailService| service.kind == MailKind::Submission;
    let incoming = facts.mail.iter().filter(|service| !is_outgoing(service));
    let outgoing = facts.mail.iter().filter(is_outgoing);
    let servers: String = incoming.chain(outgoing).map(server).collect();
    let (id, name) = (Escaped(domain.as_str()), Escaped(domain.to_unicode()));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <clientConfig version=\"1.1\">\n  \
           <emailProvider id=\"{id}\">\n    \
             <domain>{id}</domain>\n    \
             <displayName>{name}</displayName>\n    \
             <displayShortName>{name}</displayShortName>\n\
         {servers}  \
           </emailProvider>\n\
         </clientConfig>\n"
    )
}

fn server(service: &MailService) -> String {
    let (element, kind) = match service.kind {
        MailKind::Imap => ("incomingServer", "imap"),
        MailKind::Pop3 => ("incomingServer", "pop3"),
        MailKind::Submission => ("outgoingServer", "smtp"),
    };
    let socket = match service.tls {
        MailTls::Implicit => "SSL",
        MailTls::StartTls => "STARTTLS",
    };
    let (host, port) = (Escaped(&service.host), service.port);
    // The other word, `password-encrypted`, means CRAM-MD5; under TLS the plain password is as safe.
    format!(
        "    <{element} type=\"{kind}\">\n      \
               <hostname>{host}</hostname>\n      \
               <port>{port}</port>\n      \
               <socketType>{socket}</socketType>\n      \
               <authentication>password-cleartext</authentication>\n      \
               <username>%EMAILADDRESS%</username>\n    \
             </{element}>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::{all_services, facts, service};

    fn visit(query: Option<&str>, host: &str) -> Visit {
        Visit {
            query: query.map(str::to_owned),
            host: Some(host.to_owned()),
            is_local: false,
        }
    }

    #[test]
    fn the_document_of_one_server_is_this() {
        let facts = facts(vec![service(MailKind::Imap, MailTls::Implicit, 993)]);
        let domain = Domain::parse("bücher.example").unwrap();
        assert_eq!(
            document(&facts, &domain),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="xn--bcher-kva.example">
    <domain>xn--bcher-kva.example</domain>
    <displayName>bücher.example</displayName>
    <displayShortName>bücher.example</displayShortName>
    <incomingServer type="imap">
      <hostname>mail.example.org</hostname>
      <port>993</port>
      <socketType>SSL</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </incomingServer>
  </emailProvider>
</clientConfig>
"#
        );
    }

    #[test]
    fn servers_stand_in_the_order_of_preference() {
        let text = document(&facts(all_services()), &Domain::parse("example.org").unwrap());
        let place = |wanted: &str| text.find(wanted).unwrap_or_else(|| panic!("{wanted} in {text}"));
        let places = ["993", "143", "995", "110", "465", "587"].map(|port| place(&format!("<port>{port}<")));
        assert!(places.is_sorted(), "{text}");
        assert!(place("<outgoingServer type=\"smtp\">") > place("<port>110<"));
        assert_eq!(text.matches("<socketType>STARTTLS</socketType>").count(), 3);
    }

    #[test]
    fn the_domain_is_the_addresss_or_the_hosts() {
        let of = |query, host| domain(&visit(query, host)).map(|domain| domain.to_string());
        let example = Some("example.org".to_owned());
        assert_eq!(of(Some("emailaddress=anna%40Example.ORG"), "other.test"), example);
        assert_eq!(of(None, "example.org"), example);
        assert_eq!(of(None, "autoconfig.example.org"), example);
        assert_eq!(of(Some("emailaddress=anna"), "example.org"), None);
        assert_eq!(of(Some("emailaddress=anna%40%3Cx%3E"), "example.org"), None);
        assert_eq!(of(None, "[::1]"), None);
    }
}
