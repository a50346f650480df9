//! SORT and UID SORT (RFC 5256), with SORT=DISPLAY (RFC 5957) and ESORT (RFC 5267 section 3). The reply is
//! SEARCH's, in another order.

use super::connection::{Asked, Connection, Outcome, Step};
use super::search::{Searching, Verb, names_numbers, resolve};
use crate::ask::Ask;
use crate::types::sort::SortCommand;

pub(super) fn start(connection: &mut Connection, sort: SortCommand) -> Outcome {
    connection.may_name_by(sort.numbering)?;
    let has_modseq = sort.key.has_modseq();
    if has_modseq {
        connection.enable_condstore();
    }
    let selected = connection.selected()?;
    let has_numbers = names_numbers(&sort.key);
    let ask = Ask::Sort {
        mailbox: selected.mailbox,
        key: resolve(selected, sort.key)?,
        criteria: sort.criteria,
    };
    let searching = Searching::new(Verb::Sort, sort.numbering, sort.returns);
    Ok(Step::Ask(
        ask,
        Asked::Search(searching.with(has_modseq, has_numbers)),
    ))
}
