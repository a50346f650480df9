//! LOGIN (RFC 3501 section 6.2.3), and what every log-in ends with.

use posthorn_base::Secret;
use posthorn_sasl::Mechanism;

use super::capability;
use super::core::{Asked, Core, Outcome, State, Step};
use super::reply::{Farewell, Fault, Reply};
use crate::ask::{Answer, Ask, Event};

pub(super) fn start(core: &Core, user: String, password: Secret<String>) -> Outcome {
    if !core.is_private() {
        return Err(Fault::PrivacyRequired);
    }
    let ask = posthorn_sasl::Ask::VerifyPassword {
        authorize_as: None,
        user: user.clone(),
        password,
    };
    Ok(Step::Ask(Ask::Credentials(ask), Asked::Login { user }))
}

pub(super) fn answered(core: &mut Core, user: String, answer: Answer) -> Outcome {
    use posthorn_sasl::Answer::{AuthorizationDenied, Keys, Rejected, Unavailable, Verified};
    let Answer::Credentials(answer) = answer else {
        return Err(answer.into());
    };
    match answer {
        Verified { identity } => Ok(succeed(core, identity, None)),
        Rejected => {
            fail(core, Some(user));
            Err(Fault::WrongCredentials)
        }
        AuthorizationDenied => {
            fail(core, Some(user));
            Err(Fault::MayNotActAs)
        }
        Unavailable => Err(Fault::Unavailable),
        Keys { .. } => Err(Fault::UnfittingAnswer),
    }
}

/// Somebody is who they say they are.
pub(super) fn succeed(core: &mut Core, identity: String, mechanism: Option<Mechanism>) -> Step {
    core.state = State::Authenticated;
    core.login_failures = 0;
    core.event(Event::LoggedIn { identity, mechanism });
    let capabilities = capability::list(core);
    Step::Done(Reply::ok("Logged in").with_code(format!("CAPABILITY {capabilities}")))
}

/// Somebody is not; too often, and the connection ends after the reply.
pub(super) fn fail(core: &mut Core, user: Option<String>) {
    core.event(Event::LoginFailed { user });
    core.login_failures = core.login_failures.saturating_add(1);
    if core.login_failures >= core.config.limits.login_failures {
        core.farewell = Some(Farewell::LoginFailures);
    }
}
