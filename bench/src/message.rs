//! Test messages. A message is a pure function of (run, seq, size), all three
//! of which stand in its Subject, so that whoever fetches one can rebuild what
//! was sent and compare every byte.

use crate::error::Result;
use crate::fail;
use std::sync::OnceLock;

/// Word in the body of one message in a thousand.
pub const RARE_WORD: &str = "zyzzyva";
/// Word in the body of one message in ten.
pub const COMMON_WORD: &str = "quokka";
/// Smallest size that holds the headers and the first body line.
pub const MIN_SIZE: usize = 512;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ident {
    pub run: u64,
    pub seq: u64,
    pub size: usize,
}

impl Ident {
    pub fn has_rare_word(&self) -> bool {
        self.seq % 1000 == 7
    }

    pub fn has_common_word(&self) -> bool {
        self.seq % 10 == 3
    }

    /// The message: exactly `size` bytes (at least [`MIN_SIZE`]), CRLF line
    /// ends, last line ended, some lines starting with a dot.
    pub fn build(&self) -> Vec<u8> {
        let size = self.size.max(MIN_SIZE);
        let mut out = Vec::with_capacity(size + 2);
        let Self { run, seq, .. } = *self;
        let (h, m, s) = (seq / 3600 % 24, seq / 60 % 60, seq % 60);
        out.extend_from_slice(
            format!(
                "From: \"Sender {n}\" <sender{n}@load.example.test>\r\n\
                 To: Load Test <list@example.test>\r\n\
                 Subject: mailload r={run} n={seq} s={size}\r\n\
                 Date: Thu, 01 Jan 2026 {h:02}:{m:02}:{s:02} +0000\r\n\
                 Message-ID: <{seq}.{run}@load.example.test>\r\n\
                 MIME-Version: 1.0\r\n\
                 Content-Type: text/plain; charset=us-ascii\r\n\r\n",
                n = seq % 100,
            )
            .as_bytes(),
        );
        if self.has_rare_word() {
            out.extend_from_slice(format!("This one has a {RARE_WORD} in it.\r\n").as_bytes());
        }
        if self.has_common_word() {
            out.extend_from_slice(format!("This one has a {COMMON_WORD} in it.\r\n").as_bytes());
        }
        let corpus = corpus();
        let mut line = (seq as usize).wrapping_mul(7919) % corpus.starts.len();
        while out.len() < size {
            let from = corpus.starts[line];
            let want = size - out.len();
            let take = want.min(corpus.text.len() - from);
            out.extend_from_slice(&corpus.text[from..from + take]);
            line = 0;
        }
        // End the last line; do not leave a bare CR or LF behind the cut.
        let n = out.len();
        if out[n - 3] == b'\r' || out[n - 3] == b'\n' {
            out[n - 3] = b'x';
            if out[n - 4] == b'\r' {
                out[n - 4] = b'x';
            }
        }
        out[n - 2..].copy_from_slice(b"\r\n");
        out
    }
}

/// Checks a delivered message: headers that the server put in front are
/// allowed, everything after them must be the message as it was sent.
pub fn verify(delivered: &[u8], allow_prefix: bool) -> Result<Ident> {
    let Some(id) = find_ident(&delivered[..delivered.len().min(8192)]) else {
        return fail!("message without a mailload subject ({} bytes)", delivered.len());
    };
    let sent = id.build();
    let Some(prefix) = delivered.strip_suffix(sent.as_slice()) else {
        return fail!(
            "message r={} n={} differs from what was sent ({} bytes, sent {})",
            id.run,
            id.seq,
            delivered.len(),
            sent.len()
        );
    };
    if !prefix.is_empty() && (!allow_prefix || !prefix.ends_with(b"\r\n")) {
        return fail!(
            "message r={} n={} has {} unexpected bytes in front",
            id.run,
            id.seq,
            prefix.len()
        );
    }
    Ok(id)
}

/// Finds `mailload r=R n=N s=S` in headers or in an ENVELOPE.
pub fn find_ident(text: &[u8]) -> Option<Ident> {
    let at = find(text, b"mailload r=")? + b"mailload r=".len();
    let (run, rest) = number(&text[at..])?;
    let (seq, rest) = number(rest.strip_prefix(b" n=")?)?;
    let (size, _) = number(rest.strip_prefix(b" s=")?)?;
    Some(Ident {
        run,
        seq,
        size: size as usize,
    })
}

/// First place of `needle` in `hay`.
pub fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|w| w == needle)
}

/// A decimal number at the start of `text`, and what follows it.
pub fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let value = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    Some((value, &text[digits..]))
}

/// The message as it goes after DATA: dots stuffed, with the final dot.
pub fn dot_stuff(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 64 + 8);
    for line in message.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

/// A small generator of pseudo-random numbers (xorshift64*), for picks that
/// must be the same in every run.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `n` (`n` > 0).
    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }
}

struct Corpus {
    text: Vec<u8>,
    starts: Vec<usize>,
}

/// About 1 MiB of lines of made-up words, frequent ones more often.
fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(|| {
        const SYLLABLES: [&str; 16] = [
            "ka", "lo", "mi", "ren", "tu", "sol", "va", "pe", "dor", "ni", "gal", "es", "hu", "bar", "ti",
            "om",
        ];
        let mut rng = Rng::new(1);
        let words: Vec<String> = (0..4000)
            .map(|_| {
                (0..2 + rng.below(3))
                    .map(|_| SYLLABLES[rng.below(16) as usize])
                    .collect()
            })
            .collect();
        let mut text = Vec::with_capacity(1 << 20);
        let mut starts = Vec::new();
        while text.len() < 1 << 20 {
            starts.push(text.len());
            if starts.len() % 40 == 0 {
                text.push(b'.');
            }
            let begin = text.len();
            while text.len() - begin < 64 {
                // The lesser of two picks: early words come up more often.
                let pick = rng.below(4000).min(rng.below(4000)).min(rng.below(4000));
                text.extend_from_slice(words[pick as usize].as_bytes());
                text.push(b' ');
            }
            text.pop();
            text.extend_from_slice(b"\r\n");
        }
        Corpus { text, starts }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_exact_and_lines_are_whole() {
        for size in (MIN_SIZE..2000).chain([10_240, 102_400, 3_000_000]) {
            for seq in [0, 3, 7, 1007, 99_993] {
                let m = Ident { run: 42, seq, size }.build();
                assert_eq!(m.len(), size);
                assert!(m.ends_with(b"\r\n"));
                for (i, &b) in m.iter().enumerate() {
                    match b {
                        b'\r' => assert_eq!(m[i + 1], b'\n', "size {size} seq {seq}"),
                        b'\n' => assert_eq!(m[i - 1], b'\r', "size {size} seq {seq}"),
                        _ => {}
                    }
                }
            }
        }
    }

    #[test]
    fn verify_takes_front_headers_and_nothing_else() {
        let id = Ident {
            run: 9,
            seq: 7,
            size: 4096,
        };
        let m = id.build();
        assert_eq!(verify(&m, false).unwrap(), id);
        let with = [b"Received: by x\r\n".as_slice(), &m].concat();
        assert_eq!(verify(&with, true).unwrap(), id);
        assert!(verify(&with, false).is_err());
        let mut bad = m.clone();
        bad[4000] ^= 1;
        assert!(verify(&bad, true).is_err());
        assert!(verify(&m[..m.len() - 2], true).is_err());
    }

    #[test]
    fn needles_stand_where_promised() {
        for seq in 0..2000 {
            let id = Ident {
                run: 1,
                seq,
                size: 1024,
            };
            let m = id.build();
            assert_eq!(find(&m, RARE_WORD.as_bytes()).is_some(), id.has_rare_word());
            assert_eq!(find(&m, COMMON_WORD.as_bytes()).is_some(), id.has_common_word());
        }
    }

    #[test]
    fn dots_are_stuffed() {
        assert_eq!(dot_stuff(b".a\r\nb.\r\n..\r\n"), b"..a\r\nb.\r\n...\r\n.\r\n");
    }
}
