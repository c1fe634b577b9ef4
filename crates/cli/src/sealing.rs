//! The sealing key: fetched, checked against a fingerprint that came another way, and used.
use std::time::{Duration, SystemTime};

use granary_credential::{Credential, sealed};
use granary_proto::granary::vault::v1 as wire;
use granary_proto::granary::vault::v1::sealed_credential::Credential as Value;
use zeroize::Zeroize;

use crate::client::ApiClient;
use crate::exit::Failure;

/// How long a sealed credential may take to arrive; afterwards it is refused.
const SEAL_TTL: Duration = Duration::from_secs(300);

/// Credential-vault's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealingKey {
    /// Sent along with a box.
    pub key_id: String,
    public_key: Vec<u8>,
}

/// What a sealing key may be: SHA-256 of public keys, each as 64 lower-case hexadecimal digits. Of two during a change of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints(Vec<String>);

impl SealingKey {
    /// Asks for the key. Through the gateway it must be [`checked`](Fingerprints::checked) before it is used.
    pub async fn fetch(api: &ApiClient) -> Result<Self, Failure> {
        Self::ask(api, String::new()).await
    }

    async fn ask(api: &ApiClient, fingerprint: String) -> Result<Self, Failure> {
        let request = api.request(wire::GetSealingKeyRequest { fingerprint });
        let answer = api.answer(api.accounts().get_sealing_key(request)).await?;
        Ok(Self { key_id: answer.key_id, public_key: answer.public_key })
    }

    /// The fingerprint, from the key itself: what an answer says of it may be as wrong as the key.
    pub fn fingerprint(&self) -> String {
        sealed::fingerprint_of(&self.public_key)
    }

    /// Seals a credential, so that only credential-vault can open it, for one account of the API key's tenant and a few minutes.
    pub fn seal(
        &self,
        api_key_id: &str,
        identifier: &str,
        credential: &Credential,
        expected_version: Option<i64>,
    ) -> Result<Vec<u8>, Failure> {
        self.seal_until(SystemTime::now() + SEAL_TTL, api_key_id, identifier, credential, expected_version)
    }

    /// The same for another time.
    pub fn seal_until(
        &self,
        not_after: SystemTime,
        api_key_id: &str,
        identifier: &str,
        credential: &Credential,
        expected_version: Option<i64>,
    ) -> Result<Vec<u8>, Failure> {
        let plain = Plain(wire::SealedCredential {
            sealed_for: Some(sealed::for_api_key(api_key_id)),
            identifier: identifier.to_owned(),
            credential: Some(value(credential)),
            expected_version,
            not_after: Some(not_after.into()),
        });
        sealed::seal(&self.public_key, &plain.0)
            .ok_or_else(|| Failure::unexpected("the sealing key in the answer is no key"))
    }
}

impl Fingerprints {
    /// Parses fingerprints with commas between; colons, blanks and upper case are taken.
    pub fn parse(text: &str) -> Option<Self> {
        text.split(',').map(Self::parse_one).collect::<Option<Vec<_>>>().map(Self)
    }

    /// The key, if it is one of those that are expected.
    pub fn checked(&self, key: SealingKey) -> Result<SealingKey, Failure> {
        let is = key.fingerprint();
        if self.0.contains(&is) {
            return Ok(key);
        }
        Err(Failure::configuration(format!(
            "nothing was sent: the sealing key's fingerprint is {is}, not {}; the key was replaced, or somebody stands \
             in between; `granary keys sealing` asks credential-vault itself",
            self.0.join(" or ")
        )))
    }

    /// Asks for a key that is expected: the one to seal with now, or during a change of keys one that is still taken.
    pub async fn fetch(&self, api: &ApiClient) -> Result<SealingKey, Failure> {
        let refused = match self.checked(SealingKey::fetch(api).await?) {
            Ok(key) => return Ok(key),
            Err(refused) => refused,
        };
        for fingerprint in &self.0 {
            if let Ok(key) = SealingKey::ask(api, fingerprint.clone()).await
                && let Ok(key) = self.checked(key)
            {
                return Ok(key);
            }
        }
        Err(refused)
    }

    fn parse_one(text: &str) -> Option<String> {
        let digits: String = text
            .chars()
            .filter(|c| *c != ':' && !c.is_whitespace())
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let fits = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit());
        fits.then_some(digits)
    }
}

/// A message with a secret inside, wiped on drop.
struct Plain(wire::SealedCredential);

impl Drop for Plain {
    fn drop(&mut self) {
        match &mut self.0.credential {
            Some(Value::HarvestapiKey(v)) => v.api_key.zeroize(),
            Some(Value::HarvestToken(v)) => v.access_token.zeroize(),
            Some(Value::LinkedinSession(v)) => {
                v.li_at.zeroize();
                v.proxy.zeroize();
            }
            Some(Value::ApifyToken(v)) => v.token.zeroize(),
            None => {}
        }
    }
}

fn value(credential: &Credential) -> Value {
    match credential {
        Credential::HarvestapiKey { api_key } => {
            Value::HarvestapiKey(wire::HarvestapiKey { api_key: api_key.expose().to_owned() })
        }
        Credential::HarvestToken { access_token, account_id } => Value::HarvestToken(wire::HarvestToken {
            access_token: access_token.expose().to_owned(),
            account_id: *account_id,
        }),
        Credential::LinkedinSession { li_at, proxy, user_agent } => {
            Value::LinkedinSession(wire::LinkedinSession {
                li_at: li_at.expose().to_owned(),
                proxy: proxy.as_ref().map(|p| p.expose().to_owned()).unwrap_or_default(),
                user_agent: user_agent.clone().unwrap_or_default(),
            })
        }
        Credential::ApifyToken { token } => {
            Value::ApifyToken(wire::ApifyToken { token: token.expose().to_owned() })
        }
    }
}

#[cfg(test)]
mod tests {
    use granary_credential::{Key, Secret};

    use super::*;

    fn pair() -> (sealed::SealingKey, SealingKey) {
        let secret = sealed::SealingKey::new(&Key::from_bytes([7; 32]));
        let public_key = secret.public_key();
        let key_id = sealed::key_id(&public_key);
        (secret, SealingKey { key_id, public_key: public_key.to_vec() })
    }

    #[test]
    fn a_box_opens_at_credential_vault_and_says_for_whom_it_is() {
        let (secret, public) = pair();
        let credential =
            Credential::HarvestToken { access_token: Secret::new("hush".into()), account_id: 42 };
        let sealed = public.seal("testtesttest", "user_ha_456", &credential, Some(0)).unwrap();
        assert!(!sealed.windows(4).any(|w| w == b"hush"));
        let opened = secret.open(&sealed).unwrap();
        let sealed_for = wire::sealed_for::Caller::ApiKeyId("testtesttest".to_owned());
        assert_eq!(opened.sealed_for.unwrap().caller, Some(sealed_for));
        assert_eq!(opened.identifier, "user_ha_456");
        assert_eq!(opened.expected_version, Some(0));
        assert_eq!(opened.credential, Some(value(&credential)));
        let ahead =
            SystemTime::try_from(opened.not_after.unwrap()).unwrap().duration_since(SystemTime::now());
        assert!(ahead.unwrap() <= SEAL_TTL);
    }

    #[test]
    fn a_key_of_another_fingerprint_is_not_used() {
        let (_, public) = pair();
        let (right, wrong) = (public.fingerprint().to_uppercase(), "0".repeat(64));
        for good in [right.clone(), format!("{wrong}, {right}")] {
            assert!(Fingerprints::parse(&good).unwrap().checked(public.clone()).is_ok());
        }
        let failure = Fingerprints::parse(&wrong).unwrap().checked(public).unwrap_err();
        assert_eq!(failure.code(), 3);
        assert!(failure.text().contains("nothing was sent"));
    }

    #[test]
    fn fingerprints_are_64_digits() {
        assert_eq!(Fingerprints::parse(&"AB:".repeat(32)), Some(Fingerprints(vec!["ab".repeat(32)])));
        let (one, two) = ("a".repeat(64), "b".repeat(64));
        assert_eq!(Fingerprints::parse(&format!("{one},{two}")), Some(Fingerprints(vec![one.clone(), two])));
        for text in ["", "ab", &"g".repeat(64), &"a".repeat(65), &format!("{one},")] {
            assert!(Fingerprints::parse(text).is_none(), "{text}");
        }
    }
}
