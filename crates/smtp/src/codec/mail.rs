//! The argument of `MAIL`: RFC 5321 section 4.1.1.2, with `SIZE` (RFC 1870), `BODY` (RFC 6152, RFC 3030),
//! `SMTPUTF8` (RFC 6531), `RET` and `ENVID` (RFC 3461). `AUTH=` (RFC 4954 section 5) is read and not
//! believed.

use std::fmt::Write as _;

use posthorn_base::ReversePath;

use super::{SyntaxError, parameter, path, strip_prefix_any_case, xtext};
use crate::{Body, Ret};

/// `MAIL FROM:<reverse-path>` and its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) reverse_path: ReversePath,
    pub(crate) size: Option<u64>,
    pub(crate) body: Option<Body>,
    pub(crate) smtputf8: bool,
    pub(crate) ret: Option<Ret>,
    pub(crate) envelope_id: Option<String>,
}

const EXPECTED: &str = "MAIL FROM:<address>";

impl Mail {
    /// `MAIL FROM:<…>` without parameters.
    pub(crate) fn plain(reverse_path: ReversePath) -> Self {
        Self {
            reverse_path,
            size: None,
            body: None,
            smtputf8: false,
            ret: None,
            envelope_id: None,
        }
    }

    /// Reads what follows the verb.
    pub(crate) fn parse(argument: &str) -> Result<Self, SyntaxError> {
        let rest = strip_prefix_any_case(argument, "FROM:").ok_or(SyntaxError::Expected(EXPECTED))?;
        let (text, parameters) = path::split(rest, EXPECTED)?;
        let reverse_path = ReversePath::parse(text).map_err(SyntaxError::SenderAddress)?;
        let mut mail = Self::plain(reverse_path);
        let mut auth = None;
        let mut smtputf8 = None;
        for (keyword, value) in parameter::split(parameters) {
            match keyword.to_ascii_uppercase().as_str() {
                "SIZE" => parameter::set("SIZE", &mut mail.size, parse_size(value)?)?,
                "BODY" => parameter::set("BODY", &mut mail.body, parse_body(value)?)?,
                "SMTPUTF8" if value.is_none() => parameter::set("SMTPUTF8", &mut smtputf8, ())?,
                "SMTPUTF8" => return Err(SyntaxError::ParameterValue("SMTPUTF8")),
                "RET" => parameter::set("RET", &mut mail.ret, parse_ret(value)?)?,
                "ENVID" => parameter::set("ENVID", &mut mail.envelope_id, parse_envelope_id(value)?)?,
                "AUTH" => parameter::set("AUTH", &mut auth, parameter::required("AUTH", value)?)?,
                _ => return Err(parameter::unknown(keyword)),
            }
        }
        mail.smtputf8 = smtputf8.is_some();
        if !text.is_ascii() && !mail.smtputf8 {
            return Err(SyntaxError::NeedsSmtpUtf8);
        }
        Ok(mail)
    }

    /// The whole command without its CRLF.
    pub(crate) fn print(&self) -> String {
        let mut out = format!("MAIL FROM:<{}>", self.reverse_path.to_text());
        if let Some(size) = self.size {
            let _infallible = write!(out, " SIZE={size}");
        }
        match self.body {
            Some(Body::SevenBit) => out.push_str(" BODY=7BIT"),
            Some(Body::EightBitMime) => out.push_str(" BODY=8BITMIME"),
            Some(Body::BinaryMime) => out.push_str(" BODY=BINARYMIME"),
            None => {}
        }
        if self.smtputf8 {
            out.push_str(" SMTPUTF8");
        }
        match self.ret {
            Some(Ret::Full) => out.push_str(" RET=FULL"),
            Some(Ret::Headers) => out.push_str(" RET=HDRS"),
            None => {}
        }
        if let Some(id) = &self.envelope_id {
            let _infallible = write!(out, " ENVID={}", xtext::encode(id));
        }
        out
    }
}

/// `size-value = 1*20DIGIT`, RFC 1870 section 4; a number that no file can have is too large, not wrong.
fn parse_size(value: Option<&str>) -> Result<u64, SyntaxError> {
    let value = parameter::required("SIZE", value)?;
    if value.len() > 20 || !value.bytes().all(|c| c.is_ascii_digit()) {
        return Err(SyntaxError::ParameterValue("SIZE"));
    }
    Ok(value.parse().unwrap_or(u64::MAX))
}

fn parse_body(value: Option<&str>) -> Result<Body, SyntaxError> {
    match parameter::required("BODY", value)?.to_ascii_uppercase().as_str() {
        "7BIT" => Ok(Body::SevenBit),
        "8BITMIME" => Ok(Body::EightBitMime),
        "BINARYMIME" => Ok(Body::BinaryMime),
        _ => Err(SyntaxError::ParameterValue("BODY")),
    }
}

fn parse_ret(value: Option<&str>) -> Result<Ret, SyntaxError> {
    match parameter::required("RET", value)?.to_ascii_uppercase().as_str() {
        "FULL" => Ok(Ret::Full),
        "HDRS" => Ok(Ret::Headers),
        _ => Err(SyntaxError::ParameterValue("RET")),
    }
}

/// RFC 3461 section 4.4: at most 100 characters, printable ASCII once decoded.
fn parse_envelope_id(value: Option<&str>) -> Result<String, SyntaxError> {
    let value = parameter::required("ENVID", value)?;
    xtext::decode(value)
        .filter(|id| value.len() <= 100 && id.is_ascii())
        .ok_or(SyntaxError::ParameterValue("ENVID"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use posthorn_base::Address;
    use proptest::prelude::*;

    #[test]
    fn spaces_and_letter_case_do_not_matter() {
        let mail = Mail::parse("from: <a@b.test>  size=10 Body=8bitmime ").unwrap();
        assert_eq!(mail.print(), "MAIL FROM:<a@b.test> SIZE=10 BODY=8BITMIME");
    }

    #[test]
    fn wrong_parameters_are_refused_with_the_reason() {
        let parse = |parameters: &str| Mail::parse(&format!("FROM:<a@b.test> {parameters}")).unwrap_err();
        assert_eq!(parse("SIZE=x"), SyntaxError::ParameterValue("SIZE"));
        assert_eq!(parse("SIZE"), SyntaxError::ParameterValue("SIZE"));
        assert_eq!(parse("SIZE=1 SIZE=2"), SyntaxError::RepeatedParameter("SIZE"));
        assert_eq!(parse("BODY=9BIT"), SyntaxError::ParameterValue("BODY"));
        assert_eq!(parse("SMTPUTF8=1"), SyntaxError::ParameterValue("SMTPUTF8"));
        assert_eq!(parse("RET=ALL"), SyntaxError::ParameterValue("RET"));
        assert_eq!(parse("ENVID=a+0Ab"), SyntaxError::ParameterValue("ENVID"));
        assert_eq!(parse("XYZ=1"), SyntaxError::UnknownParameter("XYZ".to_owned()));
        assert_eq!(
            Mail::parse("FROM:<ä@b.test>").unwrap_err(),
            SyntaxError::NeedsSmtpUtf8
        );
    }

    #[test]
    fn a_size_beyond_all_numbers_is_the_largest_number() {
        let mail = Mail::parse("FROM:<> SIZE=99999999999999999999").unwrap();
        assert_eq!(mail.size, Some(u64::MAX));
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same(
            local in "[a-z \"\\\\<>ä]{1,10}",
            is_null in any::<bool>(),
            size in prop::option::of(any::<u64>()),
            body in prop::option::of(prop::sample::select(vec![Body::SevenBit, Body::EightBitMime, Body::BinaryMime])),
            ret in prop::option::of(prop::sample::select(vec![Ret::Full, Ret::Headers])),
            envelope_id in prop::option::of("[ -~]{1,30}"),
        ) {
            let quoted = local.replace('\\', r"\\").replace('"', "\\\"");
            let address = Address::parse(&format!("\"{quoted}\"@b.test")).unwrap();
            let reverse_path = if is_null { ReversePath::Null } else { ReversePath::Address(address) };
            let mail = Mail { reverse_path, size, body, smtputf8: true, ret, envelope_id };
            let printed = mail.print();
            prop_assert_eq!(Mail::parse(printed.strip_prefix("MAIL ").unwrap()), Ok(mail));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,60}") {
            let _unused = Mail::parse(&format!("FROM:{text}")).is_ok();
        }
    }
}
