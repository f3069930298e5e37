use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::daemon::connect::connect;
use crate::domain::limits::Ask;
use crate::domain::request::Write;
use crate::domain::venue::VenueProfile;
use crate::rules::settings::{CredentialSource, SecretSource};
use crate::venue::Lane;

/// A venue of a rule file whose token stands in a file.
fn venue(folder: &Path, name: &str, address: &str, token: &str) -> Arc<dyn Venue> {
    let path = folder.join(name);
    std::fs::write(&path, token).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let config = settings::Venue {
        name: name.into(),
        profile: &VenueProfile::CROSSTRADE,
        base_url: Arc::from(address),
        credential: CredentialSource(vec![("token", SecretSource::File(path))]),
        assets: Vec::new(),
        rights_url: None,
        allow_withdraw_right: false,
        demo: false,
        dead_man: None,
        poll: TimeDelta::seconds(1),
    };
    connect(&config).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_two_venues_with_one_token_draw_on_one_budget() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, address: &str, token: &str| venue(folder.path(), name, address, token);
    let one = open("one", "https://shared.example/v1/api", "token-of-a-user");
    let same = open(
        "same",
        "https://shared.example/v1/api/",
        "token-of-a-user\n",
    );
    let other_user = open("other", "https://shared.example/v1/api", "another-token");
    let elsewhere = open(
        "elsewhere",
        "https://other.example/v1/api",
        "token-of-a-user",
    );
    for _ in 0..6 {
        let _permit = one
            .admit(Lane::Close, Ask::Write(&Write::Flatten))
            .await
            .unwrap();
    }
    assert_eq!(one.budget().left, 14);
    assert_eq!(same.budget().left, 14);
    assert_eq!(other_user.budget().left, 20);
    assert_eq!(elsewhere.budget().left, 20);
    // What left before this process, by the record of each venue; what is on no
    // record is counted once.
    one.count_earlier(1);
    same.count_earlier(2);
    assert_eq!(same.budget().left, 14 - 1 - 2 - 7);
    other_user.count_earlier(20);
    assert_eq!(other_user.budget().left, 1);
    // An adapter that a reload opens anew goes on where the others are.
    drop(one);
    let again = open("again", "https://shared.example/v1/api", "token-of-a-user");
    assert_eq!(again.budget().left, 4);
}
