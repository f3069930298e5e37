//! What every HTTP client of riskd has in common: TLS with its own crypto
//! provider and the host's roots, no redirects that would carry a secret
//! elsewhere, no proxy out of the environment.
//!
//! HTTP/1.1 alone: a connection of HTTP/2 is shared by all requests, and one that
//! hangs holds up every one of them, the flatten among them. Here a request that
//! is given up takes its connection with it, and the next gets another.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;

/// A client to build on. It follows no redirect, uses no proxy and sends no
/// referer; timeouts are the caller's.
///
/// # Errors
/// When TLS cannot be set up.
pub fn builder() -> Result<reqwest::ClientBuilder, rustls::Error> {
    Ok(with_tls(tls()?))
}

/// The same for plain HTTP to this host, which needs no certificates.
///
/// # Errors
/// When TLS cannot be set up.
pub fn plain_builder() -> Result<reqwest::ClientBuilder, rustls::Error> {
    Ok(with_tls(no_tls()?))
}

fn with_tls(mut config: ClientConfig) -> reqwest::ClientBuilder {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(concat!("riskd/", env!("CARGO_PKG_VERSION")))
}

/// TLS by the host's roots as they are when the first client is made: all clients share
/// them, and so their memory.
fn tls() -> Result<ClientConfig, rustls::Error> {
    static SHARED: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(config) = SHARED.get() {
        return Ok(config.clone());
    }
    let config = provided()?.with_platform_verifier()?.with_no_client_auth();
    Ok(SHARED.get_or_init(|| config).clone())
}

fn no_tls() -> Result<ClientConfig, rustls::Error> {
    Ok(provided()?
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth())
}

/// The provider is handed over, so that nothing global is set or needed.
fn provided() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()
}
