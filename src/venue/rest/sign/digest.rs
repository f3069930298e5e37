//! HMAC-SHA256 (RFC 2104, FIPS 180-4) and how venues write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::Unsignable;
use crate::secret::Secret;

/// How a signature is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// In lower-case hexadecimal digits.
    Hex,
    /// In base64, padded.
    Base64,
}

/// The signature of what these parts are together.
pub(super) fn signature(
    secret: &Secret,
    parts: &[&str],
    writing: Writing,
) -> Result<String, Unsignable> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
    let mut mac = mac.map_err(|_| Unsignable("the secret is of no use"))?;
    for part in parts {
        mac.update(part.as_bytes());
    }
    let bytes = mac.finalize().into_bytes();
    Ok(match writing {
        Writing::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Writing::Base64 => STANDARD.encode(bytes),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_hmac_of_rfc_4231() {
        // Test case 2.
        let secret = Secret::new("Jefe".to_owned()).unwrap();
        let parts = ["what do ya want ", "for nothing?"];
        for (writing, expected) in [
            (
                Writing::Hex,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                Writing::Base64,
                "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
            ),
        ] {
            assert_eq!(signature(&secret, &parts, writing).unwrap(), expected);
        }
    }
}
