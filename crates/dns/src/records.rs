//! Between the library's record data and ours.

use hickory_proto::rr::rdata::{CAA, TLSA};
use hickory_proto::rr::{Name, RData, RecordType};
use posthorn_base::lookup::{Kind, Record};

pub(crate) fn record_type(kind: Kind) -> RecordType {
    match kind {
        Kind::A => RecordType::A,
        Kind::Aaaa => RecordType::AAAA,
        Kind::Mx => RecordType::MX,
        Kind::Txt => RecordType::TXT,
        Kind::Ptr => RecordType::PTR,
        Kind::Cname => RecordType::CNAME,
        Kind::Ns => RecordType::NS,
        Kind::Soa => RecordType::SOA,
        Kind::Srv => RecordType::SRV,
        Kind::Tlsa => RecordType::TLSA,
        Kind::Caa => RecordType::CAA,
    }
}

/// The record, if it is of that kind: an answer also holds the aliases on the way.
pub(crate) fn record(data: &RData, kind: Kind) -> Option<Record> {
    Some(match (data, kind) {
        (RData::A(a), Kind::A) => Record::A(a.0),
        (RData::AAAA(aaaa), Kind::Aaaa) => Record::Aaaa(aaaa.0),
        (RData::MX(mx), Kind::Mx) => Record::Mx {
            preference: mx.preference,
            exchange: text(&mx.exchange),
        },
        (RData::TXT(txt), Kind::Txt) => Record::Txt(txt.txt_data.concat().into()),
        (RData::PTR(ptr), Kind::Ptr) => Record::Ptr(text(&ptr.0)),
        (RData::CNAME(cname), Kind::Cname) => Record::Cname(text(&cname.0)),
        (RData::NS(ns), Kind::Ns) => Record::Ns(text(&ns.0)),
        (RData::SOA(soa), Kind::Soa) => Record::Soa {
            primary: text(&soa.mname),
            serial: soa.serial,
            minimum: soa.minimum,
        },
        (RData::SRV(srv), Kind::Srv) => Record::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: text(&srv.target),
        },
        (RData::TLSA(tlsa), Kind::Tlsa) => certificate(tlsa),
        (RData::CAA(caa), Kind::Caa) => issuer(caa),
        _ => return None,
    })
}

fn certificate(tlsa: &TLSA) -> Record {
    Record::Tlsa {
        usage: tlsa.cert_usage.into(),
        selector: tlsa.selector.into(),
        matching: tlsa.matching.into(),
        data: tlsa.cert_data.clone().into(),
    }
}

fn issuer(caa: &CAA) -> Record {
    Record::Caa {
        critical: caa.issuer_critical,
        tag: caa.tag.clone(),
        value: String::from_utf8_lossy(&caa.value).into_owned(),
    }
}

/// In lower case, without the final dot; the root is empty.
fn text(name: &Name) -> String {
    let text = name.to_ascii().to_ascii_lowercase();
    text.strip_suffix('.').unwrap_or(&text).to_owned()
}
