//! Tokens as an orchestrator gives them to its workloads, for Vault's `jwt` authentication.
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ED25519, SigningKey};
use serde_json::{Value, json};

/// Signs tokens with a key of its own.
#[derive(Debug)]
pub struct JwtSigner(KeyPair);

impl JwtSigner {
    /// A signer with a fresh Ed25519 key.
    pub fn new() -> Self {
        Self(KeyPair::generate_for(&PKCS_ED25519).expect("a key"))
    }

    /// The public half of its key, in PEM.
    pub fn public_key(&self) -> String {
        self.0.public_key_pem()
    }

    /// A token for an audience that is valid for some seconds, or has been invalid for as many if they are negative.
    pub fn token(&self, subject: &str, audience: &str, seconds: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970").as_secs();
        let now = i64::try_from(now).expect("a time of this age");
        let claims = json!({"sub": subject, "aud": audience, "iat": now - 3_600, "exp": now + seconds});
        let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(json!({"alg": "EdDSA", "typ": "JWT"})), part(claims));
        let signature = self.0.sign(text.as_bytes()).expect("a signature");
        format!("{text}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }
}

impl Default for JwtSigner {
    fn default() -> Self {
        Self::new()
    }
}
