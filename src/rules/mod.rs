//! Rule files: YAML text in, a checked [`ruleset::RuleSet`] and every
//! diagnostic out.

pub mod ruleset;
