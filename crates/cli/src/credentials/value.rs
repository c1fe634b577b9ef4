//! How a secret gets into the command: a prompt without echo, a pipe or a file; never an argument.
use std::io::{self, IsTerminal, Read};
use std::path::Path;

use granary_credential::Credential;
use granary_proto::granary::vault::v1 as wire;
use granary_rpc::Error;
use zeroize::Zeroizing;

use super::{export, kind::KindName};
use crate::exit::Failure;

/// Longest input, in bytes: two of the longest secrets with room to spare.
const MAX_BYTES: usize = 16_384;

/// Reads the value: from the file ("-" is stdin), else from stdin where it is no terminal, else by a prompt.
pub(super) fn read(kind: KindName, account: &str, file: Option<&Path>) -> Result<Zeroizing<String>, Failure> {
    match file {
        Some(path) if path != Path::new("-") => {
            let cannot =
                |e: io::Error| Failure::configuration(format!("cannot read {}: {e}", path.display()));
            bounded(std::fs::File::open(path).map_err(cannot)?).map_err(cannot)?
        }
        None if io::stdin().is_terminal() => prompt(kind, account),
        _ => bounded(io::stdin().lock())
            .map_err(|e| Failure::configuration(format!("cannot read the value from stdin: {e}")))?,
    }
}

/// The credential that a text stands for.
pub(super) fn parse(
    kind: KindName,
    text: &str,
    account_id: Option<i64>,
    user_agent: Option<String>,
) -> Result<Credential, Failure> {
    let text = text.trim_end_matches(['\r', '\n']);
    let credential = match kind {
        KindName::HarvestapiKey => Credential::try_from(wire::HarvestapiKey { api_key: text.to_owned() }),
        KindName::HarvestToken => {
            let account_id = account_id.unwrap_or_default();
            wire::HarvestToken { access_token: text.to_owned(), account_id }.try_into()
        }
        KindName::LinkedinSession if text.trim_start().starts_with(['[', '{']) => {
            let li_at =
                export::li_at(text).map_err(|wrong| Failure::invalid("linkedin_session.li_at", wrong))?;
            let (proxy, user_agent) = (String::new(), user_agent.unwrap_or_default());
            wire::LinkedinSession { li_at, proxy, user_agent }.try_into()
        }
        KindName::LinkedinSession => {
            // What follows a second line break stays in the proxy, and is refused there.
            let (li_at, proxy) = text.split_once('\n').unwrap_or((text, ""));
            wire::LinkedinSession {
                li_at: li_at.trim_end_matches('\r').to_owned(),
                proxy: proxy.to_owned(),
                user_agent: user_agent.unwrap_or_default(),
            }
            .try_into()
        }
        KindName::ApifyToken => wire::ApifyToken { token: text.to_owned() }.try_into(),
    };
    credential.and_then(Credential::pasted).map_err(|faults| Error::invalid(faults).into())
}

/// Reads all of it into memory that is wiped. The inner result is about what was read, the outer about reading.
fn bounded(source: impl Read) -> io::Result<Result<Zeroizing<String>, Failure>> {
    // Room for everything at once: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 64));
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_BYTES {
        return Ok(Err(Failure::invalid("credential", format!("must have at most {MAX_BYTES} bytes"))));
    }
    Ok(match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(Failure::invalid("credential", "must be text, in UTF-8")),
    })
}

fn prompt(kind: KindName, account: &str) -> Result<Zeroizing<String>, Failure> {
    let ask = |what: &str| {
        rpassword::prompt_password(format!("{what} of {} (not shown): ", account.escape_debug()))
            .map(Zeroizing::new)
            .map_err(|e| Failure::configuration(format!("cannot ask for the value: {e}; pipe it in instead")))
    };
    match kind {
        KindName::HarvestapiKey => ask("HarvestAPI key"),
        KindName::HarvestToken => ask("Harvest access token"),
        KindName::ApifyToken => ask("Apify token"),
        KindName::LinkedinSession => {
            let li_at = ask("li_at cookie")?;
            let proxy = ask("Proxy, if any,")?;
            Ok(Zeroizing::new([li_at.as_str(), "\n", proxy.as_str()].concat()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_line_break_is_no_part_of_a_value() {
        for text in ["secret-1", "secret-1\n", "secret-1\r\n"] {
            let credential = parse(KindName::HarvestapiKey, text, None, None).unwrap();
            assert_eq!(credential.secrets()[0].expose(), "secret-1");
        }
    }

    #[test]
    fn a_session_has_its_proxy_on_the_second_line() {
        let secrets = |text| -> Vec<String> {
            let credential = parse(KindName::LinkedinSession, text, None, Some("UA".into())).unwrap();
            credential.secrets().iter().map(|s| s.expose().to_owned()).collect()
        };
        assert_eq!(secrets("cookie\n"), ["cookie"]);
        assert_eq!(secrets("cookie\r\nhttp://u:p@proxy:1\r\n"), ["cookie", "http://u:p@proxy:1"]);
        assert!(parse(KindName::LinkedinSession, "a\nb\nc", None, None).is_err());
    }

    #[test]
    fn what_is_no_credential_is_refused_before_it_is_sealed() {
        for (kind, text, told) in [
            (KindName::ApifyToken, "APIFY_TOKEN=hush", "name"),
            (KindName::HarvestapiKey, "\"hush\"", "quotes"),
            (KindName::HarvestToken, "Bearer hush", "Bearer"),
            (KindName::HarvestToken, "${HARVEST_TOKEN}", "variable"),
            (KindName::HarvestToken, "{\"access_token\":\"hush\"}", "JSON"),
            (KindName::HarvestToken, "hush\nhush", "several lines"),
            (KindName::LinkedinSession, "li_at=hush", "name"),
            (KindName::LinkedinSession, "hush\nnothing", "HOST:PORT"),
            (KindName::LinkedinSession, "[\n{\"name\":\"other\",\"value\":\"hush\"}]", "no li_at"),
        ] {
            let failure = parse(kind, text, Some(1), None).unwrap_err();
            assert!(failure.text().contains(told), "{text}: {}", failure.text());
            assert!(!format!("{failure:?}").contains("hush"), "{failure:?}");
        }
        let exported = "[\n{\"domain\":\".linkedin.com\",\"name\":\"li_at\",\"value\":\"AQEDxyz\"}]\n";
        let credential = parse(KindName::LinkedinSession, exported, None, None).unwrap();
        assert_eq!(credential.secrets()[0].expose(), "AQEDxyz");
    }

    #[test]
    fn faults_name_the_field_and_never_the_value() {
        for text in ["", "\n", "hush hush", "hush\nhush", "hüsh"] {
            let failure = parse(KindName::HarvestToken, text, Some(1), None).unwrap_err();
            assert_eq!(failure.code(), 4);
            assert!(failure.text().contains("harvest_token.access_token"));
            assert!(!format!("{failure:?}").contains("sh"), "{failure:?}");
        }
        assert!(parse(KindName::HarvestToken, "t", None, None).unwrap_err().text().contains("account_id"));
    }

    #[test]
    fn input_is_bounded_and_text() {
        assert_eq!(bounded(&b"abc"[..]).unwrap().unwrap().as_str(), "abc");
        assert!(bounded(io::repeat(b'a')).unwrap().is_err());
        assert!(bounded(&[0xff, 0xfe][..]).unwrap().is_err());
    }

    #[test]
    fn a_file_is_read_and_a_missing_one_is_named() {
        let path = std::env::temp_dir().join(format!("granary-value-{}", std::process::id()));
        std::fs::write(&path, "from-file\n").unwrap();
        let text = read(KindName::ApifyToken, "user", Some(&path)).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(text.as_str(), "from-file\n");
        let failure = read(KindName::ApifyToken, "user", Some(&path)).unwrap_err();
        assert_eq!(failure.code(), 3);
        assert!(failure.text().contains("granary-value-"));
    }
}
