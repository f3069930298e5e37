//! Who may speak to the API at all.
//!
//! A page of another site that is open in a browser on this machine must not
//! reach the API through it: neither by a name that resolves to this machine
//! (DNS rebinding) nor by a request sent check_key_combinations sites.

use std::net::IpAddr;

use axum::http::{HeaderMap, Uri, header};

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stranger {
    #[error("the request does not name a host")]
    NoHost,
    #[error("the host is not this machine; use its loopback address")]
    ForeignHost,
    #[error("requests from other sites are refused")]
    ForeignOrigin,
}

/// Lets a request through that names this machine and comes from no other site.
///
/// Names can be made to resolve to anything, so of names only `localhost` is
/// taken; an address is what it says. The port is free, for tunnels.
pub(super) fn check(headers: &HeaderMap, uri: &Uri, bound: IpAddr) -> Result<(), Stranger> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts
        .next()
        .and_then(|host| host.to_str().ok())
        .or_else(|| uri.authority().map(|authority| authority.as_str()))
        .ok_or(Stranger::NoHost)?;
    if hosts.next().is_some() || !is_here(host, bound) {
        return Err(Stranger::ForeignHost);
    }
    if let Some(authority) = uri.authority()
        && !authority.as_str().eq_ignore_ascii_case(host)
    {
        return Err(Stranger::ForeignHost);
    }
    let own = |origin: &str| {
        origin
            .strip_prefix("http://")
            .or_else(|| origin.strip_prefix("https://"))
            .is_some_and(|site| site.eq_ignore_ascii_case(host))
    };
    let is_own = |origin: &axum::http::HeaderValue| origin.to_str().is_ok_and(own);
    if headers.get_all(header::ORIGIN).iter().all(is_own) {
        Ok(())
    } else {
        Err(Stranger::ForeignOrigin)
    }
}

fn is_here(host: &str, bound: IpAddr) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or("", |(name, _)| name),
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    name.parse::<IpAddr>()
        .is_ok_and(|address| address.is_loopback() || address == bound || bound.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn checked(bound: &str, host: &[&str], origin: &[&str]) -> Result<(), Stranger> {
        let mut headers = HeaderMap::new();
        for host in host {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        for origin in origin {
            headers.append(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        let uri = Uri::from_static("/status");
        check(&headers, &uri, bound.parse().unwrap())
    }

    #[test]
    fn hosts() {
        use Stranger::{ForeignHost, NoHost};
        let cases = [
            ("127.0.0.1", "127.0.0.1:7380", Ok(())),
            ("127.0.0.1", "LOCALHOST:8080", Ok(())),
            ("127.0.0.1", "localhost", Ok(())),
            ("127.0.0.1", "[::1]:7380", Ok(())),
            ("127.0.0.1", "10.0.0.5:7380", Err(ForeignHost)),
            ("127.0.0.1", "evil.example", Err(ForeignHost)),
            ("127.0.0.1", "localhost.evil.example:7380", Err(ForeignHost)),
            ("127.0.0.1", "127.0.0.1.evil.example", Err(ForeignHost)),
            ("127.0.0.1", "", Err(ForeignHost)),
            ("127.0.0.1", "[::1", Err(ForeignHost)),
            ("10.0.0.5", "10.0.0.5:7380", Ok(())),
            ("10.0.0.5", "10.0.0.6:7380", Err(ForeignHost)),
            ("0.0.0.0", "10.0.0.6:7380", Ok(())),
            ("0.0.0.0", "desk.example:7380", Err(ForeignHost)),
        ];
        for (bound, host, expected) in cases {
            assert_eq!(checked(bound, &[host], &[]), expected, "{bound} {host}");
        }
        assert_eq!(checked("127.0.0.1", &[], &[]), Err(NoHost));
        let two = ["localhost", "evil.example"];
        assert_eq!(checked("127.0.0.1", &two, &[]), Err(ForeignHost));
    }

    #[test]
    fn origins() {
        let cases: [(&[&str], bool); 7] = [
            (&[], true),
            (&["http://127.0.0.1:7380"], true),
            (&["http://127.0.0.1:8080"], false),
            (&["http://localhost:7380"], false),
            (&["https://evil.example"], false),
            (&["null"], false),
            (&["http://127.0.0.1:7380", "https://evil.example"], false),
        ];
        for (origin, is_let_through) in cases {
            let result = checked("127.0.0.1", &["127.0.0.1:7380"], origin);
            assert_eq!(result.is_ok(), is_let_through, "{origin:?}");
        }
    }
}
