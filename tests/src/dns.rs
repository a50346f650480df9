//! A name server for two or three domains: RFC 1035, over UDP, no compression in answers. Records are put in
//! one by one, or as a zone file has them.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a name has.
#[derive(Clone, Debug)]
pub enum Record {
    /// The host that takes its mail.
    Mx(String),
    /// Its address.
    A(Ipv4Addr),
    /// A text.
    Txt(String),
    /// The name of an address.
    Ptr(String),
    /// Any other: the number of its type, and its data.
    Other(u16, Vec<u8>),
}

impl Record {
    /// From the columns of a zone file: the type and its value.
    ///
    /// # Panics
    /// When the type is not known here, or the value not one of it.
    #[must_use]
    pub fn of_zone(kind: &str, value: &str) -> Self {
        let words: Vec<&str> = value.split_whitespace().collect();
        let host = |at: usize| words.get(at).unwrap().trim_end_matches('.').to_owned();
        let number = |at: usize| words.get(at).unwrap().parse::<u16>().unwrap().to_be_bytes();
        let octet = |at: usize| words.get(at).unwrap().parse::<u8>().unwrap();
        match kind {
            "A" => Self::A(value.parse().unwrap()),
            "MX" => Self::Mx(host(1)),
            "PTR" => Self::Ptr(host(0)),
            // "a" "b": what is between the quotation marks, joined.
            "TXT" => Self::Txt(value.split('"').skip(1).step_by(2).collect()),
            "NS" => Self::Other(2, name(&host(0)).unwrap()),
            "CNAME" => Self::Other(CNAME, name(&host(0)).unwrap()),
            "SRV" => Self::Other(
                33,
                [
                    &number(0),
                    &number(1),
                    &number(2),
                    name(&host(3)).unwrap().as_slice(),
                ]
                .concat(),
            ),
            "TLSA" => {
                let hex = words.get(3).unwrap();
                let digits = |at: usize| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap();
                let hash: Vec<u8> = (0..hex.len()).step_by(2).map(digits).collect();
                Self::Other(52, [&[octet(0), octet(1), octet(2)], hash.as_slice()].concat())
            }
            "CAA" => {
                let tag = words.get(1).unwrap();
                let length = u8::try_from(tag.len()).unwrap();
                let value = words.get(2).unwrap().trim_matches('"');
                Self::Other(
                    257,
                    [&[octet(0), length], tag.as_bytes(), value.as_bytes()].concat(),
                )
            }
            _ => panic!("{kind} records are not known here: {value}"),
        }
    }

    fn kind(&self) -> u16 {
        match self {
            Self::A(_) => 1,
            Self::Ptr(_) => 12,
            Self::Mx(_) => 15,
            Self::Txt(_) => 16,
            Self::Other(kind, _) => *kind,
        }
    }
}

/// The type that stands for whatever is asked.
const CNAME: u16 = 5;

type Names = HashMap<String, Vec<Record>>;

/// A running name server; names it does not know do not exist.
#[derive(Debug)]
pub struct Dns {
    /// Where it answers.
    pub address: SocketAddr,
    names: Arc<Mutex<Names>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Dns {
    /// Answers for these names until dropped.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn serve(records: &[(&str, Record)]) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let names = Arc::<Mutex<Names>>::default();
        let known = Arc::clone(&names);
        let stop = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while !heard.load(Ordering::Relaxed) {
                let Ok((count, peer)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let question = buffer.get(..count).unwrap_or_default();
                let known = known.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(answer) = answer(question, &known) {
                    drop(socket.send_to(&answer, peer));
                }
            }
        });
        let dns = Self {
            address,
            names,
            stop,
            thread: Some(thread),
        };
        for (name, record) in records {
            dns.add(name, record.clone());
        }
        dns
    }

    /// One record more. Negative answers carry no time, so nobody believes in them any longer.
    pub fn add(&self, name: &str, record: Record) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.entry(name.to_ascii_lowercase()).or_default().push(record);
    }

    /// Takes all records of a name away.
    pub fn remove(&self, name: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.remove(&name.to_ascii_lowercase());
    }

    /// The name of an address.
    pub fn name_address(&self, address: Ipv4Addr, host: &str) {
        let [a, b, c, d] = address.octets();
        self.add(
            &format!("{d}.{c}.{b}.{a}.in-addr.arpa"),
            Record::Ptr(host.to_owned()),
        );
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn answer(question: &[u8], names: &Names) -> Option<Vec<u8>> {
    let (name, end) = read_name(question, 12)?;
    let asked = u16::from_be_bytes([*question.get(end)?, *question.get(end + 1)?]);
    let records = names.get(&name.to_ascii_lowercase());
    let matching: Vec<(u16, Vec<u8>)> = records
        .into_iter()
        .flatten()
        .filter(|record| record.kind() == asked || record.kind() == CNAME)
        .filter_map(|record| Some((record.kind(), data(record)?)))
        .collect();
    let no_such_name: u8 = if records.is_none() { 3 } else { 0 };
    let mut out = question.get(..2)?.to_vec();
    // Answer, authoritative, recursion as asked and available.
    out.extend_from_slice(&[0x84 | (question.get(2)? & 1), 0x80 | no_such_name, 0, 1]);
    out.extend_from_slice(&u16::try_from(matching.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(question.get(12..end + 4)?);
    for (kind, data) in matching {
        // The name by pointer to the question, the type, IN, no time to live.
        out.extend_from_slice(&[0xc0, 12]);
        out.extend_from_slice(&kind.to_be_bytes());
        out.extend_from_slice(&[0, 1, 0, 0, 0, 0]);
        out.extend_from_slice(&u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend_from_slice(&data);
    }
    Some(out)
}

fn data(record: &Record) -> Option<Vec<u8>> {
    match record {
        Record::A(address) => Some(address.octets().to_vec()),
        Record::Mx(host) => Some([&[0, 10], name(host)?.as_slice()].concat()),
        Record::Ptr(host) => name(host),
        Record::Txt(text) => {
            let mut data = Vec::new();
            for piece in text.as_bytes().chunks(255) {
                data.push(u8::try_from(piece.len()).ok()?);
                data.extend_from_slice(piece);
            }
            Some(data)
        }
        Record::Other(_, data) => Some(data.clone()),
    }
}

fn name(host: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::new();
    for label in host.split('.') {
        octets.push(u8::try_from(label.len()).ok()?);
        octets.extend_from_slice(label.as_bytes());
    }
    octets.push(0);
    Some(octets)
}

/// The name at `at`, and where what follows begins.
fn read_name(octets: &[u8], mut at: usize) -> Option<(String, usize)> {
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*octets.get(at)?);
        at += 1;
        if length == 0 {
            return Some((labels.join("."), at));
        }
        labels.push(String::from_utf8_lossy(octets.get(at..at + length)?).into_owned());
        at += length;
    }
}
