//! One question to a name server over UDP, without cache and without knowledge of special names. Needed
//! for PTR records of loopback addresses, for which the library never asks. Not for the open internet: it
//! does not guard against forged answers beyond the id, the question and the connected socket.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_proto::op::{Message, Query};
use hickory_proto::rr::{Name, RData, RecordType};
use hickory_proto::serialize::binary::BinEncodable;
use posthorn_base::lookup::NoRecords;
use tokio::net::UdpSocket;

use crate::error;

/// The largest answer that is read.
const ANSWER_OCTETS: usize = 4_096;

/// Asks one server after the other until one answers. The caller bounds the time.
pub(crate) async fn ask(
    servers: &[SocketAddr],
    name: Name,
    record_type: RecordType,
) -> Result<Vec<RData>, NoRecords> {
    let mut last = NoRecords::Temporary("no name server".to_owned());
    for server in servers {
        match ask_one(*server, name.clone(), record_type).await {
            Ok(answer) => return found(answer),
            Err(why) => last = NoRecords::Temporary(why.to_string()),
        }
    }
    Err(last)
}

fn found(answer: Message) -> Result<Vec<RData>, NoRecords> {
    if answer.answers.is_empty() {
        return Err(error::from_code(answer.metadata.response_code));
    }
    Ok(answer.answers.into_iter().map(|record| record.data).collect())
}

async fn ask_one(server: SocketAddr, name: Name, record_type: RecordType) -> std::io::Result<Message> {
    let unspecified = match server.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind((unspecified, 0)).await?;
    socket.connect(server).await?;
    let mut question = Message::query();
    question.add_query(Query::query(name, record_type));
    question.metadata.recursion_desired = true;
    let octets = question.to_bytes().map_err(std::io::Error::other)?;
    socket.send(&octets).await?;
    let mut buffer = vec![0; ANSWER_OCTETS];
    loop {
        let length = socket.recv(&mut buffer).await?;
        let answer = buffer.get(..length).map(Message::from_vec);
        // What is not the answer to this question is not ours.
        if let Some(Ok(answer)) = answer
            && answer.metadata.id == question.metadata.id
            && answer.queries == question.queries
        {
            return Ok(answer);
        }
    }
}
