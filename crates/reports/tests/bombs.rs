//! Files that were made to hurt end quickly, with the reason.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{Cursor, Write};

use mail_auth::flate2::{Compression, write::GzEncoder};
use mail_auth::zip::write::{SimpleFileOptions, ZipWriter};
use posthorn_reports::{Limits, Report, Unreadable, read_file, read_message};
use proptest::prelude::*;

const HEAD: &str = "<feedback><report_metadata><report_id>1</report_id></report_metadata>\
    <policy_published><domain>a.test</domain></policy_published>";

fn read(octets: &[u8]) -> Result<Vec<Report>, Unreadable> {
    read_file("report", octets, &Limits::default())
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(octets).unwrap();
    packed.finish().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(octets).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn report() -> String {
    format!("{HEAD}<record><row><source_ip>192.0.2.1</source_ip><count>2</count></row></record></feedback>")
}

#[test]
fn a_gzip_bomb_stops_at_the_ratio() {
    let bomb = gzip(&vec![b' '; 60 * 1024 * 1024]);
    assert!(bomb.len() < 1024 * 1024);
    assert!(matches!(read(&bomb), Err(Unreadable::UnpacksTooLarge { .. })));
}

#[test]
fn a_zip_bomb_stops_at_the_ratio() {
    let bomb = zip(&[("a.xml", &vec![b' '; 20 * 1024 * 1024])]);
    assert!(matches!(read(&bomb), Err(Unreadable::UnpacksTooLarge { .. })));
}

#[test]
fn many_files_together_stop_at_the_total() {
    let limits = Limits {
        unpacked_octets: 3 * 1024 * 1024,
        ..Limits::default()
    };
    let file = [b"<a>".as_slice(), &vec![b' '; 1_000_000]].concat();
    let names = ["1", "2", "3", "4", "5"];
    let archive = zip(&names.map(|name| (name, file.as_slice())));
    let result = read_file("x.zip", &archive, &limits);
    assert!(
        matches!(result, Err(Unreadable::UnpacksTooLarge { .. })),
        "{result:?}"
    );
}

#[test]
fn an_archive_of_many_files_is_refused_unopened() {
    let names: Vec<String> = (0..11).map(|number| number.to_string()).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), b"x".as_slice()))
        .collect();
    assert_eq!(read(&zip(&files)), Err(Unreadable::TooManyFiles { limit: 10 }));
    assert_eq!(read(&zip(&files[..10])), Err(Unreadable::NoReport));
}

#[test]
fn an_archive_that_claims_millions_of_files_costs_nothing() {
    let mut archive = zip(&[("a", b"x")]);
    let end = archive.len() - 22;
    archive[end + 8..end + 12].fill(0xff);
    assert_eq!(read(&archive), Err(Unreadable::TooManyFiles { limit: 10 }));
}

#[test]
fn one_archive_in_another_is_opened_and_no_more() {
    let once = gzip(report().as_bytes());
    let twice = zip(&[("a.xml.gz", &once)]);
    assert!(read(&once).is_ok());
    assert!(read(&twice).is_ok());
    assert_eq!(read(&gzip(&twice)), Err(Unreadable::NestedArchives));
    let mut deep = report().into_bytes();
    for _ in 0..200 {
        deep = gzip(&deep);
    }
    assert_eq!(read(&deep), Err(Unreadable::NestedArchives));
}

#[test]
fn damaged_archives_say_so() {
    let mut packed = gzip(report().as_bytes());
    packed.truncate(packed.len() / 2);
    assert!(matches!(read(&packed), Err(Unreadable::DamagedArchive(_))));
    let mut archive = zip(&[("a.xml", report().as_bytes())]);
    archive.truncate(archive.len() - 30);
    assert!(matches!(read(&archive), Err(Unreadable::DamagedArchive(_))));
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut xml = "<?xml version=\"1.0\"?><!DOCTYPE feedback [<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..10 {
        let inner = format!("&l{};", level - 1).repeat(10);
        xml.push_str(&format!("<!ENTITY l{level} \"{inner}\">"));
    }
    xml.push_str(&format!("]>{HEAD}<record>&l9;</record></feedback>"));
    assert_eq!(read(xml.as_bytes()), Err(Unreadable::Entities));
}

#[test]
fn deep_xml_is_refused() {
    let deep = format!("{HEAD}{}", "<a>".repeat(1_000_000));
    assert_eq!(read(deep.as_bytes()), Err(Unreadable::TooDeep { limit: 32 }));
}

#[test]
fn a_million_records_stop_at_the_limit() {
    let row = "<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row></record>";
    let many = format!("{HEAD}{}</feedback>", row.repeat(100_000));
    let result = read(many.as_bytes());
    assert_eq!(result, Err(Unreadable::TooManyRecords { limit: 50_000 }));
    let empty = format!("{HEAD}{}</feedback>", "<record/>".repeat(1_000_000));
    assert_eq!(
        read(empty.as_bytes()),
        Err(Unreadable::TooManyRecords { limit: 50_000 })
    );
}

#[test]
fn endless_signatures_and_text_cost_what_they_weigh() {
    let dkim = "<dkim><domain>a</domain><result>fail</result></dkim>".repeat(100_000);
    let text = "x".repeat(5_000_000);
    let xml = format!(
        "{HEAD}<record><row><source_ip>192.0.2.1</source_ip><count>1</count></row>\
         <identifiers><header_from>{text}</header_from></identifiers><auth_results>{dkim}</auth_results></record></feedback>"
    );
    let reports = read(xml.as_bytes()).unwrap();
    let Report::Aggregate(report) = &reports[0] else {
        panic!()
    };
    assert_eq!(report.records[0].dkim.len(), 10);
    assert!(report.records[0].header_from.len() <= 253);
}

#[test]
fn a_file_beyond_the_limit_is_not_looked_at() {
    let large = vec![b'<'; 10 * 1024 * 1024 + 1];
    assert!(matches!(read(&large), Err(Unreadable::TooLarge { .. })));
}

#[test]
fn a_mail_of_many_files_is_read_to_the_limit() {
    let part = format!("--b\r\nContent-Type: text/xml\r\n\r\n{}\r\n", report());
    let mail = format!(
        "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n",
        part.repeat(30)
    );
    assert_eq!(
        read_message(mail.as_bytes(), &Limits::default()).unwrap().len(),
        10
    );
}

#[test]
fn the_message_that_a_failure_report_returns_is_not_looked_into() {
    let mail = format!(
        "From: a@b.test\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\nContent-Type: text/xml\r\n\r\n{}\r\n--b--\r\n",
        report()
    );
    assert_eq!(
        read_message(mail.as_bytes(), &Limits::default()),
        Err(Unreadable::NoReport)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_octets_panic(octets in proptest::collection::vec(any::<u8>(), 0..400), kind in 0..5_usize) {
        let magic: [&[u8]; 5] = [b"\x1f\x8b\x08\0\0\0\0\0\0\0", b"PK\x03\x04", b"<feedback>", b"{\"policies\":", b"From: a\r\n\r\n"];
        drop(read(&[magic[kind], &octets].concat()));
    }

    #[test]
    fn no_damage_to_an_archive_panics(at in any::<prop::sample::Index>(), to in any::<u8>()) {
        for mut octets in [gzip(report().as_bytes()), zip(&[("a.xml", report().as_bytes())])] {
            let at = at.index(octets.len());
            octets[at] = to;
            drop(read(&octets));
        }
    }
}
