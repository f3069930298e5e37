//! riskd protects trading accounts: it loads risk rules from YAML, polls the
//! accounts, keeps a record in SQLite, and cancels orders and closes positions
//! when a rule fires.
//!
//! # Bird's-eye view
//!
//! ```text
//! poll -> Observation -> Event -> Engine::step -> Effects -> record, requests
//!   ^                                                                  |
//!   +------------------------- next observation <----------------------+
//! ```
//!
//! A pure core decides and a shell carries out. One task, the dispatcher, owns
//! the [`engine::Engine`]; everything that happens (observations, answers,
//! timers, reloads, a person's commands) reaches it over bounded queues and
//! becomes an [`engine::event::Event`]. The engine answers with
//! [`engine::effect::Effect`]s: a request to send, a read to make, a row to
//! write, a message to deliver. Other tasks do these things and report back. No
//! state changes anywhere else.
//!
//! Enforcement is a reconciler, not a script. An intent says what is to be
//! reached (flat and quiet, say); each observation is compared with it, what is
//! missing is sent, and that goes on until an observation made after the last
//! request shows the goal. Going on after a crash is therefore the same code as
//! going on after a lost answer.
//!
//! # Map of the code
//!
//! From the top down. A part may use those below it, never those above.
//!
//! | part | what it is |
//! |---|---|
//! | `cli` | the commands: arguments and printing |
//! | [`daemon`] | the shell: dispatcher, pollers, executors, reload, life cycle, and the one place that reads the clocks |
//! | [`api`] | local HTTP: state, events, metrics, commands with a token, the page |
//! | [`notify`] | messages to people, each service behind a queue of its own; the heartbeat |
//! | [`store`] | the record: queue, writer, what is read back; behind its `Backend` and `Reads` the folder `sqlite` with all of the SQL |
//! | [`venue`] | the trait of a venue, its request budget; `rest`: what every venue over HTTP needs; one folder an adapter |
//! | [`http`], `json`, `locked`, [`secret`] | what every HTTP client has in common; JSON of riskd's own servers; locks; where secrets come from |
//! | [`files`] | opening the files that people name, so that none can be waited for |
//! | `replay` | histories and rule tests, run through the same engine; `rest` is what is left out to be fast |
//! | [`engine`] | an account in four parts (`account`: ledger, view, rules, guard), conditions with one file a kind, locks, enforcement and its planner |
//! | [`rules`] | YAML text to a checked rule set and every diagnostic; `book` is what the engine decides by, `settings` how riskd is set up |
//! | [`domain`] | money, accounts, positions, instruments, sessions, windows, schedules |
//!
//! Beside it stands `crates/paper`, the paper venue: a simulated venue that depends
//! on nothing of riskd. Of riskd's own code the commands `demo` and `paper` alone
//! use it.
//!
//! Where to begin: `engine::Engine::step` for what is decided,
//! `daemon/dispatcher.rs` for how it is carried out, `rules/tables.rs` for the
//! rule language, `engine/enforcement.rs` for the way to flat.
//!
//! # What always holds
//!
//! - [`domain`], [`rules`], [`engine`] and `replay` do no I/O, read no clock,
//!   hold no `async`, no log and no binary float. Time comes in as an argument.
//!   Live, replay and tests run the same engine.
//! - Unknown is a state. A condition is true, false or unknown; unknown never
//!   fires a rule, never clears a firing, never moves a high-water mark.
//! - Money is an exact decimal from the venue's text to the comparison.
//! - Done is recorded only from an observation made after the last request.
//! - A lock is extended, never shortened, but by a person with a reason, and to
//!   what was asked for where it was set by a wall clock that was wrong.
//! - Locks and unfinished work follow the venue's account, by its number as the
//!   venue compares it; marks and what has fired follow the name.
//! - The protective path waits for nothing but the venue: not for a notifier, not
//!   for a reader of the API, and for the disk 20 ms at most, so that a firing is
//!   committed before its request leaves. Each of them has a bounded queue of its
//!   own.
//! - An acknowledgement waits for the disk: what a person was told is done
//!   survives a loss of power.
//! - Everything has a limit: queues, bodies, files, counts, times.
//! - Two clocks: a steady one for ages and waits, the wall clock for calendars
//!   and the record. Setting the wall clock shortens nothing.
//!
//! # What is deliberately not there
//!
//! - No request that acts on more than one account, and no way to make one:
//!   every write takes a [`domain::account::AccountNumber`], which cannot be
//!   empty or lead out of its place in a path.
//! - No request that opens, adds to, reverses or partly closes a position.
//! - No finite number of tries on the way to flat.
//! - No decision from data from before the start.
//! - No second owner of an account's state, and no lock around it.
//! - No secret in the rule file, the record, a log or an error.
//! - No way to change rules over the API, and no write without its token.
//!
//! The directions, the purity and the absence of those endpoints are held by
//! `tests/it/architecture.rs`, the page of entries and the queries of the
//! documentation by `tests/it/docs.rs`.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a test fails by panicking"
    )
)]

pub mod api;
pub mod cli;
pub mod daemon;
pub mod domain;
pub mod engine;
pub mod files;
pub mod http;
mod json;
mod locked;
pub mod notify;
pub mod replay;
pub mod rules;
pub mod secret;
pub mod store;
pub mod venue;
