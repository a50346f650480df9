//! The records that a domain should have, each with a sentence on what it is for: MX, SPF (RFC 7208), DKIM
//! (RFC 6376), DMARC (RFC 9989), TLS-RPT (RFC 8460), MTA-STS (RFC 8461), TLSA (RFC 7672), CAA (RFC 8659), the
//! names that mail programs look for (RFC 6186, RFC 8314), and what must be set elsewhere.
//!
//! Asks nothing: what is there already comes in with the [`Plan`].

use std::net::IpAddr;

use posthorn_base::lookup::{Record, reverse_name};

use crate::entry::Entry;
use crate::merge;
use crate::plan::{MtaStsMode, Plan};
use crate::wanted::{Group, Necessity, State, Wanted};

/// The records, in groups, the most needed first.
#[must_use]
pub fn records(plan: &Plan) -> Vec<Wanted> {
    let mut list = List {
        plan,
        wanted: Vec::new(),
    };
    if plan.no_mail {
        list.no_mail();
    } else {
        list.receiving();
        list.sending();
        list.programs();
        list.encryption();
        list.elsewhere();
    }
    list.wanted
}

struct List<'a> {
    plan: &'a Plan,
    wanted: Vec<Wanted>,
}

impl List<'_> {
    fn add(&mut self, group: Group, necessity: Necessity, name: &str, record: Record, purpose: String) {
        let mut entry = Entry::new(&self.plan.domain, name, record);
        entry.ttl_secs = self.plan.ttl_secs;
        let outside = entry.relative.is_none();
        self.wanted.push(Wanted {
            group: if outside { Group::Elsewhere } else { group },
            necessity,
            entry,
            purpose,
            state: State::Unknown,
        });
    }

    fn text(&mut self, necessity: Necessity, name: &str, text: &str, purpose: String) {
        let record = Record::Txt(text.as_bytes().into());
        self.add(Group::Sending, necessity, name, record, purpose);
    }

    fn receiving(&mut self) {
        let Plan { domain, hostname, .. } = self.plan;
        let exchange = Record::Mx {
            preference: 10,
            exchange: hostname.to_string(),
        };
        let purpose = format!("Tells every other mail server to bring mail for {domain} to {hostname}.");
        self.add(
            Group::Receiving,
            Necessity::Needed,
            domain.as_str(),
            exchange,
            purpose,
        );
        for ip in &self.plan.addresses {
            let record = match ip {
                IpAddr::V4(ip) => Record::A(*ip),
                IpAddr::V6(ip) => Record::Aaaa(*ip),
            };
            let purpose = format!("The address at which {hostname} is reached.");
            self.add(
                Group::Receiving,
                Necessity::Needed,
                hostname.as_str(),
                record,
                purpose,
            );
        }
    }

    fn sending(&mut self) {
        let Plan { domain, hostname, .. } = self.plan;
        let spf = merge::spf(self.plan);
        self.text(Necessity::Needed, domain.as_str(), &spf.text, spf.purpose);
        if domain != hostname {
            let purpose = format!(
                "The same for the name by which the server greets: only {hostname} itself may call itself so."
            );
            self.text(
                Necessity::Recommended,
                hostname.as_str(),
                "v=spf1 a -all",
                purpose,
            );
        }
        for key in &self.plan.keys {
            let name = format!("{}._domainkey.{domain}", key.selector);
            let purpose = format!(
                "A DKIM key: with it others verify the signature on every message from {domain}. Keep the record \
                 until Posthorn says that the key has retired."
            );
            self.text(Necessity::Needed, &name, &key.value, purpose);
        }
        let dmarc = merge::dmarc(self.plan);
        self.text(
            Necessity::Needed,
            &format!("_dmarc.{domain}"),
            &dmarc.text,
            dmarc.purpose,
        );
    }

    fn programs(&mut self) {
        let Plan { domain, hostname, .. } = self.plan;
        for (service, port) in &self.plan.services {
            let record = Record::Srv {
                priority: 0,
                weight: 1,
                port: *port,
                target: hostname.to_string(),
            };
            let purpose = format!("Tells mail programs where to {}.", service.deed());
            let name = format!("{}._tcp.{domain}", service.label());
            self.add(Group::Programs, Necessity::Recommended, &name, record, purpose);
        }
        if !self.plan.serves_settings {
            return;
        }
        for (label, purpose) in [
            (
                "autoconfig",
                "Thunderbird and others fetch the settings of an account from here.",
            ),
            (
                "autodiscover",
                "Outlook fetches the settings of an account from here.",
            ),
        ] {
            self.alias(Group::Programs, label, purpose.to_owned());
        }
    }

    /// A name below the domain that leads to the host, unless it is the host.
    fn alias(&mut self, group: Group, label: &str, purpose: String) {
        let Plan { domain, hostname, .. } = self.plan;
        let name = format!("{label}.{domain}");
        if name != hostname.as_str() {
            let record = Record::Cname(hostname.to_string());
            self.add(group, Necessity::Optional, &name, record, purpose);
        }
    }

    fn encryption(&mut self) {
        let Plan { domain, hostname, .. } = self.plan;
        if let Some(address) = &self.plan.tls_reports {
            let text = format!("v=TLSRPTv1; rua={}", posthorn_dmarc::mailto(address));
            let purpose = format!("Asks others to report when mail to {domain} could not be encrypted.");
            let name = format!("_smtp._tls.{domain}");
            self.encrypted(Necessity::Recommended, &name, &text, purpose);
        }
        self.mta_sts();
        if let Some(digest) = self.plan.public_key_sha256 {
            let record = Record::Tlsa {
                usage: 3,
                selector: 1,
                matching: 1,
                data: digest.into(),
            };
            let purpose = format!(
                "Names the one key that {hostname} proves itself with. Only for a zone signed with DNSSEC; elsewhere \
                 nobody looks at it. It changes whenever the key of the certificate does."
            );
            let name = format!("_25._tcp.{hostname}");
            self.add(Group::Encryption, Necessity::Optional, &name, record, purpose);
        }
        if let Some(issuer) = &self.plan.certificate_issuer {
            let record = Record::Caa {
                critical: false,
                tag: "issue".to_owned(),
                value: issuer.clone(),
            };
            let purpose = format!("Nobody but {issuer} may issue certificates for {hostname}.");
            self.add(
                Group::Encryption,
                Necessity::Optional,
                hostname.as_str(),
                record,
                purpose,
            );
        }
    }

    fn mta_sts(&mut self) {
        let domain = &self.plan.domain;
        let Some(policy) = &self.plan.mta_sts else {
            return;
        };
        let effect = match policy.mode {
            MtaStsMode::Testing => "reports, but still delivers, when",
            MtaStsMode::Enforce => "does not deliver when",
        };
        let purpose = format!(
            "Announces the MTA-STS policy of {domain}: whoever holds to it {effect} the connection is not \
             encrypted and certified. Publish it only once https://mta-sts.{domain}/.well-known/mta-sts.txt can be \
             read: Posthorn has that page (`listen.http`), behind a web server that speaks TLS for the name."
        );
        let text = format!("v=STSv1; id={}", policy.id);
        self.encrypted(Necessity::Optional, &format!("_mta-sts.{domain}"), &text, purpose);
        let purpose = format!("Where the MTA-STS policy of {domain} is read.");
        self.alias(Group::Encryption, "mta-sts", purpose);
    }

    fn encrypted(&mut self, necessity: Necessity, name: &str, text: &str, purpose: String) {
        let record = Record::Txt(text.as_bytes().into());
        self.add(Group::Encryption, necessity, name, record, purpose);
    }

    fn elsewhere(&mut self) {
        let Plan { domain, hostname, .. } = self.plan;
        for ip in &self.plan.addresses {
            let purpose = format!(
                "The name of the address {ip}: many servers refuse mail from an address without one. Whoever gave you \
                 the address sets it, often as \"reverse DNS\" in the settings of the server."
            );
            let record = Record::Ptr(hostname.to_string());
            self.add(
                Group::Elsewhere,
                Necessity::Needed,
                &reverse_name(*ip),
                record,
                purpose,
            );
        }
        let dmarc = merge::dmarc(self.plan).text;
        if let Some(other) = merge::foreign_report_domain(self.plan, &dmarc) {
            let name = format!("{domain}._report._dmarc.{other}");
            let record = Record::Txt(b"v=DMARC1".as_slice().into());
            let purpose = format!(
                "Whoever manages {other} sets it: it says that {other} takes reports about {domain}. Without it \
                 nobody sends them there."
            );
            self.add(Group::Elsewhere, Necessity::Recommended, &name, record, purpose);
        }
    }

    fn no_mail(&mut self) {
        let domain = &self.plan.domain;
        let null = Record::Mx {
            preference: 0,
            exchange: String::new(),
        };
        let purpose =
            format!("Says that {domain} takes no mail, so that whoever writes to it hears so at once.");
        self.add(
            Group::Receiving,
            Necessity::Recommended,
            domain.as_str(),
            null,
            purpose,
        );
        let purpose = format!(
            "Says that no server at all may send as {domain}. It replaces any SPF record that is there."
        );
        self.text(Necessity::Needed, domain.as_str(), "v=spf1 -all", purpose);
        let purpose =
            format!("Asks everybody to refuse mail that says it is from {domain} or a name below it.");
        let text = "v=DMARC1; p=reject";
        self.text(Necessity::Needed, &format!("_dmarc.{domain}"), text, purpose);
        let purpose = format!("Says that there is no key with which mail from {domain} could be signed.");
        let name = format!("*._domainkey.{domain}");
        self.text(Necessity::Optional, &name, "v=DKIM1; p=", purpose);
    }
}
