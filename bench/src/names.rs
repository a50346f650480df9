//! A name server that knows no name and says for how long (RFC 2308), so that a mail server which asks about
//! senders has an answer at once and remembers it.

use crate::error::Result;
use tokio::net::UdpSocket;

#[derive(clap::Args, Clone)]
pub struct NamesArgs {
    /// Where to answer
    #[arg(long)]
    listen: String,
}

/// The end of a header.
const HEADER: usize = 12;
/// The root, SOA, IN, an hour; then the root as both names and five numbers.
const SOA: &[u8] = &[
    0, 0, 6, 0, 1, 0, 0, 0x0e, 0x10, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 0x0e, 0x10, 0, 0, 0x0e, 0x10, 0, 0, 0x0e,
    0x10, 0, 0, 0x0e, 0x10,
];

/// Answers until the process is ended.
pub async fn serve(args: &NamesArgs) -> Result<()> {
    let socket = UdpSocket::bind(&args.listen).await?;
    let mut buffer = [0; 1500];
    loop {
        let (count, peer) = socket.recv_from(&mut buffer).await?;
        if let Some(answer) = answer(&buffer[..count]) {
            socket.send_to(&answer, peer).await?;
        }
    }
}

/// NXDOMAIN, without what the question says beyond its name.
fn answer(question: &[u8]) -> Option<Vec<u8>> {
    let mut end = HEADER;
    while *question.get(end)? != 0 {
        end += 1 + usize::from(question[end]);
    }
    let mut out = question.get(..2)?.to_vec();
    out.extend_from_slice(&[0x85, 0x83, 0, 1, 0, 0, 0, 1, 0, 0]);
    out.extend_from_slice(question.get(HEADER..end + 5)?);
    out.extend_from_slice(SOA);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_comes_back_with_no_such_name() {
        let question =
            b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01\x01a\x04test\x00\x00\x01\x00\x01more";
        let answer = answer(question).unwrap();
        assert_eq!(&answer[..4], b"\x12\x34\x85\x83");
        assert_eq!(&answer[12..24], b"\x01a\x04test\x00\x00\x01\x00\x01");
        assert!(answer.ends_with(SOA));
    }
}
