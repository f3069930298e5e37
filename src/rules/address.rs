//! Addresses that requests go to: https, or plain http to this machine itself.

/// Whether an address may have a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// It may.
    Yes,
    /// It is only the beginning of addresses.
    No,
}

/// The address without a trailing slash.
///
/// # Errors
/// What is wrong with it, and what would be right. Neither text repeats the
/// address.
pub fn checked(text: &str, query: Query) -> Result<String, (&'static str, &'static str)> {
    let https = "write `https://` and the host";
    let (scheme, rest) = text
        .split_once("://")
        .ok_or(("this is not an address with `https://`", https))?;
    let plain = match scheme.to_ascii_lowercase().as_str() {
        "https" => false,
        "http" => true,
        _ => return Err(("this address is not `https://`", https)),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        let help = "say where the secret is found in `token`";
        return Err(("this address holds a user name or a password", help));
    }
    let host = host_of(authority).ok_or(("this address has no right host", https))?;
    if plain && !is_loopback(host) {
        let message = "plain http is possible only to this machine itself";
        return Err((
            message,
            "write `https://`, or an address such as `http://127.0.0.1:8080`",
        ));
    }
    if text.contains('#') || (query == Query::No && text.contains('?')) {
        let message = "this address has a query or a fragment";
        return Err((message, "write the part before `?` and `#`"));
    }
    if text
        .bytes()
        .any(|b| b.is_ascii_whitespace() || b.is_ascii_control())
        || text.contains('\\')
    {
        return Err(("this address has a space or a backslash in it", https));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The host of `host`, `host:port` or `[v6]:port`.
fn host_of(authority: &str) -> Option<&str> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            let v6: Option<std::net::Ipv6Addr> = host.parse().ok();
            v6?;
            let port = behind.strip_prefix(':');
            if port.is_none() && !behind.is_empty() {
                return None;
            }
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port_right = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
    (port_right && !host.is_empty() && host.chars().all(letters)).then_some(host)
}

/// Whether a host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
