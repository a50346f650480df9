//! Encryption between servers: TLSA (RFC 7672), MTA-STS (RFC 8461 section 3.1) and TLS-RPT (RFC 8460 section
//! 3). Whether the zone is signed with DNSSEC cannot be asked here; the sentences say that it must be. The
//! MTA-STS policy itself, a file on a web server, is not fetched.

use futures_util::future::{join, join_all};
use posthorn_base::lookup::{Answer, Kind, Lookup, Record};

use super::mail_hosts::{SMTP_PORT, addresses};
use super::{Context, Part, texts};
use crate::certificate::{Match, compare, compare_digest, public_key_sha256};
use crate::entry::{Entry, shown};
use crate::finding::{Fact, Finding, dig};
use crate::probe::Probe;

/// TLSA records of one host that are looked at.
const MAX_RECORDS: usize = 20;

/// Looks at all three.
pub(super) async fn examine<L: Lookup, P: Probe>(lookup: &L, probe: &P, context: &Context<'_>) -> Part {
    let domain = context.domain();
    let sts_name = format!("_mta-sts.{domain}");
    let report_name = format!("_smtp._tls.{domain}");
    let (tlsa, (sts, reports)) = join(
        certificates(lookup, probe, context),
        join(
            lookup.ask(&sts_name, Kind::Txt),
            lookup.ask(&report_name, Kind::Txt),
        ),
    )
    .await;
    let has_tlsa = !tlsa.facts.is_empty();
    let sts = mta_sts(lookup, context, sts).await;
    let has_sts = !sts.facts.is_empty();
    let reports = tls_reports(context, reports, has_tlsa || has_sts);
    let mut part = tlsa;
    part.extend(sts);
    part.extend(reports);
    part
}

async fn certificates<L: Lookup, P: Probe>(lookup: &L, probe: &P, context: &Context<'_>) -> Part {
    let hosts = context.incoming.reachable();
    let looks = hosts.iter().map(|host| async move {
        let name = format!("_{SMTP_PORT}._tcp.{}", host.name);
        let records = records(lookup.ask(&name, Kind::Tlsa).await);
        if records.is_empty() {
            return Part::default();
        }
        let certificate = probe.certificate(&host.name, SMTP_PORT).await;
        judge_host(context, &host.name, &records, certificate.as_deref())
    });
    let mut part = Part::default();
    for one in join_all(looks).await {
        part.extend(one);
    }
    part
}

fn records(answer: Answer) -> Vec<Record> {
    let records = answer.as_deref().unwrap_or_default();
    records
        .iter()
        .filter(|record| matches!(record, Record::Tlsa { .. }))
        .take(MAX_RECORDS)
        .cloned()
        .collect()
}

fn judge_host(context: &Context<'_>, host: &str, records: &[Record], certificate: Option<&[u8]>) -> Part {
    let name = format!("_{SMTP_PORT}._tcp.{host}");
    // Of our own host the key is known even when nobody could connect.
    let ours = context.question.our_mail();
    let ours = ours.filter(|plan| plan.hostname.as_str() == host);
    let digest = certificate
        .and_then(public_key_sha256)
        .or_else(|| ours.and_then(|plan| plan.public_key_sha256));
    let host = shown(host.as_bytes(), 253);
    let matches: Vec<Match> = records
        .iter()
        .map(|record| match (certificate, &digest) {
            (None, Some(digest)) => compare_digest(record, digest),
            (Some(_) | None, _) => compare(record, certificate),
        })
        .collect();
    let mut part = Part::default();
    part.fact(Fact::new("TLSA", format!("{} for {host}", records.len())));
    if matches.contains(&Match::Yes) {
        let what = format!(
            "The TLSA record names the certificate of {host}. It counts if the zone is signed with DNSSEC."
        );
        part.add(Finding::good("tlsa", what));
    } else if matches.iter().all(|one| *one == Match::Unusable) {
        let what = format!("None of the TLSA records of {host} is of a kind that mail servers use.");
        part.add(
            Finding::better("tlsa-unusable", what)
                .why("Servers that look at them then do not verify the certificate at all.")
                .fix("Publish a record that begins with 3 1 1, and remove the others.")
                .verify(dig("TLSA", &name)),
        );
    } else if matches.contains(&Match::No) && !matches.contains(&Match::Unknown) {
        part.add(differs(context, &name, &host, digest));
    }
    part
}

fn differs(context: &Context<'_>, name: &str, host: &str, digest: Option<[u8; 32]>) -> Finding {
    let what = format!("The TLSA record of {host} does not name the certificate that {host} shows.");
    let finding = Finding::lost("tlsa-differs", what)
        .why("If the zone is signed with DNSSEC, careful servers (Outlook.com and Comcast among them) do not deliver mail.");
    match digest {
        Some(digest) => {
            let record = Record::Tlsa {
                usage: 3,
                selector: 1,
                matching: 1,
                data: digest.into(),
            };
            finding
                .fix("Publish this record beside the old one, and remove the old one an hour later.")
                .publish(Entry::new(context.domain(), name, record))
        }
        None => finding
            .fix("Publish the SHA-256 of the public key in the certificate as a record that begins with 3 1 1.")
            .verify(dig("TLSA", name)),
    }
}

async fn mta_sts<L: Lookup>(lookup: &L, context: &Context<'_>, answer: Answer) -> Part {
    let domain = context.domain();
    let name = format!("_mta-sts.{domain}");
    let mut part = Part::default();
    let found = texts(answer, "v=STSv1").unwrap_or_default();
    let Some(first) = found.first() else {
        return part;
    };
    part.fact(Fact::new("MTA-STS", first.clone()));
    if found.len() > 1 {
        let what = format!("There are {} MTA-STS records at {name}.", found.len());
        part.add(
            Finding::better("mta-sts-several", what)
                .why("Others then act as if there were none, and mail may travel in the clear.")
                .fix("Leave only one.")
                .verify(dig("TXT", &name)),
        );
    } else if !is_sts(first) {
        part.add(
            Finding::better("mta-sts-unreadable", format!("The MTA-STS record at {name} cannot be read: {first}"))
                .why("Others act as if it were not there, and mail may travel in the clear.")
                .fix("Write it like this one, with an id of up to 32 letters and digits that changes with the policy.")
                .publish(Entry::text(domain, &name, "v=STSv1; id=1")),
        );
    }
    let host = format!("mta-sts.{domain}");
    let (ips, why) = addresses(lookup, &host).await;
    if ips.is_empty() && why.is_some_and(|why| !why.is_temporary()) {
        part.add(
            Finding::better("mta-sts-host-missing", format!("There is an MTA-STS record, but no host {host}."))
                .why(format!("The policy is read from https://{host}/.well-known/mta-sts.txt; without it the record does nothing."))
                .fix(format!("Give {host} an address and serve the file there, or remove the record at {name}."))
                .verify(dig("A", &host)),
        );
    }
    if part.findings.is_empty() {
        let what = format!("MTA-STS is announced. Its policy at https://{host}/ was not fetched.");
        part.add(Finding::good("mta-sts", what));
    }
    part
}

/// ```text
/// sts-text-record = sts-version 1*(sts-field-delim sts-field) [sts-field-delim]
/// sts-field       = sts-id / sts-extension
/// sts-field-delim = *WSP ";" *WSP
/// sts-id          = %s"id=" 1*32(ALPHA / DIGIT)
/// ```
fn is_sts(text: &str) -> bool {
    let mut fields = text.split(';').map(str::trim);
    let is_version = fields.next() == Some("v=STSv1");
    let ids: Vec<&str> = fields.filter_map(|field| field.strip_prefix("id=")).collect();
    let [id] = ids.as_slice() else {
        return false;
    };
    is_version && (1..=32).contains(&id.len()) && id.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

fn tls_reports(context: &Context<'_>, answer: Answer, is_worth_it: bool) -> Part {
    let domain = context.domain();
    let name = format!("_smtp._tls.{domain}");
    let mut part = Part::default();
    let Ok(found) = texts(answer, "v=TLSRPTv1") else {
        return part;
    };
    let ours = context
        .question
        .our_mail()
        .and_then(|plan| plan.tls_reports.as_ref());
    let Some(first) = found.first() else {
        if is_worth_it || ours.is_some() {
            let finding = Finding::better(
                "tls-rpt-missing",
                format!("Nobody is asked to report when mail to {domain} cannot be encrypted."),
            )
            .why("A broken certificate then stays unseen.");
            let to = ours.map_or_else(|| format!("mailto:tls-reports@{domain}"), posthorn_dmarc::mailto);
            part.add(
                finding
                    .fix("Publish this record with an address that somebody reads.")
                    .publish(Entry::text(domain, &name, &format!("v=TLSRPTv1; rua={to}"))),
            );
        }
        return part;
    };
    part.fact(Fact::new("TLS reports", first.clone()));
    let what = if found.len() > 1 {
        format!("There are {} TLS-RPT records at {name}.", found.len())
    } else if !is_report(first) {
        format!("The TLS-RPT record at {name} cannot be read: {first}")
    } else {
        part.add(Finding::good(
            "tls-rpt",
            format!("Reports about encryption are asked for: {first}"),
        ));
        return part;
    };
    let text = format!("v=TLSRPTv1; rua=mailto:tls-reports@{domain}");
    let code = if found.len() > 1 {
        "tls-rpt-several"
    } else {
        "tls-rpt-unreadable"
    };
    part.add(
        Finding::better(code, what)
            .why("Others act as if there were none, and no reports come.")
            .fix("Leave only one, like this, with an address that somebody reads.")
            .publish(Entry::text(domain, &name, &text)),
    );
    part
}

/// ```text
/// tlsrpt-record = tlsrpt-version 1*(field-delim tlsrpt-field) [field-delim]
/// tlsrpt-rua    = %s"rua=" tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri)
/// ```
fn is_report(text: &str) -> bool {
    let mut fields = text.split(';').map(str::trim);
    let is_version = fields.next() == Some("v=TLSRPTv1");
    let is_uri = |uri: &str| {
        let uri = uri.trim();
        let address = uri.strip_prefix("mailto:");
        uri.starts_with("https://") || address.is_some_and(|address| address.contains('@'))
    };
    let mut lists = fields.filter_map(|field| field.strip_prefix("rua="));
    is_version && lists.next().is_some_and(|list| list.split(',').all(is_uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sts_record_has_a_version_and_one_id() {
        for good in [
            "v=STSv1; id=20260101T000000",
            "v=STSv1;id=1;",
            "v=STSv1; id=a; x=y;",
        ] {
            assert!(is_sts(good), "{good}");
        }
        for bad in [
            "v=STSv1",
            "v=STSv1; id=",
            "v=STSv1; id=2026-01-01",
            "v=STSv1; id=1; id=2",
            "v=STSv12; id=1",
            "v=STSv1; id=123456789012345678901234567890123",
        ] {
            assert!(!is_sts(bad), "{bad}");
        }
    }

    #[test]
    fn a_report_record_names_addresses() {
        for good in [
            "v=TLSRPTv1; rua=mailto:a@example.test",
            "v=TLSRPTv1;rua=mailto:a@example.test , https://example.test/tls;",
        ] {
            assert!(is_report(good), "{good}");
        }
        for bad in [
            "v=TLSRPTv1",
            "v=TLSRPTv1; rua=a@example.test",
            "v=TLSRPTv1; rua=mailto:a",
        ] {
            assert!(!is_report(bad), "{bad}");
        }
    }
}
