//! Passwords come from a prompt without echo or from the standard input, never from the command line, where
//! every user of the machine could read them. They are hashed here and leave this process only so.

use std::io::{self, BufRead as _};

use posthorn_accounts::{MAX_PASSWORD_OCTETS, PasswordRecord, Salts};
use posthorn_base::{Address, Secret};
use posthorn_runtime::random;

use super::failure::Failure;
use crate::admin::HashedPassword;

/// Where the password comes from.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct PasswordArg {
    /// Read the password from the first line of the standard input instead of asking for it.
    #[arg(long)]
    password_stdin: bool,
}

/// Reads the password and computes what is stored of it.
pub(super) fn read(from: PasswordArg, address: &Address) -> Result<HashedPassword, Failure> {
    let password = if from.password_stdin {
        from_input(io::stdin().lock()).map_err(Failure::NoPassword)?
    } else {
        from_prompt(address)?
    };
    let mut octets = [0; Salts::OCTETS];
    random::fill(&mut octets);
    let record = PasswordRecord::new(&password, &Salts::from_random(&octets))?;
    Ok(HashedPassword(record))
}

/// The first line without its end. What is too long is cut only after the length at which it is refused.
fn from_input(input: impl io::BufRead) -> io::Result<Secret<String>> {
    let most = u64::try_from(MAX_PASSWORD_OCTETS)
        .unwrap_or(u64::MAX)
        .saturating_add(3);
    let mut line = String::new();
    input.take(most).read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(Secret::new(line))
}

fn from_prompt(address: &Address) -> Result<Secret<String>, Failure> {
    let ask = |prompt: String| {
        rpassword::prompt_password(prompt)
            .map(Secret::new)
            .map_err(Failure::NoPassword)
    };
    let first = ask(format!("Password for {address}: "))?;
    let second = ask("The same again: ".to_owned())?;
    if first == second {
        Ok(first)
    } else {
        Err(Failure::PasswordsDiffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_is_the_password() {
        let read = |text: &str| from_input(text.as_bytes()).unwrap().into_declassified();
        assert_eq!(read("correct horse\nbattery"), "correct horse");
        assert_eq!(read("correct horse\r\n"), "correct horse");
        assert_eq!(read("correct horse "), "correct horse ");
        assert_eq!(read(""), "");
    }

    #[test]
    fn a_line_without_end_does_not_fill_the_memory() {
        let read = from_input(io::BufReader::new(io::repeat(b'x'))).unwrap();
        assert_eq!(read.declassify().len(), MAX_PASSWORD_OCTETS + 3);
    }
}
