//! The address at which a venue is reached.

use std::net::IpAddr;

use reqwest::Url;

use super::SetUpError;

/// Reads the base address, refusing one that would send the credential in the
/// open.
pub(crate) fn checked_base(text: &str) -> Result<Url, SetUpError> {
    let url = Url::parse(text).map_err(|_| SetUpError::BaseUrl("is not an address"))?;
    let refuse = |reason| Err(SetUpError::BaseUrl(reason));
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("must not hold a user name or a password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("must not hold `?` or `#`");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => refuse("must be https; plain http is for a loopback address only"),
        _ => refuse("must begin with https://"),
    }
}

/// The address of a path below the base.
pub(crate) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let above = base.path().trim_end_matches('/');
    url.set_path(&format!("{above}{path}"));
    url
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}
