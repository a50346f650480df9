//! Evidence for tests.

use posthorn_dkim::{DkimResult, Signature, Verification};
use posthorn_dmarc::{Alignment, Asked, DmarcResult, Found, Policy, PolicyTag};
use posthorn_spf::{Identity, SpfResult, Step, StepOutcome};

use crate::evidence::{Author, Connection, Evidence, Hop, Iprev, IprevResult, Origin, VERSION};

/// SPF of a domain with a result.
pub(crate) fn spf(identity: Identity, domain: &str, result: SpfResult) -> posthorn_spf::Evaluation {
    posthorn_spf::Evaluation {
        identity,
        domain: domain.to_owned(),
        result,
        reason: format!("192.0.2.7 is judged by ip4:192.0.2.0/24 of {domain}"),
        record: Some("v=spf1 ip4:192.0.2.0/24 -all".to_owned()),
        matched: Some("ip4:192.0.2.0/24".to_owned()),
        steps: vec![Step {
            depth: 0,
            domain: domain.to_owned(),
            term: "ip4:192.0.2.0/24".to_owned(),
            outcome: StepOutcome::Match,
            detail: String::new(),
        }],
        lookups: 0,
        voids: 0,
        explanation: None,
    }
}

/// A signature with a result.
pub(crate) fn signature(domain: &str, result: DkimResult) -> Signature {
    Signature {
        domain: domain.to_owned(),
        selector: "s1".to_owned(),
        algorithm: "rsa-sha256".to_owned(),
        canonicalization: "relaxed/relaxed".to_owned(),
        identity: None,
        result,
        reason: format!("the signature of {domain} was compared with its key"),
        fingerprint: "dGVzdC9h".to_owned(),
        key_record: Some(format!("v=DKIM1; k=rsa; p={}", "MIIBIjANBgkqhkiG9w0B".repeat(18))),
        key_bits: Some(2048),
        testing: false,
        headers: ["from", "to", "subject", "date", "message-id", "from"]
            .map(str::to_owned)
            .to_vec(),
        body_matches: Some(true),
        signed_at: Some(1_795_464_990),
        expires_at: None,
    }
}

/// DMARC of `bank.example` with a result and a policy.
pub(crate) fn dmarc(result: DmarcResult, policy: Policy) -> posthorn_dmarc::Evaluation {
    posthorn_dmarc::Evaluation {
        domain: "bank.example".to_owned(),
        result,
        reason: "bank.example says how its mail is to be recognised".to_owned(),
        organizational_domain: Some("bank.example".to_owned()),
        walk: vec![Asked {
            name: "_dmarc.bank.example".to_owned(),
            found: Found::Record("v=DMARC1; p=reject; rua=mailto:d@bank.example".to_owned()),
        }],
        policy_domain: Some("bank.example".to_owned()),
        published: Some(policy),
        tag: Some(PolicyTag::P),
        testing: false,
        policy,
        spf: Some(Alignment {
            domain: "bank.example".to_owned(),
            strict: false,
            aligned: true,
            uncertain: false,
            organizational_domain: None,
        }),
        dkim: Vec::new(),
        report_to: vec!["mailto:d@bank.example".to_owned()],
    }
}

/// A genuine message of a bank.
pub(crate) fn evidence() -> Evidence {
    Evidence {
        version: VERSION,
        at: 1_795_465_000,
        by: "mx.ours.example".to_owned(),
        origin: Origin::Outside,
        connection: Some(Connection {
            ip: "192.0.2.7".parse().unwrap(),
            helo: "out.bank.example".to_owned(),
            tls: Some("TLSv1.3 TLS13_AES_256_GCM_SHA384".to_owned()),
            protocol: "ESMTPS".to_owned(),
            iprev: Some(Iprev {
                result: IprevResult::Pass,
                name: Some("out.bank.example".to_owned()),
            }),
        }),
        reverse_path: "bounce@bank.example".to_owned(),
        author: Author {
            name: "The Bank".to_owned(),
            address: "info@bank.example".to_owned(),
            ..Author::default()
        },
        spf: Some(spf(Identity::MailFrom, "bank.example", SpfResult::Pass)),
        spf_helo: Some(spf(Identity::Helo, "out.bank.example", SpfResult::None)),
        dkim: Verification {
            signatures: vec![signature("bank.example", DkimResult::Pass)],
            ignored: 0,
            arc: None,
        },
        dmarc: Some(dmarc(DmarcResult::Pass, Policy::Reject)),
        path: vec![Hop {
            from: Some("app.bank.example".to_owned()),
            ip: Some("10.0.0.1".parse().unwrap()),
            by: Some("out.bank.example".to_owned()),
            with: Some("ESMTP".to_owned()),
            tls: false,
            at: Some(1_795_464_990),
        }],
        impression: None,
        verdict: None,
        left_out: Vec::new(),
    }
}
