//! What the administrative commands share: the way to the server and the form of the answer.

use std::path::Path;

use serde::Serialize;

use super::failure::Failure;
use super::settings;
use crate::admin::{self, Request, Response};
use crate::output;

/// For people or for programs?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Json,
}

/// `--json`, for every command of a group.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct FormArg {
    /// Answer in JSON, for programs.
    #[arg(long, global = true)]
    json: bool,
}

impl FormArg {
    pub(super) fn form(self) -> Form {
        if self.json { Form::Json } else { Form::Text }
    }
}

/// Asks, with a refusal as the failure that it is.
pub(super) fn ask(config: Option<&Path>, request: Request) -> Result<Response, Failure> {
    let response = admin::ask(&settings::load(config)?.data, request)?;
    if let Response::Refused(reason) = response {
        return Err(Failure::Refused(reason));
    }
    Ok(response)
}

/// Has something done and says so.
pub(super) fn order(config: Option<&Path>, request: Request, form: Form) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Done {
        done: String,
    }
    let response = ask(config, request)?;
    let Response::Done(done) = response else {
        return Err(Failure::OtherAnswer);
    };
    match form {
        Form::Text => output::print(&done)?,
        Form::Json => output::print_json(&Done { done })?,
    }
    Ok(())
}

/// Prints an answer: as it is for programs, through `text` for people.
pub(super) fn show<T: Serialize>(
    answer: &T,
    form: Form,
    text: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    match form {
        Form::Text => output::print(&text(answer))?,
        Form::Json => output::print_json(answer)?,
    }
    Ok(())
}
