//! RSET, NOOP, QUIT, VRFY, EXPN and HELP: RFC 5321 sections 4.1.1.5 to 4.1.1.10. VRFY and EXPN tell
//! nothing about who has a mailbox here (section 7.3).

use posthorn_base::session::Output;

use super::ServerSession;
use super::fault::Fault;
use super::state::State;
use super::table::TABLE;
use crate::codec::SyntaxError;
use crate::codec::reply::Reply;

impl ServerSession {
    pub(super) fn rset(&mut self, _argument: &str) {
        self.discard_body();
        let next = self.between_transactions();
        self.enter(next);
        self.send(&Reply::new(250, (2, 0, 0), "Reset"));
    }

    pub(super) fn noop(&mut self, _argument: &str) {
        self.send(&Reply::new(250, (2, 0, 0), "OK"));
    }

    pub(super) fn quit(&mut self, _argument: &str) {
        let text = format!("{} closing the connection", self.config.hostname);
        self.send(&Reply::new(221, (2, 0, 0), &text));
        self.discard_body();
        self.enter(State::Closed);
        self.output.push_back(Output::Close);
    }

    pub(super) fn vrfy(&mut self, argument: &str) {
        if argument.is_empty() {
            self.refuse(&Fault::Syntax(SyntaxError::Expected("VRFY user")));
        } else {
            let text = "Cannot verify the user, but will take a message and try";
            self.send(&Reply::new(252, (2, 5, 0), text));
        }
    }

    pub(super) fn expn(&mut self, _argument: &str) {
        self.refuse(&Fault::NotOffered);
    }

    pub(super) fn help(&mut self, _argument: &str) {
        let verbs: Vec<&str> = TABLE.iter().map(|row| row.verb).collect();
        let text = format!("Commands: {}", verbs.join(" "));
        self.send(&Reply::new(214, (2, 0, 0), &text));
    }
}
