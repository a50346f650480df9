//! A name server for two or three domains: RFC 1035, over UDP, types A and MX, no compression in answers.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// What a name has.
#[derive(Clone, Debug)]
pub enum Record {
    /// The host that takes its mail.
    Mx(String),
    /// Its address.
    A(Ipv4Addr),
}

/// A running name server; names it does not know do not exist.
#[derive(Debug)]
pub struct Dns {
    /// Where it answers.
    pub address: SocketAddr,
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
        let mut names: HashMap<String, Vec<Record>> = HashMap::new();
        for (name, record) in records {
            names.entry((*name).to_owned()).or_default().push(record.clone());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let heard = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut buffer = [0; 1500];
            while !heard.load(Ordering::Relaxed) {
                let Ok((count, peer)) = socket.recv_from(&mut buffer) else {
                    continue;
                };
                let question = buffer.get(..count).unwrap_or_default();
                if let Some(answer) = answer(question, &names) {
                    drop(socket.send_to(&answer, peer));
                }
            }
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
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

fn answer(question: &[u8], names: &HashMap<String, Vec<Record>>) -> Option<Vec<u8>> {
    let (name, end) = read_name(question, 12)?;
    let asked = u16::from_be_bytes([*question.get(end)?, *question.get(end + 1)?]);
    let records = names.get(&name.to_ascii_lowercase());
    let matching: Vec<Vec<u8>> = records
        .into_iter()
        .flatten()
        .filter_map(|record| data(record, asked))
        .collect();
    let no_such_name: u8 = if records.is_none() { 3 } else { 0 };
    let mut out = question.get(..2)?.to_vec();
    // Answer, authoritative, recursion as asked and available.
    out.extend_from_slice(&[0x84 | (question.get(2)? & 1), 0x80 | no_such_name, 0, 1]);
    out.extend_from_slice(&u16::try_from(matching.len()).ok()?.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0]);
    out.extend_from_slice(question.get(12..end + 4)?);
    for data in matching {
        // The name by pointer to the question, the type, IN, no time to live.
        out.extend_from_slice(&[0xc0, 12]);
        out.extend_from_slice(&asked.to_be_bytes());
        out.extend_from_slice(&[0, 1, 0, 0, 0, 0]);
        out.extend_from_slice(&u16::try_from(data.len()).ok()?.to_be_bytes());
        out.extend_from_slice(&data);
    }
    Some(out)
}

fn data(record: &Record, asked: u16) -> Option<Vec<u8>> {
    match (record, asked) {
        (Record::A(address), 1) => Some(address.octets().to_vec()),
        (Record::Mx(host), 15) => {
            let mut data = vec![0, 10];
            for label in host.split('.') {
                data.push(u8::try_from(label.len()).ok()?);
                data.extend_from_slice(label.as_bytes());
            }
            data.push(0);
            Some(data)
        }
        (Record::A(_) | Record::Mx(_), _) => None,
    }
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
