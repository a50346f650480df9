//! GETMETADATA and SETMETADATA (RFC 5464). The shell gives all entries; which are wanted is found here.

use super::connection::{Asked, Connection, Outcome, Step};
use super::reply::{Reply, Status};
use crate::ask::{Answer, Ask};
use crate::codec::metadata as codec;
use crate::types::metadata::{Depth, Entry, GetMetadata};

pub(super) fn start(get: GetMetadata) -> Step {
    let name = get.name.clone();
    Step::Ask(Ask::Metadata { name }, Asked::Metadata(Box::new(get)))
}

pub(super) fn answered(connection: &mut Connection, get: &GetMetadata, answer: Answer) -> Outcome {
    let Answer::Metadata(all) = answer else {
        return Err(answer.into());
    };
    let fits = |value: &[u8]| {
        let size = u32::try_from(value.len()).unwrap_or(u32::MAX);
        get.max_size.is_none_or(|max| size <= max)
    };
    let mut entries: Vec<Entry> = Vec::new();
    let mut longest = None;
    for (entry, value) in all.into_iter().filter(|(entry, _)| get.selects(entry)) {
        match fits(&value) {
            true => entries.push((entry, Some(value))),
            false => longest = longest.max(Some(value.len())),
        }
    }
    // What is named and has no value is told so, unless what is below it was asked for too.
    if get.depth == Depth::Zero && longest.is_none() {
        for entry in &get.entries {
            if !entries.iter().any(|(known, _)| known == entry) {
                entries.push((entry.clone(), None));
            }
        }
    }
    let mut out = Vec::new();
    codec::print(&mut out, connection.names(), get.name.as_deref(), &entries);
    connection.send(out);
    let reply = Reply::ok("GETMETADATA completed");
    Ok(Step::Done(match longest {
        Some(octets) => reply.with_code(format!("METADATA LONGENTRIES {octets}")),
        None => reply,
    }))
}

pub(super) fn start_set(name: Option<String>, entries: Vec<Entry>) -> Step {
    Step::Ask(Ask::SetMetadata { name, entries }, Asked::SetMetadata)
}

pub(super) fn set(answer: Answer) -> Outcome {
    let refused = |code: String, text: &str| Reply {
        status: Status::No,
        ..Reply::ok(text).with_code(code)
    };
    if answer == Answer::Ok {
        return Ok(Step::Done(Reply::ok("SETMETADATA completed")));
    }
    if let Answer::MetadataTooBig { octets_at_most } = answer {
        let code = format!("METADATA MAXSIZE {octets_at_most}");
        return Ok(Step::Done(refused(code, "A value is too large")));
    }
    if answer == Answer::MetadataTooMany {
        let code = "METADATA TOOMANY".to_owned();
        return Ok(Step::Done(refused(code, "There are too many entries")));
    }
    Err(answer.into())
}
