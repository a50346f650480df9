//! BDAT: RFC 3030. The octets that a BDAT announces are read in any case, or else they would be taken for
//! commands. A chunk that is refused ends the transaction; chunks still in the pipeline get 503.

use super::ServerSession;
use super::ask::Event;
use super::data::read_body;
use super::fault::{Disorder, Fault};
use super::state::{Chunk, Phase, State, Swallow, Transaction, Transfer};
use crate::Body;
use crate::codec::bdat::Bdat;
use crate::codec::reply::Reply;
use crate::framing::body::{BodyReader, Framing};

impl ServerSession {
    pub(super) fn bdat(&mut self, argument: &str) {
        let bdat = match Bdat::parse(argument) {
            Ok(bdat) => bdat,
            Err(error) => {
                self.refuse(&Fault::Syntax(error));
                return;
            }
        };
        let phase = self.phase();
        let transfer = match (phase, self.leave()) {
            (_, State::AwaitChunk(transfer)) => *transfer,
            (_, State::AwaitRcpt(transaction)) if !transaction.recipients.is_empty() => {
                self.first_chunk(*transaction)
            }
            (phase, state) => {
                let disorder = match phase {
                    Phase::Hello => Disorder::HelloFirst,
                    Phase::Rcpt => Disorder::NoRecipients,
                    Phase::Mail | Phase::Chunk | Phase::Busy => Disorder::MailFirst,
                };
                self.refuse_chunk(bdat.octets, Fault::OutOfOrder(disorder), state);
                return;
            }
        };
        self.enter(State::Chunk(Box::new(Chunk {
            transfer,
            remaining: bdat.octets,
            is_last: bdat.is_last,
        })));
        if bdat.octets == 0 {
            self.chunk_ended();
        }
    }

    fn first_chunk(&self, transaction: Transaction) -> Transfer {
        let framing = match transaction.sender.body {
            Body::BinaryMime => Framing::CountedOctets,
            Body::SevenBit | Body::EightBitMime => Framing::CountedLines,
        };
        Transfer {
            transaction,
            body: BodyReader::new(framing, self.body_limits()),
        }
    }

    /// Octets of a chunk; gives how many were used.
    pub(super) fn read_chunk(&mut self, octets: &[u8]) -> usize {
        let State::Chunk(chunk) = &mut self.state else {
            return octets.len();
        };
        let part = at_most(octets, chunk.remaining);
        let (_, events) = read_body(&mut chunk.transfer.body, part);
        chunk.remaining = chunk.remaining.saturating_sub(count(part));
        let is_ended = chunk.remaining == 0;
        let used = part.len();
        self.output
            .extend(events.into_iter().flatten().map(super::Output::Event));
        if is_ended {
            self.chunk_ended();
        }
        used
    }

    fn chunk_ended(&mut self) {
        let State::Chunk(chunk) = self.leave() else { return };
        let Chunk {
            mut transfer,
            is_last,
            ..
        } = *chunk;
        if is_last {
            let was_void = transfer.body.fault().is_some();
            transfer.body.finish();
            if !was_void && transfer.body.fault().is_some() {
                self.event(Event::BodyDiscarded);
            }
            self.complete(transfer);
        } else if let Some(fault) = transfer.body.fault() {
            self.enter(State::AwaitMail);
            self.refuse(&Fault::Body(fault));
        } else {
            let text = format!("{} octets so far", transfer.body.total_octets());
            self.enter(State::AwaitChunk(Box::new(transfer)));
            self.send(&Reply::new(250, (2, 0, 0), &text));
        }
    }

    fn refuse_chunk(&mut self, octets: u64, fault: Fault, then: State) {
        if octets == 0 {
            self.enter(then);
            self.refuse(&fault);
        } else {
            self.enter(State::Swallow(Box::new(Swallow {
                remaining: octets,
                fault,
                then,
            })));
        }
    }

    /// Octets of a refused chunk; gives how many were used.
    pub(super) fn swallow(&mut self, octets: &[u8]) -> usize {
        let State::Swallow(swallow) = &mut self.state else {
            return octets.len();
        };
        let part = at_most(octets, swallow.remaining);
        swallow.remaining = swallow.remaining.saturating_sub(count(part));
        if swallow.remaining == 0
            && let State::Swallow(done) = self.leave()
        {
            self.enter(done.then);
            self.refuse(&done.fault);
        }
        part.len()
    }
}

fn at_most(octets: &[u8], limit: u64) -> &[u8] {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    octets.get(..limit).unwrap_or(octets)
}

fn count(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}
