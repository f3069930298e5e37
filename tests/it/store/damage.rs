//! A record with flipped bytes is refused with what to do, or it works and has
//! every lock that it had.

use std::fs;

use riskd::engine::record::{Cause, Goal, RecordRow};
use riskd::store::{Batch, Reader, StoreError};

use super::*;

/// Numbers that look random and are the same each time (xorshift64*).
struct Seeded(u64);

impl Seeded {
    fn new(seed: u64) -> Seeded {
        Seeded(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11;
        usize::try_from(number % u64::try_from(limit).unwrap()).unwrap()
    }
}

fn account_of(number: i64) -> AccountName {
    format!("locked-{number:03}").as_str().into()
}

fn lock_of(number: i64) -> LockRow {
    LockRow {
        account: account_of(number),
        end: match number % 2 {
            0 => LockEnd::Manual,
            _ => LockEnd::At(at(number * 100_000)),
        },
        ..lock(LockEnd::Manual, &format!("reason {number}"), Some(number))
    }
}

/// A record with forty locks, some of them ended or extended, and this many
/// samples.
async fn written(place: &Place, samples: i64) -> (Vec<u8>, Vec<LockRow>) {
    let mut store = place.open().await;
    let mut records = Vec::new();
    for number in 0..40 {
        records.push(RecordRow::Firing(firing(number + 1)));
        records.push(RecordRow::Lock(lock_of(number)));
        records.push(RecordRow::Intent(intent(
            number + 1,
            Goal::FlatAndQuiet,
            Cause::Firing(FiringId(number + 1)),
        )));
        records.push(line(&format!("line {number}")));
        if number % 5 == 4 {
            records.push(RecordRow::LockEnded {
                account: account_of(number),
                kind: LockKind::Lock,
                at: at(50_000),
                reason: "over".to_owned(),
            });
        }
        if number % 7 == 1 {
            records.push(RecordRow::Lock(LockRow {
                end: LockEnd::At(at(90_000_000)),
                ..lock_of(number)
            }));
        }
    }
    store.write(&records.into()).await.unwrap();
    for chunk in 0..samples / 1_000 {
        let samples = (0..1_000).map(|n| sample(chunk * 1_000 + n)).collect();
        let batch = Batch {
            samples,
            ..Batch::default()
        };
        store.write(&batch).await.unwrap();
    }
    let locks = store.restore().await.unwrap().kept.locks;
    store.close().await.unwrap();
    assert!(locks.len() > 30, "{}", locks.len());
    (fs::read(place.file()).unwrap(), locks)
}

#[derive(Default)]
struct Tally {
    refused: usize,
    worked: usize,
    named: usize,
}

/// Starts on a damaged file and judges what comes of it.
async fn start(place: &Place, damaged: &[u8], locks: &[LockRow], what: &str, tally: &mut Tally) {
    for suffix in ["-wal", "-shm", "-journal"] {
        let _none = fs::remove_file(place.beside(suffix));
    }
    fs::write(place.file(), damaged).unwrap();
    let restored = match opened(place).await {
        Ok(mut store) => store.restore().await,
        Err(error) => Err(error),
    };
    match restored {
        Ok(restored) => {
            assert_eq!(restored.kept.locks, locks, "{what}");
            tally.worked += 1;
        }
        Err(error) => {
            tally.refused += 1;
            let text = error.in_full();
            assert!(text.contains("riskd.db"), "{what}: {text}");
            let is_told = match &error {
                StoreError::Corrupt { .. } => text.contains("restore a backup"),
                // What else a flipped byte looks like: another program's file,
                // a newer one, one that cannot be written or brought up to date.
                StoreError::Foreign { .. }
                | StoreError::Newer { .. }
                | StoreError::ReadOnly { .. }
                | StoreError::Migration { .. }
                | StoreError::Unreadable { .. } => true,
                _ => false,
            };
            assert!(is_told, "{what}: {error:?}");
            tally.named += usize::from(text.contains("locked-0"));
        }
    }
}

/// Opens the record. A process that another test starts at this moment may hold
/// on to the lock of the last one, until it is the program that it is to be.
async fn opened(place: &Place) -> Result<Store, StoreError> {
    for _ in 0..200 {
        match Store::open(&place.file(), at(0)).await {
            Err(StoreError::InUse { .. }) => {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            opened => return opened,
        }
    }
    Store::open(&place.file(), at(0)).await
}

/// Overwrites some bytes after a position.
fn damage(file: &mut [u8], position: usize, random: &mut Seeded) {
    let length = 1 + random.below(4);
    for byte in file.iter_mut().skip(position).take(length) {
        *byte ^= u8::try_from(1 + random.below(255)).unwrap();
    }
}

#[tokio::test]
async fn flipped_bytes_anywhere_never_lose_a_lock() {
    let place = Place::new();
    let (whole, locks) = written(&place, 0).await;
    let mut tally = Tally::default();
    for seed in 0..400 {
        let mut random = Seeded::new(seed);
        let mut damaged = whole.clone();
        for _ in 0..=random.below(3) {
            let position = random.below(whole.len());
            damage(&mut damaged, position, &mut random);
        }
        start(
            &place,
            &damaged,
            &locks,
            &format!("seed {seed}"),
            &mut tally,
        )
        .await;
    }
    assert!(tally.refused > 20 && tally.worked > 20, "{}", tally.refused);
    assert!(tally.named > 10, "locks are named where they can be read");
}

/// The first page, and each place where a lock stands: in the table, in its
/// indexes and in the chain. Of this size not all is checked at a start.
#[tokio::test]
async fn flipped_bytes_where_the_locks_are_never_lose_one() {
    let place = Place::new();
    let (whole, locks) = written(&place, 120_000).await;
    assert!(whole.len() > 9 << 20, "{}", whole.len());
    let places: Vec<usize> = whole
        .windows(7)
        .enumerate()
        .filter(|(_, bytes)| bytes == b"locked-")
        .map(|(position, _)| position)
        .collect();
    assert!(places.len() > 100, "{}", places.len());
    let mut tally = Tally::default();
    for seed in 0..150 {
        let mut random = Seeded::new(seed);
        let mut damaged = whole.clone();
        let position = match seed % 3 {
            0 => random.below(4_096),
            1 => places[random.below(places.len())].saturating_sub(random.below(40)),
            // The header and the cell pointers of a page with locks.
            _ => places[random.below(places.len())] / 4_096 * 4_096 + random.below(60),
        };
        damage(&mut damaged, position, &mut random);
        let what = format!("seed {seed} at {position}");
        start(&place, &damaged, &locks, &what, &mut tally).await;
    }
    assert!(tally.refused > 50, "{}", tally.refused);
}

#[tokio::test]
async fn a_lock_that_was_removed_or_changed_by_hand_is_missed() {
    let edits = [
        "delete from locks where account = 'locked-002'",
        "update locks set ended_at = 1, ended_reason = 'x' where account = 'locked-002'",
        "update locks set until = 1 where account = 'locked-002'",
        "update locks set account = 'other' where account = 'locked-002'",
    ];
    for edit in edits {
        let place = Place::new();
        written(&place, 0).await;
        place.meddle(edit).await;
        let error = Store::open(&place.file(), at(0)).await.unwrap_err();
        let text = error.to_string();
        assert!(
            matches!(error, StoreError::Corrupt { .. }),
            "{edit}: {text}"
        );
        assert!(text.contains("lock 4"), "{edit}: {text}");
        // By the chain, which still has it.
        let told = "locked-002: lock until a person unlocks it";
        assert!(text.contains(told), "{edit}: {text}");
    }
}

/// Case E: a record that a start refuses is not called whole.
#[tokio::test]
async fn e_verify_and_a_start_agree() {
    let meddling = [
        "drop index entries_account",
        "drop table samples_hour",
        "delete from last_numbers",
        "update writers set id = 0",
        "update intents set goal = 'other'",
        "delete from locks",
    ];
    for statements in meddling {
        let place = Place::new();
        let mut store = place.open().await;
        let batch = vec![
            RecordRow::Intent(intent(1, Goal::FlatAndQuiet, Cause::Lock)),
            RecordRow::Lock(lock(LockEnd::Manual, "limit", None)),
        ];
        store.write(&batch.into()).await.unwrap();
        store.close().await.unwrap();
        place.meddle(statements).await;
        let refusal = match Store::open(&place.file(), at(0)).await {
            Err(error) => error,
            Ok(mut store) => store.restore().await.expect_err(statements),
        };
        assert!(
            matches!(refusal, StoreError::Corrupt { .. }),
            "{statements}: {refusal:?}"
        );
        let reader = Reader::open(&place.file()).await.unwrap();
        let verified = reader.verify(None).await.unwrap();
        assert!(!verified.is_whole(), "{statements}");
        reader.close().await;
    }
}
