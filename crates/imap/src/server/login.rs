//! LOGIN (RFC 3501 section 6.2.3), and what every log-in ends with.

use posthorn_base::Secret;
use posthorn_sasl::Mechanism;

use super::capability;
use super::connection::{Asked, Connection, Outcome, State, Step};
use super::reply::{Farewell, Fault, Reply};
use crate::ask::{Answer, Ask, Event};

pub(super) fn start(connection: &Connection, user: String, password: Secret<String>) -> Outcome {
    if !connection.is_private() {
        return Err(Fault::PrivacyRequired);
    }
    let ask = posthorn_sasl::Ask::VerifyPassword {
        authorize_as: None,
        user: user.clone(),
        password,
    };
    Ok(Step::Ask(Ask::Credentials(ask), Asked::Login { user }))
}

pub(super) fn answered(connection: &mut Connection, user: String, answer: Answer) -> Outcome {
    use posthorn_sasl::Answer::{AuthorizationDenied, Keys, Rejected, Unavailable, Verified};
    let Answer::Credentials(answer) = answer else {
        return Err(answer.into());
    };
    match answer {
        Verified { identity } => Ok(succeed(connection, identity, None)),
        Rejected => {
            fail(connection, Some(user));
            Err(Fault::WrongCredentials)
        }
        AuthorizationDenied => {
            fail(connection, Some(user));
            Err(Fault::MayNotActAs)
        }
        Unavailable => Err(Fault::Unavailable),
        Keys { .. } => Err(Fault::UnfittingAnswer),
    }
}

/// Somebody is who they say they are.
pub(super) fn succeed(connection: &mut Connection, identity: String, mechanism: Option<Mechanism>) -> Step {
    connection.state = State::Authenticated;
    connection.login_failures = 0;
    connection.event(Event::LoggedIn { identity, mechanism });
    let capabilities = capability::list(connection);
    Step::Done(Reply::ok("Logged in").with_code(format!("CAPABILITY {capabilities}")))
}

/// Somebody is not; too often, and the connection ends after the reply.
pub(super) fn fail(connection: &mut Connection, user: Option<String>) {
    connection.event(Event::LoginFailed { user });
    connection.login_failures = connection.login_failures.saturating_add(1);
    if connection.login_failures >= connection.config.limits.login_failures {
        connection.farewell = Some(Farewell::LoginFailures);
    }
}
