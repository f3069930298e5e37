//! Those to whom riskd speaks do not listen: the account is made flat all the same.

use std::io::{PipeWriter, Write as _};
use std::os::unix::net::UnixDatagram;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::rig::{LOSS_LIMIT, Rig};

const ES: &str = "ES 03-26";

fn long_two() -> Rig {
    let rig = Rig::new(&["Sim101"], LOSS_LIMIT);
    rig.venue.set_price(ES, 5000).unwrap();
    rig.venue.open("Sim101", ES, 2, None).unwrap();
    rig.place_resting_buy("Sim101");
    rig
}

fn is_made_flat(rig: &mut Rig) {
    rig.wait_for("the account to be observed", |rig| rig.count("ready") > 0);
    rig.venue.set_price(ES, 4990).unwrap();
    rig.wait_for("the account to be flat and quiet", |rig| {
        rig.is_flat_and_quiet("Sim101")
    });
    rig.wait_for("the proof on record", |rig| rig.count("verified") > 0);
    assert!(rig.is_running());
}

/// Writes until nothing more fits.
fn fill(mut pipe: &PipeWriter) {
    let flags = fcntl_getfl(pipe).unwrap();
    fcntl_setfl(pipe, flags | OFlags::NONBLOCK).unwrap();
    while pipe.write_all(&[b'.'; 512]).is_ok() {}
    fcntl_setfl(pipe, flags).unwrap();
}

#[test]
fn a_log_that_nobody_reads_holds_up_no_flatten() {
    let mut rig = long_two();
    let (_unread, log) = std::io::pipe().unwrap();
    fill(&log);
    rig.start_as(|command| {
        command.stderr(log);
    });
    is_made_flat(&mut rig);
}

#[test]
fn a_service_manager_that_does_not_read_holds_up_no_flatten() {
    let mut rig = long_two();
    let socket = rig.rules().with_file_name("notify");
    let _unread = UnixDatagram::bind(&socket).unwrap();
    let speaker = UnixDatagram::unbound().unwrap();
    speaker.connect(&socket).unwrap();
    speaker.set_nonblocking(true).unwrap();
    while speaker.send(b"STATUS=full").is_ok() {}
    rig.start_as(|command| {
        command.env("NOTIFY_SOCKET", &socket);
    });
    is_made_flat(&mut rig);
}
